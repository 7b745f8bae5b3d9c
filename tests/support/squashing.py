"""An image squashed from one layout into another, with companions, counted reads and threads looked for."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from paasctl.adapters.codecs import MachineCodecs
from paasctl.adapters.layout import FolderLayout
from paasctl.engine.images.inlayout import PlaceSource, PlaceTarget
from paasctl.engine.images.squash import squash_image
from paasctl.model.image import Descriptor
from paasctl.model.squashing import Squashed, SquashWish
from support.clock import FakeCancel
from support.tars import entry, tar_of

TARS = [
    tar_of("usr/", entry("usr/a=base", uid=5), "gone=x"),
    tar_of("usr/b=1", "twin==usr/b", ".wh.gone"),
    tar_of("usr/b=2", entry("c=3", mode=0o4755)),
]
ALL = SquashWish(layers=1, base="squash")
ABOVE = SquashWish(layers=1, base="keep", base_layers=1)


class There(PlaceSource):
    """A layout's place as a source that holds companions, and counts what is opened."""

    def __init__(self, layout: FolderLayout, name: str = "web") -> None:
        super().__init__(layout, name)
        object.__setattr__(self, "vouching", {})
        object.__setattr__(self, "opened", Counter())

    vouching: dict[str, tuple[Descriptor, ...]]
    opened: Counter[str]

    def referrers(self, descriptor: Descriptor) -> tuple[Descriptor, ...]:
        return self.vouching.get(descriptor.digest, ())

    @contextmanager
    def open(self, descriptor: Descriptor) -> Iterator[Iterator[bytes]]:
        self.opened[descriptor.digest] += 1
        with self.layout.open(descriptor) as chunks:
            yield chunks


class Elsewhere(PlaceTarget):
    """Another layout, into which everything must be brought."""

    def push(self, descriptor: Descriptor, content: Any, *, moved: Any = None, **_: Any) -> Any:
        with content.open(descriptor) as chunks, self.layout.writer() as writer:
            for chunk in chunks:
                writer.write(chunk)
                if moved:
                    moved(len(chunk))
            assert writer.commit(descriptor.media_type).digest == descriptor.digest
        return "uploaded"


def squash(
    here: FolderLayout, there: FolderLayout, wish: SquashWish = ALL, *, source: There | None = None, **more: Any
) -> Squashed:
    arguments: dict[str, Any] = {
        "codecs": MachineCodecs(),
        "warn": lambda _: None,
        "progress": lambda *_: None,
        "cancel": FakeCancel(),
        **more,
    }
    return squash_image(source or There(here), Elsewhere(there, "web"), wish, **arguments)


def idle() -> bool:
    """Whether no thread of a pipeline is left."""
    return not [it for it in threading.enumerate() if it.name in ("stage", "ahead") or it.name.startswith("blob")]
