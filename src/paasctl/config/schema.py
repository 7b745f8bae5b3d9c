"""The JSON Schema (2020-12) of `paas.yaml`, for editors and for CI, made from the table of keys."""

from __future__ import annotations

from typing import Any, assert_never

from paasctl.config.shape import (
    Choice,
    Either,
    Form,
    Free,
    Items,
    Key,
    Kinds,
    Named,
    Number,
    Section,
    Switch,
    Text,
    Type,
)
from paasctl.config.table.top import TOP

_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_TEMPLATE = r"\{\{[\s\S]*\}\}"


def schema() -> dict[str, Any]:
    """The whole, ready for `json.dumps`. `x-order` is the order of the keys in the reference.

    It is as strict as the loader about keys, types and spellings; what keys mean together only the loader knows.
    """
    return {"$schema": _DIALECT, "title": "paas.yaml", **_of(TOP)}


def _of(kind: Type) -> dict[str, Any]:  # noqa: C901 - one arm per type
    match kind:
        case Text():
            return {"type": "string", **_form(kind.form)}
        case Number():
            return {"type": "integer", "minimum": kind.least, "maximum": kind.most}
        case Switch():
            return {"type": "boolean"}
        case Choice():
            return {"enum": list(kind.names)}
        case Items():
            most = {"maxItems": kind.later_from - 1} if kind.later_from else {}
            return {"type": "array", "items": _of(kind.of), **({"minItems": kind.least} if kind.least else {}), **most}
        case Named():
            return {"type": "object", "propertyNames": _form(kind.names), "additionalProperties": _of(kind.of)}
        case Free():
            return {"type": "object", "description": kind.words}
        case Either():
            return {"oneOf": [_of(it) for it in kind.of]}
        case Section():
            return _section(kind)
        case Kinds():
            return {"oneOf": [_section(it) for _, it in kind.of]}
        case _:
            assert_never(kind)


def _section(kind: Section) -> dict[str, Any]:
    made: dict[str, Any] = {
        "type": "object",
        "additionalProperties": False,
        "properties": {key.name: _key(key, order) for order, key in enumerate(kind.keys)},
    }
    if required := [key.name for key in kind.keys if key.required]:
        made["required"] = required
    if kind.one_of:
        made["oneOf"] = [{"required": [name]} for name in kind.one_of]
    return made


def _key(key: Key, order: int) -> dict[str, Any]:
    default = {} if key.default is None else {"default": key.default}
    return {**_of(key.type), "description": key.doc, **default, "x-order": order}


def _form(form: Form) -> dict[str, Any]:
    made: dict[str, Any] = {"maxLength": form.longest} if form.longest else {}
    if form.pattern:
        whole = f"^(?:{form.pattern})$"
        made["pattern"] = f"{whole}|{_TEMPLATE}" if form.templated else whole
    return {**made, "examples": [form.example]}
