"""An image of a layout by its digest: whatever has a name there, and what has none, as the children of an index."""

from __future__ import annotations

import pytest

from paasctl.adapters.layout import create_layout
from paasctl.model.image import Descriptor, Platform
from support.images import lay_image, lay_index
from support.imaging import LAYERS, Somewhere, image


@pytest.fixture
def children(here: Somewhere) -> tuple[Descriptor, Descriptor]:
    layout = create_layout(here.folder / "many")
    one = lay_image(layout, "", LAYERS, platform=Platform("linux", "amd64"))
    other = lay_image(layout, "", LAYERS, platform=Platform("linux", "arm64"))
    lay_index(layout, "web", (one, other))
    lay_image(layout, "apart", LAYERS[:1])
    return one, other


def test_every_verb_takes_an_image_by_digest(here: Somewhere, children: tuple[Descriptor, Descriptor]) -> None:
    one, other = (f"oci:many@{it.digest}" for it in children)
    for args in (
        ("inspect", one),
        ("verify", "--same-tree", one, one),
        ("diff", one, other),
        ("copy", other, "oci:copied:web"),
        ("squash", one, "oci:squashed:web", "--all"),
        ("squash", one, "oci:above:web", "--base", one, "--previous", other),
        ("rebase", one, "oci:rebased:web", "--old-base", one, "--new-base", one),
    ):
        said = image(*args)
        assert said.status == 0, (args, said.err)
    assert here.source("oci:copied:web").root().digest == children[1].digest


def test_a_name_s_digest_is_the_same_image(here: Somewhere, children: tuple[Descriptor, Descriptor]) -> None:
    del children
    root = here.source("oci:many:web").root()
    assert here.source(f"oci:many:old@{root.digest}").root() == root


@pytest.mark.parametrize("verb", ["copy", "squash", "rebase"])
def test_a_digest_is_no_target(here: Somewhere, children: tuple[Descriptor, Descriptor], verb: str) -> None:
    said = image(verb, here.fill("layout"), f"oci:many@{children[0].digest}")
    assert said.status == 2
    assert f"to oci:many@{children[0].digest}: a digest cannot be chosen" in said.err
    assert "name a tag as DST: oci:many:TAG" in said.err


def test_nor_is_it_squashed_in_place(here: Somewhere, children: tuple[Descriptor, Descriptor]) -> None:
    del here
    said = image("squash", f"oci:many@{children[0].digest}", "--all")
    assert (said.status, "a digest cannot be chosen" in said.err) == (2, True)


def test_a_digest_that_is_not_there_is_told_with_what_is(
    here: Somewhere, children: tuple[Descriptor, Descriptor]
) -> None:
    del here, children
    said = image("inspect", f"oci:many@sha256:{'0' * 64}")
    assert said.status == 1
    assert "image-not-found" in said.err
    assert "apart, web" in said.err


def test_a_layer_s_digest_is_no_image(here: Somewhere, children: tuple[Descriptor, Descriptor]) -> None:
    layer = here.document(f"oci:many@{children[0].digest}")["layers"][0]["digest"]
    said = image("inspect", f"oci:many@{layer}")
    assert (said.status, "image-unreadable" in said.err) == (1, True)


@pytest.mark.parametrize(
    "args",
    [
        ("copy", "oci:twins:web", "oci:out:web"),
        ("copy", "oci:twins:web", "docker:out:web"),
        ("squash", "oci:twins:web", "oci:out:web", "--all"),
        ("rebase", "oci:twins:web", "oci:out:web", "--old-base", "oci:twins:web", "--new-base", "oci:twins:web"),
        ("inspect", "oci:twins:web", "--output", "text"),
        ("diff", "oci:twins:web", "oci:twins:web"),
        ("verify", "--same-tree", "oci:twins:web", "oci:twins:web"),
    ],
    ids=lambda it: f"{it[0]} {it[2]}",
)
def test_of_several_images_for_a_platform_the_first_is_taken_and_all_are_named(
    here: Somewhere, args: tuple[str, ...]
) -> None:
    layout = create_layout(here.folder / "twins")
    one, other = (lay_image(layout, "", LAYERS[:it]) for it in (2, 1))
    apart = lay_image(layout, "", LAYERS, platform=Platform("linux", "arm64"))
    lay_index(layout, "web", (apart, one, other, one))
    how = [] if "docker:out:web" in args else ["--platform", "linux/amd64"]
    said = image(*args, *how)
    assert said.status == 0, said.err
    assert f"for linux/amd64: {one.digest} comes first and is taken, {other.digest} is not" in said.err
    if args[0] == "copy" and not args[2].startswith("docker:"):
        assert here.source("oci:out:web").root().digest == one.digest
