"""The embedded registry as tests arrange it: `with Registry() as registry: …`

What it holds is open to look at and to set up: `blobs[repository][digest]`, `manifests[repository][digest]`,
`tags[repository][tag]`; what was asked of it is in `requests` ("HEAD blobs": 3) and, in order, in `log`.
Routes, and so the words in `requests` and in `fault(on=…)`: base, token, tags, manifests, blobs, uploads, mounts.
"""

from __future__ import annotations

import ssl
import tempfile
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, MutableMapping
from pathlib import Path
from typing import Any, Literal, Self, TypeVar

from paasctl.embedded.http.faults import Fault
from paasctl.embedded.http.message import Request
from paasctl.embedded.registry.folder import Folder
from paasctl.embedded.registry.folder import Repository as Held
from paasctl.embedded.registry.logins import Logins
from paasctl.embedded.registry.rules import Rules
from paasctl.embedded.registry.serving import Running, start
from paasctl.model.image import Descriptor, Repository
from support.registry_values import (
    CONFIG,
    INDEX,
    LAYER,
    MANIFEST,
    Seen,
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
    "Registry",
    "Seen",
    "describe",
    "digest_of",
    "index_of",
    "manifest_of",
]


T = TypeVar("T")


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
        self.logins = Logins(auth, dict(users or {}), set(pull_only))
        self.rules = Rules()
        self.log: list[Seen] = []
        self._tls = tls
        self._running: Running | None = None
        self._place: tempfile.TemporaryDirectory[str] | None = None

    def __enter__(self) -> Self:
        self._place = tempfile.TemporaryDirectory()
        self._running = start(Path(self._place.name, "layout"), logins=self.logins, rules=self.rules, tls=self._tls)
        self._running.server.names = self._named(self._running.server.names)
        return self

    def _named(self, names: Callable[[Request], Any]) -> Callable[[Request], Any]:
        """Every request is named once, when it arrives: the place to note it."""

        def named(request: Request) -> Any:
            self._hear(request)
            return names(request)

        return named

    def _hear(self, request: Request) -> None:
        headers = {"-".join(it.title() for it in name.split("-")): value for name, value in request.headers.items()}
        self.log.append(Seen(request.method, request.target, headers))

    def __exit__(self, *_: object) -> None:
        self.running.stop()
        assert self._place
        self._place.cleanup()

    @property
    def running(self) -> Running:
        assert self._running, "use it in a with statement"
        return self._running

    @property
    def folder(self) -> Folder:
        return self.running.registry.folder

    @property
    def host(self) -> str:
        """`127.0.0.1:port`."""
        return self.running.host

    @property
    def url(self) -> str:
        return self.running.server.url

    @property
    def requests(self) -> Counter[str]:
        return self.running.server.requests

    @property
    def connections(self) -> int:
        """How many were made."""
        return self.running.server.connections

    @property
    def received(self) -> int:
        """Bytes of uploads that came in, refused ones too."""
        return self.running.registry.uploads.received

    @property
    def blobs(self) -> Mapping[str, MutableMapping[str, bytes]]:
        return _Each(self.folder, lambda path: _Blobs(self.folder, path))

    @property
    def manifests(self) -> Mapping[str, Mapping[str, tuple[str, bytes]]]:
        return _Each(self.folder, lambda path: _Manifests(self.folder, path))

    @property
    def tags(self) -> Mapping[str, MutableMapping[str, str]]:
        return _Each(self.folder, lambda path: _held(self.folder, path).tags)

    @property
    def uploads(self) -> MutableMapping[Any, Any]:
        """What is under way."""
        return self.running.registry.uploads.under_way

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

        `cut`: end the connection after so many bytes of the body, up or down; those of an upload are lost, unless
        `keeps`. The other words are those of `embedded.http.faults`.
        """
        up = on.split()[1] == "uploads"
        words = {"flip": flip, "mute": mute, "stall": stall, "cut-upload" if up else "cut": cut is not None}
        word = str(status) if status else next(name for name, is_it in words.items() if is_it)
        self.running.faults.switch_on(
            Fault(on=on, word=word, times=times, at=cut or 0, lost=not keeps, headers=headers or {}, content=body)
        )

    @property
    def due(self) -> list[Fault]:
        """Faults that are not over yet."""
        return [fault for fault, hits in self.running.faults.rules() if hits < (fault.times or 1)]

    def put_blob(self, path: str, content: bytes, media_type: str = LAYER) -> Descriptor:
        """Have a blob, without asking anybody."""
        descriptor = describe(content, media_type)
        _Blobs(self.folder, path)[descriptor.digest] = content
        return descriptor

    def put_manifest(self, path: str, content: bytes, media_type: str = MANIFEST, tag: str = "") -> Descriptor:
        """Have a manifest, without asking anybody, perhaps with a tag on it."""
        self.folder.put_manifest(path, media_type, content, tag)
        return describe(content, media_type)

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
        self.running.registry.uploads.received = 0

    def cut_all(self) -> None:
        """Cut every connection that is open."""
        self.running.server.cut_all()


class _Blobs(MutableMapping[str, bytes]):
    """What a repository holds of blobs, by digest."""

    def __init__(self, folder: Folder, path: str) -> None:
        self._folder, self._path = folder, path

    def __getitem__(self, digest: str) -> bytes:
        found = self._folder.blob(self._path, digest)
        if found is None:
            raise KeyError(digest)
        return found.read_bytes()

    def __setitem__(self, digest: str, content: bytes) -> None:
        self._folder.path(digest).write_bytes(content)
        self._folder.link(self._path, digest)

    def __delitem__(self, digest: str) -> None:
        if not self._folder.unlink(self._path, digest):
            raise KeyError(digest)

    def __iter__(self) -> Iterator[str]:
        return iter(self._folder.blobs(self._path))

    def __len__(self) -> int:
        return len(self._folder.blobs(self._path))

    def __eq__(self, other: object) -> bool:
        return dict(self) == other

    __hash__ = None  # type: ignore[assignment]


class _Manifests(Mapping[str, tuple[str, bytes]]):
    """What a repository holds of manifests: media type and content, by digest."""

    def __init__(self, folder: Folder, path: str) -> None:
        self._folder, self._path = folder, path

    def __getitem__(self, digest: str) -> tuple[str, bytes]:
        found = self._folder.manifest(self._path, digest)
        if found is None or digest not in list(self):
            raise KeyError(digest)
        return found.media_type, found.content

    def __iter__(self) -> Iterator[str]:
        return iter(_held(self._folder, self._path).manifests)

    def __len__(self) -> int:
        return len(_held(self._folder, self._path).manifests)


class _Each(Mapping[str, T]):
    """What each repository holds, under its name."""

    def __init__(self, folder: Folder, of: Callable[[str], T]) -> None:
        self._folder, self._of = folder, of

    def __getitem__(self, path: str) -> T:
        return self._of(path)

    def __iter__(self) -> Iterator[str]:
        return iter(self._folder.names())

    def __len__(self) -> int:
        return len(self._folder.names())


def _held(folder: Folder, path: str) -> Held:
    return folder.repositories.get(path, Held())
