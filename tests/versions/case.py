"""A named history, the version it leads to, and the facts that must explain it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from config.reading import config_of
from paasctl.model.config import Versioning
from paasctl.model.version import NO_WISH, Wish


@dataclass(frozen=True)
class Case:
    """`drawing`: see `support.histories`. `rules` are what stands under `version:` of a `paas.yaml`."""

    drawing: str
    rules: str
    version: str
    """`{sha}` stands for the first seven digits of HEAD."""
    facts: Mapping[str, Any]
    """Of `Why`: these, and no others, are looked at."""
    environ: Mapping[str, str] = field(default_factory=dict)
    wish: Wish = NO_WISH

    @property
    def versioning(self) -> Versioning:
        """The rules, read as a file's."""
        return config_of(f"app: shop\nversion: {{{self.rules}}}\n").version


def case(
    drawing: str,
    rules: str,
    version: str,
    facts: str,
    *,
    environ: Mapping[str, str] | None = None,
    wish: Wish = NO_WISH,
    **more: Any,
) -> Case:
    """`facts` in short: tag (`-`: none), commits that count, rule; and `more` of them by name."""
    tag, commits, rule = facts.split()
    told = {"tag": "" if tag == "-" else tag, "commits": int(commits.removeprefix("+")), "rule": rule, **more}
    return Case(drawing, rules, version, told, environ or {}, wish)


Cases = Mapping[str, Case]
