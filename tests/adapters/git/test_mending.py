"""What can't be read is refused, and the command that the refusal names mends it (V1): each is carried out here."""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from paasctl.adapters.git.reads import ReadingGit
from paasctl.errors import PaasError
from paasctl.planning.versions.version import name_version
from support.histories import RULES, git, git_environ, repository

Environ = Mapping[str, str]
_NOBODY = 65534
Damage = Callable[[Path, Environ], None]


def _tag_file(clone: Path, content: str) -> None:
    git(clone, {"PATH": "/usr/bin:/bin"}, "pack-refs", "--all")
    (clone / ".git/refs/tags/v1.1.0").write_text(content)


def _loose(clone: Path, environ: Environ, revision: str) -> Path:
    """The file of a commit's object, which lies in no pack any more."""
    for pack in list((clone / ".git/objects/pack").glob("*.pack")):
        content = pack.read_bytes()
        for it in pack.parent.glob(f"{pack.stem}.*"):
            it.unlink()
        git(clone, environ, "unpack-objects", "-q", stdin=content)
    name = git(clone, environ, "rev-parse", revision)
    file = clone / ".git/objects" / name[:2] / name[2:]
    file.chmod(0o644)
    return file


def _nested(clone: Path, environ: Environ) -> None:
    git(clone, environ, "tag", "-a", "-m", "once", "once", "v1.1.0^{commit}")
    git(clone, environ, "tag", "-f", "-a", "-m", "twice", "v1.1.0", "once")


def _ambiguous(clone: Path, environ: Environ) -> None:
    git(clone, environ, "remote", "rename", "origin", "one")
    git(clone, environ, "remote", "add", "two", "file:///nowhere")
    git(clone, environ, "branch", "--unset-upstream")


def _without_tags(clone: Path, environ: Environ) -> None:
    git(clone, environ, "config", "remote.origin.tagOpt", "--no-tags")
    git(clone, environ, "tag", "-d", "v1.0.0", "v1.1.0")


DAMAGED: dict[str, tuple[Damage, str]] = {
    "V1 a clone without tags": (_without_tags, "no-tags"),
    "a tag that is no hash": (lambda it, _: _tag_file(it, "not a commit\n"), "unavailable"),
    "a tag of what is not there": (lambda it, _: _tag_file(it, f"{'12' * 20}\n"), "unavailable"),
    "a tag of a tag": (_nested, "nested-tag"),
    "a commit that is gone": (lambda it, environ: _loose(it, environ, "HEAD~1").unlink(), "unavailable"),
    "a commit that is junk": (lambda it, environ: _junk(_loose(it, environ, "HEAD~1")), "unavailable"),
    "a commit that is empty": (lambda it, environ: _junk(_loose(it, environ, "HEAD~1"), ""), "unavailable"),
    "an index that is junk": (
        lambda it, _: _junk(it / ".git/index", "no index at all, but long enough"),
        "unavailable",
    ),
    "several remotes, none to push to": (_ambiguous, "ambiguous-remote"),
}


def _junk(file: Path, content: str = "junk") -> None:
    file.write_text(content)


@pytest.mark.parametrize(("damage", "code"), DAMAGED.values(), ids=DAMAGED)
def test_the_hint_mends_it(tmp_path: Path, environ: Environ, damage: Damage, code: str) -> None:
    repository(tmp_path / "work", "o:a ~v1.0.0 o:b o:c ~v1.1.0 o:d", environ)
    git(tmp_path, environ, "clone", "-q", f"file://{tmp_path}/work", "clone")
    clone = tmp_path / "clone"
    before = _version(clone, environ)
    damage(clone, environ)
    with pytest.raises(PaasError) as caught:
        _version(clone, environ)
    assert caught.value.code == code
    _carry_out(caught.value.hint, clone, environ)
    assert _version(clone, environ) == before == f"1.1.1-1.g{git(clone, environ, 'rev-parse', 'HEAD')[:7]}"


def _version(folder: Path, environ: Environ) -> str:
    return name_version(ReadingGit(folder, environ).checkout(RULES, {}), RULES).text


def _carry_out(hint: str, folder: Path, environ: Environ) -> None:
    subprocess.run(["sh", "-ec", hint], cwd=folder, env=environ, check=True, capture_output=True)


def test_a_worktree_whose_main_checkout_was_moved(tmp_path: Path, environ: Environ) -> None:
    repository(tmp_path / "work", "o v1.0.0", environ)
    git(tmp_path / "work", environ, "worktree", "add", "-q", "-b", "topic", "../linked")
    (tmp_path / "work").rename(tmp_path / "moved")
    with pytest.raises(PaasError, match="is not there") as caught:
        _version(tmp_path / "linked", environ)
    assert caught.value.hint == "git worktree repair, in its main checkout"
    git(tmp_path / "moved", environ, "worktree", "repair", str(tmp_path / "linked"))
    assert _version(tmp_path / "linked", environ) == "1.0.0"


@pytest.fixture
def superproject(tmp_path: Path, environ: Environ) -> Path:
    """A repository with tags of its own, and another in its folder `lib`."""
    repository(tmp_path / "lib", "o v3.0.0 o", environ)
    repository(tmp_path / "work", "o v1.0.0", environ)
    add = ("submodule", "--quiet", "add", f"file://{tmp_path}/lib", "lib")
    git(tmp_path / "work", environ, "-c", "protocol.file.allow=always", *add)
    git(tmp_path / "work", environ, "commit", "-q", "-m", "a library")
    return tmp_path / "work"


