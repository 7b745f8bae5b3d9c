"""`squash: auto` on one image: index it, choose, and leave it as it is where that is better. It never fails a build."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from paasctl.engine.images.opened import Opened, base_depth
from paasctl.errors import PaasError, Refused
from paasctl.model.squashing import SquashWish
from paasctl.oci.documents import manifest as documents
from paasctl.oci.report.choice import Choice, choose_cut
from paasctl.oci.tree.layer import Layer
from paasctl.oci.tree.stack import stack
from paasctl.ports.images import ImageSource

_HARMLESS = ("squash-differs", "disk-full")
"""What a squash may end with, and the image as it was built is still good."""


def chosen(image: Opened, wish: SquashWish, source: ImageSource, indexes: Callable[[], list[Layer]]) -> Choice:
    """What to squash of it. Layers that no squash can handle are left alone."""
    if len(image.layers) <= 1:
        return Choice(None, "a single layer: nothing to squash")
    try:
        for layer in image.layers:
            documents.check_layer(layer, image.name, zstd=True)
        stacked = stack(indexes())
    except Refused as error:
        return Choice(None, f"left as it is: {error.message}")
    return choose_cut(stacked, [it.size for it in image.layers], _depth(image, wish, source))


def is_harmless(error: PaasError) -> bool:
    """Whether the image may be left as it is instead."""
    return isinstance(error, Refused) or error.code in _HARMLESS


def _depth(image: Opened, wish: SquashWish, source: ImageSource) -> int | None:
    try:
        return base_depth(image, replace(wish, base="keep"), source, None)
    except Refused:
        return None
