from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from paasctl.adapters.git.reads import ReadingGit
from paasctl.errors import PaasError, Refused, Unavailable
from paasctl.model.config import Versioning
from support.histories import RULES, git, repository

Environ = Mapping[str, str]


def counting(tmp_path: Path, environ: Environ) -> tuple[Environ, Path]:
    """An environment whose git writes a line for each of its runs."""
    real, log = shutil.which("git"), tmp_path / "runs"
    return fake_git(tmp_path, environ, f'echo "$1" >> {log}; exec {real} "$@"'), log


def fake_git(tmp_path: Path, environ: Environ, script: str) -> Environ:
    folder = tmp_path / "bin"
    folder.mkdir()
    (folder / "git").write_text(f"#!/bin/sh\n{script}\n")
    (folder / "git").chmod(0o755)
    return {**environ, "PATH": f"{folder}:{environ['PATH']}"}


# --- histories ------------------------------------------------------------------------------------------------------


lines = st.recursive(
    st.sampled_from(["o", "o v{}.0.0", "o v0.{}.0"]),
    lambda inner: st.builds("{} {}".format, inner, inner) | st.builds("( {} | {} )".format, inner, inner),
    max_leaves=12,
)


@given(line=lines)
@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_distances_are_those_of_the_plain_count(tmp_path: Path, environ: Environ, line: str) -> None:
    shutil.rmtree(tmp_path / "work", ignore_errors=True)
    numbered = "".join(f"{part}{at}" for at, part in enumerate(f"o {line}".split("{}")[:-1]))
    drawing = numbered + f"o {line}".split("{}")[-1]
    drawn = repository(tmp_path / "work", drawing, environ)
    assert ReadingGit(tmp_path / "work", environ).checkout(RULES, {}).tags == drawn.distances()


@pytest.mark.parametrize(
    ("drawing", "rules"),
    [
        ("o v1.0.0 o !", RULES),
        ("o o", RULES),
        ("o v1.0.0 o @-", RULES),
        ("o v1.0.0 o< o o<", RULES),
        ("o v2.0.0 o v1.0.0 o", Versioning(pick="highest")),
        ("o:web/a v1.0.0 o:api/a", Versioning(paths=("/web",), exclude=("/web/docs",))),
        ("o v1.0.0" + 3000 * " o", RULES),
    ],
    ids=["dirty", "no tag", "detached", "a wrong clock", "the highest", "paths", "a long history"],
)
def test_a_checkout_takes_at_most_five_processes(
    tmp_path: Path, environ: Environ, drawing: str, rules: Versioning
) -> None:
    repository(tmp_path / "work", drawing, environ)
    counted, log = counting(tmp_path, environ)
    ReadingGit(tmp_path / "work", counted).checkout(rules, {"CI_COMMIT_BRANCH": "main"})
    assert sorted(log.read_text().split()) == ["config", "for-each-ref", "log", "rev-parse", "status"]


