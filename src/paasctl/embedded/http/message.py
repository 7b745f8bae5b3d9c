"""What a request and its answer are, to those who answer. No sockets here."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Protocol
from urllib.parse import parse_qsl

from paasctl.embedded.http.faults import Fault


class Body(Protocol):
    """What a request carries, as it comes in."""

    def read(self, size: int = -1) -> bytes:
        """At most `size` bytes, all of the rest when negative; empty at the end. Raises `ConnectionError` if cut."""
        ...

    def drain(self, most: int) -> bool:
        """Read away what nobody wanted, up to about `most` bytes; False: there is more, or nobody was asked for it."""
        ...


def whole(body: Body, most: int) -> bytes | None:
    """All of it; None: it is more than `most` bytes, and the rest is not waited for."""
    parts, size = [], 0
    while content := body.read(most + 1 - size):
        parts.append(content)
        size += len(content)
        if size > most:
            return None
    return b"".join(parts)


@dataclass(frozen=True)
class Request:
    """One request. Header names are in lower case."""

    method: str
    path: str
    """Still percent-encoded, without the query."""
    query: str
    headers: Mapping[str, str]
    body: Body
    target: str = ""
    """As it was sent: a proxy's clients send whole addresses."""
    fault: Fault | None = None
    """What is to go wrong with it, where that is for whoever answers to do."""

    @property
    def pairs(self) -> list[tuple[str, str]]:
        """The query's pairs, decoded, in their order."""
        return parse_qsl(self.query, keep_blank_values=True)


@dataclass(frozen=True)
class Response:
    """One answer. An iterator as content is sent in chunks as they come (a watch, a big blob) and closed at its end."""

    status: int
    content: bytes | Iterator[bytes] = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    length: int | None = None
    """Content-Length of an iterator where it is known, or of the body that a HEAD leaves out."""


class Answers(Protocol):
    """Whoever answers requests: called from one thread per connection."""

    def __call__(self, request: Request) -> Response:
        """The answer. An exception here is a bug, and is answered with 500."""
        ...
