"""Archives as they are found: what engines and other tools have written, damaged ones, and hostile ones."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import os
import shlex
import subprocess
import tarfile
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import zstandard

from paasctl.adapters.images import tape
from paasctl.adapters.images.archive import ArchiveDestination, archive_source
from paasctl.adapters.images.shelf import ShelfSource
from paasctl.adapters.images.tarred import TarTarget
from paasctl.errors import PaasError, UsageError
from paasctl.model.image import Descriptor
from paasctl.model.location import InArchive
from paasctl.oci.documents.manifest import OCI_MANIFEST, canonical, descriptor_from, digest_of
from support.engine_store import add, add_link, saved
from support.imaging import LAYERS, config_of, put_image

Tar = tarfile.TarFile


class Archives:
    """Archives in a folder, opened."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self.path = folder / "image.tar"
        self.stack = stack

    def written(self, content: bytes | Callable[[Tar], None]) -> None:
        if isinstance(content, bytes):
            self.path.write_bytes(content)
            return
        with tarfile.open(self.path, "w") as tar:
            content(tar)

    def source(self, name: str = "") -> ShelfSource:
        return archive_source(InArchive("image.tar", name), self.path, self.stack)

    def target(self, name: str = "") -> TarTarget:
        return TarTarget(ArchiveDestination(InArchive("image.tar", name), self.path), self.stack)

    def manifest(self, name: str = "") -> dict[str, Any]:
        source = self.source(name)
        found: dict[str, Any] = json.loads(source.read(source.root()))
        return found

    def layers(self, name: str = "") -> list[bytes]:
        """The layers, unpacked."""
        source = self.source(name)
        found = []
        for it in self.manifest(name)["layers"]:
            with source.open(descriptor_from(it, "test")) as chunks:
                content = b"".join(chunks)
            if it["mediaType"].endswith("gzip"):
                content = gzip.decompress(content)
            elif it["mediaType"].endswith("zstd"):
                content = zstandard.ZstdDecompressor().decompress(content)
            found.append(content)
        return found


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


# --- writing --------------------------------------------------------------------------------------------------------


def test_blobs_that_grow_at_once_are_whole(archives: Archives) -> None:
    """One of them in its place, the others beside it; a blob that comes twice lies there once."""
    target = archives.target()
    layers = [bytes([number]) * 70_000 for number in range(3)]
    with ExitStack() as stack:
        writers = [stack.enter_context(target.writer()) for _ in layers]
        for at in range(7):
            for writer, layer in zip(writers, layers, strict=True):
                writer.write(layer[at * 10_000 : (at + 1) * 10_000])
        made = [it.commit("layer") for it in reversed(writers)]
    with target.writer() as again:
        again.write(layers[0])
        again.commit("layer")
    with target.writer() as first, target.writer() as twin:
        for writer in (first, twin):
            writer.write(b"twins")
        assert first.commit("layer") == twin.commit("layer")
    with target.writer() as dropped:
        dropped.write(b"never committed" * 1000)
    root, content = put_image(target, layers[0])
    target.finish(root, content)
    assert archives.layers() == [layers[0]]
    source = archives.source()
    for it, layer in zip(made, reversed(layers), strict=True):
        with source.open(it) as chunks:
            assert b"".join(chunks) == layer
    with tarfile.open(archives.path) as tar:
        names = tar.getnames()
    assert len(names) == len(set(names))
    assert subprocess.run(["tar", "-tf", archives.path], check=True, capture_output=True).returncode == 0
    assert (b"never committed" in archives.path.read_bytes()) is False


def test_the_same_image_is_the_same_archive(archives: Archives) -> None:
    contents = set()
    for _ in range(2):
        target = archives.target("web:1")
        target.finish(*put_image(target, *LAYERS))
        contents.add(archives.path.read_bytes())
    assert len(contents) == 1


def test_until_it_is_whole_the_old_one_is_there_and_then_nothing_else(archives: Archives) -> None:
    archives.written(saved("web:1", config_of(LAYERS[0]), [LAYERS[0]]))
    before = archives.path.read_bytes()
    target = archives.target()
    root, content = put_image(target, *LAYERS)
    assert archives.path.read_bytes() == before
    target.finish(root, content, move=True)
    archives.stack.close()
    assert archives.source("web:1").root() == root, "the name it had is the new one's"
    assert sorted(it.name for it in archives.path.parent.iterdir()) == ["image.tar"]


