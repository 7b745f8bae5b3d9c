"""The object that the server starts from when it makes one: what Go writes of a struct that nothing was put into."""

from __future__ import annotations

from typing import Any

from paasctl.embedded.kube.model import Object
from paasctl.embedded.kube.objects.schema import NOTHING, Type
from paasctl.embedded.kube.objects.write import Write

_STRUCT: dict[str, Any] = {}


def empty(write: Write) -> Object:
    """Nothing, as the server compares it with what is being made."""
    said = {"apiVersion": write.resource.api_version, "kind": write.resource.kind}
    return {**said, "metadata": {}} if write.is_custom else {**_zero(write.type), **said}


def _zero(kind: Type) -> Object:
    found = {name: _zero_field(field.type, field.default, name in kind.required) for name, field in kind.fields.items()}
    return {name: it for name, it in found.items() if it is not NOTHING}


def _zero_field(kind: Type, default: Any, required: bool) -> Any:
    if default == _STRUCT and kind.form == "struct":
        return _zero(kind)
    if not required:
        return NOTHING
    return None if default is NOTHING else default
