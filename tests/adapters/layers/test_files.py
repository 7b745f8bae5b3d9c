"""The daemonless builder: the same input gives the same digest, and nothing of the machine gets in."""

from __future__ import annotations

import hashlib
import json
import os
import random
import socket
from dataclasses import replace
from pathlib import Path

import pytest

from paasctl.adapters.layers.writing import content_of
from paasctl.adapters.layout import FolderLayout, create_layout
from paasctl.errors import Cancelled, ConfigError
from paasctl.model.config import ImageConfig
from paasctl.model.layer import FileLayer
from support.building import COMMIT, FILES, build, project, step
from support.clock import FakeCancel
from support.images import document, tars_of
from support.naive import seen, told


def test_files_become_layers_over_scratch(tmp_path: Path, layout: FolderLayout) -> None:
    made = build(step(), project(tmp_path / "p"), layout)
    assert layout.place("web") == replace(made, annotations={"org.opencontainers.image.ref.name": "web"})
    first, second = tars_of(layout, made)
    assert told(first) == [
        "app/",
        "app/lib/",
        "app/lib/a=a",
        "app/lib/b=b",
        "app/main.py=print()",
        "app/run.sh=#!/bin/sh",
    ]
    assert told(second) == ["srv/", "srv/www/", "srv/www/index.html=hi"]
    assert seen(first)["app/run.sh"][4] == (0o755, 10, 20, 1.0, ())
    assert seen(first)["app/main.py"][4] == (0o644, 10, 20, 1.0, ())


def test_the_same_input_has_the_same_digest_on_any_machine(tmp_path: Path) -> None:
    """Other folder, other times, other umask, other order on disk, another day."""
    digests = set()
    for number, (mask, seconds) in enumerate([(0o022, 1), (0o077, 2_000_000_000), (0o002, 1_234_567_890)]):
        files = list(FILES.items())
        random.Random(number).shuffle(files)
        before = os.umask(mask)
        try:
            folder = tmp_path / f"somewhere-{'else' * number}" / "p"
            for name, content in files:
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                (folder / name).write_text(content)
                if name.endswith(".sh"):
                    (folder / name).chmod(0o700)
                os.utime(folder / name, (seconds, seconds))
            into = create_layout(tmp_path / f"out{number}")
            digests.add(build(step(), folder, into).digest)
        finally:
            os.umask(before)
    assert len(digests) == 1


def test_a_change_that_matters_changes_the_digest(tmp_path: Path, layout: FolderLayout) -> None:
    folder = project(tmp_path / "p")
    before = build(step(), folder, layout)
    (folder / "app/main.py").chmod(0o755)
    assert build(step(), folder, layout).digest != before.digest


def test_the_manifest_tells_where_it_comes_from(tmp_path: Path, layout: FolderLayout) -> None:
    manifest = document(layout, build(step(), project(tmp_path / "p"), layout))
    assert manifest["annotations"] == {
        "org.opencontainers.image.created": "2023-11-14T22:13:20Z",
        "org.opencontainers.image.revision": COMMIT,
        "org.opencontainers.image.version": "1.2.3",
    }
    config = document(layout, manifest["config"])
    assert config["config"]["Labels"] == {
        "org.opencontainers.image.revision": COMMIT,
        "org.opencontainers.image.version": "1.2.3",
    }
    assert [it["created_by"] for it in config["history"]] == [
        "paasctl layer app -> /app",
        "paasctl layer site -> /srv/www",
    ]
    assert (config["os"], config["architecture"], config["created"]) == ("linux", "amd64", "2023-11-14T22:13:20Z")


def test_ones_own_words_win_over_ours(tmp_path: Path, layout: FolderLayout) -> None:
    wanted = ImageConfig(
        labels={"org.opencontainers.image.version": "mine"}, entrypoint=("/app/run.sh",), env={"A": "b"}
    )
    manifest = document(layout, build(step(config=wanted), project(tmp_path / "p"), layout))
    config = document(layout, manifest["config"])["config"]
    assert config["Labels"]["org.opencontainers.image.version"] == "mine"
    assert (config["Entrypoint"], config["Env"]) == (["/app/run.sh"], ["A=b"])


@pytest.mark.parametrize("after", [0, 3, 6, 9])
def test_it_can_be_stopped_between_files_and_leaves_nothing(
    tmp_path: Path, layout: FolderLayout, after: int
) -> None:  # B8
    with pytest.raises(Cancelled):
        build(step(), project(tmp_path / "p"), layout, FakeCancel(after=after))
    assert layout.place("web") is None
    assert list(layout.root.rglob(".tmp-*")) == []


def test_an_unchanged_layer_keeps_its_digest_from_commit_to_commit(tmp_path: Path, layout: FolderLayout) -> None:
    """Else every release would send every layer anew."""
    folder = project(tmp_path / "p")
    layers = []
    for epoch in (1_700_000_000, 1_800_000_000):
        made = build(replace(step(), epoch=epoch), folder, layout)
        layers.append(json.loads(layout.read(made))["layers"])
    assert layers[0] == layers[1]


