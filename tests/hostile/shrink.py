"""From an image that fails to a small one that still does."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from hostile.fuzz import Image
from hostile.parts import Part

Fails = Callable[[Image], bool]


def shrunk(image: Image, fails: Fails, tries: int = 1000) -> Image:
    """Fewer layers, fewer members, plainer members, as long as it fails; at most so many tries."""
    left, changed = tries, True
    while changed and left > 0:
        changed = False
        for smaller in _smaller(image):
            left -= 1
            if left <= 0:
                break
            if fails(smaller):
                image, changed = smaller, True
                break
    return image


def shown(image: Image) -> str:
    """The image as one would write it in a test."""
    lines = [f"layer {number}:\n" + "".join(f"    {it!r},\n" for it in parts) for number, parts in enumerate(image)]
    return "".join(lines)


def _smaller(image: Image) -> Iterator[Image]:
    for number in range(len(image)):
        yield image[:number] + image[number + 1 :]
    for number, layer in enumerate(image):
        for at in range(len(layer)):
            yield _with(image, number, layer[:at] + layer[at + 1 :])
    for number, layer in enumerate(image):
        for at, part in enumerate(layer):
            for plainer in _plainer(part):
                yield _with(image, number, (*layer[:at], plainer, *layer[at + 1 :]))


def _with(image: Image, number: int, layer: tuple[Part, ...]) -> Image:
    return (*image[:number], layer, *image[number + 1 :])


def _plainer(part: Part) -> Iterator[Part]:
    usual = Part(part.name, part.kind, target=part.target, device=part.device)
    for name in ("data", "mode", "uid", "gid", "mtime", "records", "dialect"):
        if getattr(part, name) != getattr(usual, name):
            yield replace(part, **{name: getattr(usual, name)})
    simple = b"/".join(it for it in part.name.split(b"/") if it not in (b"", b"."))
    if simple != part.name and simple:
        yield replace(part, name=simple)
