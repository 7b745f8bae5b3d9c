"""Images in layouts: by tag, or the only one; named last, and never over another."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from paasctl.adapters.images.layout import LayoutTarget, layout_source
from paasctl.adapters.layout import FolderLayout, create_layout
from paasctl.engine.cancel import Cancel
from paasctl.engine.images.copy import CopyWish, copy_image
from paasctl.errors import PaasError
from paasctl.model.image import Descriptor
from paasctl.model.location import InLayout
from paasctl.oci.documents.manifest import OCI_MANIFEST, canonical
from support.images import lay_image
from support.imaging import LAYERS


@pytest.fixture
def layout(tmp_path: Path) -> FolderLayout:
    return create_layout(tmp_path / "images")


def root(layout: FolderLayout, tag: str = "") -> Descriptor:
    return layout_source(InLayout("images", tag), layout.root).root()


def target(layout: FolderLayout, tag: str = "") -> LayoutTarget:
    return LayoutTarget(InLayout("images", tag), layout.root)


def entries(layout: FolderLayout) -> list[dict[str, object]]:
    found: list[dict[str, object]] = json.loads((layout.root / "index.json").read_bytes())["manifests"]
    return found


def signature(layout: FolderLayout, of: Descriptor, *, entered: bool = True) -> Descriptor:
    about = {"mediaType": of.media_type, "digest": of.digest, "size": of.size}
    made = layout.put(OCI_MANIFEST, canonical({"schemaVersion": 2, "mediaType": OCI_MANIFEST, "subject": about}))
    if entered:
        layout.edit(lambda before: [*before, {"mediaType": made.media_type, "digest": made.digest, "size": made.size}])
    return made


def test_without_a_tag_it_is_the_only_image(layout: FolderLayout) -> None:
    made = lay_image(layout, "web", LAYERS)
    assert root(layout).digest == root(layout, "web").digest == made.digest
    assert dict(root(layout).annotations) == {}, "its name stays behind when it goes elsewhere"


def test_an_image_with_two_names_is_still_one(layout: FolderLayout) -> None:
    made = lay_image(layout, "web", LAYERS)
    layout.lay("other", made)
    assert root(layout).digest == made.digest


def test_of_several_one_must_be_named(layout: FolderLayout) -> None:
    lay_image(layout, "one", LAYERS)
    lay_image(layout, "two", LAYERS[:1])
    asks: tuple[Callable[[], object], ...] = (lambda: root(layout), target(layout).current)
    for ask in asks:
        with pytest.raises(PaasError) as caught:
            ask()
        assert caught.value.code == "image-ambiguous"
        assert "one, two" in caught.value.message
        assert "oci:DIR:TAG" in caught.value.hint


@pytest.mark.parametrize("tag", ["", "nope"])
def test_of_ten_thousand_names_the_first_are_told(layout: FolderLayout, tag: str) -> None:
    made = lay_image(layout, "", LAYERS)
    other = lay_image(layout, "other", LAYERS[:1])
    entry = {"mediaType": made.media_type, "digest": made.digest, "size": made.size}
    many = [{**entry, "annotations": {"org.opencontainers.image.ref.name": f"t{it}"}} for it in range(10_000)]
    layout.edit(lambda before: [*before, *many])
    with pytest.raises(PaasError) as caught:
        layout_source(InLayout("images", tag), layout.root).root()
    assert "other, t0, t1, t10, " in caught.value.message
    assert "and 9,98" in caught.value.message
    assert len(caught.value.message) < 200
    assert other.digest != made.digest


def test_what_vouches_for_another_is_no_image_of_its_own(layout: FolderLayout) -> None:
    made = lay_image(layout, "web", LAYERS)
    signed = signature(layout, made)
    layout.lay(f"sha256-{made.digest[7:]}.sig", signed)
    source = layout_source(InLayout("images"), layout.root)
    assert source.root().digest == made.digest
    assert [it.digest for it in source.referrers(made)] == [signed.digest]
    assert source.referrers(signed) == ()


@pytest.mark.parametrize("what", ["nothing", "no tag", "no layout"])
def test_what_is_not_there_is_told(tmp_path: Path, layout: FolderLayout, what: str) -> None:
    lay_image(layout, "web", LAYERS)
    folder = {"nothing": tmp_path / "gone", "no tag": layout.root, "no layout": tmp_path}[what]
    with pytest.raises(PaasError) as caught:
        layout_source(InLayout(str(folder), "nope"), folder).root()
    assert (caught.value.code, caught.value.exit) == ("image-not-found", 1)
    assert ("web" in caught.value.message) is (what == "no tag")


def test_nothing_is_made_by_looking(tmp_path: Path) -> None:
    assert LayoutTarget(InLayout("new", "web"), tmp_path / "new").current() is None
    assert list(tmp_path.iterdir()) == []


def test_a_folder_with_other_things_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "letters").mkdir()
    (tmp_path / "letters" / "home.txt").write_text("dear")
    to = LayoutTarget(InLayout("letters", "web"), tmp_path / "letters")
    with pytest.raises(PaasError) as caught:
        to.current()
    assert caught.value.code == "config-invalid"
    with pytest.raises(PaasError):
        to.put_blob("x", b"y")
    assert [it.name for it in (tmp_path / "letters").iterdir()] == ["home.txt"]


def test_the_name_moves_only_when_that_is_meant(layout: FolderLayout) -> None:
    old, new = lay_image(layout, "web", LAYERS), lay_image(layout, "", LAYERS[:1])
    content = layout.read(new)
    with pytest.raises(PaasError) as caught:
        target(layout, "web").finish(new, content)
    assert caught.value.code == "would-clobber"
    assert root(layout, "web").digest == old.digest
    target(layout, "web").finish(new, content, move=True)
    assert root(layout, "web").digest == new.digest
    target(layout, "web").finish(new, content)  # once more is no move
    assert len(entries(layout)) == 1


def test_in_place_without_a_tag_it_keeps_the_name_it_had(layout: FolderLayout) -> None:
    old = lay_image(layout, "web", LAYERS)
    signed = signature(layout, old)
    new = lay_image(layout, "", LAYERS[:1])
    target(layout).finish(new, layout.read(new), move=True)
    assert root(layout, "web").digest == new.digest
    assert signed.digest in [it["digest"] for it in entries(layout)], "what vouches for the old one is not thrown away"


def test_in_place_without_a_tag_it_keeps_all_the_names_it_had(layout: FolderLayout) -> None:
    layout.lay("latest", lay_image(layout, "web", LAYERS))
    new = lay_image(layout, "", LAYERS[:1])
    target(layout).finish(new, layout.read(new), move=True)
    assert root(layout, "web").digest == root(layout, "latest").digest == new.digest
    assert len(entries(layout)) == 2


def test_a_signature_under_a_name_of_its_own_is_no_second_image(layout: FolderLayout) -> None:
    """cosign's has no subject: only its name says what it is."""
    made = lay_image(layout, "", LAYERS)
    to = target(layout)
    to.put_companion(f"{made.digest.replace(':', '-')}.sig", OCI_MANIFEST, canonical({"schemaVersion": 2}))
    for _ in range(2):
        to.finish(made, layout.read(made))
    target(layout).finish(made, layout.read(made))
    assert root(layout).digest == made.digest
    assert len(entries(layout)) == 2


