"""The layout on disk: whole or not there, verified, shared by processes, and clear about what is wrong."""

from __future__ import annotations

import errno
import json
import os
import signal
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from paasctl.adapters.disk import disk, temporary
from paasctl.adapters.layout import FolderLayout, create_layout, open_layout, read_layout
from paasctl.errors import BuildFailed, Cancelled, ConfigError, Exit, Forbidden, Missing, PaasError, Unavailable
from paasctl.model.image import Descriptor, Platform

SOURCES = Path(__file__).parents[2] / "src"


@pytest.fixture
def layout(tmp_path: Path) -> FolderLayout:
    return create_layout(tmp_path / "layout")


def leftovers(layout: FolderLayout) -> list[Path]:
    return list(layout.root.rglob(".tmp-*"))


def python(code: str, *args: object) -> subprocess.Popen[bytes]:
    """Another process, with our code."""
    environ = {"PYTHONPATH": str(SOURCES), "PATH": os.environ["PATH"]}
    ours = subprocess.PIPE  # not the runner's input, which may be at its end
    return subprocess.Popen([sys.executable, "-c", code, *map(str, args)], env=environ, stdin=ours, stdout=ours)


def test_a_new_layout_is_what_the_specification_says(layout: FolderLayout) -> None:
    assert json.loads((layout.root / "oci-layout").read_bytes()) == {"imageLayoutVersion": "1.0.0"}
    assert json.loads((layout.root / "index.json").read_bytes()) == {"schemaVersion": 2, "manifests": []}
    assert (layout.root / "blobs" / "sha256").is_dir()


def test_a_blob_is_read_as_it_was_written(layout: FolderLayout) -> None:
    with layout.writer() as writer:
        writer.write(b"one ")
        writer.write(b"two")
        made = writer.commit("text/plain")
    assert made == Descriptor("text/plain", made.digest, 7)
    assert layout.has(made.digest)
    assert layout.read(made) == b"one two"
    assert layout.put("text/plain", b"one two") == made
    assert leftovers(layout) == []


def test_a_big_blob_comes_in_chunks_of_a_mebibyte(layout: FolderLayout) -> None:
    made = layout.put("x", bytes(2_500_000))
    with layout.open(made) as chunks:
        assert [len(it) for it in chunks] == [1 << 20, 1 << 20, 2_500_000 - (2 << 20)]


def test_nothing_is_there_until_commit(layout: FolderLayout) -> None:  # B8
    with layout.writer() as writer:
        writer.write(b"x")
        assert list(layout.path("sha256:" + "0" * 64).parent.glob("[!.]*")) == []
    assert leftovers(layout) == []


@pytest.mark.parametrize("error", [Cancelled("stopped"), KeyboardInterrupt(), ValueError("bug")])
def test_what_is_interrupted_leaves_nothing(layout: FolderLayout, error: BaseException) -> None:  # B8
    def interrupted() -> None:
        with layout.writer() as writer:
            writer.write(b"x")
            raise error

    with pytest.raises(type(error)):
        interrupted()
    assert list(layout.path("sha256:" + "0" * 64).parent.iterdir()) == []


@pytest.mark.parametrize("damage", ["flipped", "cut", "longer"])
def test_a_wrong_byte_is_never_returned_as_good(layout: FolderLayout, damage: str) -> None:
    made = layout.put("x", b"content")
    wrong = {"flipped": b"Content", "cut": b"conten", "longer": b"contents"}[damage]
    layout.path(made.digest).write_bytes(wrong)
    with pytest.raises(PaasError, match=made.digest) as caught:
        layout.read(made)
    assert (caught.value.code, caught.value.exit) == ("blob-damaged", Exit.FAILED)
    assert str(layout.path(made.digest)) in caught.value.hint


def test_a_wrong_size_is_no_better_and_an_unknown_one_is_fine(layout: FolderLayout) -> None:
    made = layout.put("x", b"content")
    with pytest.raises(BuildFailed, match="7 bytes"):
        layout.read(Descriptor("x", made.digest, 8))
    assert layout.read(Descriptor("x", made.digest, -1)) == b"content"


@pytest.mark.parametrize("left", [b"", b"conten"], ids=["empty", "cut"])
def test_what_a_power_cut_left_under_a_blob_s_name_is_not_there_and_is_written_again(
    layout: FolderLayout, left: bytes
) -> None:
    made = layout.put("x", b"content")
    layout.path(made.digest).write_bytes(left)
    assert not layout.has(made.digest, made.size)
    assert layout.put("x", b"content") == made
    assert layout.has(made.digest, made.size)
    assert layout.read(made) == b"content"


