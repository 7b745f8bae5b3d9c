"""An image in a tar file, as engines save it or as a layout. It grows beside its place, and is moved there whole."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

from paasctl.adapters.disk import TEMPORARY, disk, remove_unheld, temporary
from paasctl.adapters.images.naming import clobbers, not_found, several
from paasctl.adapters.images.packed import PackedShelf
from paasctl.adapters.images.packing import Packing
from paasctl.adapters.images.shelf import Shelf, ShelfSource, bare, images_at
from paasctl.adapters.images.tail import FileTail
from paasctl.adapters.images.tape import Tape
from paasctl.adapters.newfile import kind_of
from paasctl.errors import Refused, UsageError
from paasctl.model.counting import count
from paasctl.model.image import Descriptor
from paasctl.model.location import InArchive

_PREFIX = f"{TEMPORARY}paasctl-"
"""Of files that grow beside an archive: in folders that are not ours, only what is certainly ours is removed."""
_HOW = "FILE.tar:NAME"


def archive_source(location: InArchive, path: Path, stack: ExitStack) -> ShelfSource:
    """The image in the tar at `path`; the file is let go of with `stack`."""
    return ShelfSource(str(location), location.name, lambda: _opened(location, path, stack), _HOW)


def _opened(location: InArchive, path: Path, stack: ExitStack) -> Shelf:
    with disk("reading", path):
        problem = "" if path.is_file() else kind_of(path)
    if problem:
        raise not_found(str(location), problem)
    return PackedShelf(_tape(path, stack))


class ArchiveDestination:
    """`Destination` in a file."""

    def __init__(self, location: InArchive, path: Path) -> None:
        """Nothing is looked at yet."""
        self.name = str(location)
        self.takes_companions = True
        self._name = location.name
        self._path = path

    def current(self) -> Descriptor | None:
        """The image that lies there under that name; without one, the only image there.

        `UsageError` where no archive can be, `Refused` where other images lie in it: they would be gone.
        """
        self._check_kind()
        with self._shelf() as shelf:
            found = images_at(shelf, self._name) if shelf else []
            there = {it.digest for _, it in images_at(shelf, "")} if shelf else set()
        if len({it.digest for _, it in found}) > 1:
            raise several(self.name, [place for place, _ in found], _HOW)
        if others := there.difference(it.digest for _, it in found):
            raise Refused(
                f"writing {self.name}: {count(len(others), 'other image')} in that archive would be gone",
                hint="write to another file",
                code="image-ambiguous",
            )
        return bare(found[0][1]) if found else None

    def begin(self, stack: ExitStack) -> Packing:
        """In a file beside it, or beside what it is a link to. What killed runs left there is removed."""
        self._check_kind()
        with disk("writing", self._path):
            self._end = Path(os.path.realpath(self._path)) if self._path.is_symlink() else self._path
            self._end.parent.mkdir(parents=True, exist_ok=True)
            remove_unheld(self._end.parent, _PREFIX)
        self._fresh, self._file = stack.enter_context(temporary(self._end.parent, prefix=_PREFIX))
        return stack.enter_context(closing(Packing(FileTail(self._file, self._end), self._end.parent)))

    def names(self) -> tuple[str, ...]:
        """As was said; else those that the image had which it replaces."""
        if self._name:
            return (self._name,)
        with self._shelf() as shelf:
            return tuple(dict.fromkeys(place for place, _ in images_at(shelf, "") if place)) if shelf else ()

    def check(self, root: Descriptor, content: bytes, *, move: bool) -> None:
        """As `current` does, again: it may have changed meanwhile."""
        del content
        before = self.current()
        if before and before.digest != root.digest and not move:
            raise clobbers(self.name, before.digest, root.digest)

    def deliver(self, root: Descriptor, content: bytes) -> None:
        """Move it to its place."""
        del root, content
        with disk("writing", self._path):
            self._file.flush()
            self._fresh.replace(self._end)

    def _check_kind(self) -> None:
        """A pipe or a device would be replaced by a file, a folder cannot be."""
        with disk("reading", self._path):
            if not self._path.exists() or self._path.is_file():
                return
        raise UsageError(f"writing {self.name}: {kind_of(self._path)}", hint="name a file, there or not, as DST")

    @contextmanager
    def _shelf(self) -> Iterator[Shelf | None]:
        with ExitStack() as stack:
            yield PackedShelf(_tape(self._path, stack)) if self._path.is_file() else None


def _tape(path: Path, stack: ExitStack) -> Tape:
    with disk("reading", path):
        file = stack.enter_context(path.open("rb"))
    return Tape(file, str(path))
