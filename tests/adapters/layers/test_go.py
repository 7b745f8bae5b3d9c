"""A Go program: for this platform, able to start, with the modules that it names."""

from __future__ import annotations

from pathlib import Path

import pytest

from paasctl.adapters.layers.elf import go_modules, read_program
from paasctl.adapters.layout import FolderLayout, create_layout
from paasctl.errors import ConfigError
from paasctl.model.image import Platform
from paasctl.model.layer import FileLayer, GoLayer
from paasctl.oci.documents.manifest import descriptor_from
from support.artifacts import make_program, sha256
from support.attested import attached, check_spdx, purls
from support.building import build, project, step
from support.images import document, lay_image, tars_of
from support.naive import seen
from support.tars import tar_of

LOADER = "/lib64/ld-linux-x86-64.so.2"
BUILD = (
    "path\texample.com/shop\nmod\texample.com/shop\t(devel)\t\ndep\tgithub.com/a/b\tv1.2.3\th1:x=\n"
    "dep\tgithub.com/old/c\tv1.0.0\n=>\tgithub.com/new/c\tv1.1.0\th1:y=\nbuild\tGOARCH=amd64\n"
)


def test_the_program_is_the_image(tmp_path: Path, layout: FolderLayout) -> None:
    folder = project(tmp_path / "p")
    make_program(folder / "bin/shop").chmod(0o600)
    made = build(step(GoLayer(src="bin/shop", uid=5, gid=6)), folder, layout)
    (tar,) = tars_of(layout, made)
    assert {path: it[4] for path, it in seen(tar).items()} == {"shop": (0o755, 5, 6, 1.0, ())}
    assert document(layout, document(layout, made)["config"])["config"]["Entrypoint"] == ["/shop"]
    made = build(step(GoLayer(src="bin/shop", dest="/usr/bin/shop")), folder, layout)
    assert document(layout, document(layout, made)["config"])["config"]["Entrypoint"] == ["/usr/bin/shop"]


def test_each_platform_gets_its_own(tmp_path: Path, layout: FolderLayout) -> None:
    folder = project(tmp_path / "p")
    make_program(folder / "bin/linux-amd64/shop", 62)
    make_program(folder / "bin/linux-arm64/shop", 183)
    platforms = (Platform("linux", "arm64"), Platform("linux", "amd64"))
    made = build(step(GoLayer(src="bin/{os}-{arch}/shop"), platforms=platforms), folder, layout)
    index = document(layout, made)
    assert made.media_type == index["mediaType"] == "application/vnd.oci.image.index.v1+json"
    assert [it["platform"] for it in index["manifests"]] == [
        {"os": "linux", "architecture": "arm64"},
        {"os": "linux", "architecture": "amd64"},
    ]
    assert index["annotations"]["org.opencontainers.image.version"] == "1.2.3"
    for it, machine in zip(index["manifests"], ("linux-arm64", "linux-amd64"), strict=True):
        child = descriptor_from(it, "test")
        (tar,) = tars_of(layout, child)
        assert seen(tar)["shop"][1] == (folder / "bin" / machine / "shop").read_bytes()
        assert set(attached(layout, child)) == {"application/spdx+json", "application/vnd.in-toto+json"}
        config = document(layout, document(layout, child)["config"])
        assert f"{config['os']}-{config['architecture']}" == machine
    assert attached(layout, made) == {}


def test_a_program_that_could_not_start_is_told(tmp_path: Path, layout: FolderLayout) -> None:
    folder = project(tmp_path / "p", {"script": "#!/bin/sh", "d/x": "1"})
    make_program(folder / "arm", 183)
    with pytest.raises(ConfigError, match="arm: it is for arm64, the image for linux/amd64") as caught:
        build(step(GoLayer(src="arm")), folder, layout)
    assert caught.value.code == "wrong-platform"
    for src in ("script", "d"):
        with pytest.raises(ConfigError, match=f"reading {src}: it is no program"):
            build(step(GoLayer(src=src)), folder, layout)
    make_program(folder / "linked", loader=LOADER)
    with pytest.raises(ConfigError, match=f"linked against {LOADER}, which scratch does not have") as caught:
        build(step(FileLayer(src="d", dest="/d"), GoLayer(src="linked")), folder, layout)
    assert caught.value.where == "images.web.layers[1]"
    lay_image(
        create_layout(folder / "base"), "1", [tar_of("lib64->usr/lib64", "usr/", "usr/lib64/", f"usr{LOADER}=elf")]
    )
    made = build(step(GoLayer(src="linked"), base="oci:base"), folder, layout)
    assert len(tars_of(layout, made)) == 2


@pytest.mark.parametrize("cut", [0, 4, 20, 51, 63, 70, 119])
def test_a_cut_program_is_none_or_is_read_as_far_as_it_goes(cut: int, tmp_path: Path) -> None:
    whole = make_program(tmp_path / "whole", loader=LOADER, build=BUILD).read_bytes()
    (tmp_path / "cut").write_bytes(whole[:cut])
    found = read_program(tmp_path / "cut")
    assert found is None or found.loader == ""
    assert go_modules(tmp_path / "cut") == ()


def test_its_modules_are_in_the_bill_of_materials(tmp_path: Path, layout: FolderLayout) -> None:
    folder = project(tmp_path / "p")
    path = make_program(folder / "shop", build=BUILD)
    said = attached(layout, build(step(GoLayer(src="shop")), folder, layout))["application/spdx+json"]
    check_spdx(said)
    assert purls(said) == [
        "pkg:golang/example.com/shop",
        "pkg:golang/github.com/a/b@v1.2.3",
        "pkg:golang/github.com/new/c@v1.1.0",
        "pkg:golang/stdlib@1.26.1",
    ]
    own = next(it for it in said["packages"] if it["name"] == "example.com/shop")
    assert own["checksums"] == [{"algorithm": "SHA256", "checksumValue": sha256(path)}]
