"""Squashing what lies at a place: documents, proof, interruption. What the files mean is tested in `tests/oci`."""

from __future__ import annotations

import gzip
import json
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from paasctl.adapters.codecs import MachineCodecs
from paasctl.adapters.layout import FolderLayout, create_layout
from paasctl.engine.images.place import check_room, squash_place
from paasctl.errors import BuildFailed, Cancelled, PaasError, Refused, Unavailable
from paasctl.model.config import Image, Squash
from paasctl.model.image import Descriptor, Platform
from paasctl.model.layer import FileLayer
from paasctl.model.plan import SquashImage
from paasctl.oci.documents import manifest as documents
from support.clock import FakeCancel
from support.images import document, lay_image, lay_index, tars_of
from support.naive import seen, told
from support.tars import entry, tar_of

TARS = [
    tar_of("usr/", entry("usr/a=base", uid=5), "gone=x"),
    tar_of("usr/b=1", "twin==usr/b", ".wh.gone"),
    tar_of("usr/b=2", entry("c=3", mode=0o4755)),
]
ALL = Squash(layers=1, base="squash")


@pytest.fixture
def layout(tmp_path: Path) -> FolderLayout:
    return create_layout(tmp_path / "layout")


def run(
    layout: FolderLayout,
    wish: Squash = ALL,
    *,
    cancel: FakeCancel | None = None,
    warnings: list[str] | None = None,
    image: Image | None = None,
    notes: list[str] | None = None,
) -> Descriptor:
    step = SquashImage(image=replace(image or Image(name="web"), squash=wish))
    return squash_place(
        step,
        layout,
        codecs=MachineCodecs(),
        warn=(warnings if warnings is not None else []).append,
        progress=lambda *_: None,
        cancel=cancel or FakeCancel(),
        note=(notes if notes is not None else []).append,
    )


def based(layout: FolderLayout, tars: list[bytes], depth: int, **more: Any) -> Descriptor:
    """An image whose annotation says how deep its base is."""
    base = lay_image(layout, "", tars[:depth], **more)
    annotations = {documents.BASE_DIGEST: base.digest, documents.BASE_NAME: "registry.example/base:1"}
    return lay_image(layout, "web", tars, annotations=annotations, **more)


def test_a_whole_image_becomes_one_layer(layout: FolderLayout) -> None:
    old = lay_image(layout, "web", TARS)
    made = run(layout)
    assert layout.place("web") == replace(made, annotations={"org.opencontainers.image.ref.name": "web"})
    (new,) = tars_of(layout, made)
    assert seen(new) == seen(*TARS)
    config = document(layout, document(layout, made)["config"])
    assert config["created"] == "2024-01-01T00:00:00Z"
    assert config["config"]["Healthcheck"] == {"Test": ["NONE"]}
    assert config["history"][-1]["created_by"] == f"paasctl squash {old.digest}"
    assert made.platform == old.platform


def test_the_bases_layers_are_kept_as_they_are(layout: FolderLayout) -> None:
    old = based(layout, TARS, 1)
    made = run(layout, Squash())
    before, after = document(layout, old), document(layout, made)
    assert after["layers"][0] == before["layers"][0]
    assert after["annotations"] == before["annotations"]
    base, new = tars_of(layout, made)
    assert seen(base, new) == seen(*TARS)
    assert told(new) == ["c=3", "twin=1", "usr/", "usr/b=2"], "nothing of the base, and its whiteout"


@pytest.mark.parametrize("docker", [False, True])
def test_the_media_types_stay_in_their_family(layout: FolderLayout, docker: bool) -> None:
    lay_image(layout, "web", TARS, docker=docker)
    manifest = document(layout, run(layout))
    assert manifest["layers"][0]["mediaType"] == (documents.DOCKER_LAYER if docker else documents.OCI_LAYER)
    assert manifest["mediaType"] == (documents.DOCKER_MANIFEST if docker else documents.OCI_MANIFEST)