def test_a_submodule_has_its_own_version(superproject: Path, environ: Environ) -> None:
    assert _version(superproject / "lib", environ).startswith("3.0.1-1.g")
    assert _version(superproject, environ).startswith("1.0.1-1.g")


def test_a_submodule_whose_repository_is_gone(superproject: Path, environ: Environ) -> None:
    (superproject / ".git/modules/lib").rename(superproject / ".git/modules/gone")
    with pytest.raises(PaasError, match="is not there") as caught:
        _version(superproject / "lib", environ)
    assert caught.value.hint == "git submodule update --init, above it"


# --- what is closed to us -------------------------------------------------------------------------------------------


@pytest.fixture
def ours() -> Iterator[tuple[Path, Environ]]:
    """A repository that is read by somebody who is not root: file modes are nothing to root."""
    with tempfile.TemporaryDirectory(prefix="paasctl-git-") as made:
        folder, root = Path(made), os.geteuid() == 0
        environ = git_environ(folder)
        repository(folder / "work", "o:a v1.0.0 o:b", environ)
        for it in (folder, *folder.rglob("*")):
            os.chown(it, _NOBODY if root else -1, -1)
        with pytest.MonkeyPatch.context() as patch:
            patch.chdir(folder)
            if root:
                os.seteuid(_NOBODY)
            try:
                yield folder / "work", environ
            finally:
                os.seteuid(0 if root else os.geteuid())


@pytest.mark.parametrize(
    "closed",
    [".git", ".git/HEAD", ".git/config", ".git/index", ".git/objects", ".git/refs", ".git/refs/tags", "v1.0.0"],
)
def test_what_git_can_not_read_is_not_taken_for_nothing(ours: tuple[Path, Environ], closed: str) -> None:
    work, environ = ours
    file = work / ".git/refs/tags/v1.0.0" if closed == "v1.0.0" else work / closed
    mode = file.stat().st_mode
    file.chmod(0)
    try:
        with pytest.raises(PaasError) as caught:
            _version(work, environ)
    finally:
        file.chmod(mode)
    tag_alone = closed == "v1.0.0"  # to git it is a broken one
    assert caught.value.exit == (75 if tag_alone else 77)
    assert caught.value.hint.startswith("rm " if tag_alone else "sudo chown")
    assert _version(work, environ).startswith("1.0.1-1.g")


# --- what CI lacks is fetched ---------------------------------------------------------------------------------------


CLONES = {
    "V1 shallow": ("--depth=1",),
    "V1 shallow, one branch": ("--depth=2", "--single-branch"),
    "V1 shallow, no tags": ("--depth=1", "--no-tags"),
    "V1 no tags": ("--no-tags",),
}


@pytest.mark.parametrize("options", CLONES.values(), ids=CLONES)
@pytest.mark.parametrize("variable", ["CI", "GITHUB_ACTIONS", "TF_BUILD", "JENKINS_URL"])
def test_in_ci_what_a_clone_lacks_is_fetched(
    tmp_path: Path, environ: Environ, options: tuple[str, ...], variable: str
) -> None:
    repository(tmp_path / "work", "o v1.0.0 o o o", environ)
    git(tmp_path, environ, "clone", "-q", *options, f"file://{tmp_path}/work", "clone")
    told = ReadingGit(tmp_path / "clone", environ).checkout(RULES, {variable: "true"})
    assert (told.tags, told.fetched) == ((("v1.0.0", 3),), "origin")
    assert name_version(told, RULES).story[0] == "the history was completed from origin first"
    assert ReadingGit(tmp_path / "clone", environ).checkout(RULES, {variable: "true"}).fetched == ""


def test_v1_a_job_that_fetched_no_tags_does_not_make_one_up(tmp_path: Path, environ: Environ) -> None:
    repository(tmp_path / "work", "o v1.0.0 o", environ)
    git(
        tmp_path, environ, "init", "-q", "-b", "main", "clone"
    )  # as Jenkins does it: nothing in the configuration tells
    git(tmp_path / "clone", environ, "remote", "add", "origin", f"file://{tmp_path}/work")
    git(tmp_path / "clone", environ, "fetch", "-q", "--no-tags", "origin")
    git(tmp_path / "clone", environ, "checkout", "-q", "--detach", "origin/main")
    assert ReadingGit(tmp_path / "clone", environ).checkout(RULES, {"CI": "1"}).tags == (("v1.0.0", 1),)


def test_a_first_version_in_ci(tmp_path: Path, environ: Environ) -> None:
    repository(tmp_path / "work", "o o", environ)
    git(tmp_path, environ, "clone", "-q", f"file://{tmp_path}/work", "clone")
    assert name_version(ReadingGit(tmp_path / "clone", environ).checkout(RULES, {"CI": "1"}), RULES).why.rule == "first"


def test_v1_what_can_not_be_fetched_is_refused(tmp_path: Path, environ: Environ) -> None:
    repository(tmp_path / "work", "o v1.0.0 o o", environ)
    git(tmp_path, environ, "clone", "-q", "--depth=1", f"file://{tmp_path}/work", "clone")
    (tmp_path / "work").rename(tmp_path / "gone")
    with pytest.raises(PaasError, match=r"the clone is shallow.*; fetching what it lacks from origin: .*") as caught:
        ReadingGit(tmp_path / "clone", environ).checkout(RULES, {"CI": "1"})
    assert (caught.value.exit, caught.value.hint) == (75, "git fetch --unshallow --tags")
