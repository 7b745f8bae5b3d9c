"""The object that the server starts from when it makes one: what Go writes of a struct that nothing was put into."""

from __future__ import annotations

from typing import Any

from paasctl.embedded.kube.model import Object
from paasctl.embedded.kube.objects.schema import STRUCT, Type
from paasctl.embedded.kube.objects.write import Write


def empty(write: Write) -> Object:
    """Nothing, as the server compares it with what is being made."""
    said: dict[str, Any] = {"apiVersion": write.resource.api_version, "kind": write.resource.kind}
    return {**said, "metadata": {}} if write.is_custom else {**_zero(write.type), **said}


def _zero(kind: Type) -> Object:
    nulls = {rule.field: None for rule in kind.rules if rule.value is None and not rule.when}
    said = {name: _zero(kind.fields[name].type) if it is STRUCT else it for name, it in kind.written.items()}
    return {**nulls, **said}