def test_a_walk_that_does_not_end_is_stopped(tmp_path: Path, environ: Environ, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("paasctl.adapters.git.command.LOCAL", 1.0)
    repository(tmp_path / "work", "o v1.0.0 o", environ)
    faked = fake_git(tmp_path, environ, f'[ "$1" = log ] && exec sleep 60; exec {shutil.which("git")} "$@"')
    with pytest.raises(Unavailable, match="no end within 1 s"):
        ReadingGit(tmp_path / "work", faked).checkout(RULES, {})


# --- what is refused ------------------------------------------------------------------------------------------------


def refusal(folder: Path, environ: Environ) -> PaasError:
    with pytest.raises(PaasError) as caught:
        ReadingGit(folder, environ).checkout(RULES, {})
    return caught.value


def test_v1_the_hint_mends_it(tmp_path: Path, environ: Environ) -> None:
    repository(tmp_path / "work", "o v1.0.0 o o", environ)
    git(tmp_path, environ, "clone", "-q", "--depth=1", f"file://{tmp_path}/work", "clone")
    git(tmp_path / "clone", environ, *refusal(tmp_path / "clone", environ).hint.split()[1:])
    assert ReadingGit(tmp_path / "clone", environ).checkout(RULES, {}).tags == (("v1.0.0", 2),)


def test_v3_somebody_elses_repository(tmp_path: Path, environ: Environ) -> None:
    repository(tmp_path / "work", "o", environ)
    error = refusal(tmp_path / "work", {**environ, "GIT_TEST_ASSUME_DIFFERENT_OWNER": "1"})
    assert isinstance(error, Refused)
    assert error.hint == f"git config --global --add safe.directory {tmp_path}/work"


def test_no_repository(tmp_path: Path, environ: Environ) -> None:
    assert refusal(tmp_path, environ).code == "not-a-repository"


def test_no_such_folder(tmp_path: Path, environ: Environ) -> None:
    assert refusal(tmp_path / "gone", environ).code == "not-a-repository"


@pytest.mark.parametrize("where", ["bare.git", "work/.git"])
def test_nothing_is_checked_out_there(tmp_path: Path, environ: Environ, where: str) -> None:
    repository(tmp_path / "work", "o", environ)
    git(tmp_path, environ, "clone", "-q", "--bare", "work", "bare.git")
    assert refusal(tmp_path / where, environ).code == "bare-repository"


def test_no_git_program(tmp_path: Path, environ: Environ) -> None:
    error = refusal(tmp_path, {**environ, "PATH": str(tmp_path)})
    assert isinstance(error, Unavailable)
    assert (error.code, error.hint) == ("git-missing", "install git")


@pytest.mark.parametrize("content", ["not a commit\n", f"{'12' * 20}\n"], ids=["no hash", "a missing object"])
def test_a_tag_that_cannot_be_read_is_not_left_out(tmp_path: Path, environ: Environ, content: str) -> None:
    repository(tmp_path / "work", "o v1.0.0 o", environ)
    (tmp_path / "work/.git/refs/tags/v2.0.0").write_text(content)
    error = refusal(tmp_path / "work", environ)
    assert isinstance(error, Unavailable)
    assert "v2.0.0" in error.message


def test_a_broken_head(tmp_path: Path, environ: Environ) -> None:
    repository(tmp_path / "work", "o", environ)
    (tmp_path / "work/.git/refs/heads/main").write_text("34" * 20 + "\n")
    assert isinstance(refusal(tmp_path / "work", environ), Unavailable)


def test_a_broken_index_is_not_clean(tmp_path: Path, environ: Environ) -> None:
    repository(tmp_path / "work", "o", environ)
    (tmp_path / "work/.git/index").write_bytes(b"no index at all, but long enough to be one")
    error = refusal(tmp_path / "work", environ)
    assert isinstance(error, Unavailable)
    assert "index" in error.message


def test_a_folder_that_status_cannot_open_is_not_clean(tmp_path: Path, environ: Environ) -> None:
    repository(tmp_path / "work", "o", environ)
    warning = "echo \"warning: could not open directory 'x/': Permission denied\" >&2"
    faked = fake_git(tmp_path, environ, f'[ "$1" = status ] && {warning}; exec {shutil.which("git")} "$@"')
    with pytest.raises(PaasError, match="could not open directory"):
        ReadingGit(tmp_path / "work", faked).checkout(RULES, {})


# --- where we are ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("variables", "branch"),
    [
        ({}, None),
        ({"GITHUB_REF_TYPE": "branch", "GITHUB_REF_NAME": "main"}, "main"),
        ({"GITHUB_REF_TYPE": "tag", "GITHUB_REF_NAME": "v1.0.0"}, None),
        ({"GITHUB_HEAD_REF": "topic", "GITHUB_REF_TYPE": "branch", "GITHUB_REF_NAME": "12/merge"}, "topic"),
        ({"GITHUB_HEAD_REF": "", "GITHUB_REF_TYPE": "branch", "GITHUB_REF_NAME": "main"}, "main"),
        ({"CI_COMMIT_BRANCH": "main"}, "main"),
        ({"CI_MERGE_REQUEST_SOURCE_BRANCH_NAME": "topic"}, "topic"),
        ({"BRANCH_NAME": "main", "GIT_BRANCH": "origin/main"}, "main"),
        ({"BRANCH_NAME": "PR-12", "CHANGE_BRANCH": "topic"}, "topic"),
        ({"GIT_BRANCH": "origin/feature/x"}, "feature/x"),
        ({"BUILDKITE_BRANCH": "main"}, "main"),
        ({"CIRCLE_BRANCH": "main"}, "main"),
        ({"BUILD_SOURCEBRANCH": "refs/heads/feature/x"}, "feature/x"),
        ({"BUILD_SOURCEBRANCH": "refs/pull/7/merge"}, None),
        ({"BUILD_SOURCEBRANCH": "refs/pull/7/merge", "SYSTEM_PULLREQUEST_SOURCEBRANCH": "refs/heads/topic"}, "topic"),
    ],
)
def test_v2_ci_names_the_branch_of_a_detached_head(
    tmp_path: Path, environ: Environ, variables: Environ, branch: str | None
) -> None:
    repository(tmp_path / "work", "o @-", environ)
    assert ReadingGit(tmp_path / "work", environ).checkout(RULES, variables).branch == branch


def test_a_folder_inside(tmp_path: Path, environ: Environ) -> None:
    repository(tmp_path / "work", "o", environ)
    (tmp_path / "work/sub").mkdir()
    assert ReadingGit(tmp_path / "work/sub", environ).checkout(RULES, {}).root == str(tmp_path / "work")


def test_a_linked_worktree(tmp_path: Path, environ: Environ) -> None:
    repository(tmp_path / "work", "o v1.0.0 o", environ)
    git(tmp_path / "work", environ, "worktree", "add", "-q", "-b", "topic", "../linked")
    told = ReadingGit(tmp_path / "linked", environ).checkout(RULES, {})
    assert (told.branch, told.root, told.tags) == ("topic", str(tmp_path / "linked"), (("v1.0.0", 1),))


def test_a_hooks_environment_does_not_lead_elsewhere(tmp_path: Path, environ: Environ) -> None:
    repository(tmp_path / "work", "o v1.0.0", environ)
    repository(tmp_path / "other", "o v2.0.0", environ)
    stray = {"GIT_DIR": str(tmp_path / "other/.git"), "GIT_INDEX_FILE": "/nowhere", "GIT_WORK_TREE": str(tmp_path)}
    assert ReadingGit(tmp_path / "work", {**environ, **stray}).checkout(RULES, {}).tags == (("v1.0.0", 0),)
