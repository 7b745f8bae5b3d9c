"""Parts of the embedded world that can't begin: what is said, and that nothing is left of the attempt."""

from __future__ import annotations

import errno
import os
import socket
import sys
import tempfile
import time
from pathlib import Path

import pytest

from paasctl.cli.embedding import Box, translated
from paasctl.cli.filling import Filling
from paasctl.cli.main import main
from paasctl.cli.options import Settings
from paasctl.cli.said import read_script_file, read_users
from paasctl.cli.wiring import Outside
from paasctl.engine.cancel import Cancel
from paasctl.errors import Cancelled, ConfigError, PaasError, Refused, Unavailable, UsageError
from paasctl.ports.embedded import ClusterPart, RegistryPart, Stage


@pytest.fixture
def box(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Box:
    """The world in a box; temporary files go to `tmp_path/tmp`."""
    (tmp_path / "tmp").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "tmp"))
    outside = Outside(settings=Settings(), cancel=Cancel(), verb="cluster sim", emit=lambda _: None)
    return Box(shown=lambda: None, outside=outside)


def _left(tmp_path: Path) -> list[str]:
    return [it.name for it in (tmp_path / "tmp").iterdir()]


@pytest.mark.parametrize("verb", [["cluster", "sim"], ["registry", "serve", "nowhere"]])
@pytest.mark.parametrize("port", ["-1", "65536", "99999999999999999999"])
def test_a_port_that_is_none_is_wrong_usage(verb: list[str], port: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main([*verb, "--port", port])
    assert ended.value.code == 2
    assert "is not in the range" in capsys.readouterr().err


def test_a_port_that_is_taken_leaves_no_kubeconfig(box: Box, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(Unavailable, match="already in use") as no:
        box.cluster(ClusterPart(port=taken.getsockname()[1]))
    assert no.value.code == "cannot-listen"
    assert _left(tmp_path) == []


@pytest.mark.parametrize(
    ("place", "why"),
    [
        ("folder", "Is a directory|it is a folder"),
        ("pipe", "it is neither a file nor a folder"),
        ("theirs", "it is there, and none of ours"),
        ("nowhere/kubeconfig", "there is no folder .*nowhere"),
        ("theirs/kubeconfig", "Not a directory"),
    ],
)
def test_a_kubeconfig_goes_where_nobody_s_file_is_lost(box: Box, tmp_path: Path, place: str, why: str) -> None:
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "theirs").write_text("apiVersion: v1\n")
    with pytest.raises(Refused, match=f"writing .*{place}: ({why})"):
        box.cluster(ClusterPart(kubeconfig=str(tmp_path / place)))
    assert (tmp_path / "theirs").read_text() == "apiVersion: v1\n"


def test_a_kubeconfig_that_cannot_be_written_ends_the_cluster_that_had_begun(box: Box, tmp_path: Path) -> None:
    (tmp_path / "state" / "kubeconfig").mkdir(parents=True)
    how = ClusterPart(state=str(tmp_path / "state"))
    with pytest.raises(Unavailable, match="state/kubeconfig: Is a directory"):
        box.cluster(how)
    (tmp_path / "state" / "kubeconfig").rmdir()
    box.cluster(how).stop()  # the folder was let go


@pytest.mark.parametrize(
    ("error", "says", "code"),
    [
        (OSError(errno.EADDRINUSE, "in use"), r"doing: in use \(port 1\)", "cannot-listen"),
        (OSError(errno.EEXIST, "File exists", "/dev/null"), "doing: /dev/null: File exists", "disk"),
        (OSError(errno.ENOSPC, "No space left"), "doing: No space left$", "disk-full"),
    ],
)
def test_what_the_system_says_is_told_with_what_it_is_about(error: OSError, says: str, code: str) -> None:
    with pytest.raises(Unavailable, match=says) as told, translated("doing", "port 1"):
        raise error
    assert told.value.code == code


@pytest.mark.parametrize("content", ["{", "5", "[5]", '[{"match": {}, "explode": 1}]', "\x00"])
def test_remembered_scripts_that_are_damaged_are_refused_with_a_way_on(tmp_path: Path, content: str) -> None:
    (tmp_path / "copied-scripts.json").write_text(content)
    with pytest.raises(Refused, match="it is not as it was") as refused:
        Filling(None, tmp_path, 0).scripts()
    assert refused.value.hint.startswith(f"rm {tmp_path}/copied-scripts.json")


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(ConfigError, match="neither a file nor a folder"):
        read_script_file(tmp_path / "pipe")
    with pytest.raises(ConfigError, match="neither a file nor a folder"):
        read_users(RegistryPart(folder="x", password_file=str(tmp_path / "pipe")))


# --- the demo's folder ---


def _stage(box: Box) -> Stage:
    stage = box.stage(keep=False)
    stage.write("project/x", b"")
    return stage


def test_what_it_cannot_write_is_told(box: Box) -> None:
    stage = _stage(box)
    with pytest.raises(PaasError, match=r"writing .*/project/x/y: (Not a directory|File exists)"):
        stage.write("project/x/y", b"")
    stage.close()


def test_a_command_whose_reader_went_away_ends_it_as_quietly(box: Box) -> None:
    stage = _stage(box)
    command = [sys.executable, "-c", "raise SystemExit(141)"]
    assert stage.run(command, {}, on_screen=False).exit == 141
    with pytest.raises(BrokenPipeError):
        stage.run(command, {}, on_screen=True)
    stage.close()


def test_a_command_does_not_outlast_a_request_to_stop(box: Box, tmp_path: Path) -> None:
    stage = _stage(box)
    box._outside.cancel.ask()
    began = time.monotonic()
    with pytest.raises(Cancelled):
        stage.run([sys.executable, "-c", "import time; time.sleep(100)"], {}, on_screen=False)
    assert time.monotonic() - began < 30
    stage.close()
    assert _left(tmp_path) == []


def test_output_that_comes_while_it_is_waited_for_is_whole(box: Box) -> None:
    stage = _stage(box)
    said = "import time; print('a' * 100_000, flush=True); time.sleep(0.5); print('b')"
    assert stage.run([sys.executable, "-c", said], {}, on_screen=False).output == "a" * 100_000 + "\nb\n"
    stage.close()


@pytest.mark.parametrize("how", [ClusterPart(state="sim"), ClusterPart(kubeconfig="sim.yaml")], ids=["state", "out"])
def test_where_the_kubeconfig_is_holds_in_any_folder(
    box: Box, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, how: ClusterPart
) -> None:
    monkeypatch.chdir(tmp_path)
    part = box.cluster(how)
    try:
        said = Path(dict(part.facts)["kubeconfig"])
    finally:
        part.stop()
    assert said.is_absolute()
    assert said.is_file()


def test_a_fault_that_only_an_api_server_can_have_is_none_of_a_registry(box: Box, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="'deny' can only happen to an API server"):
        box.registry(RegistryPart(folder=str(tmp_path / "images"), faults=("PUT blobs: deny",)))


def test_a_folder_that_was_ended_while_it_was_filled_is_not_gone_on_with(box: Box, tmp_path: Path) -> None:
    (tmp_path / "sim").mkdir()
    (tmp_path / "sim" / "filling").touch()
    with pytest.raises(Refused, match="holds only a part") as no:
        box.cluster(ClusterPart(state=str(tmp_path / "sim")))
    assert no.value.code == "folder-refused"
    assert "--from-context" in no.value.hint
    assert _left(tmp_path) == []