def test_bytes_are_on_the_disk_before_their_name_and_all_names_before_the_index(
    layout: FolderLayout, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = list[str]()
    fsync, replace = os.fsync, Path.replace

    def settled(number: int) -> None:
        done.append("folder" if stat.S_ISDIR(os.fstat(number).st_mode) else f"{os.fstat(number).st_size} bytes")
        fsync(number)

    def named(path: Path, target: Path) -> Path:
        done.append("index" if target.name == "index.json" else "name")
        return replace(path, target)

    monkeypatch.setattr("os.fsync", settled)
    monkeypatch.setattr(Path, "replace", named)
    layout.lay("web", layout.put("m", b"seven by"))
    index = (layout.root / "index.json").stat().st_size
    assert done == ["8 bytes", "name", "folder", f"{index} bytes", "index"]


@pytest.mark.parametrize("digest", ["sha256:" + "0" * 64, "sha512:" + "0" * 64, "sha256:../../etc/passwd", ""])
def test_a_missing_blob_is_told(layout: FolderLayout, digest: str) -> None:
    with pytest.raises(Missing) as caught:
        layout.read(Descriptor("x", digest, 1))
    assert (caught.value.code, caught.value.exit) == ("blob-missing", Exit.FAILED)


def test_a_huge_manifest_is_not_read(layout: FolderLayout) -> None:
    with pytest.raises(BuildFailed, match="no manifest"):
        layout.read(Descriptor("x", "sha256:" + "0" * 64, 1 << 40))
    with layout.writer() as writer:
        for _ in range(33):
            writer.write(bytes(1 << 20))
        made = writer.commit("x")
    with pytest.raises(BuildFailed, match="no manifest"):
        layout.read(Descriptor("x", made.digest, -1))


def test_places_are_kept_apart_and_replaced(layout: FolderLayout) -> None:
    web, worker, newer = (layout.put("m", it) for it in (b"1", b"2", b"3"))
    layout.lay("web", web)
    layout.lay("worker", worker)
    layout.lay("web", Descriptor("m", newer.digest, 1, platform=Platform("linux", "arm64", "v8")))
    found = layout.place("web")
    assert found
    assert (found.digest, found.platform) == (newer.digest, Platform("linux", "arm64", "v8"))
    assert [name for name, _ in layout.places()] == ["worker", "web"]
    assert layout.place("nothing") is None


def test_what_others_wrote_into_the_index_survives(layout: FolderLayout) -> None:
    other = {"mediaType": "m", "digest": "sha256:" + "1" * 64, "size": 1, "x-theirs": [1], "annotations": {"k": "v"}}
    index = {"schemaVersion": 2, "manifests": [other], "annotations": {"a": "b"}}
    (layout.root / "index.json").write_text(json.dumps(index))
    layout.lay("web", layout.put("m", b"1"))
    after = json.loads((layout.root / "index.json").read_bytes())
    assert after["manifests"][0] == other
    assert after["annotations"] == {"a": "b"}


def test_many_processes_lay_at_once_and_none_is_lost(layout: FolderLayout) -> None:
    code = """
import sys; from pathlib import Path; from paasctl.adapters.layout import open_layout
for number in range(15):
    layout = open_layout(Path(sys.argv[1]))
    name = f"{sys.argv[2]}-{number}"
    layout.lay(name, layout.put("m", name.encode()))
"""
    running = [python(code, layout.root, letter) for letter in "abcd"]
    assert [it.wait(60) for it in running] == [0, 0, 0, 0]
    for it in running:
        it.communicate()
    assert {name for name, _ in layout.places()} == {f"{letter}-{number}" for letter in "abcd" for number in range(15)}
    assert all(layout.read(it) == name.encode() for name, it in layout.places())
    assert leftovers(layout) == []


def test_many_threads_lay_at_once_and_none_is_lost(layout: FolderLayout) -> None:
    def lay(letter: str) -> None:
        for number in range(20):
            layout.lay(f"{letter}{number}", layout.put("m", letter.encode()))

    threads = [threading.Thread(target=lay, args=(it,)) for it in "abcd"]
    for it in threads:
        it.start()
    for it in threads:
        it.join(60)
    assert len(layout.places()) == 80


def test_what_a_killed_process_left_goes_and_what_lives_stays(layout: FolderLayout) -> None:  # B8
    code = """
import sys; from pathlib import Path; from paasctl.adapters.layout import FolderLayout
with FolderLayout(Path(sys.argv[1])).writer() as writer:
    writer.write(b"half"); print("ready", flush=True); sys.stdin.read()
"""
    process = python(code, layout.root)
    assert process.stdout
    process.stdout.readline()
    open_layout(layout.root)
    assert len(leftovers(layout)) == 1, "its writer is alive"
    process.send_signal(signal.SIGKILL)
    process.wait(30)
    process.communicate()
    assert len(leftovers(layout)) == 1, "nobody could clean up"
    with layout.writer() as writer:
        writer.write(b"ours")
        open_layout(layout.root)
        assert len(leftovers(layout)) == 1, "only ours is left"
        made = writer.commit("x")
    assert layout.read(made) == b"ours"


def test_a_half_made_layout_is_made_whole(tmp_path: Path) -> None:
    (tmp_path / "blobs").mkdir()
    (tmp_path / ".tmp-x").write_bytes(b"{")
    assert create_layout(tmp_path).places() == ()
    assert not (tmp_path / ".tmp-x").exists()


def test_a_folder_with_other_things_is_not_taken(tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("dear")
    with pytest.raises(ConfigError, match=r"letter\.txt"):
        create_layout(tmp_path)
    assert [it.name for it in tmp_path.iterdir()] == ["letter.txt"]


NO_LAYOUTS = {
    "no folder": (None, "no oci-layout"),
    "an empty folder": ({}, "no oci-layout"),
    "no index": ({"oci-layout": '{"imageLayoutVersion":"1.0.0"}'}, r"no index\.json"),
    "another version": (
        {"oci-layout": '{"imageLayoutVersion":"2.0.0"}', "index.json": "{}"},
        r"'2\.0\.0', not 1\.0\.0",
    ),
    "no JSON": ({"oci-layout": "{", "index.json": "{}"}, "no JSON"),
    "no end to it": ({"oci-layout": "[" * 100_000, "index.json": "{}"}, "no JSON"),
    "a list": ({"oci-layout": "[]", "index.json": "{}"}, "no JSON object"),
}


@pytest.mark.parametrize("case", NO_LAYOUTS)
def test_a_folder_that_is_no_layout_is_told(case: str, tmp_path: Path) -> None:
    files, why = NO_LAYOUTS[case]
    folder = tmp_path / "l"
    if files is not None:
        folder.mkdir()
        for name, content in files.items():
            (folder / name).write_text(content)
    with pytest.raises(PaasError, match=why) as caught:
        read_layout(folder)
    wanted = {"no folder": 78, "an empty folder": 78, "another version": 4}  # the others are damaged
    assert caught.value.exit == wanted.get(case, 1)


@pytest.mark.parametrize("content", ["{", '{"manifests": [{"digest": "x"}]}', '{"manifests": 5}', "[]"])
def test_a_broken_index_is_told_and_not_written_over(layout: FolderLayout, content: str) -> None:
    (layout.root / "index.json").write_text(content)
    with pytest.raises(PaasError, match=r"index\.json") as caught:
        layout.place("web")
    assert caught.value.exit == Exit.FAILED


def test_reading_somebody_elses_layout_writes_nothing(layout: FolderLayout) -> None:
    (layout.root / ".tmp-theirs").write_bytes(b"x")
    before = sorted(layout.root.rglob("*"))
    read_layout(layout.root).places()
    assert sorted(layout.root.rglob("*")) == before


def test_a_full_disk_is_unavailable_and_says_where(tmp_path: Path) -> None:  # B1
    with (
        pytest.raises(Unavailable, match="No space left") as caught,
        open("/dev/full", "wb", buffering=0) as full,  # noqa: PTH123 - a device
        disk("writing", tmp_path / "x"),
    ):
        full.write(b"x")
    assert caught.value.code == "disk-full"
    assert str(tmp_path) in caught.value.hint


@pytest.mark.parametrize("number", [errno.EACCES, errno.EROFS, errno.EPERM])
def test_a_missing_permission_is_told_as_one(tmp_path: Path, number: int) -> None:
    with pytest.raises(Forbidden, match=r"writing .*/x: "), disk("writing", tmp_path / "x"):
        raise OSError(number, os.strerror(number))


def test_a_layout_where_nothing_may_be_made() -> None:
    with pytest.raises(PaasError, match="making /sys/layout: "):
        create_layout(Path("/sys/layout"))


def test_a_temporary_file_is_closed_and_gone_whatever_happens(tmp_path: Path) -> None:
    seen = []

    def broken() -> None:
        with temporary(tmp_path) as (path, file):
            seen.append((path.exists(), file))
            raise ValueError("bug")

    with pytest.raises(ValueError, match="bug"):
        broken()
    ((there, file),) = seen
    assert there
    assert file.closed
    assert list(tmp_path.iterdir()) == []
