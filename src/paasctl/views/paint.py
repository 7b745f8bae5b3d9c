"""Which part of a line has which colour. Only the terminal's own sixteen, so that they read on light and on dark."""

from __future__ import annotations

from paasctl.model.event import Outcome

Piece = tuple[str, str]
"""(text, style); styles are words of `_CODES`, in any number."""

_WHOLE = (("+ ", "green"), ("- ", "red"), ("...", "dim"), ("$ ", "bold cyan"), ("== ", "bold"))
_HEADS = (
    ("error[", "]:", "bold red"),
    ("warning", ":", "bold yellow"),
    ("|", " ", "dim"),
    ("~", " ", "yellow"),
    ("!", " ", "bold yellow"),
    ("→", " ", "cyan"),
    ("BAD", " ", "bold red"),
    ("ok", " ", "green"),
    ("✓", " ", "green"),
    ("…", " ", "yellow"),
    ("✗", " ", "red"),
)
_CODES = {"bold": "1", "dim": "2", "red": "31", "green": "32", "yellow": "33", "cyan": "36"}
_ENDS = {
    "done": "bold green",
    "nothing-to-do": "green",
    "failed": "bold red",
    "refused": "bold yellow",
    "cancelled": "bold yellow",
}


def pieces(line: str) -> list[Piece]:
    """A line of ours, painted by how it begins."""
    bare = line.lstrip(" ")
    space = line[: len(line) - len(bare)]
    for start, style in _WHOLE:
        if bare.startswith(start):
            return [(line, style)]
    for start, end, style in _HEADS:
        if bare.startswith(start) and end in bare:
            head, found, rest = bare.partition(end)
            if end != " " or head == start:
                return [(space, ""), (head + found, style), (rest, "bold" if start == "→" else "")]
    return [(line, "")]


def data(line: str) -> list[Piece]:
    """A line of YAML or JSON: only its comments and separators are painted, `-` means something else there."""
    return [(line, "dim" if line.startswith(("#", "---")) else "")]


def ending(line: str, outcome: Outcome) -> list[Piece]:
    """A line of an outcome: its headline in the colour of how it ended, the rest as ever."""
    for it in outcome.chapters if outcome.chapters and not outcome.rows else (outcome,):
        about = f"{it.verb} {it.subject}".strip()
        if about and line.startswith(f"{about}:"):
            return [(line, _ENDS.get(it.status, "bold"))]
    return pieces(line)


def escaped(painted: list[Piece]) -> str:
    """The pieces with their colours as terminal sequences (ECMA-48 SGR)."""
    return "".join(
        f"\x1b[{';'.join(_CODES[it] for it in style.split())}m{text}\x1b[0m" if style and text else text
        for text, style in painted
    )
