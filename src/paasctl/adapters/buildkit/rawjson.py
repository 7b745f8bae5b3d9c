"""`--progress=rawjson`: the status of a solve, a JSON object a line; what is no JSON are the program's own words."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from paasctl.adapters.docker.trace import Said, Vertex


def read_line(line: bytes) -> tuple[Vertex | Said, ...] | None:
    """The events of a line; None: it is plain text. An object that means nothing to us has no events."""
    if not line.lstrip().startswith(b"{"):
        return None
    try:
        said = json.loads(line)
    except ValueError:
        return None
    return tuple(_events(said))


def _events(said: Mapping[str, Any]) -> Iterator[Vertex | Said]:
    for it in _objects(said, "vertexes"):
        yield Vertex(
            digest=str(it.get("digest") or ""),
            name=str(it.get("name") or ""),
            cached=it.get("cached") is True,
            started=_seconds(it.get("started")),
            completed=_seconds(it.get("completed")),
            error=str(it.get("error") or ""),
        )
    for it in _objects(said, "logs"):
        yield Said(
            vertex=str(it.get("vertex") or ""),
            when=_seconds(it.get("timestamp")) or 0.0,
            text=_bytes(it.get("data")),
        )
    for it in _objects(said, "warnings"):
        yield Said(vertex=str(it.get("vertex") or ""), when=0.0, text=b"warning: " + _bytes(it.get("short")) + b"\n")


def _objects(said: Mapping[str, Any], name: str) -> list[dict[str, Any]]:
    found = said.get(name)
    return [it for it in found if isinstance(it, dict)] if isinstance(found, list) else []


def _seconds(said: Any) -> float | None:
    """A time of Go's: nanoseconds, and any zone."""
    if not isinstance(said, str):
        return None
    try:
        return datetime.fromisoformat(said).timestamp()
    except ValueError:
        return None


def _bytes(said: Any) -> bytes:
    try:
        return base64.b64decode(said or b"", validate=True)
    except (TypeError, ValueError, binascii.Error):
        return b""
