"""What our squash makes of an image, beside what the model says of it. A complaint is a text; none is empty."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from hostile.fuzz import Image, tars
from hostile.model import Refusal, Seen, stacked
from hostile.read import Found, read
from hostile.shrink import shown, shrunk
from paasctl.errors import Refused
from paasctl.oci.tree.layer import Layer
from support.squashed import Squashed, indexed, squash_indexed


@dataclass(frozen=True, slots=True)
class Mode:
    """How to squash: `kept` layers stay below (0: all are squashed), at most `count` come out above them."""

    kept: int
    count: int


ALL, ABOVE = Mode(0, 1), Mode(1, 1)


@dataclass(frozen=True, slots=True)
class _Judge:
    """One image, read once by the model and once by us."""

    layers: list[bytes]
    want: Seen | Refusal

    @classmethod
    def of(cls, image: Image) -> _Judge:
        layers = tars(image)
        try:
            return cls(layers, stacked(layers))
        except Refusal as refusal:
            return cls(layers, refusal)

    def complaints(self, modes: Sequence[Mode]) -> list[str]:
        """One for each mode; empty where it is right."""
        try:
            indexes = indexed(self.layers)
        except Refused as refused:
            return [self._about(refused, mode) for mode in modes]
        return [self._about(self._squashed(indexes, mode), mode) for mode in modes]

    def _squashed(self, indexes: Sequence[Layer], mode: Mode) -> Squashed | Refused:
        try:
            return squash_indexed(indexes, self.layers, mode.kept, mode.count)
        except Refused as refused:
            return refused

    def _about(self, made: Squashed | Refused, mode: Mode) -> str:
        if isinstance(made, Refused):
            return "" if isinstance(self.want, Refusal) else f"refused, though it can be had: {made.message}"
        if isinstance(self.want, Refusal):
            return f"squashed, though it means nothing: {self.want}"
        return _unlike(self.want, made, mode)


def complaint(image: Image, mode: Mode) -> str:
    """Why our squash of it is wrong; empty: it is right."""
    return complaints(image, [mode])[0]


def complaints(image: Image, modes: Sequence[Mode]) -> list[str]:
    """The same of several modes at once."""
    return _Judge.of(image).complaints(modes)


def _unlike(want: Seen, made: Squashed, mode: Mode) -> str:
    if want.codes(mode.kept) != set(made.codes):
        return f"it warned of {sorted(made.codes)}, the model of {sorted(want.codes(mode.kept))}"
    if len(made.layers) - mode.kept > mode.count:
        return f"{len(made.layers) - mode.kept} layers came out"
    if lines := differences(want, stacked(made.layers)):
        return "\n".join(lines)
    return next(filter(None, (malformed(it, marks_allowed=mode.kept > 0) for it in made.layers[mode.kept :])), "")


def differences(want: Seen, got: Seen) -> list[str]:
    """Lines about paths that are not alike."""
    old, new = want.rows(), got.rows()
    return [
        f"{path!r}: wanted {old.get(path)}, got {new.get(path)}"
        for path in sorted(old.keys() | new.keys())
        if old.get(path) != new.get(path)
    ]


def malformed(tar: bytes, *, marks_allowed: bool) -> str:
    """What every unpacker needs: no name twice, parents first, link targets first, marks before what replaces them."""
    before: set[bytes] = set()
    for it in read(tar):
        if problem := _misplaced(it, _plain(it.name), before, marks_allowed=marks_allowed):
            return f"{it.name!r} in the new layer: {problem}"
        before.add(_plain(it.name))
    return ""


def _misplaced(it: Found, name: bytes, before: set[bytes], *, marks_allowed: bool) -> str:
    head, slash, last = name.rpartition(b"/")
    if name in before:
        return "twice"
    if head and head not in before:
        return "before its parent"
    if it.kind == "link" and _plain(it.target) not in before:
        return f"before its target {it.target!r}"
    if last.startswith(b".wh."):
        hidden = head + slash + last.removeprefix(b".wh.")
        return "" if marks_allowed and hidden not in before else "a mark that should not be there"
    return "beside its own whiteout" if head + slash + b".wh." + last in before else ""


def _plain(name: bytes) -> bytes:
    return name.removeprefix(b"./").rstrip(b"/")


def report(image: Image, mode: Mode, problem: str) -> str:
    """The problem with a small image that still has one."""
    small = shrunk(image, lambda it: bool(complaint(it, mode)))
    return f"{problem}\nsmaller, {mode}: {complaint(small, mode)}\n{shown(small)}"


def judged(number: int, image: Image, modes: Sequence[Mode]) -> list[str]:
    """What is wrong, with the number of the image, shrunk."""
    told = zip(modes, complaints(image, modes), strict=True)
    return [f"image {number}: {report(image, mode, problem)}" for mode, problem in told if problem]
