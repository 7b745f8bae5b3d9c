"""What a custom resource's schema refuses, in OpenAPI's words. CEL (`x-kubernetes-validations`) is not known here."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from paasctl.embedded.kube.objects.causes import Cause, Causes, shown
from paasctl.embedded.kube.objects.schema import ANY, Type

_BLOCKING = {f"FieldValue{it}" for it in ("NotSupported", "Required", "TooLong", "TooMany", "TypeInvalid")}


def refused(told: Causes, kind: Type, value: Mapping[str, Any]) -> None:
    """Add what the schema refuses of an object; then its rules in CEL aren't asked, and the server says so."""
    before = len(told)
    check(told, kind, value)
    if any(it.reason in _BLOCKING for it in told[before:]):
        said = "some validation rules were not checked because the object was invalid; correct the existing errors to"
        told.invalid("<nil>", None, f"{said} complete validation")


def check(told: Causes, kind: Type, value: Any, field: str = "") -> None:
    """Add what the schema refuses of a value."""
    if isinstance(value, dict):
        _fields(told, kind, value, field)
    elif isinstance(value, list):
        _items(told, kind, value, field)
    elif value is None:
        wanted = kind.said.get("type", "object")
        said = f'Invalid value: "null": {field} in body must be of type {wanted}: "null"'
        told.append(Cause(field, "FieldValueTypeInvalid", said))
    else:
        _scalar(told, kind, value, field)


def _fields(told: Causes, kind: Type, value: Mapping[str, Any], field: str) -> None:
    for name in kind.required:
        if name not in value:
            told.required(f"{field}.{name}".removeprefix("."))
    for name, it in value.items():
        known = kind.fields.get(name)
        below = known.type if known is not None else (kind.element or ANY)
        here = f"{field}.{name}" if known is not None else f"{field}[{name}]"
        check(told, below, it, here.removeprefix("."))


def _items(told: Causes, kind: Type, items: list[Any], field: str) -> None:
    most, least = kind.said.get("maxItems"), kind.said.get("minItems")
    if most is not None and len(items) > most:
        told.invalid(field, len(items), f"{field} in body should have at most {most} items")
    if least is not None and len(items) < least:
        told.invalid(field, len(items), f"{field} in body should have at least {least} items")
    for index, it in enumerate(items):
        check(told, kind.element or ANY, it, f"{field}[{index}]")


def _scalar(told: Causes, kind: Type, value: Any, field: str) -> None:  # noqa: C901 - one check after another
    said = kind.said
    if kind.enum and value not in kind.enum:
        told.unsupported(field, value, [str(it) for it in kind.enum])
    if isinstance(value, str):
        if "maxLength" in said and len(value) > said["maxLength"]:
            told.too_long(field, said["maxLength"])
        if "minLength" in said and len(value) < said["minLength"]:
            told.invalid(field, value, f"{field} in body should be at least {said['minLength']} chars long")
        if "pattern" in said and not re.search(said["pattern"], value):
            told.invalid(field, value, f"{field} in body should match '{said['pattern']}'")
    elif isinstance(value, (int, float)) and not isinstance(value, bool):
        if "maximum" in said and value > said["maximum"]:
            told.invalid(field, value, f"{field} in body should be less than or equal to {shown(said['maximum'])}")
        if "minimum" in said and value < said["minimum"]:
            told.invalid(field, value, f"{field} in body should be greater than or equal to {shown(said['minimum'])}")
