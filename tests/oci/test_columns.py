"""An index as bytes and back: nothing is lost, and what is not ours is none."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings

from oci.test_squash_laws import Drawn, images
from paasctl.oci.tree.columns import layer_bytes, layer_from
from paasctl.oci.tree.layer import Layer
from support.squashed import index
from support.tars import Entry, tar_of


@settings(max_examples=40, deadline=None)
@given(images())
def test_an_index_comes_back_as_it_was(image: Drawn) -> None:
    for tar in image.tars:
        layer = index(tar)
        assert layer_from(layer_bytes(layer), "layer", stargz=layer.stargz) == layer


def test_names_attributes_and_sparse_maps_are_bytes() -> None:
    tar = tar_of(Entry("n\udcff", data=b"1", xattrs={"user.k": "v\udcfe"}), "d@5,1", "s->\udcfd")
    layer = Layer("layer", index(tar).members, stargz=True, size=7)
    again = layer_from(layer_bytes(layer), "layer", stargz=layer.stargz)
    assert again == layer
    assert again.members[0].meta.uname == layer.members[0].meta.uname


def _edited(**fields: object) -> bytes:
    """An index with another head."""
    whole = layer_bytes(index(tar_of("a=1")))
    end = 8 + int.from_bytes(whole[:8], "big")
    head = json.dumps({**json.loads(whole[8:end]), **fields}).encode()
    return len(head).to_bytes(8, "big") + head + whole[end:]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"no index, and long enough for one",
        (2).to_bytes(8, "big") + b"[]",
        (2).to_bytes(8, "big") + b"{}",
        layer_bytes(index(tar_of("a=1")))[:-3],
        layer_bytes(index(tar_of("a=1"))) + b"more",
        _edited(format="0"),
        _edited(members=2),
        _edited(metas=[[1]]),
        _edited(metas=[]),
        _edited(columns=[1]),
        _edited(odd={"7": [[0, 0], True, [], ""]}),
    ],
)
def test_what_is_no_index_is_none(content: bytes) -> None:
    assert layer_from(content, "layer", stargz=False) is None


def test_an_empty_layer_is_one() -> None:
    assert layer_from(layer_bytes(Layer("layer", ())), "layer", stargz=False) == Layer("layer", ())
