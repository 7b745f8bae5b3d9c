"""The README's picture, from a story: `PYTHONPATH=src:tests python -m support.picture` writes `rollout.svg` anew."""

from __future__ import annotations

import io
from pathlib import Path

from rich.console import Console
from rich.terminal_theme import TerminalTheme
from rich.text import Text

from support.shown import terminal
from support.stories import GOOD

PICTURE = Path(__file__).parents[2] / "rollout.svg"
_WIDTH = 92
_MOMENT = 12
_THEME = TerminalTheme(
    (24, 26, 33),
    (214, 216, 222),
    [
        (24, 26, 33),
        (240, 113, 120),
        (152, 195, 121),
        (229, 192, 123),
        (97, 175, 239),
        (198, 120, 221),
        (86, 182, 194),
        (214, 216, 222),
    ],
)
_FORMAT = """\
<svg class="rich-terminal" viewBox="0 0 {width} {height}" xmlns="http://www.w3.org/2000/svg">
<!-- Written by tests/support/picture.py -->
<style>
.{unique_id}-matrix {{ font-family: ui-monospace, Menlo, Consolas, "DejaVu Sans Mono", monospace; \
font-size: {char_height}px; line-height: {line_height}px; font-variant-east-asian: full-width; }}
.{unique_id}-title {{ font-size: 18px; font-weight: bold; font-family: arial, sans-serif; }}
{styles}
</style>
<defs>
<clipPath id="{unique_id}-clip-terminal">
<rect x="0" y="0" width="{terminal_width}" height="{terminal_height}" />
</clipPath>
{lines}
</defs>
{chrome}
<g transform="translate({terminal_x}, {terminal_y})" clip-path="url(#{unique_id}-clip-terminal)">
{backgrounds}
<g class="{unique_id}-matrix">
{matrix}
</g>
</g>
</svg>
"""
"""Rich's own template asks a web server for a font; this one takes what is there."""


def svg() -> str:
    """A deploy at work, as rich exports it. The same story makes the same bytes."""
    screen, _ = terminal(GOOD, _WIDTH, 40, until=_MOMENT)
    console = Console(record=True, width=_WIDTH, file=io.StringIO(), force_terminal=True, _environ={})
    console.print(Text("$ paasctl deploy dev", style="bold"))
    for row in screen.painted:
        console.print(Text.from_ansi(row), no_wrap=True, crop=False)
    return console.export_svg(title="paasctl", theme=_THEME, unique_id="rollout", code_format=_FORMAT)


if __name__ == "__main__":
    PICTURE.write_text(svg(), encoding="utf-8")
