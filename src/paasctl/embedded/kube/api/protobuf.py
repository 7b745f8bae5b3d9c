"""Bodies in protobuf, which some kubectl commands send (create, auth can-i): read as the JSON that they mean.

Answers are always JSON, which every such client accepts, too. Field numbers come from `protobuf.json.gz`, made from the
descriptors inside the testbed's kubectl (`tests/schema/protobuf.py`).
"""

from __future__ import annotations

import base64
import gzip
import json
import struct
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from functools import cache
from importlib.resources import files
from typing import Any

from paasctl.embedded.kube.model import Refusal

MEDIA = "application/vnd.kubernetes.protobuf"
_MAGIC = b"k8s\x00"
_META = "apimachinery.pkg.apis.meta.v1"
_CORE = "core"
_INLINE = {"handler", "ingressRuleValue", "localObjectReference", "persistentVolumeSource", "volumeSource"}
"""Messages that have no name of their own in JSON: their fields are their owner's."""
Fields = Mapping[str, tuple[str, str]]
"""Field number -> name and type: ``string``, ``int``, ``bool``, ``double``, ``bytes``, a message; ``*`` repeated, ``%``
a map with values of that type."""


@cache
def _messages() -> Mapping[str, Fields]:
    packed = files(__package__).joinpath("protobuf.json.gz").read_bytes()
    found: Mapping[str, Fields] = json.loads(gzip.decompress(packed))
    return found


def read(content: bytes) -> bytes:
    """The same as JSON. Raises 400 for what can't be read, 501 for kinds outside."""
    if not content.startswith(_MAGIC):
        raise Refusal(400, "BadRequest", "provided data does not appear to be a protobuf message, expected prefix k8s")
    try:
        return json.dumps(_whole(content[len(_MAGIC) :])).encode()
    except (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError, struct.error) as error:
        raise Refusal(400, "BadRequest", "the protobuf message breaks off") from error


def _whole(content: bytes) -> dict[str, Any]:
    parts = dict(raw_fields(content))
    about = {number: value.decode() for number, value in raw_fields(parts.get(1, b""))}
    version, kind = about.get(1, ""), about.get(2, "")
    group, _, number = version.rpartition("/")
    name = f"api.{group.partition('.')[0] or _CORE}.{number}.{kind}"
    if name not in _messages():
        name = f"{_META}.{kind}"
    if name not in _messages():
        raise Refusal(501, "NotImplemented", f"the simulated API server doesn't read {kind} of {version} as protobuf")
    return {"apiVersion": version, "kind": kind, **_message(name, parts.get(2, b""))}


def raw_fields(content: bytes) -> Iterator[tuple[int, Any]]:
    """Field numbers and values: an int, or bytes of a length or of 8 or 4."""
    at = 0
    while at < len(content):
        tag, at = _varint(content, at)
        match tag & 7:
            case 0:
                value, at = _varint(content, at)
                yield tag >> 3, value
            case 2:
                length, at = _varint(content, at)
                if at + length > len(content):
                    raise IndexError
                yield tag >> 3, content[at : at + length]
                at += length
            case wide:
                length = 8 if wide == 1 else 4
                yield tag >> 3, content[at : at + length]
                at += length


_WIDEST = 63
"""Bits of a number."""


def _varint(content: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = content[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            return value, at
        if shift > _WIDEST:
            raise IndexError


def _message(name: str, content: bytes) -> Any:
    special = _SPECIAL.get(name)
    if special is not None:
        return special(dict(raw_fields(content)))
    fields, made = _messages()[name], dict[str, Any]()
    for number, value in raw_fields(content):
        field = fields.get(str(number))
        if field is not None:
            _put(made, *field, value)
    return made


def _put(made: dict[str, Any], name: str, kind: str, value: Any) -> None:
    match kind[0]:
        case "*":
            made.setdefault(name, []).append(_value(kind[1:], value))
        case "%":
            entry = dict(raw_fields(value))
            made.setdefault(name, {})[entry.get(1, b"").decode()] = _value(kind[1:], entry.get(2, b""))
        case _ if name in _INLINE:
            made.update(_value(kind, value))
        case _:
            made[name] = _value(kind, value)


def _value(kind: str, value: Any) -> Any:
    match kind:
        case "string":
            return value.decode()
        case "int":
            return value - (1 << 64) if value >= 1 << 63 else value
        case "bool":
            return bool(value)
        case "double":
            return struct.unpack("<d", value)[0]
        case "bytes":
            return base64.b64encode(value).decode()
        case _:
            return _message(kind, value)


def _time(parts: Mapping[int, int]) -> str | None:
    if not parts:
        return None
    return datetime.fromtimestamp(parts.get(1, 0), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _micro_time(parts: Mapping[int, int]) -> str | None:
    if not parts:
        return None
    whole = datetime.fromtimestamp(parts.get(1, 0), UTC).replace(microsecond=parts.get(2, 0) // 1000)
    return whole.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _int_or_string(parts: Mapping[int, Any]) -> int | str:
    return str(parts.get(3, b"").decode()) if parts.get(1) else int(_value("int", parts.get(2, 0)))


def _json(parts: Mapping[int, bytes]) -> Any:
    return json.loads(parts.get(1) or b"null")


_SPECIAL: Mapping[str, Callable[[Mapping[int, Any]], Any]] = {
    f"{_META}.Time": _time,
    f"{_META}.MicroTime": _micro_time,
    f"{_META}.FieldsV1": _json,
    "apimachinery.pkg.runtime.RawExtension": _json,
    "apimachinery.pkg.api.resource.Quantity": lambda parts: parts.get(1, b"").decode(),
    "apimachinery.pkg.util.intstr.IntOrString": _int_or_string,
}
