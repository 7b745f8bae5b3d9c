"""Squash and copy from every kind of place to every kind of place, as it is typed."""

from __future__ import annotations

import json
import tarfile

import pytest

from paasctl.adapters.layout import create_layout
from paasctl.model.image import Platform
from support.copying import sign_by_tag
from support.engine_store import add
from support.images import lay_image, lay_index
from support.imaging import KINDS, LAYERS, Somewhere, config_of, image
from support.tars import tar_of

FILES = {"etc/os": "one", "bin/tool": "tool", "app": "second", "run": "-> app"}


@pytest.mark.parametrize("to", KINDS)
@pytest.mark.parametrize("origin", KINDS)
def test_an_image_is_squashed_from_anywhere_to_anywhere(here: Somewhere, origin: str, to: str) -> None:
    source, target = here.fill(origin), here.named(to, "two")
    said = image("squash", source, target, "--all", "--layers", "1")
    assert said.status == 0, said.err
    assert len(here.document(target)["layers"]) == 1
    assert here.files(target) == here.files(source) == FILES
    config = here.config(target)
    assert config["config"] == here.config(source)["config"]
    assert "layers 3 → 1" in said.err
    assert here.leftovers() == []
    again = image("squash", source, target, "--all", "--layers", "1")
    assert (again.status, again.out) == (0, said.out), again.err


@pytest.mark.parametrize("to", KINDS)
@pytest.mark.parametrize("origin", KINDS)
def test_an_image_is_copied_from_anywhere_to_anywhere(here: Somewhere, origin: str, to: str) -> None:
    source, target = here.fill(origin), here.named(to, "two")
    digest = here.source(source).root().digest
    said = image("copy", source, target)
    assert said.status == 0, said.err
    assert here.files(target) == FILES
    if to == "engine":  # which keeps no manifests
        assert here.config(target) == here.config(source)
    else:
        assert here.source(target).root().digest == digest
        assert said.out.strip().rpartition("@")[2] == digest
    assert here.leftovers() == []
    again = image("copy", source, target)
    assert again.status == 0, again.err


@pytest.mark.parametrize("kind", [it for it in KINDS if it != "registry"])
def test_without_a_target_it_is_squashed_in_place(here: Somewhere, kind: str) -> None:
    name = here.fill(kind)
    said = image("squash", name, "--all", "--layers", "1")
    assert said.status == 0, said.err
    assert len(here.document(name)["layers"]) == 1
    assert here.files(name) == FILES
    assert here.leftovers() == []
    again = image("squash", name, "--all", "--layers", "1")
    assert "nothing to do" in again.err
    assert again.status == 0
    assert again.out == said.out or kind == "engine"  # a script gets the digest, whoever wrote it


def test_a_tag_of_a_registry_is_only_squashed_in_place_when_that_is_meant(here: Somewhere) -> None:
    name = here.fill("registry")
    before = dict(here.registry.tags["shop/web"])
    refused = image("squash", name, "--all")
    assert refused.status == 4
    assert "would-clobber" in refused.err
    assert "--allow-tag-move" in refused.err
    assert dict(here.registry.tags["shop/web"]) == before
    moved = image("squash", name, "--all", "--allow-tag-move")
    assert moved.status == 0, moved.err
    assert here.files(name) == FILES


@pytest.mark.parametrize("kind", ["layout", "archive"])
def test_one_image_of_an_index_takes_its_place_only_when_that_is_meant(here: Somewhere, kind: str) -> None:
    layout = create_layout(here.folder / "made")
    children = [
        lay_image(layout, "", [*LAYERS, tar_of(f"arch={it}")], platform=Platform("linux", it))
        for it in ("amd64", "arm64")
    ]
    lay_index(layout, "both", children)
    name = here.named(kind)
    assert image("copy", "oci:made:both", name).status == 0
    refused = image("squash", name, "--all", "--platform", "linux/amd64")
    assert (refused.status, "the others of its index would be gone" in refused.err) == (4, True)
    assert len(here.document(name)["manifests"]) == 2
    meant = image("squash", name, "--all", "--platform", "linux/amd64", "--allow-tag-move")
    assert meant.status == 0, meant.err
    assert here.files(name)["arch"] == "amd64"


@pytest.mark.parametrize(
    "args", [("squash", "--all"), ("rebase", "--old-base", "oci:made:old", "--new-base", "oci:made:new")]
)
def test_cosigns_signature_of_the_image_as_it_was_is_left_out_and_named(here: Somewhere, args: tuple[str, ...]) -> None:
    here.lay("old", layers=LAYERS[:1])
    here.lay("new", layers=[tar_of("os=new")])
    source = here.fill("registry")
    signed = sign_by_tag(here.registry, "shop/web", here.source(source).root(), b"signature")
    verb, *more = args
    said = image(verb, source, here.named("registry", "two"), *more)
    assert said.status == 0, said.err
    assert f"a signature ({signed.digest[:19]}) speaks of the image as it was, and is left out" in said.err


