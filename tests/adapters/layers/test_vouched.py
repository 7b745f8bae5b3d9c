"""What is in an image and how it was built travels with it: into a registry, and through a squash."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from paasctl.adapters.codecs import MachineCodecs
from paasctl.adapters.layout import FolderLayout, create_layout
from paasctl.engine.images.place import squash_place
from paasctl.engine.images.push import push_place
from paasctl.model.config import Squash
from paasctl.model.image import Platform, Repository
from paasctl.model.plan import Push, SquashImage
from paasctl.oci.documents.manifest import descriptor_from
from support.attested import attached, check_provenance, check_spdx
from support.building import COMMIT, build, project, step
from support.clock import FakeCancel
from support.images import document, lay_image
from support.registry import Registry
from support.registry_client import talking
from support.tars import tar_of

KINDS = {"application/spdx+json", "application/vnd.in-toto+json"}
BOTH = (Platform("linux", "amd64"), Platform("linux", "arm64"))


def test_a_statement_says_what_the_build_read(tmp_path: Path, layout: FolderLayout) -> None:
    folder = project(tmp_path / "p")
    base = lay_image(create_layout(folder / "base"), "1", [tar_of("usr/")])
    made = build(step(base="oci:base"), folder, layout)
    said = attached(layout, made)
    check_spdx(said["application/spdx+json"])
    statement = said["application/vnd.in-toto+json"]
    check_provenance(statement, made)
    definition = statement["predicate"]["buildDefinition"]
    assert definition["resolvedDependencies"] == [
        {"name": "source", "digest": {"gitCommit": COMMIT}},
        {"name": "base", "digest": {"sha256": base.digest.removeprefix("sha256:")}},
    ]
    assert definition["externalParameters"]["layers"] == [
        {"kind": "files", "src": "app", "dest": "/app", "uid": 10, "gid": 20},
        {"kind": "files", "src": "site", "dest": "/srv/www"},
    ]
    dirty = build(replace(step(base="oci:base"), version="1.2.3-1.gabc.dirty.h123"), folder, layout)
    source = attached(layout, dirty)["application/vnd.in-toto+json"]["predicate"]["buildDefinition"]
    assert source["resolvedDependencies"][0]["annotations"] == {"dirty": True}


def test_the_same_input_is_vouched_for_in_the_same_words(tmp_path: Path, layout: FolderLayout) -> None:
    folder = project(tmp_path / "p")
    other = create_layout(tmp_path / "other")
    said = [layout.referrers(build(step(), folder, it).digest) for it in (layout, other)]
    assert len(said[0]) == 2
    assert said[0] == said[1]


def test_what_an_earlier_build_laid_goes(tmp_path: Path, layout: FolderLayout) -> None:
    folder = project(tmp_path / "p")
    old = build(step(), folder, layout)
    (folder / "app/main.py").write_text("changed")
    new = build(step(), folder, layout)
    assert attached(layout, old) == {}
    assert set(attached(layout, new)) == KINDS


def test_a_push_takes_it_along(tmp_path: Path, layout: FolderLayout) -> None:
    made = build(step(platforms=BOTH), project(tmp_path / "p"), layout)
    with Registry() as registry, talking(registry) as client:
        repository = Repository(registry.host, "shop/web")
        pushed = Push(name="web", repository=repository)
        for _ in range(2):
            push_place(pushed, layout, client, progress=lambda *_: None, cancel=FakeCancel())
        for it in document(layout, made)["manifests"]:
            found = client.referrers(repository, it["digest"])
            assert {one.artifact_type for one in found} == KINDS
            assert len(found) == 2
            for one in found:
                content = client.manifest(repository.pinned(one.digest))
                assert content
                blob = json.loads(content[1])["layers"][0]
                assert client.has_blob(repository, blob["digest"])


@pytest.mark.parametrize("platforms", [BOTH[:1], BOTH])
def test_a_squash_keeps_it(platforms: tuple[Platform, ...], tmp_path: Path, layout: FolderLayout) -> None:
    it = step(platforms=platforms, squash=Squash(layers=1, base="squash"))
    old = build(it, project(tmp_path / "p"), layout)
    new = squash_place(
        SquashImage(image=it.image),
        layout,
        codecs=MachineCodecs(),
        warn=lambda _: None,
        progress=lambda *_: None,
        cancel=FakeCancel(),
    )
    assert new.digest != old.digest
    images = [descriptor_from(it, "") for it in document(layout, new)["manifests"]] if len(platforms) > 1 else [new]
    for image in images:
        said = attached(layout, image)
        assert set(said) == KINDS
        check_spdx(said["application/spdx+json"])
        check_provenance(said["application/vnd.in-toto+json"], image)
