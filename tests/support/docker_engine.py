"""A Docker Engine that is none: HTTP on a Unix socket, answering what it was told."""

from __future__ import annotations

import json
import socketserver
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from support.docker_says import line

VERSION = {"ApiVersion": "1.41", "MinAPIVersion": "1.12", "Version": "20.10.24", "Os": "linux", "Arch": "amd64"}


@dataclass
class Asked:
    """One request."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes
    prefix: str
    """`v1.41`."""


@dataclass
class FakeEngine:
    """What it answers, and what it was asked."""

    host: str
    version: dict[str, Any] = field(default_factory=lambda: dict(VERSION))
    builds: list[tuple[int, Sequence[bytes]]] = field(default_factory=list)
    """(status, chunks) of the next builds; the last is repeated."""
    stalls: bool = False
    """After a build's chunks, be silent until the client hangs up."""
    breaks: bool = False
    """After a build's chunks, hang up without an end."""
    objects: dict[str, Any] = field(default_factory=lambda: {"/networks/bridge": {}})
    """Path -> JSON of a GET."""
    saved: bytes = b""
    asked: list[Asked] = field(default_factory=list)
    hung_up: threading.Event = field(default_factory=threading.Event)

    def of(self, method: str, path: str) -> list[Asked]:
        """Requests of this kind."""
        return [it for it in self.asked if (it.method, it.path) == (method, path)]


@contextmanager
def docker_engine(folder: Path) -> Iterator[FakeEngine]:
    """A running one."""
    path = folder / "engine.sock"
    engine = FakeEngine(host=f"unix://{path}")

    class Handler(_Handler):
        fake = engine

    with _Server(str(path), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield engine
        finally:
            server.shutdown()
            thread.join()


class _Server(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads = True
    block_on_close = False


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    fake: FakeEngine

    def log_message(self, *_: Any) -> None:
        """Say nothing."""

    def address_string(self) -> str:
        """A Unix socket's other end has none."""
        return "client"

    def do_GET(self) -> None:
        path = self._note()
        if path == "/version":
            self._json(200, self.fake.version)
        elif path.startswith("/images/") and path.endswith("/get"):
            self._stream(200, [self.fake.saved[at : at + 32768] for at in range(0, len(self.fake.saved), 32768)])
        elif path in self.fake.objects:
            self._json(200, self.fake.objects[path])
        else:
            self._json(404, {"message": f"no such object: {path}"})

    def do_DELETE(self) -> None:
        self._note()
        self._json(200, [])

    def do_POST(self) -> None:
        path = self._note()
        if path == "/images/create":
            self._stream(200, [line(status="Pulling")])
            return
        builds = self.fake.builds
        status, chunks = builds.pop(0) if len(builds) > 1 else builds[0]
        self._stream(status, chunks, stalls=self.fake.stalls, breaks=self.fake.breaks)

    def _note(self) -> str:
        parts = urlsplit(self.path)
        path = unquote(parts.path)
        prefix = ""
        if path.startswith("/v1."):
            prefix, path = path[1 : path.index("/", 1)], path[path.index("/", 1) :]
        body = b"".join(self._body())
        query, headers = dict(parse_qsl(parts.query)), dict(self.headers.items())
        self.fake.asked.append(Asked(self.command, path, query, headers, body, prefix))
        return path

    def _body(self) -> Iterator[bytes]:
        if self.headers.get("Transfer-Encoding") == "chunked":
            while size := int(self._line(), 16):
                yield self.rfile.read(size)
                self._line()
            self.rfile.readline()
        else:
            yield self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def _line(self) -> bytes:
        """One must come: a body that is broken off is none."""
        if said := self.rfile.readline():
            return said
        raise ConnectionResetError

    def _json(self, status: int, document: Any) -> None:
        body = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _stream(self, status: int, chunks: Sequence[bytes], *, stalls: bool = False, breaks: bool = False) -> None:
        self.send_response(status)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        try:
            for chunk in filter(None, chunks):
                self.wfile.write(f"{len(chunk):x}\r\n".encode() + chunk + b"\r\n")
            if stalls and self.rfile.read(1) == b"":
                self.fake.hung_up.set()
                self.close_connection = True
                return
            if breaks:
                self.close_connection = True
                return
            self.wfile.write(b"0\r\n\r\n")
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True
