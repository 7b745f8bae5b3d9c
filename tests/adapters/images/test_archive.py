"""Archives as they are found: what engines and other tools have written, damaged ones, and hostile ones."""

from __future__ import annotations

import bz2
import gzip
import json
import lzma
import shlex
import tarfile
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
import zstandard

from paasctl.adapters.images import tape
from paasctl.adapters.images.shelf import ShelfSource
from paasctl.errors import PaasError
from paasctl.model.image import Descriptor
from paasctl.oci.documents.manifest import OCI_MANIFEST, canonical, descriptor_from, digest_of
from support.archives import Archives, Tar
from support.engine_store import add, add_link, saved
from support.imaging import LAYERS, config_of


@pytest.fixture
def archives(tmp_path: Path) -> Iterator[Archives]:
    with ExitStack() as stack:
        yield Archives(tmp_path, stack)


def failing(source: ShelfSource) -> PaasError:
    with pytest.raises(PaasError) as caught:
        source.root()
    return caught.value


# --- what there is --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE], ids=["symlink", "hard link"])
def test_a_layer_that_occurs_twice_is_a_link_to_the_other(archives: Archives, kind: bytes) -> None:
    layers = (LAYERS[0], LAYERS[1], LAYERS[0])

    def write(tar: Tar) -> None:
        add(tar, "a/layer.tar", layers[0])
        add(tar, "b/layer.tar", layers[1])
        add_link(tar, "c/layer.tar", "../a/layer.tar" if kind == tarfile.SYMTYPE else "a/layer.tar", kind)
        add(tar, "config.json", config_of(*layers))
        entry = {"Config": "config.json", "RepoTags": None, "Layers": [f"{it}/layer.tar" for it in "abc"]}
        add(tar, "manifest.json", json.dumps([entry]).encode())

    archives.written(write)
    assert tuple(archives.layers()) == layers


@pytest.mark.parametrize("prefix", ["", "./"])
def test_layers_may_be_packed_and_names_may_begin_with_a_dot(archives: Archives, prefix: str) -> None:
    packed = [gzip.compress(LAYERS[0]), zstandard.compress(LAYERS[1]), LAYERS[2]]

    def write(tar: Tar) -> None:
        for number, it in enumerate(packed):
            add(tar, f"{prefix}{number}.tar.gz", it)
        add(tar, f"{prefix}sha256:abc", config_of(*LAYERS))
        entry = {"Config": "sha256:abc", "RepoTags": ["web:1"], "Layers": [f"{it}.tar.gz" for it in range(3)]}
        add(tar, f"{prefix}manifest.json", json.dumps([entry]).encode())

    archives.written(write)
    assert tuple(archives.layers()) == LAYERS
    assert [it["digest"] for it in archives.manifest()["layers"]] == [digest_of(it) for it in packed]


def test_the_configuration_is_as_it_was_byte_for_byte(archives: Archives) -> None:
    archives.written(saved("web:1", config_of(*LAYERS), list(LAYERS)))
    source = archives.source()
    config = descriptor_from(archives.manifest()["config"], "test")
    assert source.read(config) == config_of(*LAYERS)
    assert archives.manifest() == archives.manifest("web:1"), "and its digest is the same, however it is named"


def test_since_docker_25_the_layout_in_it_counts(archives: Archives) -> None:
    config, layer = config_of(LAYERS[0]), LAYERS[0]
    plain = {"mediaType": "application/vnd.oci.image.layer.v1.tar", "digest": digest_of(layer), "size": len(layer)}
    named = {"mediaType": "application/vnd.oci.image.config.v1+json", "digest": digest_of(config), "size": len(config)}
    manifest = canonical({"schemaVersion": 2, "mediaType": OCI_MANIFEST, "config": named, "layers": [plain]})
    said = {
        "mediaType": OCI_MANIFEST,
        "digest": digest_of(manifest),
        "size": len(manifest),
        "annotations": {
            "io.containerd.image.name": "docker.io/library/web:1",
            "org.opencontainers.image.ref.name": "1",
        },
    }

    def write(tar: Tar) -> None:
        for it in (config, layer, manifest):
            add(tar, f"blobs/{digest_of(it).replace(':', '/')}", it)
        add(tar, "index.json", canonical({"schemaVersion": 2, "manifests": [said]}))
        add(tar, "manifest.json", b'[{"Config":"gone","Layers":["gone"]}]')
        add(tar, "oci-layout", b'{"imageLayoutVersion":"1.0.0"}')

    archives.written(write)
    for name in ("", "1", "web:1", "docker.io/library/web:1"):
        assert archives.source(name).root() == Descriptor(OCI_MANIFEST, digest_of(manifest), len(manifest))
    assert "web:1" in failing(archives.source("other")).message


def test_of_several_images_one_must_be_named(archives: Archives) -> None:
    def write(tar: Tar) -> None:
        entries = []
        for number, layer in enumerate(LAYERS[:2]):
            add(tar, f"{number}.tar", layer)
            add(tar, f"{number}.json", config_of(layer))
            entries.append({"Config": f"{number}.json", "RepoTags": [f"web:{number}"], "Layers": [f"{number}.tar"]})
        add(tar, "manifest.json", json.dumps(entries).encode())

    archives.written(write)
    error = failing(archives.source())
    assert (error.code, error.exit) == ("image-ambiguous", 4)
    assert "web:0, web:1" in error.message
    assert archives.layers("web:1") == [LAYERS[1]]
    target = archives.target("web:1")
    made = target.put(OCI_MANIFEST, canonical({"schemaVersion": 2, "config": {"digest": "sha256:0"}, "layers": []}))
    with pytest.raises(PaasError) as caught:  # the other image would be gone
        target.finish(made, b'{"config":{"digest":"x"},"layers":[]}', move=True)
    assert caught.value.code == "image-ambiguous"


