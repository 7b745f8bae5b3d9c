"""Walking through an image and what vouches for it: order, circles, lies, and how much is believed."""

from __future__ import annotations

import json
from typing import Any

import pytest

from paasctl.errors import BuildFailed, PaasError, Refused
from paasctl.model.image import Descriptor
from paasctl.oci.documents import closure as closures
from paasctl.oci.documents.closure import Answer, Ask, Closure, Walk
from support.registry_values import INDEX, MANIFEST, describe, digest_of, index_of, manifest_of, vouching

CONFIG = describe(b"{}", "application/vnd.oci.image.config.v1+json")


class World:
    """Manifests by digest, and what is said of them."""

    def __init__(self) -> None:
        self.contents: dict[str, bytes] = {}
        self.listed: dict[str, list[Descriptor]] = {}
        self.tags: dict[str, Descriptor] = {}

    def put(self, content: bytes, media_type: str = MANIFEST) -> Descriptor:
        self.contents[digest_of(content)] = content
        return describe(content, media_type)

    def image(self, layer: bytes) -> Descriptor:
        return self.put(manifest_of(CONFIG, [describe(layer)]))

    def vouch(self, subject: Descriptor, note: str = "") -> Descriptor:
        made = self.put(vouching(subject, CONFIG, "application/x", note))
        self.listed.setdefault(subject.digest, []).append(made)
        return made

    def walk(self, root: Descriptor, *, vouchers: bool = True) -> Closure:
        walk = Walk(root, "here", vouchers=vouchers)
        while asks := walk.asks():
            walk.hear(asks, [self._answer(it) for it in asks])
        return walk.closure()

    def _answer(self, ask: Ask) -> Answer:
        match ask.what:
            case "content":
                return self.contents[ask.descriptor.digest]
            case "referrers":
                return self.listed.get(ask.descriptor.digest, [])
            case "companions":
                return {tag: self.tags[tag] for tag in ask.tags if tag in self.tags}


@pytest.fixture
def world() -> World:
    return World()


def staged(found: Closure) -> list[set[str]]:
    return [{it.descriptor.digest for it in stage} for stage in found.stages()]


def test_leaves_come_first_then_what_vouches_for_them_then_the_index_then_what_vouches_for_that(world: World) -> None:
    one, two = world.image(b"one"), world.image(b"two")
    index = world.put(index_of([one, two]), INDEX)
    child = world.vouch(one)
    deeper, whole = world.vouch(child), world.vouch(index)
    assert staged(world.walk(index)) == [
        {one.digest, two.digest},
        {child.digest},
        {deeper.digest},
        {index.digest},
        {whole.digest},
    ]


def test_what_vouches_is_left_alone_where_nobody_wants_it(world: World) -> None:
    image = world.image(b"one")
    world.vouch(image)
    assert staged(world.walk(image, vouchers=False)) == [{image.digest}]


def test_companions_are_written_with_their_tags_and_not_in_a_stage(world: World) -> None:
    image, signature = world.image(b"one"), world.image(b"signature")
    tag = f"{image.digest.replace(':', '-')}.sig"
    world.tags[tag] = signature
    found = world.walk(image)
    assert staged(found) == [{image.digest}]
    assert found.tags == {tag: signature.digest}


def test_a_registry_that_lists_things_in_circles_is_walked_once(world: World) -> None:
    image = world.image(b"one")
    signed = world.vouch(image)
    world.listed[signed.digest] = [image, signed]
    world.tags[f"{signed.digest.replace(':', '-')}.sig"] = image
    assert staged(world.walk(image)) == [{image.digest}, {signed.digest}]


def test_a_thousand_things_may_vouch_for_one_another(world: World) -> None:
    image = last = world.image(b"one")
    chain = [image, *(last := world.vouch(last) for _ in range(1500))]
    assert staged(world.walk(image)) == [{it.digest} for it in chain]


def test_what_does_not_say_that_it_vouches_is_left_and_said(world: World) -> None:
    image, other = world.image(b"one"), world.image(b"other")
    world.listed[image.digest] = [other]
    found = world.walk(image)
    assert staged(found) == [{image.digest}]
    assert [other.digest in it for it in found.left] == [True]


def test_a_list_without_end_is_refused(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(closures, "_MOST", 50)
    image = world.image(b"one")
    for number in range(60):
        world.vouch(image, str(number))
    with pytest.raises(Refused, match="more than 50 manifests"):
        world.walk(image)


MALFORMED: dict[str, Any] = {
    "a list that is none": {"manifests": 7},
    "a layer that is none": {"layers": [7]},
    "a layer without a digest": {"layers": [{"mediaType": "x", "size": 1}]},
    "a size that is none": {"layers": [{"mediaType": "x", "digest": "y", "size": "z"}]},
    "a configuration that is none": {"config": "x"},
}


@pytest.mark.parametrize("said", MALFORMED.values(), ids=MALFORMED)
def test_a_manifest_that_is_none_is_an_error(world: World, said: Any) -> None:
    with pytest.raises(PaasError):
        world.walk(world.put(json.dumps(said).encode()))


@pytest.mark.parametrize("field", ["annotations", "manifests", "layers"])
def test_a_document_of_another_shape_is_told(world: World, field: str) -> None:
    image = world.put(json.dumps({field: [1]}).encode())
    with pytest.raises(BuildFailed, match=f"its '{field}' is no"):
        world.walk(image)
