"""`.dockerignore`, with the meaning moby's `patternmatcher` gives it: last match wins, a match of a parent counts.

Pure. Paths are relative to the context, with `/`, without a leading one.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterable
from dataclasses import field

from paasctl.errors import ConfigError
from paasctl.values import dataclass

_WILD = frozenset("*?[\\")


@dataclass(frozen=True, slots=True)
class _Pattern:
    """One line: what it matches, and whether it takes back (`!`) what an earlier one excluded."""

    text: str
    back: bool
    expression: re.Pattern[str]
    stem: str = field(compare=False)
    """Its leading part without wildcards, whole segments only: nothing outside can match."""

    def may_match_below(self, folder: str) -> bool:
        """Whether something inside the folder, or the folder itself, could match."""
        inside = f"{folder}/"
        within = not self.stem or inside.startswith(f"{self.stem}/") or self.stem.startswith(inside)
        return within if self.stem != self.text else f"{self.text}/".startswith(inside)


@dataclass(frozen=True, slots=True)
class Ignore:
    """What a build's context leaves out."""

    patterns: tuple[_Pattern, ...] = ()

    def excludes(self, path: str) -> bool:
        """Whether a file or folder is left out (moby's `MatchesOrParentMatches`)."""
        parts = path.split("/")
        lineage = ["/".join(parts[:end]) for end in range(len(parts), 0, -1)]
        out = False
        for pattern in self.patterns:
            if pattern.back == out and any(pattern.expression.match(it) for it in lineage):
                out = not pattern.back
        return out

    def judge(self) -> Callable[[str], bool]:
        """`excludes`, for a walk that does not enter what `prunes`; quick where nothing is taken back."""
        if any(it.back for it in self.patterns):
            return self.excludes
        every = re.compile("|".join(f"(?:{it.expression.pattern})" for it in self.patterns) or r"(?!)", re.DOTALL)
        return lambda path: every.match(path) is not None

    def prunes(self, folder: str) -> bool:
        """Whether a folder that is left out need not be looked into: nothing in it can be taken back."""
        return not any(it.back and it.may_match_below(folder) for it in self.patterns)


def parse_ignore(content: bytes, where: str = ".dockerignore") -> Ignore:
    """Read a `.dockerignore`. A pattern that means nothing is a `ConfigError` with its place."""
    lines = content.removeprefix(b"\xef\xbb\xbf").decode("utf-8", "surrogateescape").split("\n")
    found = (_pattern(line, f"{where}:{number}:1") for number, line in enumerate(lines, 1))
    return Ignore(tuple(it for it in found if it))


def ignoring(lines: Iterable[str]) -> Ignore:
    """An `Ignore` of these lines."""
    return parse_ignore("\n".join(lines).encode("utf-8", "surrogateescape"))


def _pattern(line: str, where: str) -> _Pattern | None:
    if line.startswith("#") or not (text := line.strip()):
        return None
    mark = "!" if text.startswith("!") else ""
    clean = posixpath.normpath(text.removeprefix("!").strip() or "/")
    clean = posixpath.normpath(
        (mark + (clean.lstrip("/") or "/")).strip()
    )  # twice, as moby does: it reads, then compiles
    back, clean = clean.startswith("!"), clean.removeprefix("!")
    if not clean:
        raise ConfigError(f"reading {where}: `!` takes back nothing", where=where)
    try:
        expression = re.compile(_expression(clean), re.DOTALL)
    except re.error as error:
        raise ConfigError(f"reading {where}: {clean!r} is no pattern: {error}", where=where) from error
    return _Pattern(clean, back, expression, _stem(clean))


def _stem(pattern: str) -> str:
    parts = pattern.split("/")
    wild = next((at for at, part in enumerate(parts) if _WILD & set(part)), len(parts))
    return "/".join(parts[:wild])


def _expression(pattern: str) -> str:
    r"""The regular expression: `*` and `?` stop at a slash, `**` does not, `\` makes the next character plain."""
    if pattern.startswith("**") and not _WILD & set(pattern[2:]):
        return _suffix(pattern[2:])
    if pattern.endswith("**") and not _WILD & set(pattern[:-2]):
        return re.escape(pattern[:-2])
    out, rest = "", pattern
    while rest:
        piece, rest = _piece(rest)
        out += piece
    return rf"{out}\Z"


def _suffix(suffix: str) -> str:
    """`**/x` is x anywhere; `**x` is all that ends in x, folders or not."""
    bare = suffix.removeprefix("/")
    return rf"(?:.*/)?{re.escape(bare)}\Z" if bare != suffix else rf".*{re.escape(suffix)}\Z"


def _piece(rest: str) -> tuple[str, str]:
    """The expression of the pattern's next piece, and what follows it."""
    if rest.startswith("**"):
        after = rest[2:].removeprefix("/")
        return (r"(?:.*/)?" if after else ".*"), after
    match rest[0]:
        case "*":
            return "[^/]*", rest[1:]
        case "?":
            return "[^/]", rest[1:]
        case "\\":
            return re.escape(rest[1:2] or "\\"), rest[2:]
        case "[":
            end = _class_end(rest)
            return "[" + rest[1:end].replace("[", r"\["), rest[end:]
        case plain:
            return re.escape(plain), rest[1:]


def _class_end(rest: str) -> int:
    """Where a `[…]` ends. One that doesn't is left to the compiler to refuse."""
    at = 1
    while at < len(rest) and rest[at] != "]":
        at += 2 if rest[at] == "\\" else 1
    return at + 1
