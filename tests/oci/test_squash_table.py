"""Squash, case by case: layers (oldest first) in the notation of `support/tars.py`, and what a container sees."""

from __future__ import annotations

import io
import tarfile
from dataclasses import replace

import pytest

from paasctl.errors import PaasError, Refused
from paasctl.oci.tree.emit import programs
from paasctl.oci.tree.proof import differences
from paasctl.oci.tree.stack import stack
from support.naive import seen, told
from support.squashed import carried_out, index, squashed, stack_of
from support.tars import entry, tar_of

# images.md 2.3: what other squashers get wrong. Each is also squashed above its lowest layer.
CASES = {
    "B5 the link's target is overwritten above": (["a=old b==a", "a=new"], "a=new b=old"),
    "B5 the link's target is deleted above": (["a=x b==a c==a", ".wh.a"], "b=x c==b"),
    "B5 a whole link group is deleted": (["a=x b==a k=1", ".wh.a .wh.b"], "k=1"),
    "B5 the directory of the link's target is deleted": (["d/ d/a=x b==d/a", ".wh.d"], "b=x"),
    "B5 the link's target becomes a symlink": (["a=x b==a", "a->k"], "a->k b=x"),
    "B5 a link to a symlink outlives it": (["s->t l==s", ".wh.s"], "l->t"),
    "B5 dir, file, dir: the old children stay dead": (["d/ d/old=1", "d=file", "d/ d/new=2"], "d/ d/new=2"),
    "B5 dir, symlink, dir": (["d/ d/old=1", "d->k", "d/ d/new=2"], "d/ d/new=2"),
    "B5 a directory becomes a file": (["d/ d/old=1", "d=x"], "d=x"),
    "B5 a file becomes a directory": (["d=x", "d/ d/f=1"], "d/ d/f=1"),
    "B5 a directory becomes a symlink": (["d/ d/f=1", "d->k"], "d->k"),
    "B5 whiteout and the same name in one layer": (["d/ d/old=1", ".wh.d d/ d/new=2"], "d/ d/new=2"),
    "B5 the same name and its whiteout after it": (["d/ d/old=1", "d/ d/new=2 .wh.d"], "d/ d/new=2"),
    "B5 a file, then its own whiteout": (["k=1", "f=x .wh.f"], "f=x k=1"),
    "B5 two spellings of one path": (["e/ e/y=old", "./e/y=new"], "e/ e/y=new"),
    "B5 three spellings of one path": (["./e/ e/y=old", "/e//y=new"], "e/ e/y=new"),
    "B5 dot dot inside the root is text": (["a/ b/ b/x=1", "a/../b/x=2"], "a/ b/ b/x=2"),
    "B5 a symlink that points out of the root stays": (["t->../../up", "k=1"], "k=1 t->../../up"),
    "B5 a dangling symlink whose target was deleted": (["a=x s->a", ".wh.a"], "s->a"),
    "B5 names that only contain the whiteout's mark": (["foo.wh.bar=1 x.wh.=2", "k=1"], "foo.wh.bar=1 k=1 x.wh.=2"),
    "B5 an entry below a symlink of a lower layer": (["r/ link->r", "link/g=1"], "link/ link/g=1 r/"),
    "B5 a whiteout below a symlink of a lower layer": (["r/ r/g=1 link->r", "link/.wh.g"], "link/ r/ r/g=1"),
    "B5 an entry below a file of a lower layer": (["p=x", "p/g=1"], "p/ p/g=1"),
    "B5 an opaque mark hides all siblings": (["d/ d/a=1 d/b=2", "d/.wh..wh..opq d/c=3"], "d/ d/c=3"),
    "B5 an opaque mark that comes last": (["d/ d/a=1", "d/ d/c=3 d/.wh..wh..opq"], "d/ d/c=3"),
    "B5 an opaque mark without a directory": (["d/ d/a=1", "d/.wh..wh..opq"], "d/"),
    "B5 an opaque mark leaves the same name of its layer": (["d/ d/a=1", "d/.wh..wh..opq d/a=2"], "d/ d/a=2"),
    "B5 an opaque root": (["d/ d/a=1 k=1", ".wh..wh..opq d/ d/b=2"], "d/ d/b=2"),
    "B5 a duplicate: the last one wins": (["a=1 a=2", "k=1"], "a=2 k=1"),
    "B5 a hard link to a lower layer": (["a=x", "b==a"], "a=x b==a"),
    "B5 a hard link to a file that its layer replaces": (["a=x", "b==a a=y"], "a=y b=x"),
    "B5 missing parents": (["a/b/c=1", "x/y=2"], "a/ a/b/ a/b/c=1 x/ x/y=2"),
    "B5 an implied directory left empty": (["k=1", "e/.wh.x"], "e/ k=1"),
    "B5 devices and pipes": (["p| c@5,1", "k=1"], "c@5,1 k=1 p|"),
    "B5 everything deleted": (["a=1 d/ d/b=2", ".wh.a .wh.d"], ""),
    "B5 names with blanks and colons": (["a:b=1", "c;d=2"], "a:b=1 c;d=2"),
}


