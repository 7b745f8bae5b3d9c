"""Images written into a tar: whole or not at all, beside nothing else, and readable by engines."""

from __future__ import annotations

import io
import json
import os
import subprocess
import tarfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from paasctl.errors import PaasError, UsageError
from paasctl.oci.documents.manifest import OCI_MANIFEST, canonical
from support.archives import Archives
from support.engine_store import saved
from support.imaging import LAYERS, config_of, put_image


@pytest.fixture
def archives(tmp_path: Path) -> Iterator[Archives]:
    with ExitStack() as stack:
        yield Archives(tmp_path, stack)


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
