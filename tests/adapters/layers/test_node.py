"""node_modules as npm left it, without what only development needs; the program over it."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from paasctl.adapters.layout import FolderLayout, create_layout
from paasctl.errors import ConfigError
from paasctl.model.layer import NodeLayer
from support.artifacts import make_package, make_program
from support.attested import attached, check_provenance, check_spdx, purls
from support.building import build, project, step
from support.images import document, lay_image, tars_of
from support.naive import told
from support.tars import tar_of

LAYER = NodeLayer(src="ui")
SUM = base64.b64encode(bytes(64)).decode()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A program that needs `left` (which needs its own `right`) and `@our/lib`, and `lint` to be written."""
    made = project(
        tmp_path / "p", {"ui/index.js": "1", "ui/package.json": "{}", "ui/lib/a.js": "a", "ui/notes.md": "n"}
    )
    lay_image(create_layout(made / "base"), "1", [tar_of("usr/")], config={"config": {}})
    modules = made / "ui/node_modules"
    make_package(modules / "left", "left", "1.2.3", license="MIT")
    make_package(modules / "left/node_modules/right", "right", "0.1.0")
    make_package(modules / "@our/lib", "@our/lib", "2.0.0", license="SEE LICENSE IN x")
    make_package(modules / "lint", "lint")
    make_package(modules / "lint/templates/x", "no-package-of-its-own")
    (modules / ".bin").mkdir()
    (modules / ".bin/left").symlink_to("../left/index.js")
    (modules / ".bin/lint").symlink_to("../lint/index.js")
    (modules / ".cache").mkdir()
    (modules / ".cache/x").write_text("x")
    lock(made, {"node_modules/left": {"integrity": f"sha512-{SUM}"}, "node_modules/lint": {"dev": True}})
    return made


def lock(folder: Path, packages: dict[str, Any]) -> None:
    (folder / "ui/package-lock.json").write_text(json.dumps({"lockfileVersion": 3, "packages": packages}))


def built(folder: Path, layout: FolderLayout, layer: NodeLayer = LAYER) -> list[list[str]]:
    made = build(step(layer, base="oci:base"), folder, layout)
    return [[it.split("=")[0] for it in told(tar) if not it.endswith("/")] for tar in tars_of(layout, made)[1:]]


def test_packages_lie_below_the_program(folder: Path, layout: FolderLayout) -> None:
    packages, program = built(folder, layout, replace(LAYER, exclude=("*.md",)))
    assert packages == [
        "app/node_modules/.bin/left->../left/index.js",
        "app/node_modules/@our/lib/index.js",
        "app/node_modules/@our/lib/package.json",
        "app/node_modules/left/index.js",
        "app/node_modules/left/node_modules/right/index.js",
        "app/node_modules/left/node_modules/right/package.json",
        "app/node_modules/left/package.json",
    ]
    assert program == ["app/index.js", "app/lib/a.js", "app/package-lock.json", "app/package.json"]


def test_development_comes_along_where_it_is_wanted_or_nobody_knows(folder: Path, layout: FolderLayout) -> None:
    packages, _ = built(folder, layout, replace(LAYER, dev=True))
    assert {"app/node_modules/.bin/lint->../lint/index.js", "app/node_modules/lint/index.js"} <= set(packages)
    (folder / "ui/package-lock.json").unlink()
    packages, _ = built(folder, layout)
    assert "app/node_modules/lint/index.js" in packages


def test_a_changed_program_leaves_the_packages_as_they_are(folder: Path, layout: FolderLayout) -> None:
    first = document(layout, build(step(LAYER, base="oci:base"), folder, layout))["layers"]
    (folder / "ui/index.js").write_text("2")
    second = document(layout, build(step(LAYER, base="oci:base"), folder, layout))["layers"]
    assert [one == other for one, other in zip(first, second, strict=True)] == [True, True, False]


def test_dockerignore_leaves_out_of_the_program_and_not_of_the_packages(folder: Path, layout: FolderLayout) -> None:
    (folder / ".dockerignore").write_text("**/node_modules\n*.md\n**/*.md\nui/lib\n")
    packages, program = built(folder, layout)
    assert "app/node_modules/left/index.js" in packages
    assert program == ["app/index.js", "app/package-lock.json", "app/package.json"]


def test_a_program_without_packages(folder: Path, layout: FolderLayout) -> None:
    (program,) = built(folder, layout, replace(LAYER, modules="", exclude=("node_modules",)))
    assert "app/index.js" in program


def test_what_is_not_installed_or_for_another_machine_is_told(folder: Path, layout: FolderLayout) -> None:
    with pytest.raises(ConfigError, match="ui/none: it is not there") as caught:
        built(folder, layout, replace(LAYER, modules="none"))
    assert "npm ci" in caught.value.hint
    make_program(folder / "ui/node_modules/left/build/fast.node", machine=183)
    with pytest.raises(ConfigError, match=r"fast\.node: it is for arm64, the image for linux/amd64") as caught:
        built(folder, layout)
    assert caught.value.code == "wrong-platform"
    (folder / "ui/package-lock.json").write_text("[")
    with pytest.raises(ConfigError, match="no lock file of npm"):
        built(folder, layout)
    (folder / "ui/package-lock.json").write_text('{"lockfileVersion": 1, "dependencies": {}}')
    with pytest.raises(ConfigError, match="it lists no packages"):
        built(folder, layout)


def test_packages_and_the_lock_are_vouched_for(folder: Path, layout: FolderLayout) -> None:
    made = build(step(LAYER, base="oci:base"), folder, layout)
    said = attached(layout, made)
    bill = said["application/spdx+json"]
    check_spdx(bill)
    assert purls(bill) == ["pkg:npm/%40our/lib@2.0.0", "pkg:npm/left@1.2.3", "pkg:npm/right@0.1.0"]
    by_name = {it["name"]: it for it in bill["packages"]}
    assert by_name["left"]["checksums"] == [{"algorithm": "SHA512", "checksumValue": bytes(64).hex()}]
    assert by_name["left"]["licenseDeclared"] == "MIT"
    statement = said["application/vnd.in-toto+json"]
    check_provenance(statement, made)
    names = [it["name"] for it in statement["predicate"]["buildDefinition"]["resolvedDependencies"]]
    assert names == ["source", "base", "ui/package-lock.json"]
