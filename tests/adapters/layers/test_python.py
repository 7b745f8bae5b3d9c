"""Wheels into a folder: the ones for the platform and the Python of the base, as an installer would have put them."""

from __future__ import annotations

import json
import tracemalloc
import zipfile
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pytest

from paasctl.adapters.layers.writing import Archives
from paasctl.adapters.layout import FolderLayout, create_layout
from paasctl.errors import ConfigError
from paasctl.model.config import ImageConfig
from paasctl.model.image import Platform
from paasctl.model.layer import PythonLayer
from paasctl.oci.building.compose import InArchive, Source
from paasctl.oci.documents.manifest import descriptor_from
from support.artifacts import make_wheel, sha256
from support.attested import attached, check_spdx, purls
from support.building import build, project, step
from support.images import document, lay_image, lay_index, tars_of
from support.naive import seen, told
from support.tars import tar_of

GLIBC = tar_of("usr/", "usr/bin/", "usr/lib/", "bin->usr/bin", "usr/bin/python3->python3.11", "usr/bin/python3.11=elf")
MUSL = tar_of(
    "lib/", "lib/ld-musl-x86_64.so.1=elf", "usr/", "usr/local/", "usr/local/bin/", "usr/local/bin/python3.13=elf",
    "usr/local/bin/python3->python3.13",
)  # fmt: skip
LAYER = PythonLayer(wheels="vendor", dest="/app/lib")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A project over a base with Python 3.11."""
    made = project(tmp_path / "p")
    lay_image(create_layout(made / "base"), "1", [GLIBC], config={"config": {"Env": ["PATH=/usr/bin:/bin", "LANG=C"]}})
    return made


def built(folder: Path, layout: FolderLayout, layer: PythonLayer = LAYER, **more: object) -> dict[str, str]:
    """What the new layer holds: path -> content."""
    made = build(step(layer, base="oci:base", **more), folder, layout)
    *_, tar = tars_of(layout, made)
    return dict(it.split("=", 1) for it in told(tar) if "=" in it)


def test_a_wheel_is_where_its_specification_puts_it(folder: Path, layout: FolderLayout) -> None:
    make_wheel(
        folder / "vendor",
        "shop_api",
        files={
            "shop_api/__init__.py": "x = 1\n",
            "shop_api/__pycache__/old.pyc": "no",
            "shop_api-1.0.data/scripts/tool": "#!python\nprint(1)\n",
            "shop_api-1.0.data/data/share/words": "words",
            "shop_api-1.0.data/headers/shop.h": "int x;",
            "shop_api-1.0.data/purelib/more.py": "y = 2\n",
        },
        entry_points="[console_scripts]\nserve = shop_api:main\n",
    )
    found = built(folder, layout)
    lib = "app/lib/"
    assert found[f"{lib}shop_api/__init__.py"] == "x = 1\n"
    assert found[f"{lib}more.py"] == "y = 2\n"
    assert found[f"{lib}share/words"] == "words"
    assert found[f"{lib}include/shop.h"] == "int x;"
    assert found[f"{lib}bin/tool"] == "#!/usr/bin/python3\nprint(1)\n"
    assert found[f"{lib}bin/serve"].startswith("#!/usr/bin/python3\n")
    assert "from shop_api import main" in found[f"{lib}bin/serve"]
    assert found[f"{lib}shop_api-1.0.dist-info/INSTALLER"] == "paasctl\n"
    record = found[f"{lib}shop_api-1.0.dist-info/RECORD"].splitlines()
    assert {it.split(",")[0] for it in record} == {it.removeprefix(lib) for it in found}
    assert not [it for it in found if it.endswith(".pyc")]


def test_modes_and_owners(folder: Path, layout: FolderLayout) -> None:
    make_wheel(folder / "vendor", "a", entry_points="[console_scripts]\nrun = a:b\n")
    made = build(step(replace(LAYER, uid=7, gid=8), base="oci:base"), folder, layout)
    *_, tar = tars_of(layout, made)
    found = seen(tar)
    assert found["app/lib/bin/run"][4] == (0o755, 7, 8, 1.0, ())
    assert found["app/lib/a/__init__.py"][4] == (0o644, 7, 8, 1.0, ())


def test_the_program_finds_them(folder: Path, layout: FolderLayout) -> None:
    make_wheel(folder / "vendor", "a")
    made = build(step(LAYER, base="oci:base"), folder, layout)
    config = document(layout, document(layout, made)["config"])["config"]
    assert config["Env"] == ["PATH=/usr/bin:/bin", "LANG=C", "PYTHONPATH=/app/lib"]
    mine = ImageConfig(env={"PYTHONPATH": "/mine"})
    made = build(step(LAYER, base="oci:base", config=mine), folder, layout)
    assert "PYTHONPATH=/mine" in document(layout, document(layout, made)["config"])["config"]["Env"]


def test_the_best_wheel_for_the_platform_is_taken(folder: Path, layout: FolderLayout) -> None:
    for tag in (
        "cp311-cp311-manylinux_2_17_x86_64.manylinux2014_x86_64",
        "cp311-cp311-manylinux_2_28_x86_64",
        "cp311-cp311-manylinux_2_17_aarch64",
        "cp312-cp312-manylinux_2_17_x86_64",
        "cp311-cp311-musllinux_1_2_x86_64",
        "cp311-cp311-macosx_11_0_arm64",
        "py3-none-any",
    ):
        make_wheel(folder / "vendor", "fast", tag=tag, files={"fast/__init__.py": tag})
    assert built(folder, layout)["app/lib/fast/__init__.py"].startswith("cp311-cp311-manylinux_2_17_x86_64")


def test_abi3_and_older_interpreters_fit(folder: Path, layout: FolderLayout) -> None:
    make_wheel(folder / "vendor", "stable", tag="cp38-abi3-manylinux_2_17_x86_64", files={"stable/__init__.py": "abi3"})
    make_wheel(folder / "vendor", "plain", tag="py2.py3-none-any", files={"plain/__init__.py": "plain"})
    found = built(folder, layout)
    assert found["app/lib/stable/__init__.py"] == "abi3"
    assert found["app/lib/plain/__init__.py"] == "plain"


def test_musl_and_the_version_come_from_the_base(tmp_path: Path, layout: FolderLayout) -> None:
    folder = project(tmp_path / "p")
    lay_image(create_layout(folder / "base"), "1", [MUSL], config={"config": {}})
    for tag in (
        "cp313-cp313-musllinux_1_1_x86_64",
        "cp313-cp313-manylinux_2_17_x86_64",
        "cp311-cp311-musllinux_1_1_x86_64",
    ):
        make_wheel(
            folder / "vendor", "a", tag=tag, files={"a/__init__.py": tag}, entry_points="[console_scripts]\nx=a:b\n"
        )
    found = built(folder, layout)
    assert found["app/lib/a/__init__.py"] == "cp313-cp313-musllinux_1_1_x86_64"
    assert found["app/lib/bin/x"].startswith("#!/usr/local/bin/python3\n")


def test_two_platforms_take_each_its_own_wheels(tmp_path: Path, layout: FolderLayout) -> None:
    folder = project(tmp_path / "p")
    base = create_layout(folder / "base")
    platforms = (Platform("linux", "arm64", "v8"), Platform("linux", "amd64"))
    lay_index(base, "1", [lay_image(base, "", [GLIBC], platform=it) for it in platforms])
    for machine in ("x86_64", "aarch64"):
        make_wheel(
            folder / "vendor", "a", tag=f"cp311-cp311-manylinux_2_17_{machine}", files={"a/__init__.py": machine}
        )
    made = build(step(LAYER, base="oci:base", platforms=tuple(reversed(platforms))), folder, layout)
    index = document(layout, made)
    assert [it["platform"]["architecture"] for it in index["manifests"]] == ["amd64", "arm64"], "the order asked for"
    told_of = [told(tars_of(layout, descriptor_from(it, "test"))[-1]) for it in index["manifests"]]
    assert ["app/lib/a/__init__.py=x86_64" in it for it in told_of] == [True, False]
    assert ["app/lib/a/__init__.py=aarch64" in it for it in told_of] == [False, True]


REQUIREMENTS = """\
# made by pip-compile
--index-url https://pypi.example/simple
a==1.0 \\
    --hash=sha256:{a} \\
    --hash=sha256:{zero}
    # via b
