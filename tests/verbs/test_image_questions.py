"""`image inspect`, `diff` and `verify` on images in a layout: what is answered, what is kept, what is refused."""

from __future__ import annotations

import gzip
import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from paasctl.adapters.layout import FolderLayout, create_layout
from paasctl.errors import BuildFailed, Cancelled, Exit, Refused, UsageError
from paasctl.model.image import Descriptor, Platform
from paasctl.model.imageanswer import FileCompared, ImageDiff, InspectAnswer, SettingCompared, VerifyAnswer
from paasctl.oci.documents import manifest as documents
from paasctl.verbs.images.diff import AskImageDiff
from paasctl.verbs.images.inspect import AskInspect
from paasctl.verbs.images.verify import AskVerify
from paasctl.views.encode import encode
from support.clock import FakeCancel
from support.images import document, lay_image, lay_index
from support.tars import Entry, entry, tar_of
from support.world import FakeWorld

ARM = Platform("linux", "arm64")
BASE = tar_of("usr/", "usr/a=base", "gone=xyz")
TOP = tar_of(".wh.gone", "usr/a=newer", entry("copy=newer", mode=0o755))


@pytest.fixture
def world(tmp_path: Path) -> FakeWorld:
    return FakeWorld.make(tmp_path / "project")


@pytest.fixture
def layout(tmp_path: Path) -> FolderLayout:
    return create_layout(tmp_path / "images")


def at(layout: FolderLayout, name: str) -> str:
    return f"oci:{layout.root}:{name}"


def inspect(world: FakeWorld, source: str, **more: Any) -> InspectAnswer:
    answer, status = AskInspect(source=source, **more).answer(world, lambda _: None, FakeCancel())
    assert status is Exit.OK
    return answer


def diff(world: FakeWorld, before: str, after: str, **more: Any) -> tuple[ImageDiff, Exit]:
    return AskImageDiff(before=before, after=after, **more).answer(world, lambda _: None, FakeCancel())


def verify(world: FakeWorld, before: str, after: str, **more: Any) -> tuple[VerifyAnswer, Exit]:
    asked = AskVerify(before=before, after=after, same_tree=True, **more)
    return asked.answer(world, lambda _: None, FakeCancel())


# --- inspect --------------------------------------------------------------------------------------------------------


def test_layers_wastes_and_savings(world: FakeWorld, layout: FolderLayout) -> None:
    laid = lay_image(layout, "web", [BASE, TOP], annotations={documents.BASE_LAYERS: "1"})
    found = inspect(world, at(layout, "web"))
    assert (found.digest, found.platform, found.base, found.entries) == (laid.digest, "linux/amd64", 1, 4)
    assert [(it.number, it.live, it.dead, it.whiteouts, it.base) for it in found.layers] == [
        (1, 512, 2048, 0, True),
        (2, 2048, 512, 1, False),
    ]
    assert [it.made_by for it in found.layers] == ["layer 0", "layer 1"]
    assert [(it.path, it.layer, it.why, it.by) for it in found.wastes] == [
        ("/gone", 1, "deleted", 2),
        ("/usr/a", 1, "overwritten", 2),
    ]
    assert [(it.path, it.copies, it.bytes) for it in found.twins] == [("/copy", 2, 5)]
    assert [(it.how, it.layers) for it in found.savings] == [("keep-base", 2), ("all", 1)]
    assert found.savings[1].saved > found.savings[0].saved > 0
    assert found.savings[1].shared == found.layers[0].packed
    assert found.config["Env"] == ["PATH=/bin"]


def test_an_unknown_base_is_an_answer_and_a_wrong_one_an_error(world: FakeWorld, layout: FolderLayout) -> None:
    lay_image(layout, "web", [BASE, TOP])
    found = inspect(world, at(layout, "web"))
    assert (found.base, [it.how for it in found.savings]) == (None, ["all"])
    assert "nothing tells" in found.base_by
    assert inspect(world, at(layout, "web"), base="1").base == 1
    lay_image(layout, "other", [TOP])
    with pytest.raises(Refused, match="is not its base"):
        inspect(world, at(layout, "web"), base=at(layout, "other"))
    with pytest.raises(UsageError, match="has 2 layers, fewer than"):
        inspect(world, at(layout, "web"), base="3")


