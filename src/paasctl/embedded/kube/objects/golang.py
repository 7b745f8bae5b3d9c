"""How the real server's language shows values, and says that one can't be read into a type."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from paasctl.embedded.kube.objects.schema import ANY, Type

Complaint = Callable[[Type, Any, str], str]
"""Of the type, the value, and the field: ``DeploymentSpec.spec.replicas``."""
_GO = {"int32": "int32", "int64": "int64", "double": "float64"}
_SHAPES = {"struct": "struct from:", "list": "slice from", "map": "map from"}


def shown(value: Any) -> str:
    """A value as ``%+v`` prints it."""
    if isinstance(value, Mapping):
        return "map[" + " ".join(f"{name}:{shown(it)}" for name, it in sorted(value.items())) + "]"
    if isinstance(value, list):
        return "[" + " ".join(shown(it) for it in value) + "]"
    if isinstance(value, bool):
        return str(value).lower()
    return "<nil>" if value is None else str(value)


def unmarshalled(kind: Type, value: Any, field: str) -> str:
    """The complaint of whoever reads JSON."""
    return f"json: cannot unmarshal {_json_type(value)} into Go struct field {field} of type {_type(kind)}"


def unrestored(kind: Type, value: Any, field: str) -> str:
    """The complaint of whoever reads an object that a strategic merge patch is in."""
    del field
    if kind.form in _SHAPES:
        return f"cannot restore {_SHAPES[kind.form]} {_kind(value)}"
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return f"cannot convert {_kind(value)} to {_type(kind)}"
    return f"unrecognized type: {_type(kind)}"


def _kind(value: Any) -> str:
    names = {bool: "bool", str: "string", dict: "map", list: "slice", int: "int64"}
    return names.get(type(value), "float64")


def _json_type(value: Any) -> str:
    names = {bool: "bool", str: "string", dict: "object", list: "array"}
    return names.get(type(value), f"number {value}" if isinstance(value, float) else "number")


def _type(kind: Type) -> str:
    named = kind.name.rpartition(".")[2]
    if kind.form == "list":
        return f"[]{_type(kind.element or ANY)}"
    if kind.form == "map":
        return f"map[string]{_type(kind.element or ANY)}"
    if kind.form == "scalar":
        return _GO.get(kind.format) or {"boolean": "bool", "integer": "int64"}.get(kind.scalar, "string")
    return f"v1.{named}"
