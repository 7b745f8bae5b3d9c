from __future__ import annotations

import gzip
import hashlib
import json
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from paasctl.adapters.docker.archive import PLAIN_LAYER, Saved, save_into
from paasctl.adapters.layout import FolderLayout, create_layout
from paasctl.errors import BuildFailed
from paasctl.model.image import Descriptor
from paasctl.oci.documents.manifest import OCI_LAYER
from support.docker_says import archive, blob_name, config, layer, tar

ONE, TWO = layer(a="one"), layer(b="two " * 1000)
EMPTY = bytes(1024)


@pytest.fixture
def layout(tmp_path: Path) -> FolderLayout:
    return create_layout(tmp_path / "layout")


def take(content: bytes, layout: FolderLayout, *, pack: bool = True, size: int = 1000) -> Saved:
    chunks = (content[at : at + size] for at in range(0, len(content), size))
    return save_into(iter(chunks), layout, "image web", pack=pack)


def plain(layout: FolderLayout, descriptor: Descriptor) -> bytes:
    content = layout.read(descriptor)
    return gzip.decompress(content) if descriptor.media_type == OCI_LAYER else content


def digest(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def newer(layers: list[bytes], *, index: bool = False) -> bytes:
    """`docker save` since Docker 25, with packed or plain layers; with `index`, an OCI layout alone."""
    raw = [gzip.decompress(it) if it[:2] == b"\x1f\x8b" else it for it in layers]
    document = config(raw)
    names = [blob_name(it) for it in layers]
    blobs = dict(zip(names, layers, strict=True)) | {blob_name(document): document}
    if index:
        parts = [{"mediaType": "x", "digest": digest(it), "size": len(it)} for it in (document, *layers)]
        manifest = json.dumps({"config": parts[0], "layers": parts[1:]}).encode()
        nowhere = {"os": "unknown", "architecture": "unknown"}
        provenance = {"mediaType": "x", "digest": digest(b""), "size": 0, "platform": nowhere}
        child = {"mediaType": "x", "digest": digest(manifest), "size": len(manifest)}
        blobs[blob_name(manifest)] = manifest
        last = ("index.json", json.dumps({"manifests": [provenance, child]}).encode())
    else:
        last = ("manifest.json", json.dumps([{"Config": blob_name(document), "Layers": names}]).encode())
    return tar([*sorted(blobs.items()), ("oci-layout", b"{}"), last])


ARCHIVES = {
    "until Docker 24": archive([ONE, TWO]),
    "since Docker 25": newer([ONE, TWO]),
    "packed already": newer([gzip.compress(ONE), gzip.compress(TWO)]),
    "an OCI layout": newer([ONE, TWO], index=True),
}


@pytest.mark.parametrize("content", ARCHIVES.values(), ids=ARCHIVES)
@pytest.mark.parametrize("size", [777, 1 << 20])
def test_an_image_comes_out_whole(content: bytes, size: int, layout: FolderLayout) -> None:
    saved = take(content, layout, size=size)
    assert [plain(layout, it) for it in saved.layers] == [ONE, TWO]
    assert [it.media_type for it in saved.layers] == [OCI_LAYER, OCI_LAYER]
    assert saved.diff_ids == (digest(ONE), digest(TWO))
    assert json.loads(layout.read(saved.config)) == saved.document


def test_the_configuration_is_kept_byte_for_byte(layout: FolderLayout) -> None:
    assert layout.read(take(archive([ONE]), layout).config) == config([ONE])


def test_packed_layers_are_kept_as_they_are(layout: FolderLayout) -> None:
    packed = gzip.compress(ONE, compresslevel=1)
    assert take(newer([packed]), layout).layers[0].digest == digest(packed)


def test_the_same_layer_packs_to_the_same_bytes(tmp_path: Path) -> None:
    one = take(archive([TWO]), create_layout(tmp_path / "one"), size=9)
    other = take(archive([TWO]), create_layout(tmp_path / "other"), size=999)
    assert one.layers == other.layers


def test_a_layer_that_occurs_twice_is_a_link(layout: FolderLayout) -> None:
    saved = take(archive([ONE, TWO, ONE]), layout)
    assert saved.layers[0] == saved.layers[2]
    assert [plain(layout, it) for it in saved.layers] == [ONE, TWO, ONE]


def test_a_hard_link_too(layout: FolderLayout) -> None:
    document = config([ONE, ONE])
    manifest = json.dumps([{"Config": "c.json", "Layers": ["a/layer.tar", "b/layer.tar"]}]).encode()
    members = [("a/layer.tar", ONE), ("b/layer.tar", "a/layer.tar", tarfile.LNKTYPE), ("c.json", document)]
    saved = take(tar([*members, ("manifest.json", manifest)]), layout)
    assert saved.layers[0] == saved.layers[1]


def test_an_empty_layer_and_none_at_all(layout: FolderLayout) -> None:
    assert [plain(layout, it) for it in take(newer([EMPTY]), layout).layers] == [EMPTY]
    assert take(archive([]), layout).layers == ()


def test_plain_layers_for_a_squash(layout: FolderLayout) -> None:
    (only,) = take(archive([ONE]), layout, pack=False).layers
    assert (only.media_type, only.digest) == (PLAIN_LAYER, digest(ONE))


def members(*but: str, **instead: Any) -> bytes:
    """An archive of one layer, less some members, with others instead."""
    document = config([ONE])
    whole: dict[str, Any] = {
        "l/layer.tar": ONE,
        "c.json": document,
        "manifest.json": json.dumps([{"Config": "c.json", "Layers": ["l/layer.tar"]}]).encode(),
    } | instead
    return tar((name, content) for name, content in whole.items() if name not in but)


DAMAGED = {
    "a layer is missing": members("l/layer.tar"),
    "the configuration is missing": members("c.json"),
    "there is no manifest": members("manifest.json"),
    "the manifest is no JSON": members(**{"manifest.json": b"["}),
    "the manifest lists nothing": members(**{"manifest.json": b"[]"}),
    "two images": members(**{"manifest.json": json.dumps([{"Config": "c.json", "Layers": []}] * 2).encode()}),
    "another number of layers": members(**{"c.json": config([ONE, TWO])}),
    "another layer": members(**{"c.json": config([TWO])}),
    "the configuration is no object": members(**{"c.json": b"[]"}),
    "links in a circle": tar(
        [
            ("l/layer.tar", "../m/layer.tar", tarfile.SYMTYPE),
            ("m/layer.tar", "../l/layer.tar", tarfile.SYMTYPE),
            ("c.json", config([ONE])),
            ("manifest.json", json.dumps([{"Config": "c.json", "Layers": ["l/layer.tar"]}]).encode()),
        ]
    ),
    "a blob of another content": newer([gzip.compress(ONE)]).replace(
        hashlib.sha256(gzip.compress(ONE)).hexdigest().encode(), b"0" * 64
    ),
    "no tar": b"not a tar at all" * 100,
    "cut off": archive([TWO])[:3000],
}


@pytest.mark.parametrize("content", DAMAGED.values(), ids=DAMAGED)
def test_an_archive_that_does_not_fit_together(content: bytes, layout: FolderLayout) -> None:
    with pytest.raises(BuildFailed) as caught:
        take(content, layout)
    assert caught.value.code == "image-unreadable"
    assert caught.value.message.startswith("taking image web from the Docker engine: ")


def test_b8_what_breaks_off_leaves_nothing_half(layout: FolderLayout) -> None:
    def breaks() -> Iterator[bytes]:
        yield archive([TWO])[:3000]
        raise ConnectionError

    with pytest.raises(ConnectionError):
        save_into(breaks(), layout, "image web", pack=True)
    assert list((layout.root / "blobs/sha256").iterdir()) == []
