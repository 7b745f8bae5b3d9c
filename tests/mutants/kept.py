"""The changes that were found, as they are kept: by the text of their line, so that other edits don't lose them."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from mutants.change import Change

FILE = Path(__file__).with_name("kept.json")


@dataclass(frozen=True)
class Kept:
    """One change, and the one case that notices it."""

    case: str
    file: str
    """Relative to the top of the repository."""
    anchor: str
    """The text of the line it begins on, stripped."""
    nth: int
    """Which of the lines with this text, from 0."""
    old: str
    new: str
    at: int
    """Where `old` begins, in characters from the anchor's beginning."""

    @classmethod
    def of(cls, case: str, file: str, source: str, change: Change) -> Kept:
        """The change as it is kept."""
        lines = source.splitlines()
        anchor = lines[change.line - 1].strip()
        nth = sum(it.strip() == anchor for it in lines[: change.line - 1])
        begins = _offset(source, change.line)
        old = source[change.start : change.end]
        return cls(case, file, anchor, nth, old, change.text, change.start - begins)

    @classmethod
    def said(cls, case: str, file: str, anchor: str, old: str, new: str) -> Kept:
        """A change as somebody wrote it down: the first such place."""
        source = Path(file).read_text()
        for nth, line in enumerate(n for n, it in enumerate(source.splitlines(), 1) if it.strip() == anchor):
            begins = _offset(source, line)
            at = source.find(old, begins)
            if 0 <= at < begins + len(anchor):
                return cls(case, file, anchor, nth, old, new, at - begins)
        return cls(case, file, anchor, 0, old, new, 0)

    def change(self, source: str) -> Change | None:
        """The change in today's source; None: its line is no longer there."""
        lines = [number for number, it in enumerate(source.splitlines(), 1) if it.strip() == self.anchor]
        if len(lines) <= self.nth:
            return None
        line = lines[self.nth]
        start = _offset(source, line) + self.at
        end = start + len(self.old)
        return Change(line, start, end, self.new) if source[start:end] == self.old else None


def _offset(source: str, line: int) -> int:
    """Where the text of a line (from 1) begins, after its blanks."""
    lines = source.splitlines(keepends=True)
    return sum(map(len, lines[: line - 1])) + len(lines[line - 1]) - len(lines[line - 1].lstrip())


def load() -> list[Kept]:
    """All that are kept; none where there is no file yet."""
    return [Kept(**it) for it in json.loads(FILE.read_text())] if FILE.exists() else []


def store(kept: list[Kept]) -> None:
    """Keep these, by their case."""
    told = [asdict(it) for it in sorted(kept, key=lambda it: it.case)]
    FILE.write_text(json.dumps(told, indent=1, ensure_ascii=False) + "\n")