def tars(layers: list[str]) -> list[bytes]:
    return [tar_of(*layer.split()) for layer in layers]


@pytest.mark.parametrize("kept", [0, 1])
@pytest.mark.parametrize("case", CASES)
def test_a_squash(case: str, kept: int) -> None:
    layers, expected = CASES[case]
    before = tars(layers)
    after = squashed(before, kept)
    before_top, after_top = stack_of(before).top, stack_of(after).top
    if "dot dot" not in case:  # the naive model has no idea of it
        assert told(*after) == expected.split()
    assert [f"{it}" for it in differences(before_top, after_top)] == []
    assert len(after) == kept + 1


def test_dot_dot_inside_the_root_becomes_the_plain_path() -> None:  # B5
    assert told(*squashed(tars(["a/ b/ b/x=1", "a/../b/x=2"]))) == ["a/", "b/", "b/x=2"]


def test_same_layer_symlink_parents_are_resolved_in_that_layer() -> None:  # B5
    assert told(*squashed(tars(["k=1", "real/ s->real s/f=1 t==s/f"]))) == [
        "k=1",
        "real/",
        "real/f=1",
        "s->real",
        "t==real/f",
    ]


def test_a_symlink_parent_to_the_root_and_up_stays_inside() -> None:  # B5
    layers = tars(["k=1", "real/ s->/../../real s/f=1"])
    assert told(*squashed(layers)) == ["k=1", "real/", "real/f=1", "s->/../../real"]


def test_hard_links_into_the_aufs_link_folder_keep_their_content() -> None:  # B5
    layers = tars(
        [
            ".wh..wh.plnk/ .wh..wh.plnk/1.2=x .wh..wh.aufs .wh..wh.orph/x=1 a==.wh..wh.plnk/1.2 b==.wh..wh.plnk/1.2",
            "k=1",
        ]
    )
    assert told(*squashed(layers)) == ["a=x", "b==a", "k=1"]


def test_a_link_to_itself_changes_only_the_attributes() -> None:
    layer = tar_of("a=x", entry("a==a", mode=0o600))
    (after,) = squashed([layer, tar_of("k=1")])
    assert told(after) == ["a=x", "k=1"]
    assert seen(after)["a"][4] == (0o600, 0, 0, 1000.0, ())


def test_what_estargz_added_for_itself_is_dropped() -> None:
    tar = tar_of("a=1", "stargz.index.json={}", ".no.prefetch.landmark=x")
    plain = index(tar)
    for layer, expected in (
        (replace(plain, stargz=True), ["a=1"]),
        (plain, [".no.prefetch.landmark=x", "a=1", "stargz.index.json={}"]),
    ):
        (program,) = programs(stack([layer]))
        assert told(carried_out(program, [tar])) == expected


def test_nothing_left_above_the_base_is_no_layer() -> None:  # B6
    assert squashed(tars(["a=1", "b=2", ".wh.b"]), kept=1) == tars(["a=1"])


def test_an_empty_image_squashed_whole_is_one_empty_layer() -> None:
    assert squashed(tars(["a=1", ".wh.a"])) == [bytes(1024)]


def test_a_reborn_base_directory_is_marked_opaque_and_nothing_else_is() -> None:
    (_, new) = squashed(tars(["d/ d/a=1 d/b=2 e/ e/x=1", ".wh.d e/.wh.x", "d/ d/c=3"]), kept=1)
    with tarfile.open(fileobj=io.BytesIO(new)) as opened:
        assert opened.getnames() == ["d", "d/.wh..wh..opq", "e", "e/.wh.x", "d/c"]


