"""What is unchanged is neither read nor packed again; what is kept is bounded, and may be damaged without harm."""

from __future__ import annotations

import os
import shutil
import threading
import time
from pathlib import Path

import pytest

from paasctl.adapters.layers.hashes import Hashes
from paasctl.adapters.layers.kept import Kept
from paasctl.adapters.layout import FolderLayout, create_layout, read_layout
from paasctl.model.image import Descriptor
from paasctl.model.layer import FileLayer
from support.building import build, project, step
from support.clock import FakeCancel
from support.images import document, lay_image
from support.tars import tar_of


def age(folder: Path, seconds: float = 10) -> None:
    """Make files old enough to be believed; their change times are the kernel's own, so wait for those."""
    for it in folder.rglob("*"):
        if it.is_file() and not it.is_symlink():
            os.utime(it, (time.time() - seconds,) * 2)
    threading.Event().wait(0.15)


def cache(layout: FolderLayout) -> Path:
    return layout.root.parent / f"{layout.root.name}-cache"


def as_before(log: list[str]) -> list[bool]:
    return [it.endswith("(as before)") for it in log if "->" in it]


def test_the_second_build_packs_only_what_changed(tmp_path: Path, layout: FolderLayout) -> None:
    folder = project(tmp_path / "p")
    first: list[str] = []
    one = build(step(), folder, layout, log=first)
    assert as_before(first) == [False, False]
    (folder / "app/main.py").write_text("changed")
    second: list[str] = []
    two = build(step(), folder, layout, log=second)
    assert as_before(second) == [False, True]
    layers = [document(layout, it)["layers"] for it in (one, two)]
    assert [a == b for a, b in zip(*layers, strict=True)] == [False, True]


def test_what_is_kept_gives_the_digest_that_no_cache_gives(tmp_path: Path, layout: FolderLayout) -> None:
    folder = project(tmp_path / "p")
    lay_image(create_layout(folder / "base"), "1", [tar_of("usr/", "lib->usr/lib", "usr/lib/")])
    it = step(FileLayer(src="app", dest="/lib/app"), base="oci:base")
    build(it, folder, layout)
    age(folder)
    warm = [build(it, folder, layout) for _ in range(2)]
    assert {*warm} == {build(it, folder, create_layout(tmp_path / "cold"))}


def test_a_file_with_its_old_size_and_time_is_seen_to_have_changed(tmp_path: Path, layout: FolderLayout) -> None:
    """Its change time is the kernel's, and no tool can set that back."""
    folder = project(tmp_path / "p")
    age(folder)
    path = folder / "app/lib/a"
    before, times = build(step(), folder, layout), (path.stat().st_atime_ns, path.stat().st_mtime_ns)
    path.write_text("b")
    os.utime(path, ns=times)
    assert build(step(), folder, layout).digest != before.digest


def test_an_old_file_is_read_once_and_a_fresh_one_each_time(tmp_path: Path) -> None:
    path = tmp_path / "f"
    path.write_text("1")
    os.utime(path, (time.time() + 60,) * 2)  # as fresh as can be, however slow this machine is
    name = os.fsencode(path)
    fresh = Hashes(tmp_path / "kept")
    fresh.of(name, path.stat())
    fresh.save()
    assert not Hashes(tmp_path / "kept")._known
    age(tmp_path)
    old = Hashes(tmp_path / "kept")
    found = old.of(name, path.stat())
    old.save()
    seen = path.stat()
    path.unlink()
    assert Hashes(tmp_path / "kept").of(name, seen) == found, "it was not looked at"


