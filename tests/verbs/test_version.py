"""`version`: what is printed, what the options put in place of the rules, and the same as data."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from paasctl.engine.cancel import Cancel
from paasctl.errors import Exit, Refused, UsageError
from paasctl.model.version import Named, Wish
from paasctl.verbs.version import AskVersion
from support.histories import git_environ, repository
from support.memory_git import MemoryGit
from support.world import FakeWorld


def _asked(tmp_path: Path, drawing: str, question: AskVersion) -> Named:
    (tmp_path / "paas.yaml").write_text("app: shop\n")
    world = FakeWorld(tmp_path)
    world.git = MemoryGit.drawn(drawing)
    answer, status = question.answer(world, lambda _: None, Cancel())
    assert status is Exit.OK
    return answer.named


@pytest.mark.parametrize(
    ("drawing", "question", "version"),
    [
        ("o v1.2.3", AskVersion(), "1.2.3"),
        ("o v1.2.3", AskVersion(next=True), "1.2.4"),
        ("o v1.2.3 o", AskVersion(next=True), "1.2.4"),
        ("o v1.2.3 o v3.0.0-alpha", AskVersion(next=True), "3.0.0"),
        ("o v1.2.3", AskVersion(next=True, wish=Wish(increment="minor")), "1.3.0"),
        ("o", AskVersion(next=True), "0.1.0"),
        ("o @topic", AskVersion(branch="fix"), "0.1.0-fix.1.g"),
        ("o @topic", AskVersion(branch="main"), "0.1.0-1.g"),
        ("o v1.2.3", AskVersion(wish=Wish(snapshot=True)), "1.2.4-0.g"),
        ("o v1.2.3 o", AskVersion(wish=Wish(version="4.0.0")), "4.0.0-1.g"),
    ],
)
def test_the_version(tmp_path: Path, drawing: str, question: AskVersion, version: str) -> None:
    told = _asked(tmp_path, drawing, question).text
    assert told == version or (version.endswith("g") and told.startswith(version))


@pytest.mark.parametrize(("forced", "error"), [("1.2", UsageError), ("1.2.3", Refused), ("1.0.0", Refused)])
def test_a_version_that_can_not_be_forced(tmp_path: Path, forced: str, error: type[Exception]) -> None:
    with pytest.raises(error):
        _asked(tmp_path, "o v1.2.3 o", AskVersion(wish=Wish(version=forced)))


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A real checkout with a `paas.yaml`, on a branch, two commits after a tag."""
    repository(tmp_path / "work", "o v1.2.3 o o @feature/x_y", git_environ(tmp_path))
    (tmp_path / "work/.git/info").mkdir(exist_ok=True)
    (tmp_path / "work/.git/info/exclude").write_text("paas.yaml\n")
    (tmp_path / "work/paas.yaml").write_text("app: shop\n")
    return tmp_path / "work"


def _typed(project: Path, *args: str) -> str:
    environ = {**git_environ(project.parent), "PYTHONPATH": str(Path(__file__).parents[2] / "src")}
    argv = [sys.executable, "-m", "paasctl", "version", *args]
    return subprocess.run(argv, cwd=project, env=environ, check=True, capture_output=True, text=True).stdout


def test_the_story_is_one_that_a_person_can_check(project: Path) -> None:
    version, *story = _typed(project, "--explain").splitlines()
    assert version.startswith("1.2.4-feature-x-y.2.g")
    assert story == [
        "  the nearest tag is v1.2.3, 2 commits back",
        "  the next release is 1.2.4: patch, by version.increment",
        "  branch feature/x_y (git) is spelled feature-x-y",
    ]


def test_the_data_say_what_the_story_says(project: Path) -> None:
    named = json.loads(_typed(project, "--output", "json"))["answer"]["named"]
    assert named["text"] == _typed(project).strip()
    assert named["why"] == {
        "tag": "v1.2.3",
        "back": 2,
        "commits": 2,
        "rule": "patch",
        "ruleFrom": "version.increment",
        "next": "1.2.4",
        "branch": "feature/x_y",
        "branchFrom": "git",
        "cut": ["feature/x_y: feature-x-y"],
    }
    assert named["spelled"]["dns"] == named["text"].replace(".", "-")


def test_the_options_as_they_are_typed(project: Path) -> None:
    assert _typed(project, "--next", "--increment", "minor") == "1.3.0\n"
    assert _typed(project, "--branch", "main", "--force", "2.0.0").startswith("2.0.0-2.g")
