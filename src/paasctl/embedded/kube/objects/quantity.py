"""Kubernetes quantities: their canonical text, and their value for comparing."""

from __future__ import annotations

import re
from decimal import ROUND_CEILING, Decimal
from functools import lru_cache
from typing import Any

_FORM = re.compile(r"([+-]?(?:\d+(?:\.\d*)?|\.\d+))(Ki|Mi|Gi|Ti|Pi|Ei|n|u|m|k|M|G|T|P|E|[eE][+-]?\d+|)")
_BINARY = {"Ki": 1, "Mi": 2, "Gi": 3, "Ti": 4, "Pi": 5, "Ei": 6}
_DECIMAL = {"n": -9, "u": -6, "m": -3, "": 0, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18}
_SUFFIX = {exponent: suffix for suffix, exponent in _DECIMAL.items()}
_NANO = Decimal("1e-9")


def value(text: Any) -> Decimal:
    """The number. Raises ValueError where it is no quantity."""
    return _parsed(str(text))[0]


def canonical(text: Any) -> Any:
    """As the server writes it back: ``0.5`` is ``500m``, ``1024Mi`` is ``1Gi``; what is no quantity stays."""
    try:
        return _canonical(str(text))
    except ValueError:
        return text


@lru_cache(maxsize=1024)
def _canonical(text: str) -> str:
    number, suffix = _parsed(text)
    if number == 0:
        return "0"
    if suffix in _BINARY and number == number.to_integral_value() and abs(number) >= 1024:
        return _binary(int(number))
    if suffix in _BINARY and number == number.to_integral_value():
        return str(int(number))
    return _decimal(number, exponential=suffix[:1] in ("e", "E") and len(suffix) > 1)


def _parsed(text: str) -> tuple[Decimal, str]:
    match = _FORM.fullmatch(text.strip())
    if match is None:
        raise ValueError(text)
    digits, suffix = Decimal(match[1]), match[2]
    if suffix in _BINARY:
        number = digits * 1024 ** _BINARY[suffix]
    elif suffix in _DECIMAL:
        number = digits.scaleb(_DECIMAL[suffix])
    else:
        number = digits.scaleb(int(suffix[1:]))
    return number.quantize(_NANO, rounding=ROUND_CEILING) if number.as_tuple().exponent < -9 else number, suffix


def _binary(number: int) -> str:
    power = 0
    while number % 1024 == 0 and power < 6:
        number //= 1024
        power += 1
    return f"{number}{[*_BINARY][power - 1] if power else ''}"


def _decimal(number: Decimal, *, exponential: bool) -> str:
    for exponent in range(18, -10, -3):
        scaled = number.scaleb(-exponent)
        if scaled == scaled.to_integral_value():
            suffix = (f"e{exponent}" if exponent else "") if exponential else _SUFFIX[exponent]
            return f"{int(scaled)}{suffix}"
    return str(number)