def test_what_vouches_for_it_is_entered_with_it(layout: FolderLayout) -> None:
    new = lay_image(layout, "", LAYERS)
    to = target(layout, "web")
    signed = to.put(OCI_MANIFEST, layout.read(signature(layout, new, entered=False)))
    assert entries(layout) == [], "nothing before the end"
    to.finish(new, layout.read(new))
    assert [it["digest"] for it in entries(layout)] == [new.digest, signed.digest]
    to.finish(new, layout.read(new))
    assert len(entries(layout)) == 2


def test_an_entry_whose_blob_is_gone_stops_nothing(layout: FolderLayout) -> None:
    made = lay_image(layout, "web", LAYERS)
    gone = lay_image(layout, "gone", LAYERS[:1])
    layout.path(gone.digest).unlink()
    assert root(layout, "web").digest == made.digest
    target(layout, "web").finish(made, layout.read(made))
    assert root(layout, "web").digest == made.digest


@pytest.mark.parametrize("tag", ["", "web"])
def test_a_copy_mends_what_a_power_cut_left(layout: FolderLayout, tmp_path: Path, tag: str) -> None:
    """Whichever blob of the target is cut off: copying again writes it again."""
    made = lay_image(layout, "web", LAYERS)
    there = create_layout(tmp_path / "there")
    source = layout_source(InLayout("images"), layout.root)

    def copied() -> None:
        copy_image(source, target(there, tag), CopyWish(), progress=lambda *_: None, warn=print, cancel=Cancel())

    copied()
    for blob in sorted(there.path(made.digest).parent.iterdir()):
        whole = blob.read_bytes()
        blob.write_bytes(whole[:-1])
        copied()
        assert blob.read_bytes() == whole
