"""The process as a shell sees it: bugs, pipes, places to begin."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from typing import Any

import pytest

from paasctl import __version__
from paasctl.cli.main import main
from paasctl.cli.signals import listening
from paasctl.engine.cancel import Cancel

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


@pytest.mark.parametrize(
    ("signals", "status"),
    [("SIGINT SIGINT", 130), ("SIGTERM SIGTERM", 143), ("SIGINT SIGTERM", 130), ("SIGTERM SIGINT", 143)],
)
def test_stopped_twice_says_so_whatever_the_verb_and_ends_as_the_first_says(
    signals: str, status: int, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def stopped(*_: object) -> int:
        with listening(Cancel()):
            for it in signals.split():
                os.kill(os.getpid(), signal.Signals[it])
            threading.Event().wait(5)
        return 0

    monkeypatch.setattr("paasctl.cli.session.Session.ask", stopped)
    monkeypatch.chdir(tmp_path)
    assert main(["version"]) == status
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


def _outcome(said: str, form: str) -> dict[str, Any]:
    lines = [json.loads(it) for it in said.splitlines()] if form == "jsonl" else [json.loads(said)]
    assert [it["event"] for it in lines] == (["hello", "outcome"] if form == "jsonl" else ["outcome"])
    found: dict[str, Any] = lines[-1]
    return found


WRONG = {
    "deploi": ("", "No such command 'deploi'. Did you mean 'deploy', 'demo'?", "paasctl --help"),
    "image cpoy a b": ("image", "No such command 'cpoy'. Did you mean 'copy'?", "paasctl image --help"),
    "image copy a": ("image copy", "Missing argument 'DST'", "paasctl image copy --help"),
    "image copy a b --nope": ("image copy", "No such option: --nope", "paasctl image copy --help"),
    "deploy dev --color pink": (
        "deploy",
        "Invalid value for '--color': 'pink' is not one of 'auto', 'always', 'never'",
        "paasctl deploy --help",
    ),
    "image": ("image", "a command is missing", "paasctl image --help"),
}


@pytest.mark.parametrize("how", ["-o json", "-ojson", "--output json", "--output=json", "-o jsonl", "PAASCTL_OUTPUT"])
@pytest.mark.parametrize("line", WRONG)
def test_a_command_line_that_the_parser_refuses_is_told_to_scripts_as_all_else(
    line: str, how: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    verb, says, hint = WRONG[line]
    args = line.split()
    if how == "PAASCTL_OUTPUT":
        monkeypatch.setenv(how, "json")
    else:
        args[0:0] = how.split()
    with pytest.raises(SystemExit) as ended:
        main(args)
    assert ended.value.code == 2
    said = capsys.readouterr()
    outcome = _outcome(said.out, "jsonl" if "jsonl" in how else "json")
    assert (outcome["status"], outcome["exit"], outcome["verb"]) == ("failed", 2, verb)
    (problem,) = outcome["problems"]
    assert problem["code"] == "usage"
    assert (problem["message"], problem["hint"]) == (f"reading the command line: {says}", hint)
    assert "Usage: " in said.err, "people read the same as ever"


def test_it_is_told_as_yaml_too_and_help_is_no_mistake(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["deploi", "-o", "yaml"])
    assert "code: usage" in capsys.readouterr().out
    with pytest.raises(SystemExit) as ended:
        main(["image", "copy", "--help", "-o", "json"])
    assert ended.value.code == 0
    assert capsys.readouterr().out.startswith("Usage: ")


@pytest.mark.parametrize("form", ["json", "jsonl"])
@pytest.mark.parametrize("where", ["before a session", "in a session"])
def test_a_bug_is_told_to_scripts_with_the_file_that_tells_of_it(
    where: str, form: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def broken(*_: object) -> int:
        raise ZeroDivisionError("a very\nlong story")

    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    if where == "in a session":
        monkeypatch.setattr("paasctl.cli.conduct.ask", broken)
        with pytest.raises(SystemExit) as ended:
            main(["version", "-o", form])
        assert ended.value.code == 70
    else:
        assert main(["version", "-o", form], broken) == 70
    said = capsys.readouterr()
    outcome = _outcome(said.out, form)
    (problem,) = outcome["problems"]
    (file,) = tmp_path.iterdir()
    assert (outcome["exit"], problem["code"]) == (70, "bug")
    assert problem["message"] == "ZeroDivisionError: a very long story"
    assert str(file) in problem["hint"]
    assert "Traceback" not in said.err
    assert "Traceback" in file.read_text()


def test_a_bug_in_a_session_is_one_line_and_a_file_for_people(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def broken(*_: object) -> int:
        raise ZeroDivisionError("a story")

    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr("paasctl.cli.conduct.ask", broken)
    with pytest.raises(SystemExit):
        main(["version"])
    said = capsys.readouterr()
    (file,) = tmp_path.iterdir()
    assert said.out == ""
    assert said.err.splitlines() == [
        "error[bug]: ZeroDivisionError: a story",
        f"  → this is a bug of paasctl; please report {file}",
    ]
