from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from paasctl.adapters.git.reads import ReadingGit
from paasctl.errors import Forbidden, Unavailable
from support.histories import git, repository

Environ = Mapping[str, str]


@pytest.fixture
def clone(tmp_path: Path, environ: Environ) -> Path:
    """A clone; its remote is `work`, a bare repository."""
    repository(tmp_path / "drawn", "o v1.0.0 o v1.1.0 o", environ)
    git(tmp_path, environ, "clone", "-q", "--bare", "drawn", "work")
    git(tmp_path, environ, "clone", "-q", "work", "clone")
    return tmp_path / "clone"


def test_a_broken_tag_is_not_absent(clone: Path, environ: Environ) -> None:
    (clone / ".git/refs/tags/v3.0.0").write_text("not a commit\n")
    with pytest.raises(Unavailable, match=r"v3\.0\.0"):
        ReadingGit(clone, environ).tag_commit("v3.0.0")


def test_no_access_is_said_to_be_that(clone: Path, environ: Environ) -> None:
    ssh = "sh -c 'echo \"git@host: Permission denied (publickey).\" >&2; exit 255'"
    git(clone, environ, "remote", "set-url", "origin", "ssh://git@registry.example/x")
    with pytest.raises(Forbidden, match="Could not read from remote repository") as caught:
        ReadingGit(clone, {**environ, "GIT_SSH_COMMAND": ssh}).remote_tag_commit("origin", "v1.0.0")
    assert "git@host: Permission denied (publickey)." in caught.value.evidence


def test_v5_position(clone: Path, environ: Environ, tmp_path: Path) -> None:
    reads = ReadingGit(clone, environ)
    assert reads.position("origin", "main") == (0, 0)
    git(clone, environ, "commit", "-q", "--allow-empty", "-m", "ours")
    assert reads.position("origin", "main") == (1, 0)
    git(tmp_path, environ, "clone", "-q", "work", "theirs")
    for message in ("theirs", "theirs too"):
        git(tmp_path / "theirs", environ, "commit", "-q", "--allow-empty", "-m", message)
    git(tmp_path / "theirs", environ, "push", "-q", "origin", "main", "main:topic/a")
    before = sorted((clone / ".git").rglob("*"))
    assert reads.position("origin", "main") == (1, 2)  # commits that this clone does not have
    assert sorted((clone / ".git").rglob("*")) == before
    assert reads.position("origin", "topic/a") == (1, 2)
    assert reads.position("origin", "a") is None
    assert reads.position("origin", "nowhere") is None


def test_asking_runs_no_hook_of_ours_and_sends_nothing_else(clone: Path, environ: Environ, tmp_path: Path) -> None:
    hook = clone / ".git/hooks/pre-push"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(f"#!/bin/sh\ntouch {tmp_path}/ran\n")
    hook.chmod(0o755)
    git(clone, environ, "config", "push.followTags", "true")
    git(clone, environ, "tag", "-a", "-m", "mine", "mine")
    before = git(tmp_path / "work", environ, "for-each-ref")
    ReadingGit(clone, environ).check_push("origin", "v9.0.0", git(clone, environ, "rev-parse", "HEAD"))
    assert not (tmp_path / "ran").exists()
    assert git(tmp_path / "work", environ, "for-each-ref") == before
