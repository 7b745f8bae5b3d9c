"""What a plain scalar means: YAML 1.2's core schema (section 10.3.2), so `no`, `on` and `1:20` stay texts."""

from __future__ import annotations

import re
from typing import Any

_WORDS: dict[str, Any] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_INT = re.compile(r"[-+]?[0-9]{1,4000}|0o[0-7]{1,4000}|0x[0-9a-fA-F]{1,4000}")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_ODD_FLOAT = re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")
_AMBIGUOUS = re.compile(r"[-+]?0[0-9]+")
_STARTS_NUMBER = frozenset("0123456789+-.")


class Ambiguous(ValueError):  # noqa: N818 - a number two versions of YAML read differently
    """`0644`: octal in YAML 1.1 (and to kubectl), decimal in 1.2."""


def plain(text: str) -> Any:
    """The value of an unquoted scalar. `Ambiguous` where two versions of YAML disagree on a number."""
    if text in _WORDS:
        return _WORDS[text]
    if text[0] not in _STARTS_NUMBER:
        return text
    if _AMBIGUOUS.fullmatch(text):
        raise Ambiguous(text)
    return number(text, text)


def number(text: str, otherwise: Any) -> Any:
    """The int or float that `text` spells, else `otherwise`."""
    if _INT.fullmatch(text):
        return int(text, 0) if text.startswith(("0o", "0x")) else int(text)
    if _FLOAT.fullmatch(text):
        return float(text)
    if _ODD_FLOAT.fullmatch(text):
        return float(text.replace(".", "").lower())
    return otherwise


STANDARD = "tag:yaml.org,2002:"


def tagged(tag: str, text: str) -> Any:
    """The value of a scalar with a standard tag such as `!!str`. A `ValueError` says why there is none."""
    kind = tag.removeprefix(STANDARD)
    if kind == "str" or tag == "!":
        return text
    value = _WORDS.get(text, None if text in _WORDS else number(text, text))
    wanted = {"int": (int,), "float": (float, int), "bool": (bool,), "null": (type(None),)}.get(kind)
    if wanted is None:
        raise ValueError(f"the tag {shown(tag)} is not known here")
    if type(value) not in wanted:
        raise ValueError(f"{text!r} is no {shown(tag)}")
    return float(text) if kind == "float" else value


def shown(tag: str) -> str:
    """A tag as people write it."""
    return "!!" + tag.removeprefix(STANDARD) if tag.startswith(STANDARD) else tag
