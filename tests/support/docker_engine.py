"""A Docker Engine that is none: HTTP on a Unix socket, answering what it was told. And what real engines write."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import socketserver
import tarfile
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

VERSION = {"ApiVersion": "1.41", "MinAPIVersion": "1.12", "Version": "20.10.24", "Os": "linux", "Arch": "amd64"}
IMAGE = "sha256:" + "ab" * 32

# --- what a build answers -------------------------------------------------------------------------------------------


def line(**message: Any) -> bytes:
    """One message of a build's stream."""
    return json.dumps(message).encode() + b"\r\n"


def trace(*parts: bytes) -> bytes:
    """A message of BuildKit's progress, of `vertex`es and `said`s."""
    return line(id="moby.buildkit.trace", aux=base64.b64encode(b"".join(parts)).decode())


def vertex(
    digest: str,
    name: str,
    started: float | None = None,
    ended: float | None = None,
    *,
    cached: bool = False,
    error: str = "",
) -> bytes:
    """A step."""
    known = _bytes(1, digest.encode()) + _bytes(2, b"input") + _bytes(3, name.encode())
    known += _number(4, 1) if cached else b""
    known += (_bytes(5, _time(started)) if started else b"") + (_bytes(6, _time(ended)) if ended else b"")
    return _bytes(1, known + (_bytes(7, error.encode()) if error else b""))


def said(digest: str, when: float, text: str) -> bytes:
    """What a step wrote."""
    return _bytes(3, _bytes(1, digest.encode()) + _bytes(2, _time(when)) + _number(3, 1) + _bytes(4, text.encode()))


def image_id(image: str = IMAGE) -> bytes:
    """BuildKit's way to name the image."""
    return line(id="moby.image.id", aux={"ID": image})


def _bytes(number: int, value: bytes) -> bytes:
    return _varint(number << 3 | 2) + _varint(len(value)) + value


def _number(number: int, value: int) -> bytes:
    return _varint(number << 3) + _varint(value)


def _time(seconds: float) -> bytes:
    return _number(1, int(seconds)) + _number(2, int(seconds % 1 * 1e9))


def _varint(value: int) -> bytes:
    out = b""
    while value > 0x7F:
        out += bytes([value & 0x7F | 0x80])
        value >>= 7
    return out + bytes([value])


# --- what `docker save` writes --------------------------------------------------------------------------------------


def layer(**files: str) -> bytes:
    """A layer as a tar."""
    return tar((name, text.encode()) for name, text in files.items())


def tar(members: Any) -> bytes:
    """A tar of (name, content), or of (name, link target as `-> target` text, tar type)."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for name, content, *kind in members:
            header = tarfile.TarInfo(name)
            if kind:
                header.type, header.linkname = kind[0], content
                archive.addfile(header)
            else:
                header.size = len(content)
                archive.addfile(header, io.BytesIO(content))
    return out.getvalue()


def config(layers: Sequence[bytes], **more: Any) -> bytes:
    """An image configuration for plain layers."""
    diff_ids = [f"sha256:{hashlib.sha256(it).hexdigest()}" for it in layers]
    document = {"architecture": "amd64", "os": "linux", "rootfs": {"type": "layers", "diff_ids": diff_ids}, **more}
    return json.dumps(document, indent=1).encode()


def archive(layers: Sequence[bytes]) -> bytes:
    """`docker save` until Docker 24: a folder per layer, a link where one occurs again, manifest.json last."""
    members: list[tuple[Any, ...]] = []
    first: dict[bytes, str] = {}
    names = []
    for at, content in enumerate(layers):
        names.append(f"{at:064x}/layer.tar")
        members.append((f"{at:064x}/VERSION", b"1.0"))
        if content in first:
            members.append((names[-1], f"../{first[content]}", tarfile.SYMTYPE))
        else:
            first[content] = names[-1]
            members.append((names[-1], content))
    document = config(layers)
    config_name = f"{hashlib.sha256(document).hexdigest()}.json"
    manifest = [{"Config": config_name, "RepoTags": None, "Layers": names}]
    return tar([*members, (config_name, document), ("manifest.json", json.dumps(manifest).encode())])


def blob_name(content: bytes) -> str:
    """Where a blob lies in an OCI layout."""
    return f"blobs/sha256/{hashlib.sha256(content).hexdigest()}"


# --- the engine -----------------------------------------------------------------------------------------------------


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
            while size := int(self.rfile.readline() or b"0", 16):
                yield self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
        else:
            yield self.rfile.read(int(self.headers.get("Content-Length") or 0))

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
