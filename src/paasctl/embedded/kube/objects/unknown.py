"""What a request's body carries, and `fieldValidation`: fields that the schema doesn't know, and fields given twice."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from math import isfinite
from typing import Any

from paasctl.embedded.kube.model import Object, Refusal
from paasctl.embedded.kube.objects.golang import Complaint, shown, unmarshalled, unrestored
from paasctl.embedded.kube.objects.schema import ANY, Type
from paasctl.embedded.kube.objects.write import Write

DEEPEST = 200
"""Levels of a body: far more than any schema has, far fewer than what would end our stack."""
_TOO_DEEP = "exceeded max depth"


@dataclass(frozen=True)
class Decoded:
    """A JSON body, and the paths of fields that it gives twice, for `Write.twice`."""

    body: Any
    twice: tuple[str, ...] = ()


class _Repeated(dict[str, Any]):
    """An object some of whose names came twice, until their path is known."""

    names: tuple[str, ...] = ()


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) == len(pairs):
        return made
    seen: set[str] = set()
    repeated = _Repeated(made)
    repeated.names = tuple(name for name, _ in pairs if name in seen or seen.add(name))  # type: ignore[func-returns-value]
    return repeated


def decoded(content: bytes) -> Decoded:
    """The body. Raises 400 where it isn't JSON."""
    try:
        body = _loaded(content.decode())
        if b"\\ud" in content.lower():  # halves of a surrogate pair are no text: Go reads U+FFFD, too
            whole = json.dumps(body, ensure_ascii=False).encode("utf-16", "surrogatepass")
            body = _loaded(whole.decode("utf-16", "replace"))
    except ValueError as error:
        raise _no_json(str(error)) from error
    except RecursionError as error:
        raise _no_json(_TOO_DEEP) from error
    if _is_deep(body):
        raise _no_json(_TOO_DEEP)
    return Decoded(body, tuple(dict.fromkeys(_twice(body, ""))))


def _no_json(why: str) -> Refusal:
    return Refusal(400, "BadRequest", f"couldn't get version/kind; json parse error: {why}")


def _loaded(text: str) -> Any:
    return json.loads(text, object_pairs_hook=_object, parse_float=_float, parse_constant=_float)


def _float(said: str) -> float:
    number = float(said)
    if not isfinite(number):
        raise ValueError(f"cannot unmarshal number {said} into Go value of type float64")
    return number


def _is_deep(body: Any) -> bool:
    level = [body] if isinstance(body, (dict, list)) else []
    for _ in range(DEEPEST):
        within = (it.values() if isinstance(it, dict) else it for it in level)
        level = [it for values in within for it in values if isinstance(it, (dict, list))]
        if not level:
            return False
    return True


def _twice(value: Any, path: str) -> Iterator[str]:
    if isinstance(value, _Repeated):
        yield from (f"{path}.{name}".removeprefix(".") for name in value.names)
    if isinstance(value, dict):
        for name, it in value.items():
            if isinstance(it, (dict, list)):
                yield from _twice(it, f"{path}.{name}")
    elif isinstance(value, list):
        for index, it in enumerate(value):
            if isinstance(it, (dict, list)):
                yield from _twice(it, f"{path}[{index}]")


def unknown(kind: Type, value: Any, path: str = "") -> Iterator[str]:
    """The paths of fields that the type doesn't have: ``spec.template.spec.containers[0].imagee``."""
    if isinstance(value, dict):
        for name, it in value.items():
            field = kind.fields.get(name)
            below = field.type if field is not None else kind.element
            if below is None:
                yield f"{path}.{name}".removeprefix(".")
            elif isinstance(it, (dict, list)):
                yield from unknown(below, it, f"{path}.{name}")
    elif isinstance(value, list):
        for index, it in enumerate(value):
            if isinstance(it, (dict, list)):
                yield from unknown(kind.element or ANY, it, f"{path}[{index}]")


def problems(write: Write, body: Object) -> list[str]:
    """What strict decoding would complain of."""
    return [
        *(f'unknown field "{path}"' for path in unknown(write.type, body)),
        *(f'duplicate field "{path}"' for path in write.twice),
    ]


def check(write: Write, body: Object) -> None:
    """Refuse with 400, or warn, by `write.validation`; wrong types are always refused."""
    kind = write.resource.kind
    refused = f'{kind} in version "{write.resource.version}" cannot be handled as a {kind}: '
    if wrong := next(mistyped(write.type, body), None):
        raise Refusal(400, "BadRequest", refused + wrong)
    if write.validation == "Ignore":
        return
    found = problems(write, body)
    if found and write.validation == "Strict":
        raise Refusal(400, "BadRequest", f"{refused}strict decoding error: {', '.join(found)}")
    write.warnings.extend(found)


def check_patched(write: Write, body: Object, patch: Any, *, is_strategic: bool = False) -> None:
    """The same of a patched object: 422, with a cause that names the patch."""
    says = unrestored if is_strategic else unmarshalled
    wrong = next(mistyped(write.type, body, says=says), None)
    if wrong is None:
        if write.validation == "Ignore":
            return
        found = problems(write, body)
        if not found or write.validation != "Strict":
            write.warnings.extend(found)
            return
        wrong = f"strict decoding error: {', '.join(found)}"
    text = json.dumps(body if isinstance(patch, list) else patch, separators=(",", ":"))
    message = f"Invalid value: {json.dumps(shown(patch) if is_strategic else text)}: {wrong}"
    causes = [{"reason": "FieldValueInvalid", "message": message, "field": "patch"}]
    raise Refusal(422, "Invalid", f' "" is invalid: patch: {message}', details={"causes": causes})


def mistyped(
    kind: Type, value: Any, path: str = "", owner: str = "", *, says: Complaint = unmarshalled
) -> Iterator[str]:
    """Values that Go can't read into the field's type, as Go says it."""
    if value is None or kind.form == "any" or _reads(kind, value):
        if isinstance(value, dict):
            yield from _mistyped_fields(kind, value, path, owner, says)
        elif isinstance(value, list):
            below = kind.element or ANY
            for it in value:
                if it is None and below.form == "struct":  # Go makes an empty one of it; none of ours expects one
                    yield says(below, it, f"{owner}.{path}")
                yield from mistyped(below, it, path, owner, says=says)
        return
    yield says(kind, value, f"{owner}.{path}")


def _mistyped_fields(kind: Type, value: dict[str, Any], path: str, owner: str, says: Complaint) -> Iterator[str]:
    here = kind.name.rpartition(".")[2] or owner
    for name, it in value.items():
        field = kind.fields.get(name)
        below = field.type if field is not None else (kind.element or ANY)
        yield from mistyped(below, it, f"{path}.{name}" if path else name, here, says=says)


def _reads(kind: Type, value: Any) -> bool:
    match kind.form:
        case "struct" | "map":
            return isinstance(value, dict)
        case "list":
            return isinstance(value, list)
        case _:
            return _reads_scalar(kind, value)


def _reads_scalar(kind: Type, value: Any) -> bool:
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    match kind.scalar:
        case "integer":
            return number and value == int(value) and -(1 << 63) <= value < 1 << 63
        case "number":
            return number
        case "boolean":
            return isinstance(value, bool)
        case "string":
            return isinstance(value, str)
        case _:
            return number or isinstance(value, str)
