"""A squash looks like its input: random small images, against a naive model that shares no code with ours."""

from __future__ import annotations

import io
import tarfile
from dataclasses import dataclass, field
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from paasctl.oci.tree.emit import Copy, programs
from paasctl.oci.tree.proof import differences, tree_digest
from support.naive import Tree, put_on, seen
from support.squashed import index, squashed, stack_of
from support.tars import Entry, tar_of

_KINDS = [
    *[tarfile.REGTYPE] * 4,
    *[tarfile.DIRTYPE] * 3,
    *[tarfile.LNKTYPE] * 3,
    *[b"whiteout"] * 3,
    b"opaque",
    tarfile.SYMTYPE,
    tarfile.FIFOTYPE,
]
_NAMES = st.lists(st.sampled_from(["a", "b"]), min_size=1, max_size=3)
_DIALECT = st.sampled_from([tarfile.PAX_FORMAT, tarfile.GNU_FORMAT])
_LAYERS, _MEMBERS = st.integers(2, 4), st.integers(3, 8)
_KIND = st.sampled_from(_KINDS)
_TARGET = st.sampled_from(["x", "../up", "/a/b"])
_START = st.sampled_from(["", "./"])
_DATA = st.binary(max_size=3)
_MODE = st.sampled_from([0o644, 0o755, 0o4700])
_OWNER = st.sampled_from([0, 5, 3_000_000])
_TIME = st.sampled_from([0, 7, 1_700_000_000])
_XATTRS: st.SearchStrategy[dict[str, str]] = st.sampled_from([{}, {}, {"user.k": "v"}])
"""Made once: a strategy that is made at every draw costs more than what it draws."""


@dataclass(frozen=True)
class Drawn:
    """Layers, short to print."""

    layers: tuple[tuple[Entry, ...], ...]
    dialect: int
    tars: list[bytes] = field(repr=False)


@st.composite
def images(draw: st.DrawFn) -> Drawn:
    layers, dialect, tars = [], draw(_DIALECT), []
    tree: Tree = {}
    for _ in range(draw(_LAYERS)):
        lower = tuple(sorted("/".join(path) for path, it in tree.items() if it.kind != "dir"))
        layers.append(draw(a_layer(lower, dialect)))
        tars.append(tar_of(*layers[-1], dialect=dialect))
        put_on(tree, tars[-1])
    return Drawn(tuple(layers), dialect, tars)


@st.composite
def a_layer(draw: st.DrawFn, lower: tuple[str, ...], dialect: int) -> tuple[Entry, ...]:
    """A layer some runtime would unpack: no path twice, nothing below what is no directory in the same layer."""
    placed: dict[str, Entry] = {}
    for _ in range(draw(_MEMBERS)):
        kind = draw(_KIND)
        path = "/".join(draw(_NAMES))
        if kind in (b"whiteout", b"opaque"):
            head, _, name = path.rpartition("/")
            path = f"{path}/.wh..wh..opq" if kind == b"opaque" else f"{head}/.wh.{name}".lstrip("/")
            kind = tarfile.REGTYPE
        if not _fits(path, kind, placed):
            continue
        target = draw(_TARGET) if kind == tarfile.SYMTYPE else ""
        if kind == tarfile.LNKTYPE:
            here = [it for it, one in placed.items() if one.kind != tarfile.DIRTYPE and ".wh." not in it]
            candidates = sorted({*here, *(it for it in lower if it != path and _fits(it, kind, placed))})
            if not candidates:
                continue
            target = draw(st.sampled_from(candidates))
        placed[path] = Entry(
            draw(_START) + path,
            kind,
            draw(_DATA) if kind == tarfile.REGTYPE and ".wh." not in path else b"",
            target,
            draw(_MODE),
            draw(_OWNER),
            mtime=draw(_TIME),
            xattrs=draw(_XATTRS) if dialect == tarfile.PAX_FORMAT else {},
        )
    return tuple(placed.values())


def _fits(path: str, kind: bytes, placed: dict[str, Entry]) -> bool:
    parts = path.split("/")
    ups = ["/".join(parts[:end]) for end in range(1, len(parts))]
    if path in placed or any(up in placed and placed[up].kind != tarfile.DIRTYPE for up in ups):
        return False
    return kind == tarfile.DIRTYPE or not any(it.startswith(path + "/") for it in placed)


@settings(max_examples=200, deadline=None)
@given(images(), st.integers(0, 2), st.integers(1, 3))
def test_a_squash_looks_like_its_input(image: Drawn, kept: int, count: int) -> None:  # B5 X8
    tars = image.tars
    after = squashed(tars, kept, count)
    assert seen(*after) == seen(*tars)
    assert len(after) - kept <= count
    for new in after[kept:]:
        _well_formed(new, marks_allowed=kept > 0)


def _well_formed(tar: bytes, *, marks_allowed: bool) -> None:
    """What every unpacker needs: no name twice, parents first, link targets first, marks before what replaces them."""
    before: set[str] = set()
    with tarfile.open(fileobj=io.BytesIO(tar)) as opened:
        for it in opened:
            name = it.name.removeprefix("./").rstrip("/")
            head, _, last = name.rpartition("/")
            assert name not in before
            assert not head or head in before
            assert not it.islnk() or it.linkname.removeprefix("./") in before
            if last.startswith(".wh."):
                assert marks_allowed
                assert f"{head}/{last.removeprefix('.wh.')}".lstrip("/") not in before
            else:
                assert f"{head}/.wh.{last}".lstrip("/") not in before
            before.add(name)


@settings(max_examples=40, deadline=None)
@given(images(), st.integers(0, 2))
def test_the_proof_agrees_with_the_model(image: Drawn, kept: int) -> None:  # X8
    tars = image.tars
    before = stack_of(tars, kept)
    after = stack_of(squashed(tars, kept))
    assert differences(before.top, after.top) == []
    assert tree_digest(before.top) == tree_digest(after.top)


@settings(max_examples=40, deadline=None)
@given(images(), images())
def test_the_proof_finds_every_difference_the_model_finds(one: Drawn, other: Drawn) -> None:  # X8
    same = seen(*one.tars) == seen(*other.tars)
    tops = stack_of(one.tars).top, stack_of(other.tars).top
    assert (differences(*tops) == []) == same
    assert (tree_digest(tops[0]) == tree_digest(tops[1])) == same


@settings(max_examples=40, deadline=None)
@given(images(), st.integers(0, 2), st.integers(1, 3))
def test_layers_are_read_once_and_forward(image: Drawn, kept: int, count: int) -> None:
    for program in programs(stack_of(image.tars, kept), count):
        places = [(it.layer, it.start, it.end) for it in program if isinstance(it, Copy)]
        assert places == sorted(places)
        assert all(one[2] <= two[1] for one, two in pairwise(places) if one[0] == two[0])


@settings(max_examples=30, deadline=None)
@given(images(), st.integers(1, 900))
def test_an_index_does_not_depend_on_how_the_stream_is_cut(image: Drawn, chunk: int) -> None:
    for tar in image.tars:
        assert index(tar, chunk=chunk) == index(tar, chunk=len(tar))