b==2.0 ; python_version >= "3.8" --hash=sha256:{b}
w==1.0 ; sys_platform == "win32" --hash=sha256:{zero}
"""
PYLOCK = """\
lock-version = "1.0"
created-by = "test"
[[packages]]
name = "a"
version = "1.0"
[[packages.wheels]]
url = "https://pypi.example/a-1.0-py3-none-any.whl"
hashes = {{sha256 = "{a}"}}
[[packages]]
name = "b"
version = "2.0"
[[packages.wheels]]
name = "b-2.0-py3-none-any.whl"
hashes = {{sha256 = "{b}"}}
[[packages]]
name = "w"
version = "1.0"
marker = "sys_platform == 'win32'"
"""
UV = """\
version = 1
requires-python = ">=3.11"
[[package]]
name = "shop"
version = "0.1.0"
source = {{ virtual = "." }}
dependencies = [
  {{ name = "b", extra = ["more"] }},
  {{ name = "w", marker = "sys_platform == 'win32'" }},
]
[package.dev-dependencies]
dev = [{{ name = "dev" }}]
[[package]]
name = "a"
version = "1.0"
source = {{ registry = "https://pypi.example/simple" }}
wheels = [{{ url = "https://pypi.example/a-1.0-py3-none-any.whl", hash = "sha256:{a}" }}]
[[package]]
name = "b"
version = "2.0"
source = {{ registry = "https://pypi.example/simple" }}
wheels = [{{ url = "https://pypi.example/b-2.0-py3-none-any.whl", hash = "sha256:{b}" }}]
[package.optional-dependencies]
more = [{{ name = "a", marker = "extra == 'more'" }}]
[[package]]
name = "dev"
version = "9"
source = {{ registry = "https://pypi.example/simple" }}
[[package]]
name = "w"
version = "1.0"
source = {{ registry = "https://pypi.example/simple" }}
"""
LOCKS = {"requirements.txt": REQUIREMENTS, "pylock.toml": PYLOCK, "uv.lock": UV}


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_says_which_wheels_and_which_bytes(lock: str, folder: Path, layout: FolderLayout) -> None:
    a, b = make_wheel(folder / "vendor", "a"), make_wheel(folder / "vendor", "b", "2.0")
    make_wheel(folder / "vendor", "a", "1.1")
    make_wheel(folder / "vendor", "other")
    said = LOCKS[lock].format(a=sha256(a), b=sha256(b), zero="0" * 64)
    (folder / lock).write_text(said)
    found = built(folder, layout, replace(LAYER, lock=lock))
    assert sorted(it for it in found if it.endswith("METADATA")) == [
        "app/lib/a-1.0.dist-info/METADATA",
        "app/lib/b-2.0.dist-info/METADATA",
    ]
    (folder / lock).write_text(said.replace(sha256(a), "1" * 64))
    with pytest.raises(ConfigError, match="which the lock does not list") as caught:
        built(folder, layout, replace(LAYER, lock=lock))
    assert caught.value.code == "wheel-damaged"
    a.unlink()
    with pytest.raises(ConfigError, match=r"no wheel of a 1\.0 for Python 3\.11 on linux/amd64 with glibc") as caught:
        built(folder, layout, replace(LAYER, lock=lock))
    assert "--platform manylinux_2_17_x86_64" in caught.value.hint
    assert lock in caught.value.where


BAD_LOCKS = {
    "no exact version": ("requirements.txt", "a>=1 --hash=sha256:" + "0" * 64, r"requirements\.txt:1: a has no exact"),
    "no hash": ("requirements.txt", "\na==1.0\n", r"requirements\.txt:2: a has no hash"),
    "another file": ("requirements.txt", "-r other.txt", "-r is not read here"),
    "no requirement": ("requirements.txt", "a b c", r"requirements\.txt:1: "),
    "no TOML": ("pylock.toml", "[[", "pylock.toml: "),
    "no packages": (
        "pylock.toml",
        "x = 1",
        r"pylock\.toml: it is no lock as its tool writes it \(KeyError\('packages'",
    ),
    "a list of numbers": ("uv.lock", "package = 1", r"uv\.lock: it is no lock as its tool writes it"),
    "a hole": (
        "uv.lock",
        '[[package]]\nname = "s"\nsource = {virtual = "."}\ndependencies = [{name = "a"}]',
        "it needs a",
    ),
    "a broken marker": ("pylock.toml", '[[packages]]\nname = "a"\nversion = "1"\nmarker = "x ="', "pylock.toml: "),
}


@pytest.mark.parametrize("case", BAD_LOCKS)
def test_a_lock_that_says_too_little_is_told(case: str, folder: Path, layout: FolderLayout) -> None:
    name, text, why = BAD_LOCKS[case]
    make_wheel(folder / "vendor", "a")
    (folder / name).write_text(text)
    with pytest.raises(ConfigError, match=why):
        built(folder, layout, replace(LAYER, lock=name))


def test_wheels_that_do_not_fit_or_are_two_are_told(folder: Path, layout: FolderLayout) -> None:
    with pytest.raises(ConfigError, match=r"vendor: No such file"):
        built(folder, layout)
    make_wheel(folder / "vendor", "a", tag="cp312-cp312-manylinux_2_17_x86_64")
    with pytest.raises(ConfigError, match=r"a-1.0-cp312.* is for another Python 3\.11 on linux/amd64 with glibc"):
        built(folder, layout)
    for version in ("1.0", "1.1"):
        make_wheel(folder / "vendor", "a", version)
    with pytest.raises(ConfigError, match=r"it has a 1\.0 and 1\.1"):
        built(folder, layout)


def test_a_base_without_python_is_told(tmp_path: Path, layout: FolderLayout) -> None:
    folder = project(tmp_path / "p")
    lay_image(create_layout(folder / "base"), "1", [tar_of("usr/", "usr/bin/", "usr/bin/py=1")])
    make_wheel(folder / "vendor", "a")
    with pytest.raises(ConfigError, match="oci:base has no python3") as caught:
        built(folder, layout)
    assert caught.value.code == "no-interpreter"
    with pytest.raises(ConfigError, match="does not say its version"):
        built(folder, layout, replace(LAYER, interpreter="/usr/bin/py"))
    found = built(folder, layout, replace(LAYER, interpreter="/usr/bin/py", python="3.9"))
    assert "app/lib/a/__init__.py" in found


def test_two_wheels_may_share_a_file_but_not_a_name(folder: Path, layout: FolderLayout) -> None:
    make_wheel(folder / "vendor", "a", files={"ns/__init__.py": "", "ns/a.py": "a"})
    make_wheel(folder / "vendor", "b", files={"ns/__init__.py": "", "ns/b.py": "b"})
    assert built(folder, layout)["app/lib/ns/b.py"] == "b"
    make_wheel(folder / "vendor", "c", files={"ns/a.py": "other"})
    with pytest.raises(ConfigError, match=r"two of them have a file ns/a\.py"):
        built(folder, layout)


DAMAGED = {
    "no zip": (None, "is not a zip file"),
    "a record of other bytes": (
        "a/__init__.py,sha256=AAAA,3\n{info}/METADATA,sha256=AA,1\n{info}/WHEEL,sha256=AA,1\n{info}/RECORD,,\n",
        "RECORD says",
    ),
    "a file that no record has": ("", "no wheel that can be installed"),
}


@pytest.mark.parametrize("case", DAMAGED)
def test_a_damaged_wheel_is_told_and_nothing_is_built(case: str, folder: Path, layout: FolderLayout) -> None:
    record, why = DAMAGED[case]
    path = make_wheel(folder / "vendor", "a")
    if record is None:
        path.write_bytes(b"no")
    else:
        make_wheel(folder / "vendor", "a", record=record.format(info="a-1.0.dist-info"))
    with pytest.raises(ConfigError, match=why) as caught:
        built(folder, layout)
    assert caught.value.where == str(path)
    assert layout.place("web") is None


@pytest.mark.parametrize("path", ["../evil.py", "a/../../evil.py", "/etc/evil"])
def test_a_wheel_cannot_leave_its_folder(path: str, folder: Path, layout: FolderLayout) -> None:
    make_wheel(folder / "vendor", "a", files={path: "x"})
    with pytest.raises(ConfigError, match="no wheel that can be installed"):
        built(folder, layout)


def test_the_bill_of_materials_has_each_wheel(folder: Path, layout: FolderLayout) -> None:
    a = make_wheel(folder / "vendor", "a", metadata="License-Expression: MIT AND (Apache-2.0 OR 0BSD)\n")
    make_wheel(folder / "vendor", "Some.Name", "2.0", metadata="License-Expression: LicenseRef-Mine\n")
    made = build(step(LAYER, base="oci:base"), folder, layout)
    said = attached(layout, made)["application/spdx+json"]
    check_spdx(said)
    assert purls(said) == ["pkg:pypi/some-name@2.0", "pkg:pypi/a@1.0"]
    by_name = {it["name"]: it for it in said["packages"]}
    assert by_name["a"]["checksums"] == [{"algorithm": "SHA256", "checksumValue": sha256(a)}]
    assert by_name["a"]["licenseDeclared"] == "MIT AND (Apache-2.0 OR 0BSD)"
    assert by_name["Some.Name"]["licenseComments"] == "declared as LicenseRef-Mine"
    assert by_name["a"]["packageFileName"] == a.name
    assert json.dumps(said).count("licenseDeclared") == len(said["packages"])


def in_archive(path: Path, name: str, size: int) -> Source:
    return Source(b"x", "file", InArchive(bytes(path), name), size, digest=sha256(path))


def test_a_large_file_of_a_wheel_is_never_in_memory_whole(tmp_path: Path) -> None:
    path, size = tmp_path / "big.whl", 64 << 20
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("lib.so", "w") as member:
        for _ in range(64):
            member.write(bytes(1 << 20))
    tracemalloc.start()
    with ExitStack() as opened:
        pieces = Archives(opened).content(in_archive(path, "lib.so", size))
        assert sum(len(it) for it in pieces) == size
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 16 << 20


def test_a_file_of_an_archive_that_is_shorter_than_it_says_is_damaged(tmp_path: Path) -> None:
    """Or all that follows in the layer would lie in the wrong place."""
    path = tmp_path / "short.whl"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("lib.so", b"1234")
    with ExitStack() as opened, pytest.raises(ConfigError, match=r"lib\.so has 4 bytes, not 600"):
        list(Archives(opened).content(in_archive(path, "lib.so", 600)))
