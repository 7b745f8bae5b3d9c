"""Rules of approvals: enough people who may give them, and a key for each that is nobody else's."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from paasctl.config.forms import is_key
from paasctl.config.problems import Problems
from paasctl.config.shape import good
from paasctl.config.words import quoted, spell
from paasctl.model.config import Path

Checked = Mapping[str, Any]


def check_approvals(top: Checked, environment: Checked, path: Path, problems: Problems) -> None:
    """What one environment wants is asked for, and can be given."""
    wanted = environment.get("approvals")
    if not good(wanted):
        return
    at, known = (*path, "approvals"), top.get("approvers")
    _check_builds(environment, path, problems)
    number = wanted.get("count") if isinstance(wanted, dict) else wanted
    if not known:
        problems.report(
            at, f"{spell(path)} has approvals, and nobody may give one", "add approvers: {NAME: PUBLIC KEY}"
        )
        return
    if not isinstance(known, dict):
        return
    if isinstance(number, int) and number > len(known):
        problems.report(at, f"{spell(at)} wants {number}, and approvers has {len(known)}")
    if isinstance(wanted, dict) and wanted.get("notAuthor") is True:
        for name in (it for it, said in known.items() if good(said) and not _emails(said)):
            message = f"{spell(at)} has notAuthor, and approvers.{name} has no emails by which an author is told"
            problems.report(("approvers", name), message, "write {keys: [...], emails: [...]}")


def check_approvers(top: Checked, problems: Problems) -> None:
    """No key is two people's: whoever has it would count twice."""
    owner: dict[str, str] = {}
    for name, at, key in _keys(top.get("approvers")):
        if is_key(key) and owner.setdefault(key, name) != name:
            message = f"approvers.{name} has the key of {quoted(owner[key])}, and a key is one person's"
            problems.report(at, message, "remove it from one of them")


def _check_builds(environment: Checked, path: Path, problems: Problems) -> None:
    if environment.get("snapshots") is True:
        message = f"{spell(path)} has approvals, and snapshots: true, though nobody can approve a build"
        problems.report((*path, "snapshots"), message, "remove one of the two")


def _emails(said: Any) -> bool:
    return isinstance(said, dict) and ("emails" in said)


def _keys(approvers: Any) -> Iterator[tuple[str, Path, str]]:
    for name, said in approvers.items() if isinstance(approvers, dict) else ():
        path: Path = ("approvers", name)
        listed = said.get("keys") if isinstance(said, dict) else said
        at = (*path, "keys") if isinstance(said, dict) else path
        if isinstance(listed, str):
            yield name, at, listed
        for number, key in enumerate(listed if isinstance(listed, list) else ()):
            if isinstance(key, str):
                yield name, (*at, number), key
