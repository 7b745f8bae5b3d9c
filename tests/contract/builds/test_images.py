"""What a builder leaves: an image that is whole, at its place, with the files that were meant."""

from __future__ import annotations

import hashlib
import os
import random
from pathlib import Path

import pytest

from paasctl.adapters.layout import create_layout
from paasctl.oci.documents.manifest import OCI_CONFIG, OCI_LAYER, OCI_MANIFEST
from support.bases import MERGED, SMALL, diff_ids, put_base, put_index
from support.build_worlds import World
from support.builds import ARM, LINUX, Link, Program, Wanted, put
from support.registry import Registry
from support.tars import Entry, tar_of

pytestmark = pytest.mark.contract


# --- where it lies --------------------------------------------------------------------------------------------------


def test_an_image_lies_at_its_place(world: World) -> None:
    built = world.build(Wanted())
    laid = world.layout.place("web")
    assert laid is not None
    assert (laid.digest, laid.size, laid.media_type) == (
        built.descriptor.digest,
        built.descriptor.size,
        built.descriptor.media_type,
    )


def test_an_image_lies_at_no_other_place(world: World) -> None:
    built = world.build(Wanted())
    assert [place for place, it in world.layout.places() if it.digest == built.descriptor.digest] == ["web"]


def test_a_descriptor_names_the_platform(world: World) -> None:
    assert world.build(Wanted()).descriptor.platform == LINUX


def test_a_place_names_the_platform(world: World) -> None:
    world.build(Wanted())
    laid = world.layout.place("web")
    assert laid is not None
    assert laid.platform == LINUX


def test_what_lies_at_other_places_stays(world: World) -> None:
    first = world.build(Wanted(name="one"))
    world.build(Wanted(name="two", files={"app/run": "other"}))
    kept = world.layout.place("one")
    assert kept is not None
    assert kept.digest == first.descriptor.digest


def test_a_new_image_replaces_the_old_one_at_its_place(world: World) -> None:
    before = world.build(Wanted())
    later = world.build(Wanted(files={"app/run": "later"}))
    there = [it.digest for _, it in world.layout.places()]
    assert later.descriptor.digest in there
    assert before.descriptor.digest not in there


def test_the_layout_is_the_one_that_was_given(world: World, tmp_path: Path) -> None:
    other = create_layout(tmp_path / "other")
    world.build(Wanted(), into=other)
    assert other.place("web") is not None
    assert world.layout.place("web") is None


def test_no_temporary_files_stay(world: World) -> None:
    world.build(Wanted())
    assert world.leftovers() == []


def test_a_build_writes_nothing_into_its_context(world: World) -> None:
    wanted = Wanted()
    wanted.written(world.project)
    if world.name != "embedded":
        wanted.as_dockerfile(world.project)
    before = sorted(world.project.rglob("*"))
    world.build(wanted)
    assert sorted(world.project.rglob("*")) == before


# --- whether it is whole --------------------------------------------------------------------------------------------


def test_every_blob_is_there(world: World, base: str) -> None:
    built = world.build(Wanted(base=base))
    for it in (built.descriptor, *built.layers):
        with world.layout.open(it) as chunks:
            assert sum(map(len, chunks)) == it.size


def test_the_media_types_are_ocis(world: World, base: str) -> None:
    built = world.build(Wanted(base=base))
    manifest = built.manifest
    assert built.descriptor.media_type == manifest["mediaType"] == OCI_MANIFEST
    assert manifest["config"]["mediaType"] == OCI_CONFIG
    assert {it.media_type for it in built.layers} == {OCI_LAYER}


def test_diff_ids_are_what_the_layers_unpack_to(world: World, base: str) -> None:
    built = world.build(Wanted(base=base))
    assert built.diff_ids == [f"sha256:{hashlib.sha256(it).hexdigest()}" for it in built.tars()]


def test_the_history_tells_of_each_layer(world: World, base: str) -> None:
    built = world.build(Wanted(base=base))
    told = [it for it in built.config["history"] if not it.get("empty_layer")]
    assert len(told) == len(built.layers)


def test_the_configuration_names_the_platform(world: World) -> None:
    config = world.build(Wanted()).config
    assert (config["os"], config["architecture"]) == ("linux", "amd64")


# --- what is in it --------------------------------------------------------------------------------------------------


def test_files_have_their_content(world: World) -> None:
    tree = world.build(Wanted(files={"app/a": "one", "app/sub/b": "two"})).tree()
    assert (tree["app/a"].content, tree["app/sub/b"].content) == (b"one", b"two")


