"""`image rebase`, as it is typed: bases by annotations, every platform, nothing built and nothing sent again."""

from __future__ import annotations

import pytest

from paasctl.adapters.layout import create_layout
from paasctl.model.image import Descriptor, Platform
from paasctl.oci.documents.manifest import BASE_DIGEST, BASE_NAME
from support.images import lay_image, lay_index
from support.imaging import LAYERS, Somewhere, image
from support.tars import tar_of

ARM = Platform("linux", "arm64")
OLD, NEW = [tar_of("os=old")], [tar_of("os=new"), tar_of("more=new")]
TYPED = ("--old-base", "oci:made:old", "--new-base", "oci:made:new")


def based(here: Somewhere) -> None:
    """`oci:made:app` on `oci:made:old`, and `oci:made:new`."""
    here.lay("old", layers=OLD, config={"config": {"Env": ["V=1"], "User": "1"}})
    here.lay("new", layers=NEW, config={"config": {"Env": ["V=2"], "User": "2"}})
    here.lay("app", layers=[*OLD, *LAYERS], config={"config": {"Env": ["V=1", "MINE=1"], "User": "me"}})


@pytest.mark.parametrize("kind", ["layout", "registry", "archive", "engine"])
def test_it_stands_on_the_new_base_then(here: Somewhere, kind: str) -> None:
    based(here)
    target = here.named(kind, "two")
    said = image("rebase", "oci:made:app", target, *TYPED)
    assert said.status == 0, said.err
    files = here.files(target)
    assert (files["os"], files["more"], files["app"]) == ("new", "new", "second")
    assert here.config(target)["config"] == {"Env": ["V=2", "MINE=1"], "User": "me"}
    assert "Env.V: 1 → 2" in said.err
    assert "User" not in said.err
    assert here.leftovers() == []
    again = image("rebase", "oci:made:app", target, *TYPED)
    assert (again.status, "nothing to do" in again.err) == (0, True), again.err


def test_a_dry_run_says_what_changes_and_writes_nothing(here: Somewhere) -> None:
    based(here)
    said = image("rebase", "oci:made:app", "oci:out:app", *TYPED, "--dry-run")
    assert said.status == 0
    assert "~ linux/amd64 Env.V: 1 → 2" in said.err
    assert "4 layers" in said.err
    assert "oci:made:new's layers instead of the base's 1" in said.err
    assert not (here.folder / "out").exists()


def test_annotations_name_the_old_base_and_the_new_one_is_what_that_name_is_now(here: Somewhere) -> None:
    """A base whose hole was mended: its tag is another image now, and only documents go over the wire."""
    based(here)
    name = f"{here.registry.host}/shop/base:12"
    assert image("copy", "oci:made:old", name).status == 0
    digest = here.source(name).root().digest
    here.lay("app", layers=[*OLD, *LAYERS], annotations={BASE_NAME: name, BASE_DIGEST: digest})
    app, target = f"{here.registry.host}/shop/web:1", f"{here.registry.host}/shop/web:1.1"
    assert image("copy", "oci:made:app", app).status == 0
    nothing = image("rebase", app, app, "--allow-tag-move")
    assert "nothing to do" in nothing.err
    assert image("copy", "oci:made:new", name, "--allow-tag-move").status == 0
    received = here.registry.received
    said = image("rebase", app, target)
    assert said.status == 0, said.err
    config = here.document(target)["config"]["size"]
    assert here.registry.received - received == config, "its configuration, and no layer"
    assert here.files(target)["os"] == "new"
    annotations = here.document(target)["annotations"]
    assert annotations == {BASE_NAME: name, BASE_DIGEST: here.source(name).root().digest}


def test_every_platform_of_an_index_gets_its_own_base(here: Somewhere) -> None:
    layout = create_layout(here.folder / "made")
    olds, news = ([tar_of(f"os={when} {arch}") for arch in ("amd64", "arm64")] for when in ("old", "new"))
    for name, bases, own in (("old", olds, ()), ("new", news, ()), ("app", olds, LAYERS)):
        children = [
            lay_image(layout, "", [base, *own], platform=platform)
            for base, platform in zip(bases, (Platform("linux", "amd64"), ARM), strict=True)
        ]
        lay_index(layout, name, children, annotations={"mine": name})
    said = image("rebase", "oci:made:app", "oci:out:app", *TYPED)
    assert said.status == 0, said.err
    index = here.document("oci:out:app")
    assert [it["platform"]["architecture"] for it in index["manifests"]] == ["amd64", "arm64"]
    assert index["annotations"] == {"mine": "app"}
    for arch in ("amd64", "arm64"):
        assert image("copy", "oci:out:app", f"oci:{arch}:it", "--platform", f"linux/{arch}").status == 0
        assert here.files(f"oci:{arch}:it")["os"] == f"new {arch}"
    again = image("rebase", "oci:made:app", "oci:out:app", *TYPED)
    assert "nothing to do" in again.err
    one = image("rebase", "oci:made:app", "oci:one:app", *TYPED, "--platform", "linux/arm64")
    assert one.status == 0, one.err
    assert here.files("oci:one:app")["os"] == "new arm64"


