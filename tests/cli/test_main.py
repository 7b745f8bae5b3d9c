"""The process as a shell sees it: bugs, pipes, places to begin."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from paasctl import __version__
from paasctl.cli.main import main

_PAASCTL = (sys.executable, "-m", "paasctl")


def test_the_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"paasctl {__version__}\n"


def test_a_bug_is_one_line_and_a_file(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def broken(_: list[str]) -> int:
        raise ZeroDivisionError("a very\nlong story")

    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    assert main(["deploy"], broken) == 70
    said = capsys.readouterr().err.splitlines()
    assert said[0] == "error[bug]: ZeroDivisionError: a very long story"
    (file,) = tmp_path.iterdir()
    assert str(file) in said[1]
    assert len(said) == 2
    assert "Traceback" in file.read_text()


def test_a_bug_on_a_full_disk_is_still_a_sentence(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def broken(_: list[str]) -> int:
        raise ZeroDivisionError

    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "nowhere"))
    assert main(["deploy"], broken) == 70
    assert "the traceback could not be written: No such file or directory" in capsys.readouterr().err


@pytest.mark.parametrize(
    "args", [("--version",), ("--help",), ("config", "schema"), ("config", "schema", "-o", "json")]
)
def test_an_output_that_takes_no_more_is_no_bug(args: tuple[str, ...]) -> None:
    with Path("/dev/full").open("wb") as full:
        run = subprocess.run([*_PAASCTL, *args], stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert run.stderr == "error[output-lost]: writing the output: No space left on device\n"
    assert run.returncode == 75


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
@pytest.mark.parametrize("args", ["--version", "config schema -o jsonl", "config schema"])
def test_a_stream_that_the_caller_closed_leads_nowhere(closed: str, args: str) -> None:
    run = subprocess.run(
        f"'{sys.executable}' -m paasctl {args} {closed}",  # a stream can be closed only by a shell
        shell=True,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (run.returncode, run.stderr) == (0, "")
    assert bool(run.stdout) == (" >&-" not in f" {closed}")


def test_stopped_twice_is_130(capsys: pytest.CaptureFixture[str]) -> None:
    def stopped(_: list[str]) -> int:
        raise KeyboardInterrupt

    assert main(["deploy"], stopped) == 130
    assert capsys.readouterr().err == "stopped at once\n"


def test_stopped_twice_says_so_whatever_the_verb(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def stopped(*_: object) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr("paasctl.cli.session.Session.ask", stopped)
    monkeypatch.chdir(tmp_path)
    assert main(["version"]) == 130
    assert capsys.readouterr().err == "stopped at once\n"


@pytest.mark.parametrize("args", [("--help",), ("deploy", "--help"), ("config", "schema")])
def test_a_reader_that_goes_away_is_no_problem(args: tuple[str, ...]) -> None:
    run = subprocess.Popen([*_PAASCTL, *args], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert run.stdout is not None
    assert run.stderr is not None
    run.stdout.close()
    said = run.stderr.read()
    run.stderr.close()
    run.wait(20)
    assert said == b""
    assert run.returncode == 141


@pytest.mark.parametrize(
    ("args", "status", "says"),
    [
        (("version",), 78, "there is no paas.yaml in "),
        (("deploy", "dev", "--timeout", "soon"), 2, "--timeout 90s"),
        (("deploy", "dev", "--rollout-timeout", "soon"), 2, "--rollout-timeout 90s"),
        (("deploi",), 2, "Did you mean 'deploy'"),
    ],
    ids=lambda it: " ".join(it) if isinstance(it, tuple) else None,
)
def test_bad_beginnings(tmp_path: Path, args: tuple[str, ...], status: int, says: str) -> None:
    done = subprocess.run([*_PAASCTL, *args], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == status
    assert says in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""
