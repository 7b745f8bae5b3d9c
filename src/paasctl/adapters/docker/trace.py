"""BuildKit's progress (`moby.buildkit.v1.StatusResponse`), read from its protobuf wire form without a library.

Field numbers are those of buildkit's `api/services/control/control.proto`; unknown fields are passed over.
"""

from __future__ import annotations

from collections.abc import Iterator

from paasctl.errors import BuildFailed
from paasctl.values import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Vertex:
    """One step of the build, as it stands. Times are seconds since the epoch; None: not yet."""

    digest: str
    name: str
    cached: bool = False
    started: float | None = None
    completed: float | None = None
    error: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What a step wrote, a piece of it."""

    vertex: str
    when: float
    text: bytes


def read_status(message: bytes) -> Iterator[Vertex | Said]:
    """Steps and what they wrote, in the order of the message. `BuildFailed` where it is no such message."""
    for number, value in _fields(message):
        if number == 1 and isinstance(value, bytes):
            yield _vertex(value)
        elif number == 3 and isinstance(value, bytes):
            yield _said(value)


def _vertex(message: bytes) -> Vertex:
    fields = dict(_fields(message))
    return Vertex(
        digest=_text(fields.get(1)),
        name=_text(fields.get(3)),
        cached=bool(fields.get(4)),
        started=_time(fields.get(5)),
        completed=_time(fields.get(6)),
        error=_text(fields.get(7)),
    )


def _said(message: bytes) -> Said:
    fields = dict(_fields(message))
    text = fields.get(4)
    return Said(
        vertex=_text(fields.get(1)), when=_time(fields.get(2)) or 0.0, text=text if isinstance(text, bytes) else b""
    )


def _text(value: int | bytes | None) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else ""


def _time(value: int | bytes | None) -> float | None:
    """A `google.protobuf.Timestamp`."""
    if not isinstance(value, bytes):
        return None
    fields = dict(_fields(value))
    return float(fields.get(1, 0)) + float(fields.get(2, 0)) / 1e9


def _fields(message: bytes) -> Iterator[tuple[int, int | bytes]]:
    """(field number, value) of one message: numbers of varints and fixed fields, bytes of all with a length."""
    at = 0
    while at < len(message):
        key, at = _varint(message, at)
        match key & 7:
            case 0:
                value, at = _varint(message, at)
                yield key >> 3, value
                continue
            case 1:
                length = 8
            case 2:
                length, at = _varint(message, at)
            case 5:
                length = 4
            case kind:
                raise BuildFailed(f"reading the build's progress: wire type {kind} means nothing", code="build-stream")
        if at + length > len(message):
            raise BuildFailed("reading the build's progress: a message ends too early", code="build-stream")
        piece = message[at : at + length]
        at += length
        yield key >> 3, piece if key & 7 == 2 else int.from_bytes(piece, "little")


def _varint(message: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while at < len(message) and shift < 70:
        byte = message[at]
        value |= (byte & 0x7F) << shift
        at += 1
        shift += 7
        if byte < 0x80:
            return value, at
    raise BuildFailed("reading the build's progress: a number ends too early", code="build-stream")
