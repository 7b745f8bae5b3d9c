"""The project's files and the caller's secrets, on a real disk: what is absent, outside, odd, or changed meanwhile."""

from __future__ import annotations

import os
import socket
import time
from pathlib import Path

import pytest

from paasctl.adapters.disk import read_regular
from paasctl.adapters.files import CallerSecrets, ProjectFiles, write_whole
from paasctl.errors import ConfigError, Forbidden, PaasError, StalePlan, Unavailable

# --- files ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    (folder / "config" / "deep").mkdir(parents=True)
    (folder / "config" / "app.ini").write_bytes(b"[a]\r\n")
    (folder / "config" / "deep" / "b").write_bytes(b"\xff")
    (folder / "config" / "again").symlink_to("app.ini")
    (folder / "out").symlink_to(tmp_path)
    (folder / "circle").symlink_to("circle")
    (tmp_path / "secret").write_text("no")
    return folder


def test_files_are_read_as_they_are(project: Path) -> None:
    files = ProjectFiles(project)
    assert files.read("config/app.ini") == b"[a]\r\n"
    assert files.read("config/again") == b"[a]\r\n"
    assert files.below("config") == ("config/again", "config/app.ini", "config/deep/b")


def test_what_is_no_file_is_never_waited_for(project: Path) -> None:
    """A pipe without a writer would hang the run, and a device has no end."""
    os.mkfifo(project / "pipe")
    (project / "null").symlink_to("/dev/null")
    with socket.socket(socket.AF_UNIX) as ear:
        ear.bind(str(project / "ear"))
        for odd in ("pipe", "ear"):
            with pytest.raises(ConfigError, match=f"^reading {odd}: "):
                ProjectFiles(project).read(odd)
            with pytest.raises(Unavailable, match=f"^writing .*{odd}: "):
                write_whole(project / odd, b"new", None)
    with pytest.raises(OSError, match="neither a file nor a folder"):
        read_regular(project / "null")


def test_a_file_that_no_registry_would_take_is_not_read(project: Path) -> None:
    with (project / "huge").open("wb") as file:
        file.truncate(3 << 30)
    with pytest.raises(ConfigError, match=r"^reading huge: 3,221,225,472 bytes are too many"):
        ProjectFiles(project).read("huge")


@pytest.mark.parametrize("path", ["nothing", "config/nothing", "config/app.ini/below"])
def test_what_is_not_there_is_none(project: Path, path: str) -> None:
    assert ProjectFiles(project).read(path) is None
    assert ProjectFiles(project).below(path) == ()


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("../secret", "file-outside"),
        ("out/secret", "file-outside"),
        ("/etc/passwd", "file-outside"),
        ("circle", "file-unreadable"),
        ("a\0b", "file-unreadable"),
        ("config", "file-unreadable"),
        ("x" * 5000, "file-unreadable"),
    ],
    ids=["outside", "by a link", "absolute", "in a circle", "no name", "a folder", "too long"],
)
def test_what_cannot_be_read_is_told(project: Path, path: str, code: str) -> None:
    with pytest.raises(ConfigError) as caught:
        ProjectFiles(project).read(path)
    assert caught.value.code == code


def test_telling_files_are_found_at_the_top_and_one_below(project: Path) -> None:
    (project / "go.mod").touch()
    (project / "config" / "go.mod").touch()
    (project / "config" / "deep" / "go.mod").touch()
    assert ProjectFiles(project).telling(["go.mod", "pom.xml"]) == ("config/go.mod", "go.mod")


# --- secrets --------------------------------------------------------------------------------------------------------


def test_a_secret_loses_one_newline_and_no_more(project: Path) -> None:
    (project / "key").write_text(" a \n\n")
    assert CallerSecrets(project).file("key") == " a \n"
    assert CallerSecrets(project).run("cat key") == " a \n"


def test_a_home_is_expanded(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(project / "config"))
    assert CallerSecrets(project).file("~/app.ini") == "[a]"


def test_a_command_is_asked_once_in_a_run(project: Path) -> None:
    secrets = CallerSecrets(project)
    said = [secrets.run("echo x >> asked; wc -l < asked") for _ in range(3)]
    assert len(set(said)) == 1


@pytest.mark.parametrize(
    ("command", "says"),
    [
        ("echo no key here >&2; exit 3", "it exited with 3: no key here"),
        ("exit 1", "it exited with 1: no output"),
        (r"printf '\377'", "it is not UTF-8"),
        ("sleep 30", "no end after 0.3 s"),
        ("sleep 30 & wait", "no end after 0.3 s"),
    ],
    ids=["a complaint", "silence", "bytes", "no end", "no end of its children"],
)
def test_a_command_that_fails_is_told(project: Path, command: str, says: str) -> None:
    began = time.monotonic()
    with pytest.raises(ConfigError) as caught:
        CallerSecrets(project, patience=0.3).run(command)
    assert says in caught.value.message
    assert caught.value.code == "secret-missing"
    assert time.monotonic() - began < 10


@pytest.mark.parametrize("path", ["nothing", "config", "~nobody-of-this-name/key", "config/deep/b"])
def test_a_secret_file_that_fails_is_told(project: Path, path: str) -> None:
    with pytest.raises(ConfigError) as caught:
        CallerSecrets(project).file(path)
    assert caught.value.code == "secret-missing"
    assert path in caught.value.message


# --- writing --------------------------------------------------------------------------------------------------------


def test_a_file_is_written_whole_with_its_mode(tmp_path: Path) -> None:
    path = tmp_path / "paas.yaml"
    write_whole(path, b"one", None)
    assert path.stat().st_mode & 0o777 == 0o644
    path.chmod(0o600)
    write_whole(path, b"two", b"one")
    assert (path.read_bytes(), path.stat().st_mode & 0o777) == (b"two", 0o600)
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("before", [None, b"other"], ids=["made meanwhile", "changed meanwhile"])
def test_what_changed_meanwhile_stays(tmp_path: Path, before: bytes | None) -> None:
    path = tmp_path / "paas.yaml"
    path.write_bytes(b"theirs")
    with pytest.raises(StalePlan):
        write_whole(path, b"ours", before)
    assert path.read_bytes() == b"theirs"


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "real.yaml").write_bytes(b"one")
    (tmp_path / "paas.yaml").symlink_to("real.yaml")
    write_whole(tmp_path / "paas.yaml", b"two", b"one")
    assert (tmp_path / "paas.yaml").is_symlink()
    assert (tmp_path / "real.yaml").read_bytes() == b"two"


def test_what_cannot_be_written_is_told_and_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(PaasError) as caught:
        write_whole(tmp_path / "nowhere" / "paas.yaml", b"one", None)
    assert isinstance(caught.value, Forbidden | Unavailable)
    assert list(tmp_path.iterdir()) == []