def test_a_cleared_base_directory_is_marked_opaque_not_name_by_name() -> None:
    (_, new) = squashed(tars(["d/ d/a=1 d/b=2", "d/.wh..wh..opq", "d/c=3"]), kept=1)
    with tarfile.open(fileobj=io.BytesIO(new)) as opened:
        assert opened.getnames() == ["d", "d/.wh..wh..opq", "d/c"]


def test_the_last_header_of_a_group_counts_even_when_its_name_is_gone() -> None:  # B5
    layer = tar_of("a=x", entry("b==a", mode=0o600), entry("c==a", mode=0o640, uid=7))
    for kept in (0, 1):
        after = seen(*squashed([tar_of("k=1"), layer, tar_of(".wh.c")], kept))
        assert {after[name][4] for name in ("a", "b")} == {(0o640, 7, 0, 1000.0, ())}


def test_parents_carry_the_attributes_of_the_base() -> None:
    base = tar_of(entry("opt/", mode=0o700, uid=5, mtime=9), entry("opt/app/", mode=0o750, gid=7))
    (_, new) = squashed([base, tar_of("opt/app/a=1"), tar_of("opt/app/b=2")], kept=1)
    with tarfile.open(fileobj=io.BytesIO(new)) as opened:
        assert [(it.name, it.mode, it.uid, it.gid, int(it.mtime)) for it in opened][:2] == [
            ("opt", 0o700, 5, 0, 9),
            ("opt/app", 0o750, 0, 7, 1000),
        ]


def test_several_new_layers_are_disjoint_and_repeat_their_parents() -> None:
    layers = [tar_of("d/", "d/a=" + "x" * 5000), tar_of("d/b=" + "y" * 5000), tar_of("d/c=" + "z" * 5000, "d/e==d/c")]
    after = squashed(layers, count=3)
    assert [told(it) for it in after] == [
        ["d/", "d/a=" + "x" * 5000],
        ["d/", "d/b=" + "y" * 5000],
        ["d/", "d/c=" + "z" * 5000, "d/e==d/c"],
    ]


WARNED = {
    "duplicate": ["k=1", "a=1 a=2"],
    "duplicate ": ["k=1", "d/ d/"],
    "below-file": ["p=x", "p/g=1"],
    "below-symlink": ["r/ link->r", "link/g=1"],
    "whiteout-below-symlink": ["r/ link->r", "link/.wh.g"],
    "link-to-lower": ["a=x", "b==a"],
    "whiteout-and-entry": ["k=1", "f=x .wh.f"],
    "device-whiteout": ["k=1", "c@0,0"],
    "opaque-root": ["k=1", ".wh..wh..opq a=2"],
}


@pytest.mark.parametrize("code", WARNED)
def test_ambiguous_inputs_are_told(code: str) -> None:  # B5
    assert [it.code for it in stack_of(tars(WARNED[code])).warnings] == [code.strip()]


@pytest.mark.parametrize("code", WARNED)
def test_what_is_kept_is_not_warned_about(code: str) -> None:
    assert stack_of(tars(WARNED[code]), kept=2).warnings == []


@pytest.mark.parametrize(
    "case", [it for it in CASES if it.startswith(("B5 the link", "B5 dir,", "B5 an opaque mark hides"))]
)
def test_clear_inputs_are_not_warned_about(case: str) -> None:
    assert stack_of(tars(CASES[case][0])).warnings == []


UNSAFE = {
    "a name that leaves the root": "../x=1",
    "a name that leaves the root later": "a/../../x=1",
    "a link to what leaves the root": "a=1 b==../../etc/passwd",
    "a whiteout of nothing": "d/.wh.",
    "a whiteout of the directory itself": "d/.wh..",
    "a whiteout of the parent": "d/.wh...",
    "something below a whiteout": "d/.wh.x/y=1",
    "a hard link to nothing": "b==a",
    "a hard link to a directory": "d/ b==d",
    "an entry below a file of the same layer": "p=x p/g=1",
    "a symlink loop on the way": "s->t t->s s/f=1",
    "a root that is a file": "./=x",
    "nested too deep": "/".join("d" * 300) + "=1",
}


@pytest.mark.parametrize("case", UNSAFE)
def test_unsafe_members_are_refused(case: str) -> None:  # B5
    with pytest.raises(PaasError) as caught:
        stack_of([tar_of("k=1"), tar_of(*UNSAFE[case].split())])
    assert isinstance(caught.value, Refused)
    assert caught.value.code == "unsafe-layer"
    assert "layer" in caught.value.message
