"""How values, types and paths are put into words, without giving a secret away."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from typing import Any

from paasctl.config.shape import Choice, Either, Free, Items, Kinds, Named, Number, Section, Switch, Text, Type
from paasctl.model.config import Path

_PLAIN = re.compile(r"[A-Za-z0-9_@-]+")
_SENSITIVE = re.compile(
    r"passw(?:or)?d|passphrase|secret|token|api_?key|private_?key|access_?key|credential|bearer", re.IGNORECASE
)
_OUR_KEYS = ("secret", "secrets", "pullSecret")
_LONGEST = 60
_LISTED = 20


def spell(path: Path, *, whole: bool = False) -> str:
    """`services.web.hosts[0]`; names that a path can't hold are quoted, and cut where they are long, unless `whole`."""
    quote = (lambda it: json.dumps(it, ensure_ascii=False)) if whole else quoted
    parts = [f"[{it}]" if isinstance(it, int) else f".{it if _PLAIN.fullmatch(it) else quote(it)}" for it in path]
    return "".join(parts).removeprefix(".")


def unspell(text: str) -> tuple[str, ...]:
    """The names of a path that `spell` wrote `whole`. `ValueError` where it is none, or has numbers."""
    names: list[str] = []
    at = 0
    while at <= len(text):
        if text[at : at + 1] == '"':
            name, at = json.JSONDecoder().raw_decode(text, at)
        else:
            plain = _PLAIN.match(text, at)
            name, at = (plain[0], plain.end()) if plain else ("", at)
        if not name or text[at : at + 1] not in ("", "."):
            raise ValueError(f"{text} is no path of names")
        names.append(name)
        at += 1
    return tuple(names)


def quoted(text: str) -> str:
    """A text in double quotes, cut where it is long."""
    return json.dumps(text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…", ensure_ascii=False)


def is_sensitive(name: str) -> bool:
    """Whether a key's name says that its value should not be seen."""
    return bool(_SENSITIVE.search(name.replace("-", "_")))


PRIVATE = "PRIVATE KEY-----"
"""What a private key says of itself, wherever it stands."""


def told(value: Any, path: Path) -> str:
    """What a value is, for a message; what looks like a secret is only named by its kind."""
    hidden = any(isinstance(it, str) and it not in _OUR_KEYS and is_sensitive(it) for it in path)
    hidden = hidden or (isinstance(value, str) and PRIVATE in value)
    match value:
        case None:
            return "nothing"
        case bool():
            return "true" if value else "false"
        case int() | float():
            return "a number" if hidden else f"the number {_digits(value)}"
        case str():
            return "what is there" if hidden else f"the text {quoted(value)}"
        case list():
            return "a list"
        case _:
            return "a mapping"


def wanted(kind: Type) -> str:  # noqa: C901 - one arm per type
    """What a type wants, as in "must be …"."""
    match kind:
        case Text():
            return kind.form.words
        case Number():
            return f"a whole number from {kind.least} to {kind.most}"
        case Switch():
            return "true or false"
        case Choice():
            return either(kind.names)
        case Items():
            return "a list"
        case Named():
            return f"a mapping of names ({kind.noun}: …)"
        case Free() | Section() | Kinds():
            return f"a mapping ({kind.words})"
        case Either():
            return " or ".join(wanted(it) for it in kind.of)


def either(names: Iterable[str]) -> str:
    """`a, b or c`."""
    *most, last = names
    return f"{', '.join(most)} or {last}" if most else last


def some(names: Sequence[str]) -> str:
    """`a, b, c`; of very many the first, and how many more."""
    rest = len(names) - _LISTED
    return ", ".join(names[:_LISTED]) + (f" and {rest} more" if rest > 0 else "")


def nearest(name: str, known: Iterable[str]) -> str:
    """The known name that was most likely meant; empty: none is near. `tag_prefix` and `TAGPREFIX` find `tagPrefix`."""
    folded = {_folded(it): it for it in known}
    near = get_close_matches(_folded(name[:100]), folded, n=1, cutoff=0.7)
    return folded[near[0]] if near else ""


def did_you_mean(name: str) -> str:
    """` (did you mean "x"?)`; nothing for nothing."""
    return f" (did you mean {quoted(name)}?)" if name else ""


def guess(name: str, known: Iterable[str]) -> str:
    """Both at once."""
    return did_you_mean(nearest(name, known))


def _folded(name: str) -> str:
    return re.sub("[-_]", "", name).lower()


def _digits(number: float) -> str:
    text = repr(number)
    return text if len(text) <= _LONGEST else f"{text[:20]}…"
