"""The lines at the bottom of the terminal that are drawn over and over.

Not `rich.live.Live`: that erases before it draws (it flickers), draws from a thread of its own, and after the window
was made narrower leaves half of its last picture behind. Here one write replaces the picture, lines never wrap, and
the cursor is never hidden, so that even a killed run leaves the terminal as it was.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from rich.console import Console
from rich.text import Text

from paasctl.views.clean import spelled

_BEGIN = "\x1b[?2026h\x1b[?7l"
_END = "\x1b[?7h\x1b[?2026l"
"""Synchronized output: terminals that know it show all between at once, others ignore it. And no wrapping, for the
moment in which the window is narrower already and we don't know yet."""
_TO_END_OF_LINE = "\x1b[K"
_TO_END_OF_SCREEN = "\x1b[J"


@dataclass
class Frame:
    """`draw` replaces the picture, `above` adds lasting lines over it, `clear` takes it away."""

    console: Console
    _widths: list[int] = field(default_factory=list)
    _picture: list[str] = field(default_factory=list)

    def draw(self, lines: Sequence[Text]) -> None:
        """Show these lines, each cut to the terminal's width, in place of the last ones."""
        cut = [self._cut(it) for it in lines]
        picture = [self._ansi(it) for it in cut]
        if picture != self._picture:
            self._write(f"{_BEGIN}{self._back()}{_ending(picture)}{_END}")
            self._picture, self._widths = picture, [it.cell_len for it in cut]

    def above(self, lines: Sequence[Text]) -> None:
        """Print lines that stay, over the picture; long ones wrap as the terminal does it."""
        said = [self._ansi(it) for it in lines]
        if not self._picture:
            self._write("".join(f"{it}\n" for it in said))
            return
        drawn = "".join(f"{it}{_TO_END_OF_LINE}\n" for it in said)
        self._write(f"{self._back()}{drawn}{_BEGIN}{_ending(self._picture)}{_END}")

    def clear(self) -> None:
        """Take the picture away."""
        if self._picture:
            self._write(self._back() + _TO_END_OF_SCREEN)
            self._picture, self._widths = [], []

    def _back(self) -> str:
        """To the first row of the picture, whatever the terminal's width has become meanwhile."""
        if not self._picture:
            return ""
        width = max(1, self.console.width)
        rows = sum(max(1, -(-it // width)) for it in self._widths)
        return "\r" + (f"\x1b[{rows - 1}A" if rows > 1 else "")

    def _write(self, text: str) -> None:
        self.console.file.write(spelled(text, self.console.encoding))
        self.console.file.flush()

    def _cut(self, line: Text) -> Text:
        plain = spelled(line.plain, self.console.encoding)
        same = plain == line.plain
        fitting = line.copy() if same else Text(plain)
        # One column stays free, so that no terminal wraps; an ellipsis in ASCII takes two more.
        fitting.truncate(self.console.width - (1 if same else 3), overflow="ellipsis")
        return fitting

    def _ansi(self, line: Text) -> str:
        with self.console.capture() as captured:
            self.console.print(line, end="", soft_wrap=True)
        return captured.get()


def _ending(picture: Sequence[str]) -> str:
    return f"{_TO_END_OF_LINE}\n".join(picture) + _TO_END_OF_SCREEN
