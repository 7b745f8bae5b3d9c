"""What changed between two trees."""

from __future__ import annotations

import pytest
from hypothesis import given, settings

from oci.test_squash_laws import Drawn, images
from paasctl.oci.report.treediff import FileChange, tree_changes
from paasctl.oci.tree.proof import differences
from support.naive import seen
from support.squashed import stack_of
from support.tars import Entry, entry, tar_of


def told(before: bytes, after: bytes) -> list[FileChange]:
    return list(tree_changes(stack_of([before]).top, stack_of([after]).top))


CASES: dict[str, tuple[str, str, list[FileChange]]] = {
    "nothing": ("a=1", "a=1", []),
    "added": ("a=1", "a=1 b=22", [FileChange(b"b", "added", after=2)]),
    "removed": ("a=1 b=22", "a=1", [FileChange(b"b", "removed", before=2)]),
    "content": ("a=1", "a=22", [FileChange(b"a", "changed", 1, 2, ("content",))]),
    "type": ("a=1", "a->b", [FileChange(b"a", "changed", 1, 0, ("type file -> symlink",))]),
    "target": ("a->b", "a->c", [FileChange(b"a", "changed", 0, 0, ("target",))]),
    "device": ("a@1,2", "a@1,3", [FileChange(b"a", "changed", 0, 0, ("device",))]),
    "a link of its own": ("a=1 b=1", "a=1 b==a", [FileChange(b"b", "metadata", 1, 0, ("hard links",))]),
    "below a directory": ("d/ d/a=1", "d/", [FileChange(b"d/a", "removed", 1)]),
    "paths go part by part": (
        "a/ a/x=1 a-=1",
        "z=1",
        [
            FileChange(b"a", "removed"),
            FileChange(b"a/x", "removed", 1),
            FileChange(b"a-", "removed", 1),
            FileChange(b"z", "added", after=1),
        ],
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_changes(case: str) -> None:
    before, after, wanted = CASES[case]
    assert told(tar_of(*before.split()), tar_of(*after.split())) == wanted


def test_metadata_is_told_in_words() -> None:
    before = Entry("a", data=b"1", mode=0o644, uid=1, mtime=5, xattrs={"security.capability": "x", "user.same": "s"})
    after = Entry("a", data=b"1", mode=0o4755, gid=7, mtime=6, xattrs={"user.same": "s", "user.new": "n"})
    assert told(tar_of(before), tar_of(after)) == [
        FileChange(
            b"a",
            "metadata",
            1,
            1,
            (
                "mode 0644 -> 4755",
                "owner 1:0 -> 0:7",
                "time",
                "SCHILY.xattr.security.capability, SCHILY.xattr.user.new",
            ),
        )
    ]


def test_a_directorys_metadata_counts_and_the_roots_does_not() -> None:
    before, after = (tar_of(entry("./", mode=mode), entry("d/", mode=mode)) for mode in (0o755, 0o700))
    assert [(it.path, it.what) for it in told(before, after)] == [(b"d", ("mode 0755 -> 0700",))]


@settings(max_examples=60, deadline=None)
@given(images(), images())
def test_it_agrees_with_the_proof_and_with_the_model(one: Drawn, other: Drawn) -> None:
    tops = stack_of(one.tars).top, stack_of(other.tars).top
    found = list(tree_changes(*tops))
    assert len(found) == len(differences(*tops, limit=10_000))
    assert (not found) == (seen(*one.tars) == seen(*other.tars))
    before, after = seen(*one.tars).keys(), seen(*other.tars).keys()
    assert {it.path.decode() for it in found if it.change == "added"} == after - before
    assert {it.path.decode() for it in found if it.change == "removed"} == before - after
