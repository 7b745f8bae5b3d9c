"""The files of a `layers:` build, found on disk. Names are bytes; symlinks below `src` stay symlinks."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from paasctl.errors import ConfigError
from paasctl.model.layer import FileLayer
from paasctl.oci.compose import Source
from paasctl.oci.patterns import Excluded
from paasctl.ports.cancel import Cancel

_CHUNK = 1 << 20
_OURS = b".paasctl"
"""The folder of what was built before: never part of what is built next."""


@contextmanager
def _reading(path: bytes) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        shown = os.fsdecode(path)
        raise ConfigError(f"reading {shown}: {error.strerror or error}", where=shown, code="file-unreadable") from error


def find_sources(context: Path, layer: FileLayer, cancel: Cancel) -> list[Source]:
    """Everything at and below `layer.src`, unsorted. `ConfigError` names what is missing, unreadable or outside."""
    start = _inside(context, layer.src)
    found = _source(start, b"")
    return [found, *_below(start, b"", Excluded(layer.exclude), cancel)] if found.kind == "dir" else [found]


def content_of(source: Source) -> Iterator[bytes]:
    """The bytes of a file, exactly as many as were announced. `ConfigError` where it is unreadable or changed."""
    left = source.size
    with _reading(source.origin):
        file = open(source.origin, "rb")  # noqa: SIM115, PTH123 - closed below; the path is bytes
    with file:
        while left > 0:
            with _reading(source.origin):
                chunk = file.read(min(left, _CHUNK))
            if not chunk:
                break
            left -= len(chunk)
            yield chunk
        if left or file.read(1):
            shown = os.fsdecode(source.origin)
            raise ConfigError(f"reading {shown}: it changed while it was read", where=shown, code="file-changed")


def _inside(context: Path, src: str) -> bytes:
    with _reading(os.fsencode(context)):
        root = context.resolve(strict=True)
    wanted = root / src
    with _reading(os.fsencode(wanted)):
        found = wanted.resolve(strict=True)
    if found != root and root not in found.parents:
        raise ConfigError(
            f"reading {src}: it lies outside of the context {context}",
            hint="copy it into the context, or choose a context that holds it",
            code="outside-context",
        )
    return os.fsencode(found)


def _below(folder: bytes, path: bytes, excluded: Excluded, cancel: Cancel) -> Iterator[Source]:
    with _reading(folder), os.scandir(folder) as entries:
        names = sorted(it.name for it in entries if it.name != _OURS)
    for name in names:
        cancel.check()
        inner = path + b"/" + name if path else name
        if inner in excluded:
            continue
        found = _source(folder + b"/" + name, inner)
        yield found
        if found.kind == "dir":
            yield from _below(found.origin, inner, excluded, cancel)


def _source(origin: bytes, path: bytes) -> Source:
    with _reading(origin):
        seen = os.lstat(origin)
        if stat.S_ISLNK(seen.st_mode):
            return Source(path, "symlink", origin, target=os.readlink(origin))  # noqa: PTH115 - bytes
    if stat.S_ISDIR(seen.st_mode):
        return Source(path, "dir", origin)
    if stat.S_ISREG(seen.st_mode):
        return Source(path, "file", origin, size=seen.st_size, executable=bool(seen.st_mode & stat.S_IXUSR))
    shown = os.fsdecode(origin)
    raise ConfigError(
        f"reading {shown}: it is a socket, pipe or device, which a layer of files can't hold",
        hint="remove it, or list it under `exclude`",
        where=shown,
        code="file-unsupported",
    )
