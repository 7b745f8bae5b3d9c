"""From a socket to a request. RFC 9112, as far as registries' and API servers' clients need it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Protocol

from paasctl.embedded.http.message import Request

LONGEST_LINE = 1 << 16
"""Bytes of one line: tokens in headers are long."""
MOST_HEADERS = 200
_SIZE = re.compile(rb"[0-9a-fA-F]{1,15}")
_LENGTH = re.compile(r"[0-9]{1,18}")


class Source(Protocol):
    """A buffered stream of bytes."""

    def readline(self, size: int, /) -> bytes:
        """A line with its end, or `size` bytes of it; empty at the end."""
        ...

    def read(self, size: int, /) -> bytes:
        """`size` bytes, fewer only at the end."""
        ...

    def read1(self, size: int, /) -> bytes:
        """What is there, at most `size` bytes; waits for the first."""
        ...


class BadRequestError(Exception):
    """What came in is no HTTP request; the message says why, and the connection ends after the answer."""

    def __init__(self, message: str, status: int = HTTPStatus.BAD_REQUEST) -> None:
        """`status` is what it is answered with."""
        super().__init__(message)
        self.status = status


def read_request(source: Source, go_on: Callable[[], None]) -> Request | None:
    """The next request; None: the client has ended the connection. Raises `BadRequestError`, `ConnectionError`.

    `go_on` is called when a client that said `Expect: 100-continue` is to send its body: as it is first read.
    """
    line = _line(source, HTTPStatus.REQUEST_URI_TOO_LONG)
    while line == b"":  # RFC 9112 2.2: an empty line before a request is to be ignored
        line = _line(source, HTTPStatus.REQUEST_URI_TOO_LONG)
    if line is None:
        return None
    method, target, version = _start(line)
    headers = _headers(source)
    if version == "HTTP/1.0":
        headers.setdefault("connection", "close")
    path, _, query = _local(target).partition("?")
    return Request(method, path, query, headers, _body(source, headers, go_on), target)


def _line(source: Source, too_long: int = HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE) -> bytes | None:
    """A line without its end; None: there is no more."""
    line = source.readline(LONGEST_LINE + 1)
    if not line:
        return None
    if len(line) > LONGEST_LINE:
        raise BadRequestError("a line is too long", too_long)
    if not line.endswith(b"\n"):
        raise ConnectionError("the request breaks off")
    return line.rstrip(b"\r\n")


def _start(line: bytes) -> tuple[str, str, str]:
    parts = line.decode("latin-1").split(" ")
    if len(parts) != 3 or not parts[2].startswith("HTTP/1."):
        raise BadRequestError("the first line is no request line")
    return parts[0], parts[1], parts[2]


def _local(target: str) -> str:
    """A proxy's clients send whole addresses."""
    if target.startswith("/"):
        return target
    _, found, rest = target.partition("://")
    return "/" + rest.partition("/")[2] if found else target


def _headers(source: Source) -> dict[str, str]:
    found: dict[str, str] = {}
    for _ in range(MOST_HEADERS):
        line = _line(source)
        if line is None:
            raise ConnectionError("the request breaks off")
        if not line:
            return found
        name, colon, value = line.decode("latin-1").partition(":")
        if not colon or not name or name != name.strip():
            raise BadRequestError("a header has no name")
        key, said = name.lower(), value.strip()
        found[key] = f"{found[key]}, {said}" if key in found else said
    raise BadRequestError("too many headers", HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)


def _body(source: Source, headers: Mapping[str, str], go_on: Callable[[], None]) -> Counted | Chunked:
    expects = headers.get("expect", "").lower() == "100-continue"
    ready = go_on if expects else _nothing
    if coding := headers.get("transfer-encoding", "").lower():
        if coding != "chunked":
            raise BadRequestError(f"there is no transfer coding {coding!r} here", HTTPStatus.NOT_IMPLEMENTED)
        if "content-length" in headers:  # RFC 9112 6.3: two readers might see two requests
            raise BadRequestError("a body has a Content-Length or chunks, not both")
        return Chunked(source, ready)
    said = headers.get("content-length", "0")
    if not _LENGTH.fullmatch(said):
        raise BadRequestError("Content-Length is no number")
    return Counted(source, int(said), ready)


def _nothing() -> None:
    """The client doesn't wait to be asked."""


class Counted:
    """A body of known length."""

    def __init__(self, source: Source, length: int, ready: Callable[[], None]) -> None:
        """`length` in bytes; `ready` is called before the first byte is waited for."""
        self._source = source
        self._ready: Callable[[], None] | None = ready
        self.left = length

    def read(self, size: int = -1) -> bytes:
        """As in `message.Body`."""
        wanted = self.left if size < 0 else min(size, self.left)
        if not wanted:
            return b""
        if self._ready:
            self._ready()
            self._ready = None
        content = self._source.read(wanted) if size < 0 else self._source.read1(wanted)
        if not content or (size < 0 and len(content) < wanted):
            raise ConnectionError("the body breaks off")
        self.left -= len(content)
        return content

    def drain(self, most: int) -> bool:
        """As in `message.Body`."""
        if self.left > most or (self.left and self._ready and self._ready is not _nothing):
            return False
        self.read()
        return True


class Chunked:
    """A body in chunks (RFC 9112 7.1); trailers are read and dropped."""

    def __init__(self, source: Source, ready: Callable[[], None]) -> None:
        """`ready` is called before the first byte is waited for."""
        self._source = source
        self._ready: Callable[[], None] | None = ready
        self._chunk = 0
        self._is_over = False

    def read(self, size: int = -1) -> bytes:
        """As in `message.Body`."""
        if self._ready:
            self._ready()
            self._ready = None
        if size < 0:
            return b"".join(iter(lambda: self.read(1 << 20), b""))
        if not self._chunk and not self._is_over:
            self._next()
        if self._is_over or not size:
            return b""
        content = self._source.read1(min(size, self._chunk))
        if not content:
            raise ConnectionError("the body breaks off")
        self._chunk -= len(content)
        if not self._chunk and self._source.readline(8) not in (b"\r\n", b"\n"):
            raise BadRequestError("a chunk does not end where it said")
        return content

    def drain(self, most: int) -> bool:
        """As in `message.Body`."""
        if self._is_over:
            return True
        if self._ready and self._ready is not _nothing:
            return False
        while most > 0 and (content := self.read(1 << 16)):
            most -= len(content)
        return self._is_over

    def _next(self) -> None:
        line = _line(self._source)
        if line is None:
            raise ConnectionError("the body breaks off")
        said = line.partition(b";")[0].strip()
        if not _SIZE.fullmatch(said):
            raise BadRequestError("a chunk has no length")
        self._chunk = int(said, 16)
        if not self._chunk:
            while _line(self._source):
                pass
            self._is_over = True
