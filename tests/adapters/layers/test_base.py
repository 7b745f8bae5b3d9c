"""What lies under a build: an image in a registry or on disk, taken as it is."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from paasctl.adapters.layout import FolderLayout, create_layout
from paasctl.errors import BuildFailed, ConfigError, PaasError, Refused
from paasctl.model.image import Descriptor, Platform
from paasctl.model.layer import FileLayer
from support.building import build, builder_of, project, step
from support.clock import FakeCancel
from support.images import LINUX, document, lay_image, lay_index, tars_of
from support.naive import seen, told
from support.registry import Registry
from support.registry_client import talking
from support.tars import Entry, entry, tar_of

BASE = tar_of(Entry("usr/", b"5", mode=0o711, uid=3), "usr/lib/", "lib->usr/lib", "k=1")


@pytest.mark.parametrize("docker", [False, True])
@pytest.mark.parametrize("tag", ["", ":one"])
def test_a_base_on_disk_is_taken_as_it_is(tmp_path: Path, layout: FolderLayout, tag: str, docker: bool) -> None:
    folder = project(tmp_path / "p", {"x.so": "so"})
    theirs = create_layout(folder / "base")
    base = lay_image(theirs, "one", [BASE, tar_of("z=1")], docker=docker)
    made = build(step(FileLayer(src="x.so", dest="/lib/"), base=f"oci:base{tag}"), folder, layout)
    manifest = document(layout, made)
    assert [it["digest"] for it in manifest["layers"][:2]] == [it["digest"] for it in document(theirs, base)["layers"]]
    assert {it["mediaType"] for it in manifest["layers"]} <= {
        "application/vnd.oci.image.layer.v1.tar",
        "application/vnd.oci.image.layer.v1.tar+gzip",
    }
    assert manifest["annotations"]["org.opencontainers.image.base.digest"] == base.digest
    assert "org.opencontainers.image.base.name" not in manifest["annotations"]
    assert document(layout, manifest["config"])["config"]["Healthcheck"] == {"Test": ["NONE"]}
    *_, new = tars_of(layout, made)
    assert told(new) == ["usr/", "usr/lib/", "usr/lib/x.so=so"]
    assert seen(new)["usr"][4] == (0o711, 3, 0, 1000.0, ()), "the base's own metadata"


@pytest.mark.parametrize("tagged", [True, False])
def test_a_base_in_a_registry_is_copied_and_named(tmp_path: Path, layout: FolderLayout, tagged: bool) -> None:
    staging = create_layout(tmp_path / "staging")
    base = lay_image(staging, "b", [BASE])
    with Registry() as registry, talking(registry) as client:
        put(registry, staging, base, "base/os", "1")
        name = f"{registry.host}/base/os" + (":1" if tagged else f"@{base.digest}")
        builder = builder_of({registry.host: client}.__getitem__, layout)
        lines: list[str] = []
        made = builder.build(step(base=name), project(tmp_path / "p"), layout, log=lines.append, cancel=FakeCancel())
    annotations = document(layout, made)["annotations"]
    assert annotations["org.opencontainers.image.base.name"] == name
    assert annotations["org.opencontainers.image.base.digest"] == base.digest
    assert lines[0] == f"base {name} is {base.digest}"  # B4
    assert len(tars_of(layout, made)) == 3


def put(registry: Registry, staging: FolderLayout, image: Descriptor, repository: str, tag: str) -> None:
    """Put an image (and its children) into the registry's memory."""
    content = staging.read(image)
    said = document(staging, image)
    for child in said.get("manifests", []):
        put(registry, staging, Descriptor(child["mediaType"], child["digest"], child["size"]), repository, "")
    for blob in [said["config"], *said["layers"]] if "config" in said else []:
        registry.blobs[repository][blob["digest"]] = staging.path(blob["digest"]).read_bytes()
    registry.put_manifest(repository, content, image.media_type)
    if tag:
        registry.tags[repository][tag] = image.digest


