"""The answer to a build: JSON objects, one per line. HTTP 200 says nothing, an `error` in any of them all (B3)."""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Iterable, Iterator
from typing import Any

from paasctl.adapters.docker.progress import Progress
from paasctl.adapters.docker.trace import read_status
from paasctl.errors import BuildFailed
from paasctl.values import dataclass

_PULLED = re.compile(r"Digest: (sha256:[0-9a-f]{64})")


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """How a build ended: with an image, or with an error."""

    image: str
    """Id in the engine, `sha256:…`; "" where there is none."""
    error: str
    pulled: tuple[str, ...]
    """Digests the classic builder said it pulled."""


def follow(chunks: Iterable[bytes], progress: Progress) -> Ended:
    """Read a build's answer to its end, telling `progress` all of it."""
    image = error = ""
    pulled: list[str] = []
    for message in messages(chunks):
        error = error or _error(message)
        image = _image(message) or image
        _tell(message, progress)
        pulled += _PULLED.findall(str(message.get("status", "")))
    progress.end()
    return Ended(image=image, error=error, pulled=tuple(pulled))


def messages(chunks: Iterable[bytes]) -> Iterator[dict[str, Any]]:
    """The JSON objects of a stream, wherever its chunks are cut."""
    decoder = json.JSONDecoder()
    for line in _lines(chunks):
        rest = line
        while rest:
            try:
                message, end = decoder.raw_decode(rest)
            except ValueError as problem:
                raise BuildFailed(
                    f"reading the build's output: {rest[:80]!r} is no JSON", code="build-stream"
                ) from problem
            rest = rest[end:].lstrip()
            if isinstance(message, dict):
                yield message


def _lines(chunks: Iterable[bytes]) -> Iterator[str]:
    half = b""
    for chunk in chunks:
        *lines, half = (half + chunk).split(b"\n")
        yield from (line.decode("utf-8", "replace").strip() for line in lines)
    yield half.decode("utf-8", "replace").strip()


def _error(message: dict[str, Any]) -> str:
    detail = message.get("errorDetail")
    said = detail.get("message") if isinstance(detail, dict) else None
    return str(message.get("error") or said or ("the engine names no reason" if detail else ""))


def _image(message: dict[str, Any]) -> str:
    """The id, said as `moby.image.id` by BuildKit, without a name by the classic builder."""
    aux = message.get("aux")
    return str(aux.get("ID", "")) if isinstance(aux, dict) else ""


def _tell(message: dict[str, Any], progress: Progress) -> None:
    if message.get("id") == "moby.buildkit.trace":
        for event in read_status(_decoded(message.get("aux"))):
            progress.hear(event)
    elif "stream" in message:
        progress.hear_text(str(message["stream"]))
    elif "status" in message and "id" not in message:  # what has an id is a layer's progress bar
        progress.hear_text(f"{message['status']}\n")


def _decoded(aux: Any) -> bytes:
    try:
        return base64.b64decode(aux, validate=True)
    except (TypeError, ValueError, binascii.Error) as error:
        raise BuildFailed("reading the build's progress: it is not base64", code="build-stream") from error
