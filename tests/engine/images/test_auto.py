"""`squash: auto`, the default: it says what it saw, does what pays, and never fails a build."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from paasctl.adapters.codecs import MachineCodecs
from paasctl.adapters.layout import FolderLayout, create_layout
from paasctl.engine.images import place
from paasctl.engine.images import squash as squashing
from paasctl.engine.images.place import squash_place
from paasctl.errors import BuildFailed, PaasError, Unavailable
from paasctl.model.config import Image, Squash
from paasctl.model.image import Descriptor, Platform
from paasctl.model.plan import SquashImage
from paasctl.oci.documents import manifest as documents
from support.clock import FakeCancel
from support.images import document, lay_image, lay_index, tars_of
from support.naive import seen
from support.tars import entry, tar_of

WASTE = entry("waste=" + "w" * 90_000)
TARS = [tar_of("base=1"), tar_of(WASTE, "a=1"), tar_of(".wh.waste", "b=1"), tar_of("c=1")]
KNOWN = {documents.BASE_LAYERS: "1"}


@pytest.fixture
def layout(tmp_path: Path) -> FolderLayout:
    return create_layout(tmp_path / "layout")


def run(layout: FolderLayout) -> tuple[Descriptor, list[str], list[str]]:
    """The image, what was noted, and what was warned of."""
    notes: list[str] = []
    warnings: list[str] = []
    made = squash_place(
        SquashImage(image=Image(name="web", squash=Squash(base="auto"))),
        layout,
        codecs=MachineCodecs(),
        warn=warnings.append,
        progress=lambda *_: None,
        cancel=FakeCancel(),
        note=notes.append,
    )
    return made, notes, warnings


def test_above_a_known_base(layout: FolderLayout) -> None:
    lay_image(layout, "web", TARS, annotations=KNOWN)
    made, notes, _ = run(layout)
    after = tars_of(layout, made)
    assert after[0] == TARS[0]
    assert len(after) == 2
    assert seen(*after) == seen(*TARS)
    assert len(notes) == 1
    assert "dead in 3 layers above the base" in notes[0]


def test_all_of_it_where_the_base_is_not_known_and_much_is_dead(layout: FolderLayout) -> None:
    lay_image(layout, "web", TARS)
    made, notes, _ = run(layout)
    assert len(tars_of(layout, made)) == 1
    assert "too much to keep it" in notes[0]


@pytest.mark.parametrize("tars", [TARS[:1], [*TARS[:1], tar_of("a=1"), tar_of("b=1")]])
def test_an_image_with_nothing_to_win_is_left_as_it_is(layout: FolderLayout, tars: list[bytes]) -> None:
    old = lay_image(layout, "web", tars)
    made, notes, warnings = run(layout)
    assert made.digest == old.digest
    assert "nothing to" in notes[0]
    assert warnings == []


@pytest.mark.parametrize(
    "more",
    [
        {"media": "application/vnd.oci.image.layer.v1.tar+gzip+encrypted"},
        {"media": "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip"},
        {"tars": [tar_of(WASTE), tar_of("../out=1")]},
    ],
)
def test_what_no_squash_can_handle_is_left_as_it_is(layout: FolderLayout, more: dict[str, Any]) -> None:
    old = lay_image(layout, "web", more.get("tars", TARS))
    if media := more.get("media"):
        manifest = document(layout, old)
        manifest["layers"][1]["mediaType"] = media
        old = layout.put(documents.OCI_MANIFEST, documents.canonical(manifest))
        layout.lay("web", old)
    made, notes, _ = run(layout)
    assert made.digest == old.digest
    assert "left as it is" in notes[0]


@pytest.mark.parametrize(
    "error", [BuildFailed("differs", code="squash-differs"), Unavailable("full", code="disk-full")]
)
def test_a_squash_that_does_not_work_out_leaves_the_image_and_warns(
    layout: FolderLayout, error: PaasError, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object) -> None:
        raise error

    monkeypatch.setattr(squashing, "rewrite", fails)
    old = lay_image(layout, "web", TARS)
    made, _, warnings = run(layout)
    assert made.digest == old.digest
    assert "left as it was built" in warnings[0]


def test_damage_is_still_an_error(layout: FolderLayout) -> None:
    lay_image(layout, "web", TARS, config={"rootfs": {"type": "layers", "diff_ids": ["sha256:" + "0" * 64] * 4}})
    with pytest.raises(BuildFailed, match="it unpacks to"):
        run(layout)


def test_no_room_is_no_failure(layout: FolderLayout, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise Unavailable("no room", code="disk-full")

    monkeypatch.setattr(place, "check_room", full)
    old = lay_image(layout, "web", TARS)
    assert run(layout)[0].digest == old.digest


def test_each_platform_is_chosen_for_itself(layout: FolderLayout) -> None:
    wasteful, tidy = lay_image(layout, "", TARS), lay_image(layout, "", TARS[:1], platform=Platform("linux", "arm64"))
    lay_index(layout, "web", [wasteful, tidy])
    made, notes, _ = run(layout)
    children = document(layout, made)["manifests"]
    assert children[1]["digest"] == tidy.digest
    assert children[0]["digest"] != wasteful.digest
    assert len(notes) == 2


def test_each_layer_is_read_once_to_choose_and_once_to_write(
    layout: FolderLayout, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []
    real = FolderLayout.open

    def counted(self: FolderLayout, descriptor: Descriptor) -> Any:
        opened.append(descriptor.digest)
        return real(self, descriptor)

    monkeypatch.setattr(FolderLayout, "open", counted)
    old = lay_image(layout, "web", TARS, annotations=KNOWN)
    run(layout)
    layers = [it["digest"] for it in document(layout, old)["layers"]]
    assert [opened.count(it) for it in layers] == [1, 2, 2, 2]
