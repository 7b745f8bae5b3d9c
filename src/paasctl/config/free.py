"""Mappings that are taken as they are: `values`, pods, resources. What JSON or Kubernetes can't carry is reported."""

from __future__ import annotations

import math
import re
from typing import Any

from paasctl.config import forms
from paasctl.config.problems import Problems
from paasctl.config.shape import Free
from paasctl.config.words import guess, quoted, spell, told
from paasctl.model.config import Path


def check_free(kind: Free, value: dict[str, Any], path: Path, problems: Problems) -> dict[str, Any]:
    """The mapping itself; what can't be carried further is reported."""
    _finite(value, path, problems)
    if kind.quantities:
        _quantities(value, path, problems)
    return value


def _finite(value: Any, path: Path, problems: Problems) -> None:
    """JSON has no infinity, so nothing downstream could carry it."""
    if isinstance(value, float) and not math.isfinite(value):
        problems.report(path, f"{spell(path)} must be a finite number", "put it in quotes for a text")
    elif isinstance(value, dict | list):
        for name, inner in value.items() if isinstance(value, dict) else enumerate(value):
            _finite(inner, (*path, name), problems)


_RESOURCES = ("requests", "limits", "claims")


def _quantities(value: dict[str, Any], path: Path, problems: Problems) -> None:
    for name, amounts in value.items():
        if name not in _RESOURCES:
            message = f"unknown key {quoted(name)} in {spell(path)}{guess(name, _RESOURCES)}"
            problems.report((*path, name), message)
        elif name != "claims" and not isinstance(amounts, dict):
            problems.report((*path, name), f"{spell((*path, name))} must be a mapping, not {told(amounts, path)}")
        elif name != "claims":
            for what, amount in amounts.items():
                _quantity(amount, (*path, name, what), problems)


def _quantity(amount: Any, path: Path, problems: Problems) -> None:
    number = isinstance(amount, int | float) and not isinstance(amount, bool) and amount >= 0
    if not number and not (isinstance(amount, str) and re.fullmatch(forms.QUANTITY.pattern, amount)):
        message = f"{spell(path)} must be a quantity in Kubernetes' notation, not {told(amount, path)}"
        problems.report(path, message, "for example 500m or 256Mi")
