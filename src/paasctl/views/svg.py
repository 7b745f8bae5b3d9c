"""A picture of an image: one bar for each layer, what of it is seen and what is dead. No scripts, any theme."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from html import escape
from typing import TextIO

from paasctl.model.answer import Answer
from paasctl.model.event import Answered, Event
from paasctl.model.imageanswer import InspectAnswer, LayerShown
from paasctl.views.amounts import size
from paasctl.views.clean import clean
from paasctl.views.imageanswers import about, blame, command, saving
from paasctl.views.view import View

_WIDTH, _ROW, _LEFT, _BARS = 960, 18, 126, 404
_STYLE = """\
svg { background: #ffffff; font: 12px ui-monospace, "DejaVu Sans Mono", Menlo, Consolas, monospace; }
text { fill: #1f2328; } .quiet { fill: #59636e; } .title { font-size: 15px; font-weight: bold; }
.number { text-anchor: end; } .live { fill: #1a7f37; } .base { fill: #0969da; } .dead { fill: #cf222e; }
@media (prefers-color-scheme: dark) {
svg { background: #0d1117; } text { fill: #f0f6fc; } .quiet { fill: #9198a1; }
.live { fill: #3fb950; } .base { fill: #58a6ff; } .dead { fill: #f85149; }
}"""


@dataclass
class Picture:
    """The answer as SVG on `result`; whatever else is said goes to another view."""

    result: TextIO
    others: View

    def __call__(self, event: Event) -> None:
        """Draw an answer, pass on the rest."""
        match event:
            case Answered(answer):
                self.result.write(picture(answer))
                self.result.flush()
            case _:
                self.others(event)

    def close(self) -> None:
        """As the other view does."""
        self.others.close()


def picture(answer: Answer) -> str:
    """An SVG document. Only what says `draws` is ever asked for one."""
    if not isinstance(answer, InspectAnswer):
        raise TypeError(f"no picture of {type(answer).__name__}")
    lines = [*_head(answer)]
    top = 30 + _ROW * len(lines)
    rows = [*_layers(answer, top)]
    below = top + _ROW * (len(answer.layers) + 3)
    notes = [*_notes(answer)]
    height = below + _ROW * len(notes) + 20
    body = [
        *(_text(20, 30 + _ROW * at, line, "title" if at == 0 else "quiet") for at, line in enumerate(lines)),
        *_legend(top + 4),
        *rows,
        *(_text(20, below + _ROW * at, line, kind) for at, (line, kind) in enumerate(notes)),
    ]
    label = escape(clean(answer.name))
    return "\n".join(
        [
            '<?xml version="1.0" encoding="UTF-8"?>',
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" role="img">',
            f"<title>layers of {label}</title>",
            f"<style>{_STYLE}</style>",
            *body,
            "</svg>",
            "",
        ]
    )


def _head(answer: InspectAnswer) -> Iterator[str]:
    yield f"{answer.name}  {answer.platform}"
    yield from about(answer)


def _legend(y: int) -> Iterator[str]:
    x = _LEFT
    for kind, word in (("live", "seen"), ("base", "seen, of the base"), ("dead", "dead")):
        yield f'<rect class="{kind}" x="{x}" y="{y - 10}" width="10" height="10"/>'
        yield _text(x + 16, y, word, "quiet")
        x += 60 + 8 * len(word)


def _layers(answer: InspectAnswer, top: int) -> Iterator[str]:
    most = max((it.live + it.dead for it in answer.layers), default=1) or 1
    for at, it in enumerate(answer.layers):
        y = top + 12 + _ROW * (at + 1)
        yield f"<g><title>{escape(_hint(it))}</title>"
        yield _text(40, y, str(it.number), "number")
        yield _text(_LEFT - 10, y, size(it.packed), "number quiet")
        yield from _bar(it, y, most)
        yield _text(_LEFT + _BARS + 20, y, _short(command(it.made_by)), "")
        yield "</g>"


def _bar(it: LayerShown, y: int, most: int) -> Iterator[str]:
    x = float(_LEFT)
    for kind, number in (("base" if it.base else "live", it.live), ("dead", it.dead)):
        wide = number / most * _BARS
        if number:
            wide = max(wide, 1.0)
            yield f'<rect class="{kind}" x="{x:.1f}" y="{y - 11}" width="{wide:.1f}" height="13"/>'
        x += wide


def _hint(it: LayerShown) -> str:
    return f"layer {it.number}: {size(it.live)} seen, {size(it.dead)} dead, {it.digest}; {command(it.made_by)}"


def _short(text: str, most: int = 54) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"


def _notes(answer: InspectAnswer) -> Iterator[tuple[str, str]]:
    if answer.wastes:
        yield "the biggest wastes", "title"
    for it in answer.wastes:
        yield f"{size(it.bytes):>10}  {_short(clean(it.path), 70)}  (layer {it.layer}, {blame(it)})", ""
    yield "", ""
    yield from ((saving(it, answer), "quiet") for it in answer.savings)


def _text(x: int, y: int, text: str, kind: str) -> str:
    said = f' class="{kind}"' if kind else ""
    return f'<text{said} x="{x}" y="{y}" xml:space="preserve">{escape(clean(text))}</text>'
