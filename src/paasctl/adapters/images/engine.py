"""An image in the local engine's store, taken out and put in as a tar, by the Engine API.

What is taken out lies meanwhile in a file without a name in the folder for temporary files: nothing of it is left,
however the run ends. What is put in is sent as it grows, where the engine's store can be told so.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any, BinaryIO, NoReturn, cast
from urllib.parse import quote

from paasctl.adapters.disk import disk
from paasctl.adapters.docker.body import Body
from paasctl.adapters.docker.connect import connect
from paasctl.adapters.docker.engine import Engine
from paasctl.adapters.docker.stream import messages
from paasctl.adapters.images.naming import clobbers, not_found
from paasctl.adapters.images.packed import PackedShelf
from paasctl.adapters.images.packing import Packing, Tail
from paasctl.adapters.images.shelf import Shelf, ShelfSource
from paasctl.adapters.images.tail import FileTail, SentTail
from paasctl.adapters.images.tape import Tape
from paasctl.errors import Refused, Unavailable, UsageError
from paasctl.model.image import Descriptor, Platform
from paasctl.model.location import InEngine
from paasctl.oci.documents.manifest import OCI_CONFIG, is_index
from paasctl.oci.documents.saved import image_ids
from paasctl.ports.cancel import Cancel
from paasctl.values import dataclass

_CHUNK = 1 << 20
_TAR = {"Content-Type": "application/x-tar"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Store:
    """The engine's images; it is found as its own command line finds it."""

    environ: Mapping[str, str]
    cancel: Cancel
    note: Callable[[str], None]
    """Hears of what takes long."""

    def source(self, location: InEngine, stack: ExitStack) -> ShelfSource:
        """The image of that name, taken out when it is first read; the copy is let go of with `stack`."""
        return ShelfSource(str(location), "", lambda: _taken(location, self, stack), "docker:NAME")

    def destination(self, location: InEngine) -> EngineDestination:
        """Where an image is put in."""
        return EngineDestination(location, self)

    def platform(self) -> Platform | None:
        """What its images run on; None: it does not say."""
        with connect(self.environ) as engine:
            said, _, architecture = engine.platform.partition("/")
        return Platform(said, architecture) if said and architecture else None


def _taken(location: InEngine, store: Store, stack: ExitStack) -> Shelf:
    with connect(store.environ) as engine:
        if engine.json(f"/images/{quote(location.name)}/json") is None:
            raise not_found(str(location), f"the engine at {engine.name} has none under that name")
        file = _spool(stack)
        store.note(f"taking {location.name} out of the engine")
        with engine.download(f"/images/{quote(location.name)}/get", cancel=store.cancel) as chunks:
            for chunk in chunks:
                with disk("writing", _folder()):
                    file.write(chunk)
    with disk("writing", _folder()):
        file.flush()
        file.seek(0)
    return PackedShelf(Tape(file, str(location)))


class EngineDestination:
    """`Destination` in the engine's store."""

    takes_companions = False

    def __init__(self, location: InEngine, store: Store) -> None:
        """`UsageError` where it is an id: that cannot be chosen."""
        self.name = str(location)
        self._file: BinaryIO | None = None
        self._name = location.name if ":" in location.name.rpartition("/")[2] else f"{location.name}:latest"
        self._store = store
        if "@" in location.name or location.name.startswith("sha256:"):
            raise UsageError(f"writing {location}: a digest cannot be chosen", hint="docker:NAME:TAG")

    def current(self) -> Descriptor | None:
        """What has that name, by the engine's own id: the digest of the configuration, or of the manifest."""
        with connect(self._store.environ) as engine:
            return self._current(engine)

    def begin(self, stack: ExitStack) -> Packing:
        """On its way to the engine; one that keeps manifests gets a layout, which is not known before it is whole."""
        with connect(self._store.environ) as engine:
            keeps_manifests = _keeps_manifests(engine.json("/info"))
        if keeps_manifests:
            self._file = _spool(stack)
            tail: Tail = FileTail(self._file, _folder() / "image.tar")
        else:
            body = Body(self._load, self._store.cancel)
            tail = SentTail(body.send, body.end, body.close)
        return stack.enter_context(closing(Packing(tail, _folder())))

    def names(self) -> tuple[str, ...]:
        """The one."""
        return (self._name,)

    def check(self, root: Descriptor, content: bytes, *, move: bool) -> None:
        """`Refused` where the name is another image's, or where this is several."""
        if is_index(root.media_type):
            raise Refused(
                f"writing {self.name}: the engine's store takes one platform under a name, and this is an index",
                hint="--platform linux/amd64",
                code="image-unsupported",
            )
        before = self.current()
        if before and before.digest not in image_ids(root, content) and not move:
            raise clobbers(self.name, before.digest, root.digest)

    def deliver(self, root: Descriptor, content: bytes) -> None:
        """Have the engine load it, unless it did so meanwhile, and see it there."""
        if self._file:
            with disk("writing", _folder()):
                self._file.flush()
                self._file.seek(0)
            self._load(_chunks(self._file))
        found = self.current()
        if found is None or found.digest not in image_ids(root, content):
            _failed(self.name, f"it took it, and has {found.digest if found else 'nothing'} under that name")

    def _load(self, tar: Iterator[bytes]) -> None:
        with (
            connect(self._store.environ) as engine,
            engine.post(
                "/images/load", {"quiet": "1"}, headers=_TAR, body=self._told(tar), cancel=self._store.cancel
            ) as chunks,
        ):
            for message in messages(chunks):
                if "error" in message:
                    _failed(self.name, str(message["error"]))

    def _told(self, tar: Iterator[bytes]) -> Iterator[bytes]:
        """What it gets; from the end on it is the engine's turn, and that may take a while."""
        yield from tar
        self._store.note(f"the engine takes {self._name} in")

    def _current(self, engine: Engine) -> Descriptor | None:
        found = engine.json(f"/images/{quote(self._name)}/json")
        return Descriptor(OCI_CONFIG, str(found["Id"]), -1) if found else None


def _keeps_manifests(info: Any) -> bool:
    """Whether its store is containerd's: that one calls images by their manifests, and would make some of its own."""
    status = info.get("DriverStatus") if isinstance(info, dict) else None
    return any("containerd" in str(it) for it in status or ())


def _failed(name: str, why: str) -> NoReturn:
    raise Unavailable(f"writing {name}: the engine says: {why}", code="engine-failed")


def _spool(stack: ExitStack) -> BinaryIO:
    with disk("writing", _folder()):
        return cast("BinaryIO", stack.enter_context(tempfile.TemporaryFile(buffering=_CHUNK)))


def _folder() -> Path:
    return Path(tempfile.gettempdir())


def _chunks(file: BinaryIO) -> Iterator[bytes]:
    while True:
        with disk("reading", _folder()):
            chunk = file.read(_CHUNK)
        if not chunk:
            return
        yield chunk
