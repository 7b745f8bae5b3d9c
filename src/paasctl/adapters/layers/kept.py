"""What earlier builds of a project left: layers by what is in them, and the shapes of bases.

Small files, each replaced whole, so that neither a `kill -9` nor a second run can spoil them; the layers' bytes lie in
the project's layout. The least used go first, and their bytes with them, unless an image in the layout holds them.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from paasctl.adapters.disk import TEMPORARY, disk, held, read_regular, remove_unheld, replace_file
from paasctl.adapters.layers.hashes import Hashes
from paasctl.adapters.layout import FolderLayout
from paasctl.errors import PaasError
from paasctl.model.image import Descriptor
from paasctl.oci.building.shape import Shape, shape_from, shape_json
from paasctl.oci.documents.manifest import canonical, descriptor_from, descriptor_json, is_index, parse_document

LAYERS = 1000
"""Layers that stay, as a rule."""
_MOST = {"bases": 32, "hashes": 64}
"""Entries of the other kinds that stay."""
_FEW = 0.8
"""What stays of them when there are too many, so that not every build has to clear up."""


class Kept:
    """The cache of one project, in a folder of its own."""

    def __init__(self, folder: Path, layout: FolderLayout, layers: int = LAYERS) -> None:
        """Nothing is made before something is kept. `layers` is how many of them stay."""
        self._most = {"layers": layers, **_MOST}
        self._folder = folder
        self._layout = layout

    def hashes(self, name: str) -> Hashes:
        """Hashes of the files of an image."""
        return Hashes(self._folder / "hashes" / name, self._lock)

    @property
    def _lock(self) -> Path:
        """Held for a moment while a temporary file is made or leftovers are removed: several images build at once."""
        return self._folder / ".lock"

    def layer(self, key: str) -> tuple[Descriptor, str] | None:
        """A layer that was made before, and its diff_id; None: it has to be made."""
        said = self._read("layers", key)
        try:
            found = descriptor_from(said["descriptor"], key), str(said["diff_id"])
        except (KeyError, TypeError, PaasError):
            return None
        return found if self._layout.has(found[0].digest, found[0].size) else None

    def keep_layer(self, key: str, descriptor: Descriptor, diff_id: str) -> None:
        """Remember a layer whose bytes are in the layout."""
        self._write("layers", key, {"descriptor": descriptor_json(descriptor), "diff_id": diff_id})

    def shape(self, key: str) -> Shape | None:
        """The shape of a base; None: it has to be read."""
        try:
            return shape_from(self._read("bases", key))
        except (KeyError, TypeError, ValueError):
            return None

    def keep_shape(self, key: str, shape: Shape) -> None:
        """Remember a base's shape."""
        self._write("bases", key, shape_json(shape))

    def clear_up(self) -> None:
        """Remove what is too many, and what killed runs left."""
        for kind, most in self._most.items():
            folder = self._folder / kind
            if folder.is_dir():
                with held(self._lock), disk("clearing", folder):
                    remove_unheld(folder)
                self._shrink(kind, most)

    def _shrink(self, kind: str, most: int) -> None:
        names = (it for it in (self._folder / kind).iterdir() if not it.name.startswith(TEMPORARY))
        found = sorted((_used(it), it) for it in names)
        if len(found) <= most:
            return
        gone = [it for _, it in found[: len(found) - int(most * _FEW)]]
        blobs = {it[0].digest for path in gone if kind == "layers" and (it := self.layer(path.name))}
        for path in gone:
            path.unlink(missing_ok=True)
        for digest in blobs - (set(_reachable(self._layout)) if blobs else set()):
            self._layout.path(digest).unlink(missing_ok=True)

    def _read(self, kind: str, key: str) -> Any:
        path = self._folder / kind / key
        try:
            said = json.loads(read_regular(path))
            os.utime(path)  # used just now
        except (OSError, ValueError):
            return {}
        return said

    def _write(self, kind: str, key: str, said: dict[str, Any]) -> None:
        path = self._folder / kind / key
        with disk("making", path.parent):
            path.parent.mkdir(parents=True, exist_ok=True)
        replace_file(path, canonical(said), self._lock)


def _used(path: Path) -> float:
    with suppress(FileNotFoundError):
        return path.stat().st_mtime
    return 0.0


def _reachable(layout: FolderLayout) -> Iterator[str]:
    """Digests of all that the images of the layout hold."""
    todo = [it for _, it in layout.places()]
    while todo:
        found = todo.pop()
        yield found.digest
        if not layout.has(found.digest):
            continue
        document = parse_document(layout.read(found), found.digest)
        if is_index(found.media_type):
            todo += [descriptor_from(it, found.digest) for it in document.get("manifests") or ()]
        else:
            yield from (it["digest"] for it in (document.get("config"), *(document.get("layers") or ())) if it)