def test_the_same_input_has_the_same_digest(layout: FolderLayout, tmp_path: Path) -> None:  # X8
    other = create_layout(tmp_path / "other")
    lay_image(layout, "web", TARS)
    lay_image(other, "web", TARS)
    assert run(layout).digest == run(other).digest


def test_layers_are_packed_without_a_trace_of_the_machine(layout: FolderLayout) -> None:
    lay_image(layout, "web", TARS)
    layer = documents.descriptor_from(document(layout, run(layout))["layers"][0], "test")
    assert layout.read(layer)[:10] == bytes.fromhex("1f8b08000000000000ff")


@pytest.mark.parametrize(
    ("wish", "tars", "depth"), [(ALL, TARS[:1], 0), (Squash(), TARS[:2], 1), (Squash(layers=3), TARS, 0)]
)
def test_nothing_to_squash_is_the_same_image_and_noted(
    layout: FolderLayout, wish: Squash, tars: list[bytes], depth: int
) -> None:  # B6
    old = based(layout, tars, depth) if depth else lay_image(layout, "web", tars)
    notes: list[str] = []
    assert run(layout, wish, notes=notes).digest == old.digest
    assert notes == ["web: nothing to squash"]


def test_squashing_twice_is_squashing_once(layout: FolderLayout) -> None:
    based(layout, TARS, 1)
    assert run(layout, Squash()).digest == run(layout, Squash()).digest


def test_several_layers_come_out_when_asked(layout: FolderLayout) -> None:
    tars = [tar_of(f"f{number}=" + "x" * 9000) for number in range(5)]
    lay_image(layout, "web", tars)
    made = tars_of(layout, run(layout, Squash(layers=2, base="squash")))
    assert len(made) == 2
    assert seen(*made) == seen(*tars)


def test_layers_that_cancel_out_are_no_layer(layout: FolderLayout) -> None:
    based(layout, [TARS[0], tar_of("x=1"), tar_of(".wh.x")], 1)
    assert tars_of(layout, run(layout, Squash())) == [TARS[0]]


@pytest.mark.parametrize("known", ["number", "scratch", "nothing", "another base"])
def test_where_the_base_ends_is_known_or_refused(layout: FolderLayout, known: str) -> None:
    image = Image(name="web", layers=(FileLayer(src="a", dest="/"),)) if known == "scratch" else Image(name="web")
    other = lay_image(layout, "", [tar_of("other=1")]).digest
    said = {"number": {documents.BASE_LAYERS: "1"}, "another base": {documents.BASE_DIGEST: other}}
    lay_image(layout, "web", TARS, annotations=said.get(known))
    if known in ("number", "scratch"):
        assert len(tars_of(layout, run(layout, Squash(), image=image))) == (2 if known == "number" else 1)
        return
    with pytest.raises(Refused, match="nothing tells which layers are the base's") as caught:
        run(layout, Squash(), image=image)
    assert caught.value.code == "base-unknown"
    assert "images.web.squash" in caught.value.hint


def test_an_index_keeps_its_order_and_loses_its_attestations(layout: FolderLayout) -> None:  # B7
    platforms = [Platform("linux", "arm64", "v8"), Platform("linux", "amd64")]
    children = [lay_image(layout, "", [*TARS, tar_of(f"{it.architecture}=1")], platform=it) for it in platforms]
    proof = replace(lay_image(layout, "", [tar_of("p=1")]), platform=Platform("unknown", "unknown"))
    lay_index(layout, "web", [*children, proof], annotations={"k": "v"})
    warnings: list[str] = []
    index = document(layout, run(layout, warnings=warnings))
    assert [it["platform"]["architecture"] for it in index["manifests"]] == ["arm64", "amd64"]
    assert index["annotations"] == {"k": "v"}
    for child, old in zip(index["manifests"], children, strict=True):
        (new,) = tars_of(layout, documents.descriptor_from(child, "test"))
        assert seen(new) == seen(*tars_of(layout, old))
    assert len(warnings) == 1
    assert "attestation" in warnings[0]


