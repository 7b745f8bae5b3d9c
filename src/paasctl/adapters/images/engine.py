"""An image in the local engine's store, taken out and put in as a tar, by the Engine API.

The tar lies meanwhile in a file without a name in the folder for temporary files: nothing of it is left, however the
run ends.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import BinaryIO, NoReturn, cast
from urllib.parse import quote

from paasctl.adapters.disk import disk
from paasctl.adapters.docker.connect import connect
from paasctl.adapters.docker.engine import Engine
from paasctl.adapters.docker.stream import messages
from paasctl.adapters.images.naming import clobbers, not_found
from paasctl.adapters.images.packed import PackedShelf
from paasctl.adapters.images.shelf import Shelf, ShelfSource
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
        self._name = location.name if ":" in location.name.rpartition("/")[2] else f"{location.name}:latest"
        self._store = store
        if "@" in location.name or location.name.startswith("sha256:"):
            raise UsageError(f"writing {location}: a digest cannot be chosen", hint="docker:NAME:TAG")

    def current(self) -> Descriptor | None:
        """What has that name, by the engine's own id: the digest of the configuration, or of the manifest."""
        with connect(self._store.environ) as engine:
            return self._current(engine)

    def begin(self, stack: ExitStack) -> tuple[BinaryIO, Path]:
        """A file without a name."""
        return _spool(stack), _folder() / "image.tar"

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

    def deliver(self, file: BinaryIO, root: Descriptor, content: bytes) -> None:
        """Have the engine load it, and see it there."""
        with disk("writing", _folder()):
            file.flush()
            file.seek(0)
        with connect(self._store.environ) as engine:
            self._store.note(f"the engine takes {self._name} in")
            with engine.post(
                "/images/load", {"quiet": "1"}, headers=_TAR, body=_chunks(file), cancel=self._store.cancel
            ) as chunks:
                for message in messages(chunks):
                    if "error" in message:
                        _failed(self.name, str(message["error"]))
            found = self._current(engine)
        if found is None or found.digest not in image_ids(root, content):
            _failed(self.name, f"it took it, and has {found.digest if found else 'nothing'} under that name")

    def _current(self, engine: Engine) -> Descriptor | None:
        found = engine.json(f"/images/{quote(self._name)}/json")
        return Descriptor(OCI_CONFIG, str(found["Id"]), -1) if found else None


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
