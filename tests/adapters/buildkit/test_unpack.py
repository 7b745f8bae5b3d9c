from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from paasctl.adapters.buildkit.unpack import Unpacked, unpack
from paasctl.adapters.layout import FolderLayout, create_layout
from paasctl.errors import BuildFailed
from paasctl.model.image import Descriptor, Platform
from support.buildkit_says import oci_archive
from support.images import document, lay_image, lay_index
from support.tars import tar_of

TARS = [tar_of("a=1"), tar_of("b=2")]
ARM = Platform("linux", "arm64")


@pytest.fixture
def made(tmp_path: Path) -> FolderLayout:
    return create_layout(tmp_path / "made")


@pytest.fixture
def into(tmp_path: Path) -> FolderLayout:
    return create_layout(tmp_path / "into")


def pieces(content: bytes, size: int = 1000) -> Iterator[bytes]:
    yield from (content[at : at + size] for at in range(0, len(content), size))


def taken(content: bytes, into: FolderLayout) -> Unpacked:
    return unpack(pieces(content), into, "image web")


def refused(content: bytes, into: FolderLayout) -> str:
    with pytest.raises(BuildFailed) as caught:
        taken(content, into)
    assert caught.value.code == "image-unreadable"
    return caught.value.message


def blob(descriptor: Descriptor) -> str:
    return f"blobs/{descriptor.digest.replace(':', '/')}"


def test_an_image(made: FolderLayout, into: FolderLayout) -> None:
    laid = lay_image(made, "it", TARS)
    ((platform, saved),) = taken(oci_archive(made.root), into).images
    assert platform == Platform("linux", "amd64")
    manifest = document(made, laid)
    assert [it.digest for it in saved.layers] == [it["digest"] for it in manifest["layers"]]
    assert saved.config.digest == manifest["config"]["digest"]
    for it in (saved.config, *saved.layers):
        with into.open(it) as chunks:
            assert sum(map(len, chunks)) == it.size


def test_docker_s_media_types_become_ocis(made: FolderLayout, into: FolderLayout) -> None:
    lay_image(made, "it", TARS, docker=True)
    ((_, saved),) = taken(oci_archive(made.root), into).images
    assert {it.media_type for it in (saved.config, *saved.layers)} == {
        "application/vnd.oci.image.config.v1+json",
        "application/vnd.oci.image.layer.v1.tar+gzip",
        "application/vnd.oci.image.layer.v1.tar",
    }


def test_an_index_in_the_index(made: FolderLayout, into: FolderLayout) -> None:
    children = [lay_image(made, "", TARS), lay_image(made, "", TARS, platform=ARM)]
    lay_index(made, "it", children)
    found = taken(oci_archive(made.root), into)
    assert [platform for platform, _ in found.images] == [Platform("linux", "amd64"), ARM]
    assert found.left_out == 0


def test_attestations_are_left_out(made: FolderLayout, into: FolderLayout) -> None:
    image = lay_image(made, "", TARS)
    vouching = Descriptor(
        image.media_type,
        lay_image(made, "", [tar_of("provenance")]).digest,
        1,
        {"vnd.docker.reference.type": "attestation-manifest"},
        Platform("unknown", "unknown"),
    )
    lay_index(made, "it", [image, vouching])
    found = taken(oci_archive(made.root), into)
    assert (len(found.images), found.left_out) == (1, 1)


def test_a_platform_that_only_the_configuration_names(made: FolderLayout, into: FolderLayout) -> None:
    laid = lay_image(made, "", TARS, platform=ARM)
    made.lay("it", Descriptor(laid.media_type, laid.digest, laid.size))
    ((platform, _),) = taken(oci_archive(made.root), into).images
    assert platform == ARM


@pytest.mark.parametrize("kept", [0, 100, 700, 5000])
def test_an_archive_that_ends_too_early(made: FolderLayout, into: FolderLayout, kept: int) -> None:
    lay_image(made, "it", TARS)
    message = refused(oci_archive(made.root)[:kept], into)
    assert "taking image web from BuildKit: " in message


def test_something_that_is_no_archive(into: FolderLayout) -> None:
    assert "no whole archive" in refused(b"this is no tar" * 100, into)


def test_a_blob_with_other_content(made: FolderLayout, into: FolderLayout) -> None:
    laid = lay_image(made, "it", TARS)
    layer = document(made, laid)["layers"][0]
    name = f"blobs/{layer['digest'].replace(':', '/')}"
    assert "holds other content" in refused(oci_archive(made.root, {name: b"x" * layer["size"]}), into)


def test_a_blob_that_is_missing(made: FolderLayout, into: FolderLayout) -> None:
    laid = lay_image(made, "it", TARS)
    digest = document(made, laid)["layers"][1]["digest"]
    message = refused(oci_archive(made.root, {f"blobs/{digest.replace(':', '/')}": None}), into)
    assert f"{digest} is missing" in message


def test_a_manifest_that_is_missing(made: FolderLayout, into: FolderLayout) -> None:
    laid = lay_image(made, "it", TARS)
    assert "is missing" in refused(oci_archive(made.root, {blob(laid): None}), into)


def test_a_blob_of_another_size_than_was_said(made: FolderLayout, into: FolderLayout) -> None:
    laid = lay_image(made, "it", TARS)
    made.lay("it", Descriptor(laid.media_type, laid.digest, laid.size + 1))
    assert "its descriptor says" in refused(oci_archive(made.root), into)


@pytest.mark.parametrize("index", [b"{}", b'{"manifests": []}', None])
def test_an_archive_without_an_image(made: FolderLayout, into: FolderLayout, index: bytes | None) -> None:
    lay_image(made, "it", TARS)
    assert "named no image" in refused(oci_archive(made.root, {"index.json": index}), into)


@pytest.mark.parametrize("index", [b"{", b"[]", b'{"manifests": [{"digest": 3}]}'])
def test_an_index_that_is_damaged(made: FolderLayout, into: FolderLayout, index: bytes) -> None:
    refused(oci_archive(made.root, {"index.json": index}), into)


def test_as_many_layers_as_the_configuration_names(made: FolderLayout, into: FolderLayout) -> None:
    said: dict[str, Any] = {"rootfs": {"type": "layers", "diff_ids": []}}
    lay_image(made, "it", TARS, config=said)
    assert "2 layers, but the configuration names 0" in refused(oci_archive(made.root), into)
    assert json.loads((into.root / "index.json").read_bytes())["manifests"] == []