def test_an_index_with_nothing_to_squash_keeps_its_attestations(layout: FolderLayout) -> None:  # B6 B7
    child = lay_image(layout, "", TARS[:1])
    proof = replace(lay_image(layout, "", [tar_of("p=1")]), platform=Platform("unknown", "unknown"))
    old = lay_index(layout, "web", [child, proof])
    assert run(layout).digest == old.digest


def test_ambiguities_are_told_but_not_a_hundred_of_them(layout: FolderLayout) -> None:
    lay_image(layout, "web", [tar_of("k=1"), tar_of(*(f"f{number}={again}" for number in range(30) for again in "ab"))])
    warnings: list[str] = []
    run(layout, warnings=warnings)
    assert len(warnings) == 11
    assert warnings[0].startswith("web: /f0 is there twice; the last one counts (layer sha256:")
    assert warnings[-1] == "web: 20 more such cases"


def test_a_thousand_ambiguities_are_kept_and_the_others_counted(layout: FolderLayout) -> None:
    lay_image(
        layout, "web", [tar_of("k=1"), tar_of(*(f"f{number}={again}" for number in range(1200) for again in "ab"))]
    )
    warnings: list[str] = []
    run(layout, warnings=warnings)
    assert len(warnings) == 11
    assert warnings[-1] == "web: 1,190 more such cases"


@pytest.mark.parametrize("after", range(0, 24, 3))
def test_stopped_anywhere_the_place_keeps_its_image_and_nothing_half_is_seen(
    layout: FolderLayout, after: int
) -> None:  # B8
    old = lay_image(layout, "web", TARS)
    try:
        run(layout, cancel=FakeCancel(after=after))
    except Cancelled:
        found = layout.place("web")
        assert found
        assert found.digest == old.digest
    assert list(layout.root.rglob(".tmp-*")) == []
    blobs = list((layout.root / "blobs/sha256").iterdir())
    assert all(layout.read(Descriptor("x", f"sha256:{it.name}", it.stat().st_size)) for it in blobs)
    straight = run(layout)
    assert seen(*tars_of(layout, straight)) == seen(*TARS), "and a rerun goes on from there"