def test_what_was_built_before_is_never_built_in(tmp_path: Path, layout: FolderLayout) -> None:
    folder = project(tmp_path / "p")
    before = build(step(), folder, layout)
    (folder / "app" / ".paasctl").mkdir()
    (folder / "app" / ".paasctl" / "blob").write_text("x")
    assert build(step(), folder, layout).digest == before.digest


def test_symlinks_below_src_stay_what_they_are(tmp_path: Path, layout: FolderLayout) -> None:
    folder = project(tmp_path / "p", {"d/f": "1"})
    (folder / "d/out").symlink_to("../../../etc/passwd")
    (folder / "d/dead").symlink_to("nowhere")
    (folder / "d/dir").symlink_to("/usr")
    (tar,) = tars_of(layout, build(step(FileLayer(src="d", dest="/d")), folder, layout))
    assert told(tar) == ["d/", "d/dead->nowhere", "d/dir->/usr", "d/f=1", "d/out->../../../etc/passwd"]


def test_excluded_paths_are_not_even_looked_at(tmp_path: Path, layout: FolderLayout) -> None:
    folder = project(tmp_path / "p", {"d/a.py": "1", "d/a.pyc": "2", "d/.git/x": "3", "d/t/a.py": "4"})
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(folder / "d/.git/s"))
        layer = FileLayer(src="d", dest="/d", exclude=("*.pyc", ".git", "t/**"))
        (tar,) = tars_of(layout, build(step(layer), folder, layout))
    assert told(tar) == ["d/", "d/a.py=1", "d/t/"]


def test_names_that_are_no_text_are_fine(tmp_path: Path, layout: FolderLayout) -> None:
    folder = project(tmp_path / "p", {"d/f": "1"})
    Path(os.fsdecode(os.fsencode(folder) + b"/d/caf\xe9")).write_text("2")
    (tar,) = tars_of(layout, build(step(FileLayer(src="d", dest="/d")), folder, layout))
    assert [os.fsencode(it) for it in seen(tar)] == [b"d", b"d/caf\xe9", b"d/f"]


def test_a_big_file_is_read_in_pieces_and_whole(tmp_path: Path, layout: FolderLayout) -> None:
    folder = project(tmp_path / "p", {"big": "0123456789" * 300_000})
    (tar,) = tars_of(layout, build(step(FileLayer(src="big", dest="/")), folder, layout))
    assert seen(tar)["big"][1] == b"0123456789" * 300_000


OUTSIDE = {
    "a path that climbs": "../secret",
    "an absolute path": "/etc/passwd",
    "a symlink that leaves": "escape",
    "a symlink on the way": "way/secret",
}


@pytest.mark.parametrize("case", OUTSIDE)
def test_files_outside_of_the_context_are_refused(case: str, tmp_path: Path, layout: FolderLayout) -> None:
    folder = project(tmp_path / "p")
    (tmp_path / "secret").write_text("s")
    (folder / "escape").symlink_to("../secret")
    (folder / "way").symlink_to("..")
    with pytest.raises(ConfigError, match="outside of the context") as caught:
        build(step(FileLayer(src=OUTSIDE[case], dest="/x")), folder, layout)
    assert caught.value.code == "outside-context"


def test_src_may_be_a_symlink_inside_of_the_context(tmp_path: Path, layout: FolderLayout) -> None:
    folder = project(tmp_path / "p", {"v2/f": "1"})
    (folder / "current").symlink_to("v2")
    (tar,) = tars_of(layout, build(step(FileLayer(src="current", dest="/d")), folder, layout))
    assert told(tar) == ["d/", "d/f=1"]


def test_the_context_is_the_images_own(tmp_path: Path, layout: FolderLayout) -> None:
    folder = project(tmp_path / "p", {"web/f": "1", "secret": "s"})
    inside = FileLayer(src="f", dest="/f")
    (tar,) = tars_of(layout, build(step(inside, context="web"), folder, layout))
    assert told(tar) == ["f=1"]
    with pytest.raises(ConfigError, match="outside of the context"):
        build(step(FileLayer(src="../secret", dest="/f"), context="web"), folder, layout)


def test_a_socket_is_refused_and_named(tmp_path: Path, layout: FolderLayout) -> None:
    folder = project(tmp_path / "p", {"d/f": "1"})
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(folder / "d/s"))
        with pytest.raises(ConfigError, match="/d/s: it is a socket"):
            build(step(FileLayer(src="d", dest="/d")), folder, layout)


def test_a_missing_src_is_named(tmp_path: Path, layout: FolderLayout) -> None:
    with pytest.raises(ConfigError, match=r"reading .*/dist: No such file") as caught:
        build(step(FileLayer(src="dist", dest="/d")), project(tmp_path / "p"), layout)
    assert caught.value.where.endswith("/dist")


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"reading .*/gone: "):
        list(content_of(os.fsencode(tmp_path / "gone"), 3, ""))


@pytest.mark.parametrize("content", ["", "12345", "124"])
def test_a_file_that_changes_under_our_hands_is_told(tmp_path: Path, content: str) -> None:
    path = os.fsencode(tmp_path / "f")
    (tmp_path / "f").write_text(content)
    with pytest.raises(ConfigError, match="changed while it was read"):
        list(content_of(path, 3, hashlib.sha256(b"123").hexdigest()))
