"""Streams as a process has them, with the encoding they really use, and a terminal that can be looked at."""

from __future__ import annotations

import io
import re
from dataclasses import dataclass, field

from rich.console import Console

_SEQUENCE = re.compile(r"\x1b\[(?P<args>[?0-9;]*)(?P<final>[A-Za-z])")
_CLEARS = {"K", "J"}


class Stream(io.TextIOWrapper):
    """Standard output or error: `text` is what was written."""

    def __init__(self, encoding: str = "utf-8", *, terminal: bool = False) -> None:
        self._bytes = io.BytesIO()
        self._terminal = terminal
        super().__init__(self._bytes, encoding=encoding, newline="\n", write_through=True)

    def isatty(self) -> bool:
        return self._terminal

    @property
    def text(self) -> str:
        return self._bytes.getvalue().decode(self.encoding)


def console(stream: Stream, width: int = 80, height: int = 24, *, color: bool = True) -> Console:
    """Rich's console on a terminal of this size, whatever the environment of the tests says."""
    return Console(
        file=stream,
        force_terminal=True,
        color_system="standard" if color else None,
        no_color=not color,
        width=width,
        height=height,
        highlight=False,
        markup=False,
        emoji=False,
        legacy_windows=False,
        _environ={},
    )


@dataclass
class Screen:
    """What a terminal of this width shows, with its scrollback: the few sequences we use, and no others."""

    width: int
    rows: list[list[tuple[str, str]]] = field(default_factory=lambda: [[]])
    """Cells as (letter, SGR arguments)."""
    _row: int = 0
    _column: int = 0
    _style: str = ""
    _wraps: bool = True

    def feed(self, text: str) -> Screen:
        """Take what was written."""
        at = 0
        while at < len(text):
            if found := _SEQUENCE.match(text, at):
                self._obey(found["args"], found["final"])
                at = found.end()
            else:
                self._put(text[at])
                at += 1
        return self

    @property
    def lines(self) -> list[str]:
        """Rows as text, without what is blank at their ends."""
        rows = ["".join(letter for letter, _ in row).rstrip() for row in self.rows]
        while rows and not rows[-1]:
            rows.pop()
        return rows

    @property
    def painted(self) -> list[str]:
        """Rows as text with their colours."""
        return [
            "".join(f"\x1b[{style}m{letter}\x1b[0m" if style else letter for letter, style in it) for it in self.rows
        ]

    def _put(self, letter: str) -> None:
        match letter:
            case "\n":
                self._down()
            case "\r":
                self._column = 0
            case "\x1b":
                raise AssertionError("a sequence that this screen does not know")
            case _:
                self._write(letter)

    def _write(self, letter: str) -> None:
        if self._column == self.width:
            if self._wraps:
                self._down()
            else:
                self._column -= 1
        row = self.rows[self._row]
        row.extend([(" ", "")] * (self._column - len(row)))
        row[self._column : self._column + 1] = [(letter, self._style)]
        self._column += 1

    def _down(self) -> None:
        self._row, self._column = self._row + 1, 0
        if self._row == len(self.rows):
            self.rows.append([])

    def _obey(self, args: str, final: str) -> None:
        match args, final:
            case _, "A":
                self._row = max(0, self._row - int(args or 1))
            case "", "K":
                del self.rows[self._row][self._column :]
            case "", "J":
                del self.rows[self._row][self._column :], self.rows[self._row + 1 :]
            case ("?7", "h" | "l"):
                self._wraps = final == "h"
            case ("?2026", "h" | "l"):
                pass
            case _, "m":
                self._style = "" if args in ("", "0") else args
            case _:
                raise AssertionError(f"a sequence that this screen does not know: {args}{final}")