@pytest.mark.parametrize("damage", ["cut", "garbage", "folder", "gone"])
def test_damage_costs_time_and_nothing_else(damage: str, tmp_path: Path, layout: FolderLayout) -> None:
    folder = project(tmp_path / "p")
    lay_image(create_layout(folder / "base"), "1", [tar_of("usr/")])
    it = step(FileLayer(src="app", dest="/app"), base="oci:base")
    age(folder)
    before = build(it, folder, layout)
    for path in [it for it in cache(layout).rglob("*") if it.is_file()]:
        if damage == "cut":
            path.write_bytes(path.read_bytes()[:20])
        elif damage == "garbage":
            path.write_bytes(b"\xff{[")
        else:
            path.unlink()
    if damage == "folder":
        shutil.rmtree(cache(layout))
    assert build(it, folder, layout).digest == before.digest


def test_a_layer_whose_bytes_are_gone_is_made_again(tmp_path: Path, layout: FolderLayout) -> None:
    folder = project(tmp_path / "p")
    before = build(step(), folder, layout)
    for it in document(layout, before)["layers"]:
        layout.path(it["digest"]).unlink()
    assert build(step(), folder, layout).digest == before.digest
    assert all(layout.has(it["digest"]) for it in document(layout, before)["layers"])


def test_the_least_used_goes_first_and_what_an_image_holds_stays(tmp_path: Path, layout: FolderLayout) -> None:
    folder = project(tmp_path / "p")
    made = build(step(FileLayer(src="site", dest="/srv")), folder, layout)
    held = document(layout, made)["layers"][0]["digest"]
    layout.lay("held", made)
    layers = []
    for number in range(8):
        (folder / "app/main.py").write_text(f"print({number})")
        made = build(step(FileLayer(src="app", dest="/app")), folder, layout)
        layers.append(document(layout, made)["layers"][0]["digest"])
        os.utime(max((cache(layout) / "layers").iterdir(), key=lambda it: it.stat().st_mtime_ns), (number, number))
    keeping = Kept(cache(layout), read_layout(layout.root), layers=4)
    keeping.clear_up()
    assert len(list((cache(layout) / "layers").iterdir())) == 3
    assert layout.has(held), "an image in the layout holds it"
    assert [layout.has(it) for it in layers] == [False] * 6 + [True, True]


def test_what_a_killed_run_left_is_cleared_up(tmp_path: Path, layout: FolderLayout) -> None:
    folder = project(tmp_path / "p")
    build(step(), folder, layout)
    (cache(layout) / "layers" / ".tmp-abc").write_text("half")
    build(step(), folder, layout)
    assert list(cache(layout).rglob(".tmp-*")) == []


def test_no_run_clears_away_what_another_is_writing(tmp_path: Path, layout: FolderLayout) -> None:
    """Images of one project are built side by side."""
    folder = project(tmp_path / "p")
    build(step(), folder, layout)
    keeping = Kept(cache(layout), read_layout(layout.root))
    failed: list[BaseException] = []
    done = threading.Event()

    def clear() -> None:
        while not done.is_set():
            keeping.clear_up()

    def write() -> None:
        try:
            for number in range(300):
                keeping.keep_layer(f"{number:064x}", Descriptor("m", f"sha256:{number:064x}", 1), "sha256:0")
        except BaseException as error:  # noqa: BLE001 - told by the test
            failed.append(error)
        done.set()

    threads = [threading.Thread(target=it) for it in (clear, write)]
    for it in threads:
        it.start()
    for it in threads:
        it.join()
    assert failed == []


def test_two_runs_at_once_have_one_result(tmp_path: Path, layout: FolderLayout) -> None:
    folder = project(tmp_path / "p", {f"app/f{number}": str(number) for number in range(300)})
    found: list[str] = []

    def run() -> None:
        made = build(step(FileLayer(src="app", dest="/app")), folder, read_layout(layout.root), FakeCancel())
        found.append(made.digest)

    threads = [threading.Thread(target=run) for _ in range(4)]
    for it in threads:
        it.start()
    for it in threads:
        it.join()
    assert len(found) == 4
    assert len(set(found)) == 1
    assert list(layout.root.parent.rglob(".tmp-*")) == []
