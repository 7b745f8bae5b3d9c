"""The demo, as a newcomer runs it, and what it says one can do next."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from e2e.parts import Testbed, drawn, until

pytestmark = [pytest.mark.demo, pytest.mark.xdist_group("demo")]
_SCENES = 9
_TIMEOUT = 120
_WIDEST = 80


@dataclass
class Newcomer:
    """Somebody with an empty folder, Python and git."""

    home: Path
    environ: dict[str, str]
    _started: list[subprocess.Popen[str]] = field(default_factory=list)

    @classmethod
    def make(cls, home: Path) -> Newcomer:
        tmp = home / "tmp"
        tmp.mkdir(parents=True)
        path = os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"]))
        return cls(home, {"PATH": path, "HOME": str(home), "LANG": "C.UTF-8", "TMPDIR": str(tmp)})

    def start(self, command: str, cwd: Path | None = None, **environ: str) -> subprocess.Popen[str]:
        """A line as it is typed: `paasctl` is the one under test."""
        argv = [sys.executable, "-m", *command.split()] if command.startswith("paasctl ") else command.split()
        begun = subprocess.Popen(
            argv, cwd=cwd or self.home, env={**self.environ, **environ}, text=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip
        self._started.append(begun)
        return begun

    def run(self, command: str, cwd: Path | None = None, expect: int = 0, **environ: str) -> str:
        """Both outputs of a line that must end as expected."""
        begun = self.start(command, cwd, **environ)
        out, err = begun.communicate(timeout=_TIMEOUT)
        assert begun.returncode == expect, f"{command} gave {begun.returncode}:\n{out}\n{err}"
        return out + err

    def left(self) -> list[str]:
        """What is in the folder for temporary things."""
        return sorted(it.name for it in (self.home / "tmp").iterdir())

    def leave(self) -> None:
        for it in self._started:
            if it.poll() is None:
                it.terminate()
                it.communicate(timeout=20)


@pytest.fixture
def newcomer(tmp_path: Path) -> Iterator[Newcomer]:
    made = Newcomer.make(tmp_path / "home")
    yield made
    made.leave()


@dataclass(frozen=True)
class Kept:
    """A demo that left its folder."""

    newcomer: Newcomer
    folder: Path
    events: list[dict[str, Any]]

    def said(self) -> list[str]:
        return [it["text"].strip() for it in self.events if it["event"] == "noted"]

    def lines(self, word: str) -> list[str]:
        return [it for it in self.said() if it.startswith(word)]


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kept]:
    newcomer = Newcomer.make(tmp_path_factory.mktemp("newcomer") / "home")
    out = newcomer.run("paasctl demo --fast --keep --output jsonl")
    events = [json.loads(it) for it in out.splitlines()]
    yield Kept(newcomer, Path(events[-1]["facts"]["folder"]), events)
    newcomer.leave()


@pytest.fixture
def played(kept: Kept) -> Iterator[Kept]:
    """The registry and the cluster started again, by the lines that the demo gave."""
    begun = [kept.newcomer.start(line) for line in kept.lines("paasctl registry") + kept.lines("paasctl cluster")]
    assert len(begun) == 2, kept.said()
    for it in begun:
        assert it.stderr
        assert it.stderr.readline()
    yield kept
    for it in begun:
        it.terminate()
        it.communicate(timeout=20)


def test_each_scene_ends_as_it_must(kept: Kept) -> None:
    scenes = [it for it in kept.events if it["event"] == "scene"]
    ends = [it["exit"] for it in kept.events if it["event"] == "played"]
    assert [it["number"] for it in scenes] == list(range(1, _SCENES + 1))
    assert ends == [0, 0, 0, 0, 0, 1, 0, 0, 0]
    assert (kept.events[-1]["event"], kept.events[-1]["status"]) == ("outcome", "done")
    assert {it["format"] for it in kept.events[:1]} == {1}


def test_its_next_lines_work_as_they_stand(played: Kept) -> None:
    [kubeconfig] = [it.partition("KUBECONFIG=")[2] for it in played.lines("export KUBECONFIG=")]
    project = played.folder / "project"
    assert played.lines("cd ") == [f"cd {project}"]
    try_next = next(it for it in played.said() if it.startswith("then: ")).removeprefix("then: ")
    said = [played.newcomer.run(it, project, KUBECONFIG=kubeconfig) for it in try_next.split(", ")]
    assert "nothing to do" in said[0]
    assert "0.1.2" in said[1]
    assert "failed" in said[2]


def test_the_project_deploys_to_a_real_cluster_by_changing_one_line(
    played: Kept, real: Testbed, tmp_path: Path
) -> None:
    project = tmp_path / "project"
    shutil.copytree(played.folder / "project", project)
    [before], [after] = ([it[1:].strip() for it in played.lines(sign)] for sign in ("-  here:", "+  here:"))
    text = (project / "paas.yaml").read_text()
    assert text.count(before) == 1
    (project / "paas.yaml").write_text(text.replace(before, after.replace("ONE-OF-YOUR-KUBECONFIG", "testbed")))
    who: dict[str, Any] = {
        f"GIT_{it}_{of}": "a@example.com" for it in ("AUTHOR", "COMMITTER") for of in ("NAME", "EMAIL")
    }
    try:
        played.newcomer.run("git commit -q -a -m elsewhere", project, **who)
        played.newcomer.run("paasctl release", project, **who)
        played.newcomer.run("paasctl deploy demo", project, KUBECONFIG=real.kubeconfig)
        found = until(lambda: (at := real.get("/", "hello.example")).status == 200 and at, within=25)
        assert found.body == "three\n"
    finally:
        real.run_kubectl("delete", "namespace", "hello-demo", "--wait=false")


def _drawn(newcomer: Newcomer, command: str, **environ: str) -> str:
    """What a terminal of 80 columns gets to see."""
    said = {**newcomer.environ, "TERM": "xterm-256color", "COLUMNS": str(_WIDEST), "LINES": "24", **environ}
    return drawn([sys.executable, "-m", *command.split()], newcomer.home, said)


def test_on_a_terminal_it_is_live_and_nothing_is_left(newcomer: Newcomer) -> None:
    seen = _drawn(newcomer, "paasctl demo --fast")
    assert "\x1b[" in seen
    assert "what to try next" in seen
    assert newcomer.left() == []


def test_in_an_odd_place_it_is_the_same(newcomer: Newcomer) -> None:
    odd = {
        "HOME": "/nonexistent", "LANG": "C", "NO_COLOR": "1", "TERM": "dumb", "GIT_DIR": "/nowhere",
        "http_proxy": "http://127.0.0.1:9", "HTTPS_PROXY": "http://127.0.0.1:9", "KUBECONFIG": "/nowhere",
        "DOCKER_HOST": "tcp://127.0.0.1:9", "PAASCTL_ENVIRONMENT": "x", "PYTHONHASHSEED": "7", "CI": "true",
    }  # fmt: skip
    seen = _drawn(newcomer, "paasctl demo --fast", **odd)
    assert "\x1b" not in seen
    assert re.findall(r"== (\d) of 9", seen) == [str(it) for it in range(1, _SCENES + 1)]
    assert newcomer.left() == []


def test_told_to_stop_it_leaves_nothing(newcomer: Newcomer) -> None:
    running = newcomer.start("paasctl demo --fast --output jsonl")
    assert running.stdout
    for line in running.stdout:
        if json.loads(line).get("number") == 3 and json.loads(line)["event"] == "scene":
            break
    time.sleep(0.5)  # noqa: TID251 - in the middle of a deploy
    running.send_signal(signal.SIGINT)
    running.communicate(timeout=30)
    assert running.returncode == 130
    assert newcomer.left() == []
    assert _running_in(newcomer) == []


def _running_in(newcomer: Newcomer) -> list[str]:
    """Processes that a newcomer's folder is given to."""
    found = []
    for it in Path("/proc").glob("[0-9]*/environ"):
        with contextlib.suppress(OSError):
            if str(newcomer.home).encode() in it.read_bytes():
                found.append(it.parent.joinpath("cmdline").read_text())
    return found


def test_a_pipe_gets_the_whole_story_in_its_order(newcomer: Newcomer) -> None:
    running = newcomer.start("paasctl demo --fast")
    out, err = running.communicate(timeout=_TIMEOUT)
    assert running.returncode == 0
    assert err == ""
    told = [
        out.index(it) for it in ("== 1 of 9", "$ paasctl release", "release 0.1.0: done", "== 3 of 9", "crash-loop")
    ]
    assert told == sorted(told)


def test_without_git_it_says_so(newcomer: Newcomer) -> None:
    with tempfile.TemporaryDirectory() as empty:
        said = newcomer.run("paasctl demo", expect=78, PATH=empty)
    assert "git" in said
    assert "Traceback" not in said
    assert newcomer.left() == []
