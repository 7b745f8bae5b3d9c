"""OpenAPI's version 2 in protobuf: kubectl checks a `List` by it before it sends what is in it, and takes no JSON.

Field numbers are those of gnostic's `openapi.v2.Document`. Only what a check of fields and types reads is told.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

from paasctl.embedded.kube.objects.schema import Schemas

MEDIA = "application/com.github.proto-openapi.spec.v2@v1.0+protobuf"
ANSWERED = "application/com.github.proto-openapi.spec.v2.v1.0+protobuf"
_SWAGGER, _INFO, _PATHS, _DEFINITIONS = 1, 2, 8, 9
_REF, _FORMAT, _REQUIRED, _OPEN, _TYPE, _ITEMS, _PROPERTIES, _EXTENSION = 1, 2, 19, 21, 22, 23, 25, 31


@cache
def packed(schemas: Schemas) -> bytes:
    """The document: every definition, and no paths."""
    info = _text(1, "Kubernetes") + _text(2, schemas.git_version)
    named = _named(schemas.components().items())
    return _text(_SWAGGER, "2.0") + _field(_INFO, info) + _field(_PATHS, b"") + _field(_DEFINITIONS, named)


def _named(schemas: Iterable[tuple[str, Mapping[str, Any]]]) -> bytes:
    return b"".join(_field(1, _text(1, name) + _field(2, _schema(said))) for name, said in schemas)


def _schema(said: Mapping[str, Any]) -> bytes:
    """A schema of version 3 as one of version 2."""
    chosen = said.get("allOf", ())
    if len(chosen) == 1 and "$ref" in chosen[0]:
        said = chosen[0]
    if "$ref" in said:
        return _text(_REF, said["$ref"].replace("#/components/schemas/", "#/definitions/"))
    if "oneOf" in said or said.get("x-kubernetes-int-or-string"):
        said = {"type": "string", "format": said.get("format", "")}
    out = _text(_FORMAT, said["format"]) if said.get("format") else b""
    out += b"".join(_text(_REQUIRED, it) for it in said.get("required", ()))
    if isinstance(said.get("additionalProperties"), dict):
        out += _field(_OPEN, _field(1, _schema(said["additionalProperties"])))
    if "type" in said:
        out += _field(_TYPE, _text(1, said["type"]))
    if "items" in said:
        out += _field(_ITEMS, _field(1, _schema(said["items"])))
    if "properties" in said:
        out += _field(_PROPERTIES, _named(said["properties"].items()))
    return out + b"".join(_extension(name, it) for name, it in said.items() if name.startswith("x-kubernetes-"))


def _extension(name: str, value: Any) -> bytes:
    return _field(_EXTENSION, _text(1, name) + _field(2, _text(2, json.dumps(value))))


def _text(number: int, text: str) -> bytes:
    return _field(number, text.encode())


def _field(number: int, content: bytes) -> bytes:
    return _varint(number << 3 | 2) + _varint(len(content)) + content


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes((*out, value))
