"""What the server makes of a value before it looks at it: zeros and nulls go, defaults come, quantities are canonical.

It is what becomes of JSON that goes through the server's Go types. For custom resources it is pruning and defaulting by
their schema. The rules are data (`Type.rules`, `Type.zeros`); what can't be said so is in `special.py`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from paasctl.embedded.kube.model import Object
from paasctl.embedded.kube.objects.quantity import canonical
from paasctl.embedded.kube.objects.schema import ANY, NOTHING, STRUCT, Rule, Type
from paasctl.embedded.kube.objects.special import OBJECTS, TYPES
from paasctl.embedded.kube.objects.write import Write

Value = Any
_QUANTITY = "io.k8s.apimachinery.pkg.api.resource.Quantity"


def defaulted(write: Write, body: Object, live: Object | None) -> Object:
    """The object as the server's own types hold it; `live` is what it replaces."""
    said = {"apiVersion": write.resource.api_version, "kind": write.resource.kind}
    whole = {**normal(write.type, body), **said}
    special: Callable[[Object, Object | None], Object] | None = OBJECTS.get(write.kind)
    return special(whole, live) if special is not None else whole


def normal(kind: Type, value: Value) -> Value:
    """The value without nulls and zeros that Go leaves out, with the defaults of its type."""
    match kind.form:
        case "struct" if isinstance(value, dict):
            return _struct(kind, value)
        case "map" if isinstance(value, dict):
            below = kind.element or ANY
            if below.form == "scalar" and below.name != _QUANTITY:
                return (
                    value
                    if None not in value.values()
                    else {name: "" if it is None else it for name, it in value.items()}
                )
            return {name: normal(below, it) for name, it in value.items()}
        case "list" if isinstance(value, list):
            below = kind.element or ANY
            if below.form == "scalar":
                return value
            return [normal(below, it) for it in value]
        case "scalar" if kind.name == _QUANTITY:
            return canonical(value)
    return value


def _struct(kind: Type, value: dict[str, Value]) -> dict[str, Value]:  # noqa: C901 - the hot loop of every write
    out: dict[str, Value] = {}
    fields, zeros = kind.fields, kind.zeros
    for name, it in value.items():
        field = fields.get(name)
        if it is None:
            if kind.nulls and field is not None and field.default is NOTHING:
                out[name] = None
            continue
        if field is None:
            if kind.preserves:
                out[name] = it
            continue
        below = field.type
        made = it if below.form == "scalar" and below.name != _QUANTITY else normal(below, it)
        if made or name not in zeros:
            out[name] = made
    for rule in kind.rules:
        if rule.field not in out and holds(rule, out, value):
            out[rule.field] = rule.value
    for name, it in kind.written.items():
        if name not in out:
            out[name] = _struct(fields[name].type, {}) if it is STRUCT else it
    special: Callable[[dict[str, Value]], dict[str, Value]] | None = TYPES.get(kind.name)
    return special(out) if special is not None else out


def holds(rule: Rule, value: dict[str, Value], sent: dict[str, Value]) -> bool:
    """Whether a rule's condition is met by what there is so far, and by what was sent.

    ``{"type": "RollingUpdate"}``; ``{"!value": true}``: must be absent; ``?``: must be there; ``~``: must not be sent.
    """
    return all(_meets(name, wanted, value, sent) for name, wanted in rule.when.items())


def _meets(name: str, wanted: Value, value: dict[str, Value], sent: dict[str, Value]) -> bool:
    match name[0]:
        case "!":
            return name[1:] not in value
        case "?":
            return name[1:] in value
        case "~":
            return not sent.get(name[1:])
        case _:
            return bool(value.get(name) == wanted)
