from __future__ import annotations

import io
import os
import socket
import tarfile
from pathlib import Path

import pytest

from paasctl.adapters.docker.context import open_context
from paasctl.errors import ConfigError, Unavailable

EPOCH = 1_700_000_000


def tree(folder: Path, *names: str, dockerfile: str = "Dockerfile") -> Path:
    """Make files (`a/b`), folders (`a/`) and links (`a>b`), and a Dockerfile."""
    for name in (*names, dockerfile):
        if ">" in name:
            link, target = name.split(">")
            (folder / link).symlink_to(target)
        elif name.endswith("/"):
            (folder / name).mkdir(parents=True)
        else:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(os.fsencode(f"{name}\n"))
    return folder


def sent(folder: Path, dockerfile: str = "Dockerfile") -> list[str]:
    """Names in the tar, in order; folders end in a slash."""
    with _tar(folder, dockerfile) as archive:
        return [f"{it.name}/" if it.isdir() else it.name for it in archive]


def _tar(folder: Path, dockerfile: str = "Dockerfile") -> tarfile.TarFile:
    return tarfile.open(fileobj=io.BytesIO(b"".join(open_context(folder, dockerfile).tar(EPOCH))))


def test_all_of_a_folder_in_the_order_of_paths(tmp_path: Path) -> None:
    tree(tmp_path, "b", "a/x", "a.txt", "a/y/z", "empty/", "B")
    names = sent(tmp_path)
    assert names == ["B", "Dockerfile", "a.txt", "a/", "a/x", "a/y/", "a/y/z", "b", "empty/"]
    assert names == sorted(names, key=str.encode)


@pytest.mark.parametrize(
    ("ignore", "expected"),
    [
        ("", [".dockerignore", "Dockerfile", "a/", "a/b/", "a/b/d", "a/c", "x"]),
        ("a", [".dockerignore", "Dockerfile", "x"]),
        ("a\n!a/b/d", [".dockerignore", "Dockerfile", "a/", "a/b/", "a/b/d", "x"]),
        ("a/b", [".dockerignore", "Dockerfile", "a/", "a/c", "x"]),
        ("*", ["Dockerfile"]),
        ("*\n!a/c", ["Dockerfile", "a/", "a/c"]),
        ("**\n!**/d", ["Dockerfile", "a/", "a/b/", "a/b/d"]),
        ("Dockerfile\n.dockerignore\na", ["Dockerfile", "x"]),
    ],
)
def test_what_is_ignored_is_not_sent(tmp_path: Path, ignore: str, expected: list[str]) -> None:
    tree(tmp_path, "a/b/d", "a/c", "x")
    (tmp_path / ".dockerignore").write_text(ignore)
    assert sent(tmp_path) == expected


def test_a_dockerfile_in_an_ignored_folder_is_sent_all_the_same(tmp_path: Path) -> None:
    tree(tmp_path, "deploy/secret", "x", dockerfile="deploy/web.Dockerfile")
    (tmp_path / ".dockerignore").write_text("deploy\n.dockerignore")
    assert sent(tmp_path, "deploy/web.Dockerfile") == ["deploy/", "deploy/web.Dockerfile", "x"]


def test_a_dockerfiles_own_ignore_file_goes_first(tmp_path: Path) -> None:
    tree(tmp_path, "a", "b")
    (tmp_path / ".dockerignore").write_text("a")
    (tmp_path / "Dockerfile.dockerignore").write_text("b\n*ignore")
    assert sent(tmp_path) == ["Dockerfile", "a"]
    assert open_context(tmp_path, "Dockerfile").ignored_by == "Dockerfile.dockerignore"


def test_content_modes_and_links(tmp_path: Path) -> None:
    tree(tmp_path, "run", "link>run", "folder-link>..")
    (tmp_path / "run").chmod(0o750)
    with _tar(tmp_path) as archive:
        found = {it.name: it for it in archive}
        content = archive.extractfile("run")
        assert content is not None
        assert content.read() == b"run\n"
    assert (found["run"].mode, found["run"].uid, found["run"].gid, found["run"].mtime) == (0o750, 0, 0, EPOCH)
    assert (found["link"].issym(), found["link"].linkname) == (True, "run")
    assert (found["folder-link"].issym(), found["folder-link"].linkname) == (True, "..")


def test_the_same_files_give_the_same_bytes(tmp_path: Path) -> None:
    for name, order in (("one", "a b c/d"), ("two", "c/d b a")):
        (tmp_path / name).mkdir()
        tree(tmp_path / name, *order.split())
        os.utime(tmp_path / name / "a", (order.index("a"), order.index("a")))
    one, two = (b"".join(open_context(tmp_path / it, "Dockerfile").tar(EPOCH)) for it in ("one", "two"))
    assert one == two


def test_long_and_undecodable_names(tmp_path: Path) -> None:
    tree(tmp_path, "x" * 120 + "/" + "y" * 120, os.fsdecode(b"caf\xe9"))
    assert sent(tmp_path)[1:] == [os.fsdecode(b"caf\xe9"), "x" * 120 + "/", "x" * 120 + "/" + "y" * 120]


def test_sockets_and_pipes_are_never_sent(tmp_path: Path) -> None:
    tree(tmp_path)
    os.mkfifo(tmp_path / "pipe")
    with socket.socket(socket.AF_UNIX) as one:
        one.bind(str(tmp_path / "socket"))
        assert sent(tmp_path) == ["Dockerfile"]


def test_a_big_file_comes_in_pieces(tmp_path: Path) -> None:
    tree(tmp_path)
    (tmp_path / "big").write_bytes(bytes(3 << 20))
    pieces = list(open_context(tmp_path, "Dockerfile").tar(EPOCH))
    assert len(pieces) >= 3
    assert sum(map(len, pieces)) % 512 == 0
    with _tar(tmp_path) as archive:
        assert archive.getmember("big").size == 3 << 20


def test_a_file_that_shrinks_while_it_is_read(tmp_path: Path) -> None:
    tree(tmp_path, "a")
    (tmp_path / "big").write_bytes(bytes(4 << 20))
    pieces = open_context(tmp_path, "Dockerfile").tar(EPOCH)
    next(pieces)
    os.truncate(tmp_path / "big", 1 << 20)
    with pytest.raises(Unavailable, match="shrank"):
        list(pieces)


@pytest.mark.parametrize("dockerfile", ["Dockerfile", "sub/Dockerfile", "../Dockerfile", "/etc/hosts"])
def test_no_dockerfile_there(tmp_path: Path, dockerfile: str) -> None:
    (tmp_path / "context").mkdir()
    with pytest.raises(ConfigError, match=r"there is no|outside of the context"):
        open_context(tmp_path / "context", dockerfile)


@pytest.mark.parametrize("name", ["Dockerfile", ".dockerignore"])
def test_a_pipe_is_not_waited_for(tmp_path: Path, name: str) -> None:
    (tmp_path / "Dockerfile").write_text("FROM scratch\n")
    (tmp_path / name).unlink(missing_ok=True)
    os.mkfifo(tmp_path / name)
    with pytest.raises(ConfigError, match=f"{name}: it is neither a file nor a folder"):
        open_context(tmp_path, "Dockerfile")