def test_this_machines_image_of_an_index_or_the_one_that_is_named(
    world: FakeWorld, layout: FolderLayout, monkeypatch: pytest.MonkeyPatch
) -> None:
    arm, amd = lay_image(layout, "", [BASE], platform=ARM), lay_image(layout, "", [BASE, TOP])
    lay_index(layout, "web", [arm, amd])
    monkeypatch.setattr("platform.machine", lambda: "x86_64")
    assert inspect(world, at(layout, "web")).digest == amd.digest
    assert inspect(world, at(layout, "web")).platforms == ("linux/arm64", "linux/amd64")
    monkeypatch.setattr("platform.machine", lambda: "riscv64")
    assert inspect(world, at(layout, "web")).digest == arm.digest
    assert inspect(world, at(layout, "web"), platform="linux/amd64").digest == amd.digest
    with pytest.raises(Refused, match="nothing for linux/s390x"):
        inspect(world, at(layout, "web"), platform="linux/s390x")


def test_an_index_without_images_is_refused(world: FakeWorld, layout: FolderLayout) -> None:
    lay_index(layout, "web", [])
    with pytest.raises(Refused, match="without images"):
        inspect(world, at(layout, "web"))


def test_indexes_of_indexes_are_opened_once_each(world: FakeWorld, layout: FolderLayout) -> None:
    """Ten small ones that list the next eight times would come to a thousand million images."""
    made = lay_image(layout, "", [BASE])
    for number in range(3):
        made = lay_index(layout, "web", [made] * 8, annotations={"number": str(number)})
    assert inspect(world, at(layout, "web")).platforms == ("linux/amd64",) * 8


def test_a_history_that_does_not_match_names_no_commands(world: FakeWorld, layout: FolderLayout) -> None:
    lay_image(layout, "web", [BASE, TOP], config={"history": [{"created_by": "one"}]})
    assert [it.made_by for it in inspect(world, at(layout, "web")).layers] == ["", ""]


def test_names_are_bytes_in_every_format(world: FakeWorld, layout: FolderLayout) -> None:
    lay_image(layout, "web", [tar_of(Entry("n\udcff", data=b"1")), tar_of(Entry(".wh.n\udcff"))])
    found = inspect(world, at(layout, "web"))
    assert [it.path for it in found.wastes] == ["/n\\xff"]
    assert json.loads(json.dumps(encode(found)))["wastes"][0]["path"] == "/n\\xff"


def _blobs(layout: FolderLayout, laid: Descriptor) -> list[Path]:
    layers = document(layout, laid)["layers"]
    return [layout.root / "blobs" / "sha256" / it["digest"].removeprefix("sha256:") for it in layers]


def test_a_digest_that_was_seen_needs_no_layer_any_more(world: FakeWorld, layout: FolderLayout) -> None:
    laid = lay_image(layout, "web", [BASE, TOP])
    first = inspect(world, at(layout, "web"))
    for blob in _blobs(layout, laid):
        blob.unlink()
    assert inspect(world, at(layout, "web")) == first


def test_of_another_image_only_the_new_layers_are_read(world: FakeWorld, layout: FolderLayout) -> None:
    laid = lay_image(layout, "web", [BASE, TOP])
    inspect(world, at(layout, "web"))
    for blob in _blobs(layout, laid):
        blob.unlink()
    content = tar_of("more=1")
    packed = layout.put(documents.OCI_LAYER, gzip.compress(content, mtime=0))
    diff_id = f"sha256:{hashlib.sha256(content).hexdigest()}"
    old = document(layout, laid)
    config = document(layout, old["config"])
    config["rootfs"]["diff_ids"].append(diff_id)
    old["config"] = documents.descriptor_json(layout.put(documents.OCI_CONFIG, json.dumps(config).encode()))
    old["layers"].append(documents.descriptor_json(packed))
    layout.lay("next", layout.put(documents.OCI_MANIFEST, json.dumps(old).encode()))
    assert inspect(world, at(layout, "next")).layers[2].live == 512 * 2


