"""Foreign text made safe for a line of ours: no control sequences, no second line, nothing a stream cannot spell."""

from __future__ import annotations

import re
import unicodedata

_SEQUENCE = re.compile(
    r"\x1b\[[0-?]*[ -/]*[@-~]"  # CSI: colours, cursor moves
    r"|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)?"  # OSC: titles, links, the clipboard
    r"|\x1b[PX^_][^\x1b]*(?:\x1b\\)?"  # DCS and other strings
    r"|\x1b[ -/]*[0-~]?"
)
_CONTROL = frozenset({"Cc", "Cs", "Zl", "Zp"})
_TURNS = frozenset(map(chr, (*range(0x202A, 0x202F), *range(0x2066, 0x206A))))
"""Marks that make a terminal show letters in another order than they have."""
_ACTIVE = re.compile("[\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
"""What JSON and YAML leave as it is: control characters above ASCII, other ends of lines, turns of direction."""
_ASCII = {
    "→": "->",
    "✓": "+",
    "✗": "x",
    "…": "...",
    "●": "*",
    "○": "o",
    "·": ".",
    "━": "#",
    "─": "-",
    "–": "-",
    "—": "--",
    "’": "'",
    "‘": "'",
    "“": '"',
    "”": '"',
}


def clean(text: str) -> str:
    """One line without control characters. Of a line drawn over with carriage returns, what would be seen last."""
    if text.isprintable():
        return text
    text = _SEQUENCE.sub("", text).rstrip("\r\n")
    if "\r" in text:
        text = next((it for it in reversed(text.split("\r")) if it.strip()), "")
    return "".join(_seen(it) for it in text)


def clean_lines(text: str) -> list[str]:
    """The same, line by line, for what may be long."""
    return [clean(it) for it in text.split("\n")]


def _seen(letter: str) -> str:
    match letter:
        case "\t":
            return "    "
        case "\n":
            return " "
        case _ if unicodedata.category(letter) in _CONTROL or letter in _TURNS:
            return "\N{REPLACEMENT CHARACTER}"
        case _:
            return letter


def is_plain(text: str, encoding: str | None) -> bool:
    """Whether a stream can write JSON or YAML as it is, and no terminal or reader of lines makes more of it."""
    return not _ACTIVE.search(text) and spelled(text, encoding) == text


def spelled(text: str, encoding: str | None) -> str:
    """The text as a stream with this encoding can write it: our marks in ASCII, other letters as Python escapes."""
    encoding = encoding or "utf-8"
    try:
        text.encode(encoding)
    except (UnicodeEncodeError, LookupError):
        return "".join(it if it.isascii() else _spell(it, encoding) for it in text)
    return text


def _spell(letter: str, encoding: str) -> str:
    try:
        letter.encode(encoding)
    except (UnicodeEncodeError, LookupError):
        return _ASCII.get(letter) or ascii(letter)[1:-1]
    return letter
