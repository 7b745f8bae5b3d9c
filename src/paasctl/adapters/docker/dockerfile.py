"""As much of a Dockerfile as tells which image its last stage stands on. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping

from paasctl.values import dataclass

_FROM = re.compile(r"from\s+(?:--\S+\s+)*(?P<base>\S+)(?:\s+as\s+(?P<name>\S+))?\s*", re.IGNORECASE)
_ARG = re.compile(r"arg\s+(?P<name>\w+)(?:=(?P<value>.*))?", re.IGNORECASE)
_VARIABLE = re.compile(r"\$(?:(?P<bare>\w+)|\{(?P<name>\w+)(?:(?P<how>:?[-+])(?P<word>[^}]*))?\})")
_ESCAPE = re.compile(r"#\s*escape\s*=\s*`", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _Stage:
    base: str
    name: str
    line: int


def base_of(dockerfile: str, target: str, args: Mapping[str, str]) -> str | None:
    """The image that the wanted stage stands on, through the stages between; None where that can't be told.

    `scratch` is an answer too. `target`: name or number of the wanted stage, "" for the last.
    """
    stages = _stages(dockerfile, args)
    at = _wanted(stages, target)
    while at is not None:
        base = stages[at].base
        above = [it for it in range(at) if stages[it].name == base.lower()]
        if not above:
            return base or None
        at = above[-1]
    return None


def bases(dockerfile: str, args: Mapping[str, str]) -> tuple[str, ...]:
    """All images that its stages stand on, each once, in order; other stages and `scratch` are none."""
    found: list[str] = []
    names: set[str] = set()
    for stage in _stages(dockerfile, args):
        if stage.base and stage.base.lower() not in names and stage.base != "scratch" and stage.base not in found:
            found.append(stage.base)
        names.add(stage.name)
    return tuple(found)


def line_of(dockerfile: str, base: str, args: Mapping[str, str]) -> int:
    """The line of the first `FROM` that names this image; 0 where none does."""
    return next((it.line for it in _stages(dockerfile, args) if base in (it.base, it.base.partition("@")[0])), 0)


def _wanted(stages: list[_Stage], target: str) -> int | None:
    if not target:
        return len(stages) - 1 if stages else None
    named = [at for at, stage in enumerate(stages) if stage.name == target.lower()]
    if named:
        return named[-1]
    return int(target) if target.isdigit() and int(target) < len(stages) else None


def _stages(dockerfile: str, args: Mapping[str, str]) -> list[_Stage]:
    stages: list[_Stage] = []
    known: dict[str, str] = {}
    for number, line in _instructions(dockerfile):
        if found := _FROM.fullmatch(line):
            stages.append(_Stage(_expanded(found["base"], known), (found["name"] or "").lower(), number))
        elif not stages and (found := _ARG.fullmatch(line)):  # only ARGs before the first FROM count in a FROM
            default = _expanded((found["value"] or "").strip("\"'"), known)
            known[found["name"]] = args.get(found["name"], default)
    return stages


def _instructions(dockerfile: str) -> list[tuple[int, str]]:
    """Instructions with the numbers of their first lines: comments gone, continued lines joined."""
    mark = "`" if _ESCAPE.match(dockerfile.lstrip("\ufeff")) else "\\"
    found: list[tuple[int, str]] = []
    joined, began = "", 0
    for number, line in enumerate(dockerfile.lstrip("\ufeff").splitlines(), 1):
        text = line.strip()
        if not text or text.startswith("#"):
            continue
        began = began or number
        if text.endswith(mark):
            joined += text[:-1] + " "
            continue
        found.append((began, (joined + text).strip()))
        joined, began = "", 0
    return [*found, (began, joined.strip())] if joined else found


def _expanded(text: str, known: Mapping[str, str]) -> str:
    def value(found: re.Match[str]) -> str:
        said = known.get(found["bare"] or found["name"])
        match found["how"]:
            case "-" | ":-":
                missing = said is None or (not said and found["how"] == ":-")
                return str(found["word"]) if missing else str(said)
            case "+" | ":+":
                return "" if said is None or (not said and found["how"] == ":+") else str(found["word"])
            case _:
                return said or ""

    return _VARIABLE.sub(value, text)