@pytest.mark.parametrize("damage", ["cut", "flip", "format"])
def test_a_damaged_cache_is_built_anew(
    world: FakeWorld, layout: FolderLayout, damage: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    lay_image(layout, "web", [BASE, TOP])
    first = inspect(world, at(layout, "web"))
    if damage == "format":
        monkeypatch.setattr("paasctl.verbs.images.inspect._FORMAT", 99)
        monkeypatch.setattr("paasctl.oci.tree.columns.FORMAT", "99")
    for it in (world.project / ".cache").rglob("*"):
        if it.is_file() and damage != "format":
            content = it.read_bytes()
            it.write_bytes(content[:-5] if damage == "cut" else content[:-1] + bytes([content[-1] ^ 1]))
    assert inspect(world, at(layout, "web")) == first
    assert inspect(world, at(layout, "web")) == first


def test_a_layer_that_lies_is_an_error_and_never_kept(world: FakeWorld, layout: FolderLayout) -> None:
    lay_image(layout, "web", [BASE], config={"rootfs": {"type": "layers", "diff_ids": ["sha256:" + "0" * 64]}})
    for _ in range(2):
        with pytest.raises(BuildFailed, match="it unpacks to"):
            inspect(world, at(layout, "web"))


@pytest.mark.parametrize(
    ("media", "why"),
    [
        ("application/vnd.oci.image.layer.v1.tar+gzip+encrypted", "is encrypted"),
        ("application/vnd.oci.image.layer.nondistributable.v1.tar+gzip", "may not be distributed"),
        ("application/x-disk", "has the media type"),
    ],
)
def test_layers_that_cannot_be_read_are_refused_with_a_reason(
    world: FakeWorld, layout: FolderLayout, media: str, why: str
) -> None:
    manifest = document(layout, lay_image(layout, "web", [BASE]))
    manifest["layers"][0]["mediaType"] = media
    layout.lay("web", layout.put(documents.OCI_MANIFEST, json.dumps(manifest).encode()))
    with pytest.raises(Refused, match=why):
        inspect(world, at(layout, "web"))


def test_windows_is_refused(world: FakeWorld, layout: FolderLayout) -> None:
    lay_image(layout, "web", [BASE], platform=Platform("windows", "amd64"))
    with pytest.raises(Refused, match="Windows"):
        inspect(world, at(layout, "web"))


def test_it_can_be_stopped(world: FakeWorld, layout: FolderLayout) -> None:
    lay_image(layout, "web", [BASE, TOP])
    with pytest.raises(Cancelled):
        AskInspect(source=at(layout, "web")).answer(world, lambda _: None, FakeCancel(after=0))


@pytest.mark.parametrize("ask", [lambda it: inspect(it, "no place"), lambda it: diff(it, "no place", "oci:x")])
def test_what_is_no_place_is_told_so(world: FakeWorld, ask: Callable[[FakeWorld], object]) -> None:
    with pytest.raises(UsageError, match="reading"):
        ask(world)


# --- diff -----------------------------------------------------------------------------------------------------------


def test_layers_files_and_settings(world: FakeWorld, layout: FolderLayout) -> None:
    more = {"config": {"Env": ["PATH=/sbin", "A=1"], "Cmd": ["x", "y"], "Labels": {"a": "b"}, "Healthcheck": {}}}
    lay_image(layout, "one", [BASE])
    lay_image(layout, "two", [BASE, TOP], config=more)
    found, status = diff(world, at(layout, "one"), at(layout, "two"))
    assert status is Exit.OK
    assert [(it.before, it.after) for it in found.layers] == [(1, 1), (None, 2)]
    assert found.files == (
        FileCompared("/copy", "added", 0, 5),
        FileCompared("/gone", "removed", 3, 0),
        FileCompared("/usr/a", "changed", 4, 5, ("content",)),
    )
    assert found.settings == (
        SettingCompared(key="Cmd", before=None, after="x y"),
        SettingCompared(key="Env.A", before=None, after="1"),
        SettingCompared(key="Env.PATH", before="/bin", after="/sbin"),
        SettingCompared(key="Healthcheck", before="{'Test': ['NONE']}", after=None),
        SettingCompared(key="Labels.a", before=None, after="b"),
    )
    assert diff(world, at(layout, "one"), at(layout, "two"), exit_code=True)[1] is Exit.CHANGES


def test_the_same_is_no_difference_and_no_layer_is_read(world: FakeWorld, layout: FolderLayout) -> None:
    laid = lay_image(layout, "one", [BASE, TOP])
    for blob in _blobs(layout, laid):
        blob.unlink()
    found, status = diff(world, at(layout, "one"), at(layout, "one"), exit_code=True)
    assert (found.files, found.settings, status) == ((), (), Exit.OK)


def test_other_layers_with_the_same_files_differ_in_layers_only(world: FakeWorld, layout: FolderLayout) -> None:
    lay_image(layout, "one", [tar_of("a=1"), tar_of("b=2")])
    lay_image(layout, "two", [tar_of("a=1", "b=2")], config={"history": []})
    found, status = diff(world, at(layout, "one"), at(layout, "two"), exit_code=True)
    assert (found.files, found.settings, len(found.layers), status) == ((), (), 3, Exit.CHANGES)


def test_the_other_is_compared_on_the_same_platform(world: FakeWorld, layout: FolderLayout) -> None:
    arm, amd = lay_image(layout, "", [BASE], platform=ARM), lay_image(layout, "", [BASE, TOP])
    lay_index(layout, "one", [arm, amd])
    lay_index(layout, "two", [amd, arm])
    assert diff(world, at(layout, "one"), at(layout, "two"))[0].files == ()
    assert diff(world, at(layout, "one"), at(layout, "two"), platform="linux/arm64")[0].platform == "linux/arm64"


# --- verify ---------------------------------------------------------------------------------------------------------


def test_the_same_tree_in_other_layers(world: FakeWorld, layout: FolderLayout) -> None:
    lay_image(layout, "one", [tar_of("d/", "a=1", "b==a"), tar_of("d/c=2", ".wh.b")])
    lay_image(layout, "two", [tar_of("d/", "d/c=2", "a=1")], docker=True)
    found, status = verify(world, at(layout, "one"), at(layout, "two"))
    assert (found.same, status) == (True, Exit.OK)
    assert [(it.entries, it.different) for it in found.platforms] == [(4, 0)]


@pytest.mark.parametrize(
    "other",
    [
        Entry("a", data=b"2"),
        Entry("a", data=b"1", mode=0o600),
        Entry("a", data=b"1", uid=1),
        Entry("a", data=b"1", gid=1),
        Entry("a", data=b"1", mtime=7),
        Entry("a", data=b"1", xattrs={"security.capability": "\x01"}),
        entry("a->1"),
    ],
)
def test_whatever_a_container_sees_counts(world: FakeWorld, layout: FolderLayout, other: Entry) -> None:
    lay_image(layout, "one", [tar_of("a=1", "b=1")])
    lay_image(layout, "two", [tar_of(other, "b=1")])
    found, status = verify(world, at(layout, "one"), at(layout, "two"))
    assert (found.same, status, found.platforms[0].different) == (False, Exit.FAILED, 1)
    assert found.platforms[0].first[0].startswith("/a: ")


def test_only_the_first_are_told_and_all_are_counted(world: FakeWorld, layout: FolderLayout) -> None:
    lay_image(layout, "one", [tar_of(*(f"f{it}=1" for it in range(30)))])
    lay_image(layout, "two", [tar_of("g=1")])
    (found,) = verify(world, at(layout, "one"), at(layout, "two"), limit=3)[0].platforms
    assert (found.different, len(found.first)) == (31, 3)


def test_indexes_are_compared_platform_by_platform(world: FakeWorld, layout: FolderLayout) -> None:
    arm, amd = lay_image(layout, "", [BASE], platform=ARM), lay_image(layout, "", [BASE, TOP])
    lay_index(layout, "one", [arm, amd])
    lay_index(layout, "two", [amd, lay_image(layout, "", [BASE], platform=ARM, docker=True)])
    assert verify(world, at(layout, "one"), at(layout, "two"))[0].same
    lay_index(layout, "less", [amd])
    found, status = verify(world, at(layout, "one"), at(layout, "less"))
    assert [(it.platform, it.different) for it in found.platforms] == [("linux/arm64", 1), ("linux/amd64", 0)]
    assert status is Exit.FAILED
    assert not verify(world, at(layout, "less"), at(layout, "one"))[0].same
    assert verify(world, at(layout, "less"), at(layout, "one"), platform="linux/amd64")[0].same


def test_two_images_are_compared_whatever_they_run_on(world: FakeWorld, layout: FolderLayout) -> None:
    lay_image(layout, "one", [BASE])
    lay_image(layout, "two", [BASE], platform=ARM)
    assert verify(world, at(layout, "one"), at(layout, "two"))[0].platforms[0].platform == "linux/amd64, linux/arm64"


def test_a_proof_remembers_nothing(world: FakeWorld, layout: FolderLayout) -> None:
    laid = lay_image(layout, "one", [BASE])
    inspect(world, at(layout, "one"))
    (blob,) = _blobs(layout, laid)
    blob.write_bytes(gzip.compress(TOP))
    with pytest.raises(Exception, match="sha256"):
        verify(world, at(layout, "one"), at(layout, "one"))


def test_a_proof_takes_nobodys_word_for_what_a_layer_unpacks_to(world: FakeWorld, layout: FolderLayout) -> None:
    """The same blob, and a configuration by which no engine would start it."""
    lay_image(layout, "one", [BASE])
    lay_image(layout, "two", [BASE], config={"rootfs": {"type": "layers", "diff_ids": ["sha256:" + "0" * 64]}})
    with pytest.raises(BuildFailed, match="it unpacks to"):
        verify(world, at(layout, "one"), at(layout, "two"))


def test_what_should_be_verified_must_be_named(world: FakeWorld, layout: FolderLayout) -> None:
    asked = AskVerify(before=at(layout, "one"), after=at(layout, "two"))
    with pytest.raises(UsageError) as caught:
        asked.answer(world, lambda _: None, FakeCancel())
    assert "--same-tree" in caught.value.hint