def test_a_file_goes_where_it_was_told(world: World) -> None:
    built = world.build(Wanted(files={"run.sh": "x"}, copies=(("run.sh", "/usr/local/start"),)))
    assert built.names() == {"usr/local/start"}


def test_a_folder_s_content_goes_into_the_folder(world: World) -> None:
    assert world.build(Wanted(files={"app/a": "x"}, copies=(("app", "/srv/here"),))).names() == {"srv/here/a"}


def test_what_was_not_asked_for_is_not_in_it(world: World) -> None:
    assert world.build(Wanted(files={"app/a": "x", "other/b": "y"})).names() == {"app/a"}


def test_programs_stay_executable(world: World) -> None:
    tree = world.build(Wanted(files={"app/run": Program(), "app/data": "x"})).tree()
    assert (tree["app/run"].mode, tree["app/data"].mode) == (0o755, 0o644)


def test_links_stay_links(world: World) -> None:
    tree = world.build(Wanted(files={"app/real": "x", "app/near": Link("real"), "app/far": Link("/etc/os")})).tree()
    assert (tree["app/near"].link, tree["app/far"].link) == ("real", "/etc/os")


def test_a_link_to_nowhere_stays(world: World) -> None:
    assert world.build(Wanted(files={"app/gone": Link("nowhere/at/all")})).tree()["app/gone"].link == "nowhere/at/all"


def test_a_link_to_a_folder_is_no_folder(world: World) -> None:
    tree = world.build(Wanted(files={"app/sub/a": "x", "app/short": Link("sub")})).tree()
    assert tree["app/short"].link == "sub"
    assert "app/short/a" not in tree


def test_an_empty_folder_is_there(world: World) -> None:
    tree = world.build(Wanted(files={"app/empty": None, "app/a": "x"})).tree()
    assert tree["app/empty"].is_folder


def test_an_empty_file_is_there(world: World) -> None:
    assert world.build(Wanted(files={"app/empty": ""})).tree()["app/empty"].content == b""


def test_everything_belongs_to_root(world: World) -> None:
    tree = world.build(Wanted(files={"app/a": "x", "app/sub/b": Program()})).tree()
    assert {it.owner for it in tree.values()} == {(0, 0)}


def test_a_big_file_arrives_whole(world: World) -> None:
    big = random.Random(5).randbytes(3_000_001)
    assert world.build(Wanted(files={"app/big": big})).tree()["app/big"].content == big


@pytest.mark.parametrize(
    "name",
    ["ä ö – 漢字", " leading and trailing ", "[a-z]*?", "quote'\"`$HOME", "back\\slash", "new\nline", "-dash", "#!x"],
    ids=["letters", "blanks", "pattern", "quotes", "backslash", "line", "dash", "mark"],
)
def test_odd_names_stay_as_they_are(world: World, name: str) -> None:
    tree = world.build(Wanted(files={f"app/{name}": "x", "app/plain": "y"})).tree()
    assert sorted(it for it in tree if it != "app") == sorted([f"app/{name}", "app/plain"])


def test_long_names_stay_whole(world: World) -> None:
    long = "/".join(["deep" * 12] * 6) + "/" + "x" * 200
    assert world.build(Wanted(files={f"app/{long}": "x"})).names() == {f"app/{long}"}


def test_a_later_copy_goes_over_an_earlier_one(world: World) -> None:
    files = {"one/a": "first", "one/b": "first", "two/a": "second"}
    tree = world.build(Wanted(files=files, copies=(("one", "/app"), ("two", "/app")))).tree()
    assert (tree["app/a"].content, tree["app/b"].content) == (b"second", b"first")


def test_a_context_is_a_folder_of_the_project(world: World) -> None:
    assert world.build(Wanted(context="services/web")).names() == {"app/run"}


def test_what_was_built_before_is_never_in_it(world: World) -> None:
    put(world.project / ".paasctl/images/blob", "old")
    put(world.project / "sub/.paasctl/images/blob", "old")
    names = world.build(Wanted(files={"a": "x", "sub/b": "y"}, copies=((".", "/app"),))).names()
    assert {"app/a", "app/sub/b"} <= names
    assert not [it for it in names if ".paasctl" in it]


# --- over a base ----------------------------------------------------------------------------------------------------


