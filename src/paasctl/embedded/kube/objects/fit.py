"""Whether an applied value fits its type, told as structured-merge-diff tells it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from paasctl.embedded.kube.objects.fieldset import shown
from paasctl.embedded.kube.objects.merge import Malformed, step_to
from paasctl.embedded.kube.objects.schema import ANY, Type


def misfits(kind: Type, value: Any) -> list[str]:
    """One sentence per thing that doesn't fit: ``.spec.foo: field not declared in schema``."""
    return list(_misfits(kind, value, ""))


def _misfits(kind: Type, value: Any, path: str) -> Iterator[str]:
    if value is None or kind.form == "any":
        return
    match kind.form:
        case "struct" | "map":
            yield from _in_map(kind, value, path)
        case "list":
            yield from _in_list(kind, value, path)
        case _:
            yield from _scalar(kind, value, path)


def _in_map(kind: Type, value: Any, path: str) -> Iterator[str]:
    if not isinstance(value, dict):
        yield f"{path}: expected map, got {_go(value)}"
        return
    for name, it in value.items():
        field = kind.fields.get(name)
        below = field.type if field is not None else kind.element
        if below is None:
            yield f"{path}.{name}: field not declared in schema"
            return
        yield from _misfits(below, it, f"{path}.{name}")


def _in_list(kind: Type, value: Any, path: str) -> Iterator[str]:
    if not isinstance(value, list):
        yield f"{path}: expected list, got {_go(value)}"
        return
    seen = set()
    for index, item in enumerate(value):
        step = f"[{index}]"
        if kind.relation in ("map", "set"):
            try:
                steps = step_to(kind, item)
            except Malformed as error:
                yield f"{path}: element {index}: {error}"
                return
            step = shown((steps,))
            if steps in seen:
                yield f"{path}: duplicate entries for key {step}"
            seen.add(steps)
        yield from _misfits(kind.element or ANY, item, f"{path}{step}")


def _scalar(kind: Type, value: Any, path: str) -> Iterator[str]:
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    match kind.scalar:
        case "integer" | "number" if not number:
            yield f"{path}: expected numeric (int or float), got {_go_type(value)}"
        case "boolean" if not isinstance(value, bool):
            yield f"{path}: expected boolean, got {_go(value)}"
        case "string" if not isinstance(value, str):
            yield f"{path}: expected string, got &value.valueUnstructured{{Value:{_go(value)}}}"
        case "untyped" if isinstance(value, (dict, list)):
            yield f"{path}: expected any scalar, got {_go(value)}"


def _go_type(value: Any) -> str:
    match value:
        case bool():
            return "bool"
        case str():
            return "string"
        case dict():
            return "map[string]interface {}"
        case list():
            return "[]interface {}"
        case _:
            return "float64" if isinstance(value, float) else "int64"


def _go(value: Any) -> str:
    match value:
        case bool():
            return str(value).lower()
        case str():
            return f'"{value}"'
        case dict():
            return "map[" + " ".join(f"{name}:{_go(it)}" for name, it in sorted(value.items())) + "]"
        case list():
            return "[" + " ".join(_go(it) for it in value) + "]"
        case _:
            return str(value)