# --- what is wrong --------------------------------------------------------------------------------------------------


def _whole(*without: str, **instead: bytes) -> Callable[[Tar], None]:
    parts = {
        "one/layer.tar": LAYERS[0],
        "config.json": config_of(LAYERS[0]),
        "manifest.json": b'[{"Config":"config.json","RepoTags":["web:1"],"Layers":["one/layer.tar"]}]',
        **{name.replace("_", "."): it for name, it in instead.items()},
    }

    def write(tar: Tar) -> None:
        for name, content in parts.items():
            if name not in without:
                add(tar, name, content)

    return write


WRONG: dict[str, tuple[bytes | Callable[[Tar], None], str]] = {
    "no tar": (b"not a tar at all" * 100, "no tar that can be read"),
    "empty": (b"", "no tar that can be read"),
    "a file system": (_whole("manifest.json"), "neither index.json nor manifest.json"),
    "no configuration": (_whole("config.json"), "configuration 'config.json' is missing"),
    "no layer": (_whole("one/layer.tar"), "layer one/layer.tar is missing"),
    "a manifest that is no JSON": (_whole(manifest_json=b"{{{"), "manifest.json is no JSON"),
    "a manifest that lists nothing": (_whole(manifest_json=b'{"a":1}'), "lists no images"),
    "layers that are no list": (_whole(manifest_json=b'[{"Config":"c","Layers":5}]'), "lists no images"),
    "an index that lists nothing": (_whole(index_json=b"[]"), "index.json lists no manifests"),
    "a configuration that is no JSON": (_whole(config_json=b"\xff\xfe"), "config.json is no JSON"),
    "other layers than it says": (_whole(config_json=config_of(*LAYERS)), "1 layer, but config.json names 3"),
    "nested too deeply": (_whole(manifest_json=b"[" * 100_000), "manifest.json is no JSON"),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_with_it_is_said(archives: Archives, name: str) -> None:
    content, why = WRONG[name]
    archives.written(content)
    error = failing(archives.source())
    assert why in error.message
    assert error.code in ("archive-damaged", "image-unreadable")
    assert error.exit == 1, "trying again would not help"


PACKED = {
    "gunzip": gzip.compress(b"x" * 5000),
    "zstd -d": zstandard.compress(b"x" * 5000),
    "unxz": lzma.compress(b"x" * 5000),
    "bunzip2": bz2.compress(b"x" * 5000),
}


@pytest.mark.parametrize("unpacks", PACKED)
def test_a_packed_archive_is_refused_with_what_unpacks_it(archives: Archives, unpacks: str) -> None:
    """As of `docker save | gzip`."""
    archives.written(PACKED[unpacks])
    error = failing(archives.source())
    assert (error.code, error.exit) == ("archive-unsupported", 4)
    assert error.hint == f"{unpacks} < {shlex.quote(str(archives.path))} > plain.tar"


def test_a_layer_with_other_bytes_is_never_read_as_good(archives: Archives) -> None:
    archives.written(saved("web:1", config_of(*LAYERS), list(LAYERS)))
    content = archives.path.read_bytes()
    archives.path.write_bytes(content.replace(b"first", b"FIRST"))
    with pytest.raises(PaasError) as caught:
        archives.layers()
    assert caught.value.code == "archive-damaged"


def test_a_cut_archive_is_damaged(archives: Archives) -> None:
    archives.written(saved("web:1", config_of(*LAYERS), list(LAYERS)))
    content = archives.path.read_bytes()
    for length in (100, 600, 5000, len(content) // 2):
        archives.path.write_bytes(content[:length])
        assert failing(archives.source()).code == "archive-damaged"


def test_links_in_a_circle_lead_nowhere(archives: Archives) -> None:
    def write(tar: Tar) -> None:
        _whole("one/layer.tar")(tar)
        add_link(tar, "one/layer.tar", "../two/layer.tar")
        add_link(tar, "two/layer.tar", "../one/layer.tar")

    archives.written(write)
    assert "layer one/layer.tar is missing" in failing(archives.source()).message


def test_links_out_of_it_lead_nowhere(archives: Archives, tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(LAYERS[0])

    def write(tar: Tar) -> None:
        _whole("one/layer.tar")(tar)
        add_link(tar, "one/layer.tar", str(tmp_path / "secret"))

    archives.written(write)
    assert "is missing" in failing(archives.source()).message


@pytest.mark.parametrize("size", [8 << 30, 1 << 40])
def test_a_header_that_claims_to_be_huge_takes_no_memory(archives: Archives, size: int) -> None:
    member = tarfile.TarInfo("pax")
    member.type, member.size = tarfile.XHDTYPE, size
    archives.written(member.tobuf(tarfile.GNU_FORMAT) + bytes(4096))
    tracemalloc.start()
    error = failing(archives.source())
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert error.code == "archive-damaged"
    assert peak < 16 << 20


def test_a_blob_that_claims_to_be_a_terabyte_is_damaged(archives: Archives) -> None:
    member = tarfile.TarInfo("manifest.json")
    member.size = 1 << 40
    archives.written(member.tobuf(tarfile.GNU_FORMAT) + bytes(4096))
    assert failing(archives.source()).code == "archive-damaged"


def test_an_archive_of_very_many_files_is_none_of_images(archives: Archives, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tape, "_MOST", 2)
    archives.written(_whole())
    assert "more than 2 entries" in failing(archives.source()).message


@pytest.mark.parametrize("what", ["folder", "nothing"])
def test_what_is_no_file_is_not_found(archives: Archives, what: str) -> None:
    if what == "folder":
        archives.path.mkdir()
    error = failing(archives.source())
    assert error.code == "image-not-found"
