"""What lies below a layer, flat: as the tree has it, and the same when it was kept."""

from __future__ import annotations

import json

import pytest

from paasctl.errors import Refused
from paasctl.oci.building.shape import Shape, shape_from, shape_json, shape_of
from paasctl.oci.tree.tree import enter
from support.squashed import stack_of
from support.tars import Entry, tar_of

BASE = tar_of(
    Entry("usr/", b"5", mode=0o711, uid=3, mtime=77), "usr/lib/", "lib->usr/lib", "usr/lib/x.so=1", "up->../../usr",
    "loop->loop", "far->a/b", "file=1", "to-file->/usr/lib/x.so",
)  # fmt: skip


def shape() -> Shape:
    return shape_of(stack_of([BASE]).top)


def test_what_was_kept_is_what_it_was() -> None:
    it = shape()
    it.things[b"caf\xe9"] = None
    it.things[b"l\xff"] = b"\xfe\n"
    assert shape_from(json.loads(json.dumps(shape_json(it)))) == it


@pytest.mark.parametrize("said", [{}, {"folders": [[]], "links": [], "others": []}, {"folders": 1}, []])
def test_what_is_no_shape_is_told(said: object) -> None:
    with pytest.raises((KeyError, TypeError, ValueError)):
        shape_from(said)  # type: ignore[arg-type]  # what a damaged file may hold


@pytest.mark.parametrize("path", ["", "usr", "lib", "lib/new", "up/lib", "far", "far/c", "usr/../lib", "lib/./x", "up"])
def test_folders_are_where_the_tree_has_them(path: str) -> None:
    spot = enter(stack_of([BASE]).top, path.encode(), "test", make=True)
    assert shape().folder(path.encode(), "test") == spot.path


@pytest.mark.parametrize("path", ["loop/x", "file/x", "to-file/x", "/".join("a" * 300)])
def test_what_leads_nowhere_is_refused(path: str) -> None:
    with pytest.raises(Refused):
        shape().folder(path.encode(), "test")


@pytest.mark.parametrize(
    ("path", "real"),
    [("to-file", b"usr/lib/x.so"), ("lib/x.so", b"usr/lib/x.so"), ("far", None), ("lib", b"usr/lib"), ("none", None)],
)
def test_real_paths(path: str, real: bytes | None) -> None:
    assert shape().real(path.encode(), "test") == real
    assert shape().is_folder(path.encode(), "test") == (path == "lib")