def test_a_base_s_files_are_below(world: World, base: str) -> None:
    tree = world.build(Wanted(base=base)).tree()
    assert tree["etc/os"].content == b"small"
    assert tree["opt/second"].content == b"2"


def test_a_base_s_layers_come_first(world: World, base: str) -> None:
    built = world.build(Wanted(base=base))
    assert built.diff_ids[:2] == diff_ids(SMALL)
    assert len(built.diff_ids) == 3


def test_a_file_goes_over_the_base_s(world: World, base: str) -> None:
    tree = world.build(Wanted(base=base, files={"os": "mine"}, copies=(("os", "/etc/os"),))).tree()
    assert tree["etc/os"].content == b"mine"


def test_scratch_has_nothing_below(world: World) -> None:
    built = world.build(Wanted())
    assert set(built.tree()) == {"app", "app/run"}
    assert len(built.layers) == 1


def test_a_destination_below_a_link_of_the_base_is_where_it_leads(world: World, registry: Registry) -> None:
    put_base(registry, "base/merged", MERGED)
    wanted = Wanted(base=f"{registry.host}/base/merged:1", files={"tool": Program()}, copies=(("tool", "/bin/tool"),))
    tree = world.build(wanted).tree()
    assert tree["usr/bin/tool"].mode == 0o755
    assert tree["bin"].link == "usr/bin"


def test_a_destination_below_an_absolute_link_of_the_base(world: World, registry: Registry) -> None:
    put_base(registry, "base/merged", MERGED)
    wanted = Wanted(base=f"{registry.host}/base/merged:1", copies=(("app", "/lib/app"),))
    tree = world.build(wanted).tree()
    assert "usr/lib/app/run" in tree
    assert tree["lib"].link == "/usr/lib"


def test_folders_of_the_base_keep_their_owner_and_mode(world: World, registry: Registry) -> None:
    put_base(registry, "base/owned", (tar_of(Entry("srv", b"5", mode=0o750, uid=7, gid=8)),))
    built = world.build(Wanted(base=f"{registry.host}/base/owned:1", copies=(("app", "/srv/app"),)))
    srv = built.tree()["srv"]
    assert (srv.mode, srv.owner) == (0o750, (7, 8))


def test_new_folders_on_the_way_are_root_s(world: World, base: str) -> None:
    tree = world.build(Wanted(base=base, copies=(("app", "/new/way/app"),))).tree()
    assert [(tree[it].mode, tree[it].owner) for it in ("new", "new/way")] == [(0o755, (0, 0))] * 2


def test_a_base_that_is_an_index_gives_the_platform_s_image(world: World, registry: Registry) -> None:
    children = [
        put_base(registry, "base/both", (tar_of("which=arm"),), tag="", platform=ARM),
        put_base(registry, "base/both", (tar_of("which=amd"),), tag="", platform=LINUX),
    ]
    put_index(registry, "base/both", children)
    assert world.build(Wanted(base=f"{registry.host}/base/both:1")).tree()["which"].content == b"amd"


# --- again ----------------------------------------------------------------------------------------------------------


def test_the_same_input_gives_the_same_layers(world: World, base: str) -> None:
    one, two = world.build(Wanted(base=base)), world.build(Wanted(base=base))
    assert one.diff_ids == two.diff_ids
    assert one.layers == two.layers


def test_another_file_gives_another_layer(world: World, base: str) -> None:
    one = world.build(Wanted(base=base))
    two = world.build(Wanted(base=base, files={"app/run": "other"}))
    assert one.diff_ids[:2] == two.diff_ids[:2]
    assert one.diff_ids[2] != two.diff_ids[2]


def test_a_file_that_lost_its_bit_is_another_layer(world: World) -> None:
    one = world.build(Wanted(files={"app/run": Program("x")}))
    two = world.build(Wanted(files={"app/run": "x"}))
    assert one.diff_ids != two.diff_ids


def test_a_fresh_checkout_gives_the_same_layers(world: World, base: str) -> None:
    one = world.build(Wanted(base=base))
    for path in world.project.rglob("*"):
        os.utime(path, (1_900_000_000, 1_900_000_000))
    assert world.build(Wanted(base=base)).diff_ids == one.diff_ids


def test_a_file_that_is_gone_is_gone(world: World) -> None:
    world.build(Wanted(files={"app/a": "x", "app/b": "y"}))
    (world.project / "app/b").unlink()
    assert world.build(Wanted(files={"app/a": "x"})).names() == {"app/a"}