def test_of_an_index_the_platforms_child_is_taken(tmp_path: Path, layout: FolderLayout) -> None:
    staging = create_layout(tmp_path / "staging")
    arm = lay_image(staging, "", [tar_of("arm=1")], platform=Platform("linux", "arm64", "v8"))
    amd = lay_image(staging, "", [tar_of("amd=1")])
    index = lay_index(staging, "b", [arm, amd])
    with Registry() as registry, talking(registry) as client:
        put(registry, staging, index, "base", "1")
        builder = builder_of(lambda _: client, layout)
        it = step(base=f"{registry.host}/base:1", platforms=(Platform("linux", "arm64"),))
        made = builder.build(it, project(tmp_path / "p"), layout, log=lambda _: None, cancel=FakeCancel())
        assert told(tars_of(layout, made)[0]) == ["arm=1"]
        assert document(layout, made)["annotations"]["org.opencontainers.image.base.digest"] == arm.digest
        strange = replace(it, image=replace(it.image, platforms=(Platform("linux", "s390x"),)))
        with pytest.raises(ConfigError, match="nothing for linux/s390x"):
            builder.build(strange, tmp_path / "p", layout, log=lambda _: None, cancel=FakeCancel())


def test_an_index_on_disk_works_too(tmp_path: Path, layout: FolderLayout) -> None:
    theirs = create_layout(tmp_path / "p" / "base")
    lay_index(theirs, "", [lay_image(theirs, "", [tar_of("amd=1")])])
    made = build(step(base="oci:base"), project(tmp_path / "p"), layout)
    assert told(tars_of(layout, made)[0]) == ["amd=1"]


BAD_BASES = {
    "no image of that name": (":two", [BASE], {}, "names no image"),
    "another platform": ("", [BASE], {"platform": Platform("linux", "arm64")}, "is for linux/arm64"),
    "Windows": ("", [BASE], {"config": {"os": "windows"}}, "Windows"),
}


@pytest.mark.parametrize("case", BAD_BASES)
def test_a_base_that_does_not_fit_is_told(case: str, tmp_path: Path, layout: FolderLayout) -> None:
    tag, tars, more, why = BAD_BASES[case]
    folder = project(tmp_path / "p")
    lay_image(create_layout(folder / "base"), "one", tars, **more)  # type: ignore[arg-type]  # as named
    with pytest.raises(PaasError, match=why):
        build(step(base=f"oci:base{tag}"), folder, layout)
    assert layout.place("web") is None


def test_a_base_that_is_nowhere_is_told(tmp_path: Path, layout: FolderLayout) -> None:
    with Registry() as registry, talking(registry) as client:
        builder = builder_of(lambda _: client, layout)
        with pytest.raises(ConfigError, match=r"its base .* is not there") as caught:
            builder.build(step(base=f"{registry.host}/x:1"), tmp_path, layout, log=lambda _: None, cancel=FakeCancel())
    assert caught.value.code == "base-not-found"
    for base, why in {"oci:nowhere": "no oci-layout", "ubuntu": "neither a tag nor a digest"}.items():
        with pytest.raises(ConfigError, match=why):
            build(step(base=base), tmp_path, layout)


def test_a_damaged_base_is_never_taken(tmp_path: Path, layout: FolderLayout) -> None:
    folder = project(tmp_path / "p")
    theirs = create_layout(folder / "base")
    base = lay_image(theirs, "one", [BASE])
    theirs.path(document(theirs, base)["layers"][0]["digest"]).write_bytes(b"else")
    with pytest.raises(BuildFailed, match="its 4 bytes are not"):
        build(step(base="oci:base"), folder, layout)
    assert layout.place("web") is None


def test_an_encrypted_base_is_refused(tmp_path: Path, layout: FolderLayout) -> None:
    folder = project(tmp_path / "p")
    theirs = create_layout(folder / "base")
    base = lay_image(theirs, "one", [tar_of(entry("a=1"))])
    manifest = document(theirs, base)
    manifest["layers"][0]["mediaType"] += "+encrypted"
    theirs.lay("one", theirs.put(base.media_type, json.dumps(manifest).encode()))
    with pytest.raises(Refused, match="encrypted"):
        build(step(base="oci:base"), folder, layout)


def test_a_build_with_no_layers_of_its_own_is_its_base(tmp_path: Path, layout: FolderLayout) -> None:
    folder = project(tmp_path / "p")
    lay_image(create_layout(folder / "base"), "one", [BASE], platform=LINUX)
    it = step(base="oci:base")
    made = build(replace(it, image=replace(it.image, layers=())), folder, layout)
    assert tars_of(layout, made) == [BASE]
