"""What a record and a tag name is what this run pushed, whatever another run lays at the same place meanwhile."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from paasctl.engine import release
from paasctl.errors import Unavailable
from paasctl.model.image import Pinned
from paasctl.model.plan import Build, Record, TagImage
from paasctl.ports.images import Layout
from paasctl.verbs.reading import recorded
from support.world import FakeWorld


@pytest.fixture
def world(tmp_path: Path) -> FakeWorld:
    return FakeWorld.make(tmp_path / "one")


def _lay(world: FakeWorld, text: str) -> str:
    """Build the image with this in it; its digest."""
    (world.project / "site" / "run").write_text(text)
    step = Build(image=world.config.images["web"], version="1.0.0", revision="a" * 40, epoch=0)
    layout: Layout = world.layout
    return world.builder(step).build(step, world.project, layout, log=lambda _: None, cancel=_Never()).digest


class _Never:
    """Nobody asks to stop."""

    asked = False

    def check(self) -> None: ...

    def pause(self, seconds: float) -> None:
        raise AssertionError(seconds)


def _pushed(world: FakeWorld, digest: str) -> Pinned:
    """As a push leaves it."""
    layout, registry = world.layout, world.only_registry
    repository = world.config.registries["dev"].repository.child("web")
    found = layout.place("web")
    assert found
    assert found.digest == digest
    manifest = json.loads(layout.read(found))
    for it in (manifest["config"], *manifest["layers"]):
        registry.blobs[repository.path, it["digest"]] = b""
    registry.put_manifest(repository, found.media_type, layout.read(found))
    return repository.pinned(digest)


def _record(world: FakeWorld) -> Record:
    repository = world.config.registries["dev"].repository
    return Record(
        app="shop", repository=repository, version="1.0.0", commit="a" * 40, created=0,
        images=(("web", repository.child("web")),), pinned=(), subjects=(), files=(("paas.yaml", b""),),
    )  # fmt: skip


def test_another_build_at_the_place_is_neither_recorded_nor_tagged(world: FakeWorld) -> None:
    ours = _pushed(world, _lay(world, "ours"))
    facts = {release.PUSHED.format("web"): str(ours)}
    assert _lay(world, "theirs") != ours.digest
    step = _record(world)
    release.record(step, world, facts)
    found = recorded(world, step.repository, "1.0.0")
    assert found
    assert found.images == {"web": ours}
    release.tag_image(TagImage(name="web", repository=ours.repository, tag="1.0.0"), world, facts)
    tagged = world.only_registry.resolve(ours.repository.tagged("1.0.0"))
    assert tagged
    assert tagged.digest == ours.digest


def test_p13_an_image_that_is_gone_is_not_tagged(world: FakeWorld) -> None:
    repository = world.config.registries["dev"].repository.child("web")
    gone = repository.pinned("sha256:" + "0" * 64)
    with pytest.raises(Unavailable, match="not there any more"):
        release.tag_image(TagImage(name="web", repository=repository, tag="1.0.0", pinned=gone), world, {})
