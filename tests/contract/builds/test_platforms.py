"""Images for several platforms, and for one that is not this machine's: nothing is run, so nothing is emulated."""

from __future__ import annotations

import pytest

from paasctl.errors import ConfigError
from paasctl.oci.documents.manifest import BASE_DIGEST, OCI_INDEX, descriptor_from
from support.bases import put_base, put_index
from support.build_worlds import INDEXING, World
from support.builds import ARM, LINUX, Built, Wanted
from support.registry import Registry
from support.tars import tar_of

pytestmark = [pytest.mark.contract, pytest.mark.parametrize("world", INDEXING, indirect=True)]
BOTH = (ARM, LINUX)


@pytest.fixture
def both(registry: Registry) -> str:
    """A base for both, each with a file that says which."""
    children = [
        put_base(registry, "base/both", (tar_of("which=amd64"),), tag="", platform=LINUX),
        put_base(registry, "base/both", (tar_of("which=arm64"),), tag="", platform=ARM),
    ]
    put_index(registry, "base/both", children)
    return f"{registry.host}/base/both:1"


def children(built: Built) -> list[Built]:
    """The images of an index."""
    return [Built(descriptor_from(it, "the index"), built.layout) for it in built.manifest["manifests"]]


def test_several_platforms_make_an_index(world: World) -> None:
    built = world.build(Wanted(platforms=BOTH))
    laid = world.layout.place("web")
    assert laid is not None
    assert (built.descriptor.media_type, laid.digest) == (OCI_INDEX, built.descriptor.digest)
    assert built.manifest["mediaType"] == OCI_INDEX


def test_an_index_is_in_the_order_that_was_asked_for(world: World) -> None:
    assert [it.descriptor.platform for it in children(world.build(Wanted(platforms=BOTH)))] == list(BOTH)


def test_each_image_of_an_index_is_for_its_platform(world: World) -> None:
    found = [it.config["architecture"] for it in children(world.build(Wanted(platforms=BOTH)))]
    assert found == ["arm64", "amd64"]


def test_each_image_of_an_index_is_whole(world: World, both: str) -> None:
    for it in children(world.build(Wanted(platforms=BOTH, base=both))):
        assert len(it.tars()) == len(it.diff_ids)
        assert it.tree()["app/run"].content == b"code"


def test_each_image_of_an_index_stands_on_its_own_base(world: World, both: str) -> None:
    found = [it.tree()["which"].content for it in children(world.build(Wanted(platforms=BOTH, base=both)))]
    assert found == [b"arm64", b"amd64"]


def test_each_image_of_an_index_says_what_it_is(world: World, both: str) -> None:
    for it in children(world.build(Wanted(platforms=BOTH, base=both))):
        assert it.annotations["org.opencontainers.image.revision"] == "c0ffee"
        assert it.annotations[BASE_DIGEST].startswith("sha256:")
        assert it.runs["Labels"]["org.opencontainers.image.version"] == "1.2.3"


def test_an_index_says_what_it_is(world: World) -> None:
    said = world.build(Wanted(platforms=BOTH)).annotations
    assert said["org.opencontainers.image.version"] == "1.2.3"
    assert said["org.opencontainers.image.created"] == "2023-11-14T22:13:20Z"


def test_an_index_has_the_same_digest_again(world: World, both: str) -> None:
    one, two = (world.build(Wanted(platforms=BOTH, base=both)).descriptor.digest for _ in range(2))
    assert one == two


def test_one_platform_that_is_not_this_machine_s(world: World) -> None:
    built = world.build(Wanted(platforms=(ARM,)))
    assert built.descriptor.platform == ARM
    assert built.config["architecture"] == "arm64"


def test_a_base_without_one_of_the_platforms(world: World, registry: Registry) -> None:
    with pytest.raises(ConfigError) as caught:
        world.build(Wanted(platforms=BOTH, base=f"{registry.host}/base/small:1"))
    assert caught.value.code == "base-platform"
    assert world.layout.places() == ()