@pytest.mark.parametrize("apart", [True, False])
def test_what_vouches_for_an_image_that_goes_as_it_is_stays_and_is_named(here: Somewhere, apart: bool) -> None:
    source = here.fill("registry", layers=LAYERS[:1])
    sign_by_tag(here.registry, "shop/web", here.source(source).root(), b"signature")
    target = here.named("layout", "two") if apart else f"{source.rpartition(':')[0]}:two"
    said = image("squash", source, target, "--all", "--layers", "1")
    assert said.status == 0, said.err
    told = "there was nothing to squash; what vouches for it stays there (a signature)"
    assert (told in said.err) == apart, said.err


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("verb", ["squash", "copy"])
def test_a_name_that_is_another_images_stays_that(here: Somewhere, verb: str, kind: str) -> None:
    source = here.fill("layout")
    other = here.fill(kind, "two", "other", layers=LAYERS[:2])
    files = here.files(other)
    args = [verb, source, other, *(["--all"] if verb == "squash" else [])]
    if verb == "copy":
        assert image(*args, "--dry-run").status == 4
    refused = image(*args)
    assert refused.status == 4
    assert "would-clobber" in refused.err
    assert "--allow-tag-move" in refused.err
    assert here.files(other) == files
    assert here.leftovers() == []
    moved = image(*args, "--allow-tag-move")
    assert moved.status == 0, moved.err
    assert here.files(other) == FILES


@pytest.mark.parametrize("kind", KINDS)
def test_what_cannot_be_squashed_further_is_there_the_second_time(here: Somewhere, kind: str) -> None:
    source = here.fill("layout", layers=LAYERS[:1])
    args = ["squash", source, here.named(kind, "two"), "--all"]
    first, again = image(*args), image(*args)
    assert (first.status, again.status) == (0, 0), again.err
    assert "nothing to do" in again.err or kind == "engine"  # which keeps no manifest to know it by


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("verb", ["squash", "copy"])
def test_a_dry_run_shows_the_plan_and_writes_nothing(here: Somewhere, verb: str, kind: str) -> None:
    source, target = here.fill("layout"), here.named(kind, "two")
    writes = here.registry.writes
    said = image(verb, source, target, "--dry-run", *(["--all"] if verb == "squash" else []))
    assert said.status == 0
    assert here.source(source).root().digest in said.err
    assert "3 layers" in said.err
    assert "dry run, nothing was changed" in said.err
    assert here.registry.writes == writes
    assert not (here.folder / "layout-two").exists()
    assert not (here.folder / "two.tar").exists()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("verb", ["squash", "copy"])
def test_what_is_not_there_is_said_so(here: Somewhere, verb: str, kind: str) -> None:
    said = image(verb, here.named(kind, "nope"), here.named("layout", "two"))
    assert said.status == 1
    assert "image-not-found" in said.err
    assert not (here.folder / "layout-two").exists()


def test_a_layer_of_the_previous_squash_is_mounted_from_where_that_lies(here: Somewhere) -> None:
    source, slim = here.fill("registry"), f"{here.registry.host}/slim/web:1"
    how = ("--all", "--layers", "2")
    assert image("squash", source, slim, *how).status == 0
    received = here.registry.received
    target = f"{here.registry.host}/third/web:2"
    said = image("squash", source, target, *how, "--previous", slim)
    assert said.status == 0, said.err
    assert here.document(target)["layers"] == here.document(slim)["layers"]
    assert here.registry.received - received == here.document(target)["config"]["size"], "and no layer"


@pytest.mark.parametrize(
    ("args", "others"),
    [
        (("copy", "oci:made", "two.tar:web:0"), "1 other image"),
        (("copy", "oci:made", "two.tar:web:2"), "2 other images"),
        (("squash", "oci:made", "two.tar:web:0", "--all"), "1 other image"),
        (("squash", "two.tar:web:0", "--all"), "1 other image"),
        (("rebase", "oci:made", "two.tar:web:2", "--old-base", "oci:made", "--new-base", "oci:made"), "2 other images"),
    ],
    ids=["copy", "copy to a new name", "squash", "squash in place", "rebase"],
)
def test_other_images_of_an_archive_are_told_before_anything_is_done(
    here: Somewhere, args: tuple[str, ...], others: str
) -> None:
    """The archive is written anew, with this image alone."""
    here.lay()
    archive = here.folder / "two.tar"
    entries = []
    with tarfile.open(archive, "w") as tar:
        for number, layer in enumerate(LAYERS[:2]):
            add(tar, f"{number}.tar", layer)
            add(tar, f"{number}.json", config_of(layer))
            entries.append({"Config": f"{number}.json", "RepoTags": [f"web:{number}"], "Layers": [f"{number}.tar"]})
        add(tar, "manifest.json", json.dumps(entries).encode())
    before = archive.read_bytes()
    said = image(*args, "--allow-tag-move", "--dry-run")
    assert (said.status, "image-ambiguous" in said.err) == (4, True), said.err
    assert f"{others} in that archive would be gone" in said.err
    assert archive.read_bytes() == before
