"""What a container sees: layers applied bottom-up.

Where appliers differ, what an overlay file system shows is taken, and said aloud.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import field
from itertools import islice

from paasctl.oci.tar.names import join, show
from paasctl.oci.tree.layer import Ambiguity, Layer, Warn, WarningCode, grow
from paasctl.oci.tree.tree import Dir, Name, Node, copied
from paasctl.values import dataclass

_WARNINGS = 1000
"""Warnings that are kept."""


@dataclass(slots=True)
class Stack:
    """Layers and their merged tree. `kept` of them, from the bottom, stay as they are; `base` is those alone."""

    layers: Sequence[Layer]
    kept: int
    base: Dir
    top: Dir
    warnings: list[Ambiguity] = field(default_factory=list)
    more: int = 0
    """Warnings that are not among them: an image may have a million."""


def stack(layers: Iterable[Layer], kept: int = 0) -> Stack:
    """Apply `layers`, oldest first, each as it comes. Raises `Refused` for what no runtime could unpack.

    Warnings are about the layers above the kept ones only: what is kept is not touched.
    """
    heard, base, given = _Heard(), Dir(), list[Layer]()
    coming = iter(layers)
    for number, layer in enumerate(islice(coming, kept)):
        apply_layer(base, layer, number)
        given.append(layer)
    top = copied(base)
    for number, layer in enumerate(coming, kept):
        apply_layer(top, layer, number, heard.hear)
        given.append(layer)
    return Stack(given, kept, base, top, heard.first, heard.more)


@dataclass(slots=True)
class _Heard:
    first: list[Ambiguity] = field(default_factory=list)
    more: int = 0

    def hear(self, it: Ambiguity) -> None:
        if len(self.first) < _WARNINGS:
            self.first.append(it)
        else:
            self.more += 1


def apply_layer(root: Dir, layer: Layer, number: int, warn: Warn = lambda _: None) -> None:
    """Put one more layer on top of a merged tree; `number` is its place in the stack."""
    own = grow(layer, number, root, warn)
    root.origin = own.origin or root.origin
    _merge(root, own, b"", _Saying(layer.name, warn))


@dataclass(frozen=True, slots=True)
class _Saying:
    layer: str
    warn: Warn

    def say(self, code: WarningCode, text: str) -> None:
        self.warn(Ambiguity(code, self.layer, text))


def _merge(into: Dir, own: Dir, path: bytes, saying: _Saying) -> None:
    if own.opaque:
        into.children.clear()
        into.base = None
    below = into.children
    for name in sorted(own.gone):
        below.pop(name, None)
        if (again := own.children.get(name)) is not None:
            goes = _holds_marks_only(again)
            end = "and so is something in it; it goes" if goes else "and there; it stays"
            saying.say("whiteout-and-entry", f"{show(join(path, name))} is whited out, {end}")
            if goes:
                del own.children[name]
    for name, node in own.children.items():
        below[name] = _folder(below.get(name), node, join(path, name), saying) if isinstance(node, Dir) else node


def _holds_marks_only(it: Node) -> bool:
    """Whether nothing but whiteouts and opaque marks made it be there."""
    return isinstance(it, Dir) and it.origin is None and all(map(_holds_marks_only, it.children.values()))


def _folder(below: Node | None, own: Dir, path: bytes, saying: _Saying) -> Dir:
    if isinstance(below, Name) and own.origin is None:
        _say_hidden(below, own, path, saying)
    folder = below if isinstance(below, Dir) else Dir(handed=own.handed)
    folder.origin = own.origin or folder.origin
    _merge(folder, own, path, saying)
    return folder


def _say_hidden(below: Name, own: Dir, path: bytes, saying: _Saying) -> None:
    """An implied directory takes something's place: overlay hides it, other appliers write through a symlink."""
    if below.inode.member.kind != "symlink":
        saying.say("below-file", f"something lies below {show(path)}, a file of a layer below; it becomes a directory")
    elif own.children:
        saying.say(
            "below-symlink", f"something lies below {show(path)}, a symlink of a layer below; a directory hides it"
        )
    else:
        saying.say(
            "whiteout-below-symlink",
            f"a whiteout lies below {show(path)}, a symlink of a layer below; an empty directory hides it",
        )