class Fickle(FolderLayout):
    """A disk that gives other bytes the second time, and vouches for them."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.times = Counter[str]()

    @contextmanager
    def open(self, descriptor: Descriptor) -> Iterator[Iterator[bytes]]:
        self.times[descriptor.digest] += 1
        with super().open(descriptor) as honest:
            again = self.times[descriptor.digest] > 1
            yield (it.replace(b"base", b"bale") for it in honest) if again else honest


def test_a_result_that_looks_different_is_a_failure_with_evidence(layout: FolderLayout) -> None:  # X8
    old = lay_image(layout, "web", [tar_of("k=1"), tar_of("usr/", "usr/a=base")])
    with pytest.raises(BuildFailed, match="would not see the same files") as caught:
        run(Fickle(layout.root))
    assert caught.value.code == "squash-differs"
    assert caught.value.evidence[0] == "/usr/a: was written differently"
    assert "images.web.squash" in caught.value.hint
    found = layout.place("web")
    assert found
    assert found.digest == old.digest


class Forgetful(FolderLayout):
    """A disk that keeps other bytes than it was given, and vouches for them."""

    @contextmanager
    def writer(self, size: int = -1) -> Iterator[Any]:
        with super().writer(size) as honest:
            yield Lying(honest)


@dataclass
class Lying:
    honest: Any

    def write(self, chunk: bytes) -> None:
        self.honest.write(gzip.compress(tar_of("a=1")) if chunk.startswith(b"\x1f\x8b") else b"")

    def commit(self, media_type: str) -> Descriptor:
        found: Descriptor = self.honest.commit(media_type)
        return found


def test_what_is_kept_is_what_was_written(layout: FolderLayout) -> None:  # X8
    old = lay_image(layout, "web", TARS)
    with pytest.raises(BuildFailed, match="was sent"):
        run(Forgetful(layout.root))
    found = layout.place("web")
    assert found
    assert found.digest == old.digest


DAMAGE = {
    "a layer that unpacks to something else": ("diff", BuildFailed, "unpacks to"),
    "a layer cut short": ("cut", PaasError, "layer|reading"),
    "fewer diff_ids than layers": ("fewer", BuildFailed, "3 layers, the configuration 2"),
    "one layer twice, said to be two": ("twice", BuildFailed, "two things of one layer"),
}


@pytest.mark.parametrize("case", DAMAGE)
def test_damaged_images_are_told(layout: FolderLayout, case: str) -> None:
    kind, error, why = DAMAGE[case]
    old = lay_image(layout, "web", TARS)
    manifest = document(layout, old)
    if kind == "diff":
        other = layout.put(documents.OCI_LAYER, gzip.compress(tar_of("else=1")))
        manifest["layers"][0] = documents.descriptor_json(other)
    elif kind == "cut":
        packed = layout.read(documents.descriptor_from(manifest["layers"][0], "test"))
        manifest["layers"][0] = documents.descriptor_json(layout.put(documents.OCI_LAYER, packed[:-20]))
    elif kind == "twice":
        manifest["layers"][1] = manifest["layers"][0]
    else:
        config = document(layout, manifest["config"])
        config["rootfs"]["diff_ids"].pop()
        manifest["config"] = documents.descriptor_json(layout.put(documents.OCI_CONFIG, json.dumps(config).encode()))
    laid = layout.put(old.media_type, json.dumps(manifest).encode())
    layout.lay("web", laid)
    with pytest.raises(error, match=why):
        run(layout)
    found = layout.place("web")
    assert found
    assert found.digest == laid.digest


@pytest.mark.parametrize(
    "media_type",
    ["application/vnd.cncf.helm.chart", "application/vnd.oci.image.layer.v1.tar+gzip+encrypted"],
)
def test_layers_that_cannot_be_read_are_refused(layout: FolderLayout, media_type: str) -> None:
    old = lay_image(layout, "web", TARS)
    manifest = document(layout, old)
    manifest["layers"][1]["mediaType"] = media_type
    layout.lay("web", layout.put(old.media_type, json.dumps(manifest).encode()))
    with pytest.raises(Refused) as caught:
        run(layout)
    assert caught.value.code == "layer-unsupported"


def test_an_unsafe_layer_is_refused_with_its_name(layout: FolderLayout) -> None:  # B5
    lay_image(layout, "web", [*TARS, tar_of("../../etc/passwd=x")])
    with pytest.raises(Refused, match=r"reading layer sha256:.* leaves the root"):
        run(layout)


def test_too_little_room_is_told_before_anything_is_read(tmp_path: Path) -> None:  # B1
    check_room("web", tmp_path, 1000, free=lambda _: 1200)
    with pytest.raises(Unavailable, match="needs about 1,200 bytes, and 1,199 are free") as caught:
        check_room("web", tmp_path, 1000, free=lambda _: 1199)
    assert caught.value.code == "disk-full"


def test_an_empty_place_is_told(layout: FolderLayout) -> None:
    with pytest.raises(Unavailable, match="nothing was built"):
        run(layout)


def test_progress_ends_where_it_said_it_would(layout: FolderLayout) -> None:
    lay_image(layout, "web", TARS)
    seen_so_far: list[tuple[int, int | None]] = []
    squash_place(
        SquashImage(image=Image(name="web", squash=ALL)),
        layout,
        codecs=MachineCodecs(),
        warn=lambda _: None,
        progress=lambda done, total: seen_so_far.append((done, total)),
        cancel=FakeCancel(),
    )
    assert [done for done, _ in seen_so_far] == sorted(done for done, _ in seen_so_far)
    assert len({total for _, total in seen_so_far}) == 1
    assert seen_so_far[-1][0] == seen_so_far[-1][1]
