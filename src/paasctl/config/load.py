"""From a mapping with places to `Config`, or every problem at once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from paasctl.config.build import build
from paasctl.config.check import section
from paasctl.config.problems import Problems
from paasctl.config.requires import holds, parse_range
from paasctl.config.rules import check_rules
from paasctl.config.table.top import TOP
from paasctl.errors import ConfigError
from paasctl.model.config import Config, Path, Where


def load(
    document: Mapping[str, Any],
    places: Mapping[Path, Where],
    file: str,
    *,
    running: str,
    problems: tuple[ConfigError, ...] = (),
) -> Config:
    """The file as a value, checked by paasctl `running`. `problems` are those of reading it, to be told with ours.

    Raises `ConfigError.of` all problems in the order of the file; just one where `requires` asks for another paasctl.
    """
    found = Problems(file=file, places=places, running=running)
    _check_requires(document.get("requires"), found)
    checked = section(TOP, dict(document), (), found)
    check_rules(checked, found)
    if every := _together(found, problems):
        raise ConfigError.of(every)
    return build(checked, file, places)


def _check_requires(wanted: Any, found: Problems) -> None:
    """A newer file may hold keys we can't know, so nothing else is said about it."""
    try:
        fits = not isinstance(wanted, str) or holds(parse_range(wanted), found.running)
    except ValueError:
        return  # a wrong range is reported with all the rest
    if not fits:
        message = f"this project requires paasctl {wanted}, and this is {found.running}"
        hint = f'pip install --upgrade "paasctl{wanted}"'
        raise ConfigError(message, hint=hint, where=str(found.where(("requires",))), code="paasctl-version")


def _together(found: Problems, reading: tuple[ConfigError, ...]) -> tuple[ConfigError, ...]:
    """All problems by place. What could not be read is not judged as well: reading's problem silences its line."""
    lines = {_place(it)[0] for it in reading}
    own = [it for it in found.found if _place(it)[0] not in lines]
    return tuple(sorted((*own, *reading), key=_place))


def _place(problem: ConfigError) -> tuple[int, int]:
    """Line and column."""
    _, line, column = problem.where.rsplit(":", 2)
    return int(line), int(column)
