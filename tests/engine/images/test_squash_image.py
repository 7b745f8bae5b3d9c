"""Squashing an image from where it lies to elsewhere: documents, companions, the cut, the digest."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import zstandard

from paasctl.adapters.codecs import MachineCodecs
from paasctl.adapters.layout import FolderLayout, create_layout
from paasctl.errors import Refused
from paasctl.model.image import Descriptor, Platform, Repository
from paasctl.model.squashing import SquashWish
from paasctl.oci.documents import manifest as documents
from paasctl.oci.documents.squashed import SQUASHED_FROM
from support.images import document, lay_image, lay_index, tars_of
from support.naive import seen
from support.squashing import ABOVE, ALL, TARS, There, idle, squash
from support.tars import tar_of

ARM, AMD = Platform("linux", "arm64", "v8"), Platform("linux", "amd64")


@pytest.fixture
def here(tmp_path: Path) -> FolderLayout:
    return create_layout(tmp_path / "here")


@pytest.fixture
def there(tmp_path: Path) -> FolderLayout:
    return create_layout(tmp_path / "there")


def test_all_of_it_is_at_the_target_and_no_name_is_written(here: FolderLayout, there: FolderLayout) -> None:
    old = lay_image(here, "web", TARS)
    made = squash(here, there, ABOVE)
    assert there.place("web") is None
    assert there.read(made.root) == made.content
    assert seen(*tars_of(there, made.root)) == seen(*TARS)
    before = sum(it["size"] for it in document(here, old)["layers"])
    after = sum(it["size"] for it in document(there, made.root)["layers"])
    assert (made.changed, made.layers_before, made.layers_after) == (True, 3, 2)
    assert (made.bytes_before, made.bytes_after) == (before, after)
    assert made.proof == "the same 6 paths, 7 bytes"
    assert made.dead_bytes > 0
    assert idle()


@pytest.mark.parametrize("wish", [replace(ALL, layers=3), replace(ABOVE, layers=2)])
def test_where_there_is_nothing_to_squash_the_same_image_is_copied(
    here: FolderLayout, there: FolderLayout, wish: SquashWish
) -> None:  # B6
    old = lay_image(here, "web", TARS)
    made = squash(here, there, wish)
    assert (made.root, made.changed, made.proof) == (replace(old, annotations=made.root.annotations), False, "")
    assert tars_of(there, made.root) == TARS


class Counting(MachineCodecs):
    """Counts what is unpacked, and what is told apart by its checksum."""

    def __init__(self) -> None:
        self.unpacked = self.again = self.checked = 0

    def inflate(self, chunks: Iterable[bytes], layer: str, *, again: bool = False) -> Iterator[bytes]:
        for piece in super().inflate(chunks, layer, again=again):
            self.unpacked += len(piece)
            self.again += len(piece) if again else 0
            yield piece

    def checksum(self, pieces: Iterable[bytes | memoryview]) -> bytes:
        self.checked += 1
        return super().checksum(pieces)


def test_what_is_dead_at_a_layers_end_is_unpacked_once_only(here: FolderLayout, there: FolderLayout) -> None:
    dead = "x" * 30_000_000
    tars = [tar_of("a=alive", f"b={dead}"), tar_of(".wh.b")]
    lay_image(here, "web", tars)
    codecs = Counting()
    made = squash(here, there, codecs=codecs)
    assert seen(*tars_of(there, made.root)) == seen(*tars)
    assert sum(map(len, tars)) < codecs.unpacked < sum(map(len, tars)) + 10_000_000
    assert 0 < codecs.again == codecs.unpacked - sum(map(len, tars))  # all is summed the first time, nothing later


@pytest.mark.parametrize(("wish", "checked"), [(ALL, True), (ABOVE, False)])
def test_a_checksum_is_enough_where_no_files_are_taken_for_the_same(
    here: FolderLayout, there: FolderLayout, wish: SquashWish, *, checked: bool
) -> None:
    """Above a base a file may be left out because the base has the same one: that needs SHA-256."""
    lay_image(here, "web", TARS)
    codecs = Counting()
    assert squash(here, there, wish, codecs=codecs).proof.endswith(" paths, 7 bytes")
    assert (codecs.checked > 0) == checked


def test_zstd_layers_are_written_and_read(here: FolderLayout, there: FolderLayout) -> None:
    lay_image(here, "web", TARS)
    made = squash(here, there, replace(ALL, packing="zstd"))
    (layer,) = document(there, made.root)["layers"]
    assert layer["mediaType"] == "application/vnd.oci.image.layer.v1.tar+zstd"
    packed = there.read(documents.descriptor_from(layer, "test"))
    tar = zstandard.ZstdDecompressor().decompressobj().decompress(packed)
    assert seen(tar) == seen(*TARS)
    there.lay("web", made.root)
    again = squash(there, here, replace(ALL, packing="gzip"))
    assert again.changed
    assert seen(*tars_of(here, again.root)) == seen(*TARS)


@pytest.mark.parametrize(("kinds", "expected"), [(("zstd", "zstd"), "zstd"), (("zstd", "gzip"), "gzip")])
def test_layers_are_packed_as_those_they_replace(
    here: FolderLayout, there: FolderLayout, kinds: tuple[str, str], expected: str
) -> None:
    old = document(here, lay_image(here, "web", TARS[:2]))
    for layer, tar, kind in zip(old["layers"], TARS, kinds, strict=False):
        packed = zstandard.compress(tar) if kind == "zstd" else tar
        layer.update(documents.descriptor_json(here.put(f"application/vnd.oci.image.layer.v1.tar+{kind}", packed)))
    here.lay("web", here.put(documents.OCI_MANIFEST, json.dumps(old).encode()))
    (layer,) = document(there, squash(here, there).root)["layers"]
    assert layer["mediaType"].endswith(f"+{expected}")


def test_docker_images_become_ocis_for_zstd_and_that_is_said(here: FolderLayout, there: FolderLayout) -> None:
    lay_image(here, "web", TARS, docker=True)
    warnings: list[str] = []
    made = squash(here, there, replace(ABOVE, packing="zstd"), warn=warnings.append)
    manifest = document(there, made.root)
    assert made.root.media_type == manifest["mediaType"] == documents.OCI_MANIFEST
    assert manifest["config"]["mediaType"] == documents.OCI_CONFIG
    assert [it["mediaType"].rpartition("+")[2] for it in manifest["layers"]] == ["gzip", "zstd"]
    assert document(there, manifest["config"])["config"]["Healthcheck"] == {"Test": ["NONE"]}
    assert warnings == ["web: zstd layers need OCI's media types; it is no longer of Docker's own format"]


def test_history_is_left_out_when_asked(here: FolderLayout, there: FolderLayout) -> None:
    """Build arguments are written there."""
    secret = {"history": [{"created_by": f"RUN TOKEN=hunter2 {it}"} for it in range(3)]}
    lay_image(here, "web", TARS, config={**secret, "container_config": {"Cmd": ["TOKEN=hunter2"]}})
    made = squash(here, there, replace(ABOVE, drop_history=True))
    config = document(there, document(there, made.root)["config"])
    assert "hunter2" not in json.dumps(config)
    assert len(config["history"]) == 2
    assert len(tars_of(there, made.root)) == 2


@pytest.mark.parametrize("wish", [replace(ALL, layers="auto"), replace(ALL, layers=3), ABOVE])
def test_history_is_left_out_where_there_is_nothing_to_squash(
    here: FolderLayout, there: FolderLayout, wish: SquashWish
) -> None:
    tars = TARS[:1] if wish.layers == "auto" else TARS[:2]
    lay_image(here, "web", tars, config={"history": [{"created_by": "RUN TOKEN=hunter2"} for _ in tars]})
    made = squash(here, there, replace(wish, drop_history=True))
    assert "hunter2" not in json.dumps(document(there, document(there, made.root)["config"]))
    assert seen(*tars_of(there, made.root)) == seen(*tars)
    there.lay("web", made.root)
    again = squash(there, here, replace(wish, drop_history=True))
    assert (again.changed, again.root.digest) == (False, made.root.digest)


def test_the_source_date_epoch_is_the_time_of_the_result(here: FolderLayout, there: FolderLayout) -> None:
    lay_image(here, "web", TARS)
    config = document(there, document(there, squash(here, there, replace(ALL, epoch=1_000_000_000)).root)["config"])
    assert config["created"] == config["history"][-1]["created"] == "2001-09-09T01:46:40Z"


def test_one_platform_of_an_index_is_an_image(here: FolderLayout, there: FolderLayout) -> None:
    children = [lay_image(here, "", [*TARS, tar_of(f"{it.architecture}=1")], platform=it) for it in (AMD, ARM)]
    lay_index(here, "web", children)
    made = squash(here, there, replace(ALL, platform=Platform("linux", "arm64")))
    assert made.root.media_type == documents.OCI_MANIFEST
    assert "arm64" in seen(*tars_of(there, made.root))


@pytest.mark.parametrize("index", [True, False])
def test_a_platform_that_is_not_there_is_refused(here: FolderLayout, there: FolderLayout, index: bool) -> None:
    child = lay_image(here, "web", TARS)
    if index:
        lay_index(here, "web", [child])
    with pytest.raises(Refused, match="nothing for linux/s390x, but for linux/amd64") as caught:
        squash(here, there, replace(ALL, platform=Platform("linux", "s390x")))
    assert caught.value.code == "image-unsupported"


def test_what_vouched_for_the_old_image_is_left_out_and_recorded(here: FolderLayout, there: FolderLayout) -> None:
    old = lay_image(here, "web", TARS)
    source = There(here)
    source.vouching[old.digest] = (Descriptor("m", "sha256:" + "a" * 64, 5, artifact_type="application/x-signature"),)
    warnings: list[str] = []
    made = squash(here, there, source=source, warn=warnings.append)
    assert made.left_out == (
        "application/x-signature (sha256:aaaaaaaaaaaa) speaks of the image as it was, and is left out",
    )
    assert warnings == [f"web: {made.left_out[0]}"]
    (record,) = records(there, made.root)
    assert record == {
        "from": {"digest": old.digest, "mediaType": old.media_type},
        "leftOut": [
            {"artifactType": "application/x-signature", "digest": "sha256:" + "a" * 64, "mediaType": "m", "size": 5}
        ],
    }


def records(layout: FolderLayout, subject: Descriptor) -> list[Any]:
    """What is attached to an image in a layout."""
    found = []
    for path in (layout.root / "blobs/sha256").iterdir():
        content = path.read_bytes()
        if b'"subject"' in content and subject.digest.encode() in content:
            manifest = json.loads(content)
            assert manifest["artifactType"] == SQUASHED_FROM
            assert document(layout, manifest["config"]) == {}
            found.append(document(layout, manifest["layers"][0]))
    return found


def test_no_record_is_made_where_nothing_was_left_out(here: FolderLayout, there: FolderLayout) -> None:
    lay_image(here, "web", TARS)
    made = squash(here, there)
    assert made.left_out == ()
    assert records(there, made.root) == []


def test_an_index_loses_its_attestations_and_the_record_says_so(here: FolderLayout, there: FolderLayout) -> None:  # B7
    children = [lay_image(here, "", [*TARS, tar_of(f"{it.architecture}=1")], platform=it) for it in (ARM, AMD)]
    proof = replace(lay_image(here, "", [tar_of("p=1")]), platform=Platform("unknown", "unknown"))
    lay_index(here, "web", [*children, proof], annotations={"k": "v"})
    source = There(here)
    source.vouching[children[1].digest] = (Descriptor("m", "sha256:" + "b" * 64, 5, artifact_type="sbom"),)
    made = squash(here, there, source=source)
    index = json.loads(made.content)
    assert [it["platform"]["architecture"] for it in index["manifests"]] == ["arm64", "amd64"]
    assert index["annotations"] == {"k": "v"}
    assert [it.split()[0] for it in made.left_out] == ["an", "sbom"]
    (record,) = records(there, made.root)
    assert [it["digest"] for it in record["leftOut"]] == [proof.digest, "sha256:" + "b" * 64]
    assert made.layers_before == 8
    assert made.layers_after == 2


def test_an_index_with_nothing_to_squash_is_copied_whole(here: FolderLayout, there: FolderLayout) -> None:  # B6 B7
    child = lay_image(here, "", TARS[:1])
    proof = replace(lay_image(here, "", [tar_of("p=1")]), platform=Platform("unknown", "unknown"))
    old = lay_index(here, "web", [child, proof])
    made = squash(here, there)
    assert made.root.digest == old.digest
    assert not made.changed
    assert tars_of(there, child) == TARS[:1]
    assert tars_of(there, proof) == [tar_of("p=1")]


def test_the_base_may_be_given(here: FolderLayout, there: FolderLayout) -> None:
    lay_image(here, "web", TARS)
    children = [lay_image(here, "", TARS[:2], platform=AMD), lay_image(here, "", TARS[1:], platform=ARM)]
    lay_index(here, "base", children)
    made = squash(here, there, replace(ABOVE, base_layers=None), base=There(here, "base"))
    assert tars_of(there, made.root)[:2] == TARS[:2]
    assert made.layers_after == 3
    assert not made.changed, "above those two there is one layer only"


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "nothing tells where the base ends": ({}, "nothing tells which layers are the base's"),
    "a base of more layers than the image": ({"base_layers": 4}, "the base has 4 layers, the image 3"),
    "another base": ({"base": "other"}, "its first layers are not those of other"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_cut_that_cannot_be_is_refused(case: str, here: FolderLayout, there: FolderLayout) -> None:
    said, why = REFUSED[case]
    lay_image(here, "web", TARS)
    lay_image(here, "other", TARS[1:])
    base = There(here, said["base"]) if "base" in said else None
    with pytest.raises(Refused, match=why) as caught:
        squash(here, there, replace(ABOVE, base_layers=said.get("base_layers")), base=base)
    assert caught.value.code == "base-unknown"


def test_layers_of_an_earlier_squash_come_out_again(here: FolderLayout, there: FolderLayout) -> None:
    stable = [tar_of(*(f"lib/f{number}=" + "x" * 3000 for number in range(start, start + 9))) for start in (0, 9, 18)]
    lay_image(here, "web", [TARS[0], *stable, tar_of("app=1")])
    wish = replace(ABOVE, layers=3)
    first = squash(here, there, wish)
    there.lay("before", first.root)
    lay_image(here, "web", [TARS[0], *stable, tar_of("app=2")])
    second = squash(here, there, wish, previous=There(there, "before"))
    one, two = ([it["digest"] for it in document(there, it.root)["layers"]] for it in (first, second))
    assert len(one) == len(two) == 4
    assert one[:3] == two[:3]
    assert one[3] != two[3]
    assert seen(*tars_of(there, second.root)) == seen(TARS[0], *stable, tar_of("app=2"))
    assert second.proof


def test_a_far_sources_small_layers_are_read_once(here: FolderLayout, there: FolderLayout) -> None:
    lay_image(here, "web", TARS)
    near, far = There(here), There(here)
    object.__setattr__(far, "mounts", (Repository("registry.example", "shop"),))
    assert squash(here, there, source=near).root == squash(here, there, source=far).root
    assert set(near.opened.values()) == {2}
    assert set(far.opened.values()) == {1}


def test_the_digest_depends_on_nothing_but_the_image(here: FolderLayout, there: FolderLayout) -> None:  # X8
    """Not on processors, umask, locale, time zone, hash seed, or the user's name."""
    lay_image(here, "web", [*TARS, tar_of(*(f"d{number % 7}/f{number}=" + "y" * number for number in range(300)))])
    script = (
        "import os, sys; os.umask(0o77); sys.path[:0] = sys.argv[3:]\n"
        "os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})\n"
        "from pathlib import Path\n"
        "from paasctl.adapters.codecs import MachineCodecs\n"
        "from paasctl.adapters.layout import create_layout, read_layout\n"
        "from paasctl.engine.cancel import Cancel\n"
        "from paasctl.engine.images.inlayout import PlaceSource, PlaceTarget\n"
        "from paasctl.engine.images.squash import squash_image\n"
        "from paasctl.model.squashing import SquashWish\n"
        "made = squash_image(PlaceSource(read_layout(Path(sys.argv[1])), 'web'),\n"
        "    PlaceTarget(create_layout(Path(sys.argv[2])), 'web'), SquashWish(layers=3, base='squash'),\n"
        "    codecs=MachineCodecs(), warn=print, progress=lambda *_: None, cancel=Cancel())\n"
        "print(made.root.digest)\n"
    )
    argv = [sys.executable, "-c", script, str(here.root), str(there.root), *sys.path]
    environ = {
        **os.environ,
        "LC_ALL": "C",
        "TZ": "Asia/Kolkata",
        "PYTHONHASHSEED": "7",
        "USER": "somebody",
        "HOME": "/",
    }
    done = subprocess.run(argv, capture_output=True, check=True, env=environ)
    assert done.stdout.decode().strip() == squash(here, there, replace(ALL, layers=3)).root.digest


@pytest.mark.parametrize("count", [1, 3, 20])
def test_however_many_layers_come_out_it_looks_the_same(here: FolderLayout, there: FolderLayout, count: int) -> None:
    """Twenty are more than are written in one pass."""
    tars = [tar_of(*(f"d{number}/f{it}=" + "z" * 2000 for it in range(4))) for number in range(24)]
    lay_image(here, "web", tars)
    made = squash(here, there, replace(ALL, layers=count))
    assert made.layers_after == count
    assert seen(*tars_of(there, made.root)) == seen(*tars)