@pytest.mark.parametrize("what", ["pipe", "device", "folder"])
def test_what_is_no_file_is_refused_as_a_target_before_anything_is_done(archives: Archives, what: str) -> None:
    if what == "pipe":
        os.mkfifo(archives.path)
    elif what == "device":
        archives.path.symlink_to("/dev/null")
    else:
        archives.path.mkdir()
    asks: tuple[Callable[[], object], ...] = (
        archives.target().current,
        lambda: put_image(archives.target(), LAYERS[0]),
    )
    for ask in asks:
        with pytest.raises(UsageError, match="that is a folder" if what == "folder" else "neither a file nor a folder"):
            ask()
    assert [it.name for it in archives.path.parent.iterdir()] == ["image.tar"]
    assert not archives.path.is_file()


@pytest.mark.parametrize("there", [True, False], ids=["a file", "nothing"])
def test_a_link_stays_one_and_what_it_leads_to_is_written(archives: Archives, tmp_path: Path, there: bool) -> None:
    end = tmp_path / "elsewhere" / "real.tar"
    end.parent.mkdir()
    archives.path.symlink_to(end)
    if there:
        archives.written(saved("web:1", config_of(LAYERS[0]), [LAYERS[0]]))
    target = archives.target()
    root, content = put_image(target, *LAYERS)
    assert [it.name for it in end.parent.glob(".tmp-*")], "it grows where it will lie: another disk, perhaps"
    target.finish(root, content, move=True)
    archives.stack.close()
    assert archives.path.is_symlink()
    assert archives.source().root() == root
    assert [it.name for it in end.parent.iterdir()] == ["real.tar"]


def test_what_a_killed_run_left_is_removed_and_nothing_of_others(archives: Archives) -> None:
    left, other = archives.path.with_name(".tmp-paasctl-abc"), archives.path.with_name(".tmp-abc")
    left.write_bytes(b"half")
    other.write_bytes(b"theirs")
    target = archives.target()
    target.finish(*put_image(target, LAYERS[0]))
    archives.stack.close()
    assert sorted(it.name for it in archives.path.parent.iterdir()) == [".tmp-abc", "image.tar"]


def test_a_folder_that_is_not_there_is_made_and_one_that_may_not_be_written_is_told(
    archives: Archives, tmp_path: Path
) -> None:
    archives.path = tmp_path / "new" / "image.tar"
    target = archives.target()
    target.finish(*put_image(target, LAYERS[0]))
    assert archives.layers() == [LAYERS[0]]
    archives.path = tmp_path / "new" / "image.tar" / "below.tar"
    with pytest.raises(PaasError) as caught:
        put_image(archives.target(), LAYERS[0])
    assert caught.value.code == "disk"


def test_what_vouches_for_it_lies_in_it_too(archives: Archives) -> None:
    target = archives.target("web:1")
    root, content = put_image(target, LAYERS[0])
    about = {"mediaType": root.media_type, "digest": root.digest, "size": root.size}
    signature = canonical({"schemaVersion": 2, "mediaType": OCI_MANIFEST, "subject": about})
    signed = target.put(OCI_MANIFEST, signature)
    target.put_companion(f"sha256-{root.digest[7:]}.sig", OCI_MANIFEST, signature.replace(b"2", b"2 "))
    target.finish(root, content)
    source = archives.source()
    assert source.root() == root
    assert source.referrers(root) == (signed,)
    assert set(source.companions({f"sha256-{root.digest[7:]}.sig", "other"})) == {f"sha256-{root.digest[7:]}.sig"}


def test_docker_reads_what_was_written(archives: Archives) -> None:
    """What `docker load` looks at: `manifest.json`, with the whole name, and files where it says."""
    target = archives.target("shop/web:1")
    target.finish(*put_image(target, *LAYERS))
    with tarfile.open(fileobj=io.BytesIO(archives.path.read_bytes())) as tar:
        files = {it.name: (tar.extractfile(it) or io.BytesIO()).read() for it in tar}
    ((entry),) = json.loads(files["manifest.json"])
    assert entry["RepoTags"] == ["shop/web:1"]
    assert files[entry["Config"]] == config_of(*LAYERS)
    assert tuple(files[it] for it in entry["Layers"]) == LAYERS
    (said,) = json.loads(files["index.json"])["manifests"]
    assert said["annotations"]["io.containerd.image.name"] == "docker.io/shop/web:1"
