"""A small registry over real HTTP, in memory, that can be told to misbehave. `with Registry() as registry: …`

What it holds is open to look at and to set up: `blobs[repository][digest]`, `manifests[repository][digest]`,
`tags[repository][tag]`; what was asked of it is in `requests` ("HEAD blobs": 3) and, in order, in `log`.
Routes, and so the words in `requests` and in `fault(on=…)`: base, token, tags, manifests, blobs, uploads, mounts.
"""

from __future__ import annotations

import socket
import ssl
import threading
from collections import Counter, defaultdict
from collections.abc import Collection, Mapping
from http.server import ThreadingHTTPServer
from typing import Literal, Self

from paasctl.model.image import Descriptor, Repository
from support.registry_http import Handler
from support.registry_values import (
    CONFIG,
    INDEX,
    LAYER,
    MANIFEST,
    Fault,
    Seen,
    Upload,
    describe,
    digest_of,
    index_of,
    manifest_of,
)

__all__ = [
    "CONFIG",
    "INDEX",
    "LAYER",
    "MANIFEST",
    "Fault",
    "Registry",
    "Seen",
    "describe",
    "digest_of",
    "index_of",
    "manifest_of",
]


class Registry:
    """Starts with `with`, on a port of its own, and ends with it, cutting every connection."""

    def __init__(
        self,
        *,
        auth: Literal["", "basic", "token"] = "",
        users: Mapping[str, str] | None = None,
        pull_only: Collection[str] = (),
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.auth = auth
        self.users = dict(users or {})
        self.pull_only = set(pull_only)
        """Users who may pull but not push; `""` is the anonymous one, who may else do nothing."""

        self.blobs: defaultdict[str, dict[str, bytes]] = defaultdict(dict)
        self.manifests: defaultdict[str, dict[str, tuple[str, bytes]]] = defaultdict(dict)
        self.tags: defaultdict[str, dict[str, str]] = defaultdict(dict)
        self.uploads: dict[tuple[str, str], Upload] = {}

        self.requests: Counter[str] = Counter()
        self.log: list[Seen] = []
        self.connections = 0
        """How many were made."""
        self.received = 0
        """Bytes of uploads that came in, refused ones too."""

        self.page = 0
        """Tags per page, by `Link`; 0: all at once."""
        self.mounts = True
        """False: every mount is answered by 202 and an open upload."""
        self.checks_manifests = True
        """False: takes a manifest whatever is missing of it."""
        self.creates = True
        """False: a repository that holds nothing is unknown, also to pushes."""
        self.immutable = False
        """True: an existing tag cannot be written, not even to what it is."""
        self.least = 0
        """What `OCI-Chunk-Min-Length` asks for."""
        self.largest: int | None = None
        """The biggest body an upload may send; more is 413."""

        self.oauth = True
        """False: the token service knows no POST."""
        self.realm = ""
        """Where tokens come from; empty: from this registry itself."""
        self.identity: dict[str, str] = {}
        """Refresh token -> user."""
        self.expires_in = 300
        self.generous = True
        """False: the token service refuses what it can't grant, instead of granting less."""
        self.granted: dict[str, dict[str, set[str]]] = {}
        """Token -> repository -> actions."""

        self.due: list[Fault] = []
        """Faults nobody has met yet."""
        self.over = threading.Event()
        self._lock = threading.RLock()
        self._tls = tls
        self._open: set[socket.socket] = set()
        self._server: ThreadingHTTPServer | None = None

    def __enter__(self) -> Self:
        registry = self

        class Bound(Handler):
            state = registry

        self._server = server = ThreadingHTTPServer(("127.0.0.1", 0), Bound)
        if self._tls:
            server.socket = self._tls.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        assert self._server
        self.over.set()
        self._server.shutdown()
        self._server.server_close()
        self.cut_all()

    @property
    def host(self) -> str:
        """`127.0.0.1:port`."""
        assert self._server, "use it in a with statement"
        return f"127.0.0.1:{self._server.server_address[1]}"

    @property
    def url(self) -> str:
        return f"{'https' if self._tls else 'http'}://{self.host}"

    def repository(self, path: str) -> Repository:
        """A repository here."""
        return Repository(self.host, path)

    def fault(
        self,
        on: str,
        *,
        times: int = 1,
        status: int = 0,
        headers: Mapping[str, str] | None = None,
        body: bytes = b"",
        cut: int | None = None,
        keeps: bool = False,
        flip: bool = False,
        mute: bool = False,
        stall: bool = False,
    ) -> None:
        """Misbehave at the next `times` requests of a route, as in `fault("PUT uploads", status=503)`.

        `status`: answer that at once. `cut`: end the connection after so many bytes of the body, up or down; those of
        an upload are lost, unless `keeps`. `flip`: send other bytes than are stored. `mute`: do it, but reset the
        connection instead of answering. `stall`: never answer. Several faults wait in line, each for its route.
        """
        self.due.append(Fault(on, times, status, headers or {}, body, cut, keeps, flip, mute, stall))

    def put_blob(self, path: str, content: bytes, media_type: str = LAYER) -> Descriptor:
        """Have a blob, without asking anybody."""
        descriptor = describe(content, media_type)
        self.blobs[path][descriptor.digest] = content
        return descriptor

    def put_manifest(self, path: str, content: bytes, media_type: str = MANIFEST, tag: str = "") -> Descriptor:
        """Have a manifest, without asking anybody, perhaps with a tag on it."""
        descriptor = describe(content, media_type)
        self.manifests[path][descriptor.digest] = (media_type, content)
        if tag:
            self.tags[path][tag] = descriptor.digest
        return descriptor

    def put_image(self, path: str, *layers: bytes, tag: str = "", config: bytes = b"{}") -> Descriptor:
        """Have a whole image."""
        described = [self.put_blob(path, layer) for layer in layers]
        return self.put_manifest(path, manifest_of(self.put_blob(path, config, CONFIG), described), tag=tag)

    @property
    def writes(self) -> int:
        """How many requests came that could change something."""
        return sum(
            count for what, count in self.requests.items() if what.split()[0] in ("PUT", "POST", "PATCH", "DELETE")
        )

    def forget_requests(self) -> None:
        """Count from here."""
        self.requests.clear()
        self.log.clear()
        self.received = 0

    def cut_all(self) -> None:
        """Cut every connection that is open."""
        with self._lock:
            for connection in self._open:
                try:
                    connection.shutdown(socket.SHUT_RDWR)
                except OSError:
                    continue

    # What the handler asks of it.

    def heard(self, seen: Seen, route: str) -> Fault | None:
        """Count a request; the fault that is due."""
        with self._lock:
            self.requests[f"{seen.method} {route}"] += 1
            self.log.append(seen)
            due = next((it for it in self.due if it.on == f"{seen.method} {route}"), None)
            if due:
                due.times -= 1
                self.due = [it for it in self.due if it.times > 0]
            return due

    def opened(self, connection: socket.socket) -> None:
        with self._lock:
            self.connections += 1
            self._open.add(connection)

    def closed(self, connection: socket.socket) -> None:
        with self._lock:
            self._open.discard(connection)

    def knows(self, path: str) -> bool:
        """Whether the repository holds anything."""
        return bool(self.blobs.get(path) or self.manifests.get(path))

    def grants(self, user: str, action: str) -> bool:
        """Whether a user (`""`: nobody) may do this, wherever."""
        if user in self.pull_only:
            return action == "pull"
        return bool(user)
