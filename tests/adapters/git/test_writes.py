from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from paasctl.adapters.git import CheckoutGit
from paasctl.errors import Forbidden, PaasError, Refused, WouldClobber
from support.histories import git, repository

Environ = Mapping[str, str]
SOURCES = Path(__file__).parents[3] / "src"


@pytest.fixture
def clones(tmp_path: Path, environ: Environ) -> tuple[Path, Path]:
    """Two clones of one bare repository, `there`."""
    repository(tmp_path / "drawn", "o v1.0.0 o", environ)
    git(tmp_path, environ, "clone", "-q", "--bare", "drawn", "there")
    for name in ("one", "two"):
        git(tmp_path, environ, "clone", "-q", "there", name)
    return tmp_path / "one", tmp_path / "two"


def head(folder: Path, environ: Environ) -> str:
    return git(folder, environ, "rev-parse", "HEAD")


def test_v6_two_clones_with_the_same_commit_both_succeed(clones: tuple[Path, Path], environ: Environ) -> None:
    def release(folder: Path) -> str | None:
        writes = CheckoutGit(folder, environ)
        writes.tag("v1.0.1", head(folder, environ), f"by {folder.name}")  # two tag objects, one commit
        writes.push_tag("origin", "v1.0.1")
        return writes.remote_tag_commit("origin", "v1.0.1")

    with ThreadPoolExecutor(2) as pool:
        assert set(pool.map(release, clones)) == {head(clones[0], environ)}


def test_v6_two_clones_with_different_commits_race_and_one_loses(clones: tuple[Path, Path], environ: Environ) -> None:
    for folder in clones:
        git(folder, environ, "commit", "-q", "--allow-empty", "-m", folder.name)

    def release(folder: Path) -> PaasError | None:
        writes = CheckoutGit(folder, environ)
        try:
            writes.tag("v1.0.1", head(folder, environ), "Release 1.0.1")
            writes.push_tag("origin", "v1.0.1")
        except PaasError as error:
            return error
        return None

    with ThreadPoolExecutor(2) as pool:
        outcomes = dict(zip(clones, pool.map(release, clones), strict=True))
    (winner,) = [folder for folder, error in outcomes.items() if error is None]
    (error,) = [error for error in outcomes.values() if error is not None]
    assert isinstance(error, WouldClobber)
    assert error.hint == "git tag -d v1.0.1 && git fetch --tags origin, then run again"
    assert CheckoutGit(winner, environ).remote_tag_commit("origin", "v1.0.1") == head(winner, environ)


def test_no_access(clones: tuple[Path, Path], environ: Environ) -> None:
    ours, _ = clones
    ssh = "sh -c 'echo \"git@host: Permission denied (publickey).\" >&2; exit 255'"
    git(ours, environ, "remote", "set-url", "origin", "ssh://git@registry.example/x")
    with pytest.raises(Forbidden, match="Could not read from remote repository"):
        CheckoutGit(ours, {**environ, "GIT_SSH_COMMAND": ssh}).push_tag("origin", "v1.0.0")


def test_nobody_to_make_it(clones: tuple[Path, Path], environ: Environ) -> None:
    ours, _ = clones
    nobody = {name: value for name, value in environ.items() if not name.startswith(("GIT_AUTHOR", "GIT_COMMITTER"))}
    git(ours, environ, "config", "user.useConfigOnly", "true")
    with pytest.raises(Refused, match="git does not know who makes it") as caught:
        CheckoutGit(ours, nobody).tag("v1.0.1", head(ours, environ), "Release 1.0.1")
    assert caught.value.code == "no-identity"
    with pytest.raises(Refused) as asked:
        CheckoutGit(ours, nobody).check_identity()
    assert (asked.value.code, asked.value.hint) == ("no-identity", caught.value.hint)
    CheckoutGit(ours, environ).check_identity()


def test_a_hooks_environment_does_not_lead_elsewhere(
    clones: tuple[Path, Path], environ: Environ, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours, other = clones
    monkeypatch.setenv("GIT_DIR", str(other / ".git"))
    monkeypatch.setenv("GIT_WORK_TREE", str(other))
    CheckoutGit(ours, environ).tag("v1.0.1", head(ours, environ), "Release 1.0.1")
    assert CheckoutGit(ours, environ).tag_commit("v1.0.1")
    assert CheckoutGit(other, environ).tag_commit("v1.0.1") is None


def test_only_writing_loads_gitpython() -> None:
    script = "import sys, paasctl.adapters.git; sys.exit('git' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", script], check=False, env={"PYTHONPATH": str(SOURCES)}).returncode == 0


def _signing(folder: Path, environ: Environ) -> Path:
    """git here signs tags with an SSH key; the key."""
    key = folder.parent / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "ann", "-f", str(key)], check=True)
    trusted = folder.parent / "trusted"
    trusted.write_text(f"ann@example.test {key.with_suffix('.pub').read_text()}")
    settings = {"gpg.format": "ssh", "user.signingKey": str(key), "tag.gpgSign": "true"}
    for name, value in (settings | {"gpg.ssh.allowedSignersFile": str(trusted)}).items():
        git(folder, environ, "config", name, value)
    return key


def test_a_tag_is_signed_where_git_is_set_up_so(clones: tuple[Path, Path], environ: Environ) -> None:
    ours, _ = clones
    _signing(ours, environ)
    writes = CheckoutGit(ours, environ)
    writes.tag("v1.0.1", head(ours, environ), "Release 1.0.1\n\n- more (#12)")
    git(ours, environ, "verify-tag", "v1.0.1")
    assert "- more (#12)" in git(ours, environ, "for-each-ref", "--format=%(contents)", "refs/tags/v1.0.1")
    assert writes.push_tag("origin", "v1.0.1")
    assert writes.remote_tag_commit("origin", "v1.0.1") == head(ours, environ)


def test_a_tag_that_cannot_be_signed_is_not_made(clones: tuple[Path, Path], environ: Environ) -> None:
    ours, _ = clones
    _signing(ours, environ).unlink()
    with pytest.raises(Refused, match="cannot sign it") as caught:
        CheckoutGit(ours, environ).tag("v1.0.1", head(ours, environ), "Release 1.0.1")
    assert caught.value.code == "tag-not-signed"
    assert CheckoutGit(ours, environ).tag_commit("v1.0.1") is None


def test_who_made_a_tag(clones: tuple[Path, Path], environ: Environ) -> None:
    ours, _ = clones
    who = {**environ, "GIT_COMMITTER_NAME": "Ærøskøbing Øl", "GIT_COMMITTER_EMAIL": "a@shop.example"}
    CheckoutGit(ours, who).tag("v2.0.0", head(ours, environ), "Release 2.0.0")
    git(ours, environ, "tag", "v2.0.1")
    git(ours, who, "tag", "-a", "-m", "below", "v2.0.0.a/b")
    found = CheckoutGit(ours, environ)
    assert found.tagger("v2.0.0") == "Ærøskøbing Øl <a@shop.example>"
    assert [found.tagger(it) for it in ("v2.0.1", "v2.0.2", "v2.0.0.a")] == ["", "", ""]
