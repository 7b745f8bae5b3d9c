"""Kubernetes quantities: `1000m` is `1`, `1Gi` is `1024Mi` (apimachinery `pkg/api/resource`)."""

from __future__ import annotations

import re
from fractions import Fraction
from typing import Any, Final

_QUANTITY = re.compile(
    r"(?P<number>[+-]?(?:\d+(?:\.\d*)?|\.\d+))(?:(?P<suffix>[numkMGTPE]|[KMGTPE]i)|[eE](?P<power>[+-]?\d{1,3}))?"
)
_DECIMAL: Final = {"n": -9, "u": -6, "m": -3, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18}
_BINARY: Final = {"Ki": 10, "Mi": 20, "Gi": 30, "Ti": 40, "Pi": 50, "Ei": 60}


def amount(value: Any) -> Fraction | None:
    """The exact number a quantity stands for; None where it is none."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    if not (found := _QUANTITY.fullmatch(str(value))):
        return None
    suffix = found["suffix"]
    if suffix in _BINARY:
        return Fraction(found["number"]) * (1 << _BINARY[suffix])
    power = _DECIMAL[suffix] if suffix else int(found["power"] or 0)
    return Fraction(found["number"]) * (Fraction(10**power) if power >= 0 else Fraction(1, 10**-power))
