"""Jib's layers: what seldom changes below what always does."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from paasctl.adapters.layout import FolderLayout, create_layout
from paasctl.errors import ConfigError
from paasctl.model.config import ImageConfig
from paasctl.model.layer import JvmLayer
from support.artifacts import make_jar, sha256
from support.attested import attached, check_spdx, purls
from support.building import build, project, step
from support.images import document, lay_image, tars_of
from support.naive import seen, told
from support.tars import tar_of

JAVA = tar_of("usr/", "usr/bin/", "usr/bin/java=elf")
LAYER = JvmLayer(libs="target/lib", classes="target/classes", main="com.example.Main")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A program with two jars, one of them a snapshot, a resource and two classes."""
    made = project(
        tmp_path / "p",
        {
            "target/classes/com/example/Main.class": "main",
            "target/classes/com/example/Other.class": "other",
            "target/classes/app.properties": "a=b",
            "target/lib/README": "not a jar",
        },
    )
    lay_image(create_layout(made / "base"), "1", [JAVA], config={"config": {}})
    make_jar(made / "target/lib/guava-33.0.jar", {"groupId": "com.google", "artifactId": "guava", "version": "33.0"})
    make_jar(
        made / "target/lib/ours-1.0-SNAPSHOT.jar", manifest="Bundle-SymbolicName: ours;x=y\r\nBundle-Version: 1.0\r\n"
    )
    return made


def built(folder: Path, layout: FolderLayout, layer: JvmLayer = LAYER) -> list[list[str]]:
    made = build(step(layer, base="oci:base"), folder, layout)
    return [[path for path, it in seen(tar).items() if it[0] == "file"] for tar in tars_of(layout, made)[1:]]


def test_each_kind_of_content_has_its_layer(folder: Path, layout: FolderLayout) -> None:
    assert built(folder, layout) == [
        ["app/libs/guava-33.0.jar"],
        ["app/libs/ours-1.0-SNAPSHOT.jar"],
        ["app/resources/app.properties"],
        ["app/classes/com/example/Main.class", "app/classes/com/example/Other.class"],
        ["app/classpath"],
    ]


def test_a_changed_class_changes_one_layer(folder: Path, layout: FolderLayout) -> None:
    first = document(layout, build(step(LAYER, base="oci:base"), folder, layout))["layers"]
    (folder / "target/classes/com/example/Main.class").write_text("changed")
    second = document(layout, build(step(LAYER, base="oci:base"), folder, layout))["layers"]
    assert [one == other for one, other in zip(first, second, strict=True)] == [True, True, True, True, False, True]


def test_it_starts_with_a_class_path_in_a_fixed_order(folder: Path, layout: FolderLayout) -> None:
    made = build(step(LAYER, base="oci:base"), folder, layout)
    config = document(layout, document(layout, made)["config"])["config"]
    assert config["Entrypoint"] == ["java", "-cp", "@/app/classpath", "com.example.Main"]
    *_, tar = tars_of(layout, made)
    assert "app/classpath=/app/resources:/app/classes:/app/libs/guava-33.0.jar:/app/libs/ours-1.0-SNAPSHOT.jar" in told(
        tar
    )
    mine = step(LAYER, base="oci:base", config=ImageConfig(entrypoint=("/mine",)))
    made = build(mine, folder, layout)
    assert document(layout, document(layout, made)["config"])["config"]["Entrypoint"] == ["/mine"]


def test_java_is_found_in_its_home_too(tmp_path: Path, folder: Path, layout: FolderLayout) -> None:
    theirs = create_layout(tmp_path / "other")
    home = {"config": {"Env": ["JAVA_HOME=/opt/java", "PATH=/bin"]}}
    lay_image(theirs, "1", [tar_of("opt/", "opt/java/", "opt/java/bin/", "opt/java/bin/java=elf")], config=home)
    made = build(step(LAYER, base=f"oci:{tmp_path}/other:1"), folder, layout)
    assert document(layout, document(layout, made)["config"])["config"]["Entrypoint"][0] == "/opt/java/bin/java"


def test_what_cannot_start_or_is_not_there_is_told(folder: Path, layout: FolderLayout) -> None:
    with pytest.raises(ConfigError, match="scratch has no java") as caught:
        build(step(LAYER), folder, layout)
    assert caught.value.code == "no-interpreter"
    with pytest.raises(ConfigError, match="target/nowhere"):
        built(folder, layout, replace(LAYER, libs="target/nowhere"))
    (folder / "empty").mkdir()
    with pytest.raises(ConfigError, match="no jar and no class"):
        built(folder, layout, JvmLayer(classes="empty"))
    (folder / "target/lib/broken.jar").write_bytes(b"PK?")
    with pytest.raises(ConfigError, match=r"broken\.jar: File is not a zip file"):
        built(folder, layout)


def test_jars_are_in_the_bill_of_materials(folder: Path, layout: FolderLayout) -> None:
    made = build(step(LAYER, base="oci:base"), folder, layout)
    said = attached(layout, made)["application/spdx+json"]
    check_spdx(said)
    assert purls(said) == ["pkg:maven/com.google/guava@33.0"]
    by_name = {it["name"]: it for it in said["packages"]}
    assert by_name["ours"]["versionInfo"] == "1.0"
    path = folder / "target/lib/guava-33.0.jar"
    assert by_name["guava"]["checksums"] == [{"algorithm": "SHA256", "checksumValue": sha256(path)}]