def test_each_image_of_an_index_may_name_its_bases_own_manifest(here: Somewhere) -> None:
    """So do builds by `layers:` for several platforms."""
    layout, name = create_layout(here.folder / "made"), f"{here.registry.host}/shop/base:12"
    platforms, bases = (Platform("linux", "amd64"), ARM), list[Descriptor]()
    for when in ("new", "old"):
        bases = [lay_image(layout, "", [tar_of(f"os={when} {it.architecture}")], platform=it) for it in platforms]
        lay_index(layout, when, bases)
    assert image("copy", "oci:made:old", name).status == 0
    apps = [
        lay_image(
            layout,
            "",
            [tar_of(f"os=old {it.architecture}"), *LAYERS],
            platform=it,
            annotations={BASE_NAME: name, BASE_DIGEST: base.digest},
        )
        for it, base in zip(platforms, bases, strict=True)
    ]
    lay_index(layout, "app", apps)
    assert image("copy", "oci:made:new", name, "--allow-tag-move").status == 0
    said = image("rebase", "oci:made:app", "oci:out:app")
    assert said.status == 0, said.err
    for arch in ("amd64", "arm64"):
        assert image("copy", "oci:out:app", f"oci:{arch}:it", "--platform", f"linux/{arch}").status == 0
        assert here.files(f"oci:{arch}:it")["os"] == f"new {arch}"
    again = image("rebase", "oci:made:app", "oci:out:app")
    assert (again.status, "nothing to do" in again.err) == (0, True), again.err


def test_a_base_of_the_same_files_that_is_run_otherwise_is_another_one(here: Somewhere) -> None:
    here.lay("old", layers=OLD, config={"config": {"Env": ["V=1"]}})
    here.lay("new", layers=OLD, config={"config": {"Env": ["V=2"]}})
    here.lay("app", layers=[*OLD, *LAYERS], config={"config": {"Env": ["V=1"]}})
    said = image("rebase", "oci:made:app", *TYPED)
    assert said.status == 0, said.err
    assert here.config("oci:made:app")["config"]["Env"] == ["V=2"]


def test_in_place_it_keeps_its_name(here: Somewhere) -> None:
    based(here)
    said = image("rebase", "oci:made:app", *TYPED)
    assert said.status == 0, said.err
    assert here.files("oci:made:app")["os"] == "new"


@pytest.mark.parametrize(
    ("typed", "code", "says"),
    [
        ((), "base-unknown", "nothing tells what base it stands on"),
        (("--old-base", "oci:made:old"), "refused", "nothing tells the new base"),
        (("--old-base", "oci:made:new", "--new-base", "oci:made:new"), "base-unknown", "not those of the old base"),
        (("--old-base", "oci:made:old", "--new-base", "oci:made:arm"), "platform-missing", "linux/arm64"),
        ((*TYPED, "--platform", "linux/arm64"), "platform-missing", "there is: linux/amd64"),
    ],
)
def test_what_cannot_be_is_refused(here: Somewhere, typed: tuple[str, ...], code: str, says: str) -> None:
    based(here)
    here.lay("arm", layers=NEW, platform=ARM)
    said = image("rebase", "oci:made:app", "oci:out:app", *typed)
    assert said.status == 4
    assert f"error[{code}]" in said.err
    assert says in said.err
    assert not (here.folder / "out").exists()


def test_a_name_of_another_image_stays(here: Somewhere) -> None:
    based(here)
    here.lay("other", layers=LAYERS[:1])
    before = here.source("oci:made:other").root()
    said = image("rebase", "oci:made:app", "oci:made:other", *TYPED)
    assert (said.status, "would-clobber" in said.err) == (4, True)
    assert here.source("oci:made:other").root() == before
    assert image("rebase", "oci:made:app", "oci:made:other", *TYPED, "--allow-tag-move").status == 0
