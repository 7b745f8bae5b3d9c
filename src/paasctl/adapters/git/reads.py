"""The `GitReads` port, by asking the `git` program: five short processes for a checkout.

Not through GitPython: importing it alone takes longer (70 ms and more) than all of these questions together.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from paasctl.adapters.git.branch import branch_from_ci, is_ci, told_branch
from paasctl.adapters.git.changes import CHANGES, read_changes
from paasctl.adapters.git.command import FETCH, REMOTE, GitCommand
from paasctl.adapters.git.complaints import failure, nobody, unreadable
from paasctl.adapters.git.dirt import STATUS, Status, read_status, tree_hash
from paasctl.adapters.git.history import LOG, NARROWED, walk
from paasctl.adapters.git.refs import check_folders, read_tags
from paasctl.adapters.git.remotes import read_remotes, remote_url
from paasctl.errors import Forbidden, PaasError, Refused, Unavailable
from paasctl.model.change import Change
from paasctl.model.config import Versioning
from paasctl.model.version import Checkout
from paasctl.planning.versions.tags import tag_rule
from paasctl.values import dataclass

_LACKING = ("shallow-clone", "no-tags")
"""What a fetch mends."""


@dataclass(frozen=True, slots=True)
class ReadingGit:
    """Git of the checkout that `folder` lies in. `environ`: git's, less what names other repositories."""

    folder: Path
    environ: Mapping[str, str]

    def checkout(self, rules: Versioning, environ: Mapping[str, str]) -> Checkout:
        """What HEAD is, whole or not at all: an unreadable tag or a failing `status` raises.

        What a clone lacks of its history, or of its tags, is fetched where `rules` allow it, else refused (V1).
        """
        may_fetch = rules.fetch == "always" or (rules.fetch == "ci" and is_ci(environ))
        try:
            return self._checkout(rules, environ, is_doubted=may_fetch)
        except Refused as lacking:
            if not may_fetch or lacking.code not in _LACKING:
                raise
            remote = self._complete(lacking)
        return replace(self._checkout(rules, environ, is_whole=True), fetched=remote)

    def _checkout(
        self, rules: Versioning, environ: Mapping[str, str], *, is_doubted: bool = False, is_whole: bool = False
    ) -> Checkout:
        """`is_doubted`: no tag at all is believed of no clone. `is_whole`: it is, for all tags were just fetched."""
        git = GitCommand(self.folder, self.environ)
        paths = _pathspecs(rules)
        asked = (*LOG, *(NARROWED if paths else ()), "HEAD", "--", *paths)
        with git.lines(*asked) as log:  # it reads while we ask for the rest
            root, common = _places(git)
            check_folders(common)
            status = _status(git, paths)
            told = told_branch(environ) or (status.branch and (status.branch, "git")) or branch_from_ci(environ)
            branch, source = told or (None, "git")
            tags = read_tags(git, tag_rule(branch, rules))
            remotes = read_remotes(git, branch)
            if not tags.names and not is_whole and (remotes.without_tags or (is_doubted and remotes.chosen)):
                raise _no_tags(root)
            history = walk(log, tags, narrowed=bool(paths))
        return Checkout(
            commit=status.commit,
            committed=history.committed,
            branch=branch,
            branch_from=source,
            tags=history.tags,
            changes=history.changes if paths else None,
            commits=history.commits,
            dirty=tuple(path.decode("utf-8", "backslashreplace") for path in status.paths),
            tree=tree_hash(root, status),
            root=str(root),
            remote=remotes.chosen,
            head_subjects=history.subjects,
        )

    def _complete(self, lacking: Refused) -> str:
        """Fetch what a clone lacks; the remote it came from. No branch and no file changes."""
        git = GitCommand(self.folder, self.environ)
        remote = read_remotes(git, None).chosen
        if remote is None:
            raise lacking
        deep = ("--unshallow",) if lacking.code == "shallow-clone" else ()
        words = ("fetch", "--quiet", *deep, "--tags", "--no-write-fetch-head", "--no-auto-maintenance")
        answered = git.run(*words, "--no-recurse-submodules", "--", remote, timeout=FETCH)
        if answered.code:
            said = failure(f"fetching what it lacks from {remote}", answered.complaint, answered.code)
            kind = Forbidden if isinstance(said, Forbidden) else Unavailable
            raise kind(f"{lacking.message}; {said.message}", hint=lacking.hint, evidence=said.evidence)
        return remote

    def changes(self, since: str, rules: Versioning) -> tuple[Change, ...]:
        """Commits of HEAD that the tag has not, newest first; where `rules` have paths, those that touch them."""
        git = GitCommand(self.folder, self.environ)
        what = ("HEAD", *((f"^refs/tags/{since}",) if since else ()), "--", *_pathspecs(rules))
        return read_changes(git.ask(*CHANGES, *what))

    def check_identity(self) -> None:
        """Raise where git does not know who would make a tag here."""
        doing, git = "making a tag", GitCommand(self.folder, self.environ)
        answered = git.run("var", "GIT_COMMITTER_IDENT")
        if answered.code:
            raise nobody(doing, answered.complaint) or failure(doing, answered.complaint, answered.code)

    def check_push(self, remote: str, tag: str, commit: str) -> None:
        """Raise what pushing that tag would raise now. The caller's own hook is not run: it may do what it likes."""
        git = GitCommand(self.folder, self.environ)
        alone = ("--no-verify", "--no-follow-tags", "--no-signed", "--recurse-submodules=no")
        words = ("push", "--dry-run", "--porcelain", *alone, "--", remote, f"{commit}:refs/tags/{tag}")
        answered = git.run(*words, timeout=REMOTE)
        if answered.code and b"[rejected] (already exists)" not in answered.out:  # whose it is shows elsewhere
            doing = f"asking whether {remote} takes a push of {tag}"
            raise failure(doing, answered.complaint, answered.code)

    def remote_url(self) -> str:
        """URL of `origin`, or of the only remote; empty where there is no repository, no remote or several."""
        return remote_url(GitCommand(self.folder, self.environ))

    def tag_commit(self, tag: str) -> str | None:
        """The commit a local tag points to (peeled); None: proved absent."""
        git = GitCommand(self.folder, self.environ)
        answered = git.run("for-each-ref", "--format=%(refname)", f"refs/tags/{tag}")
        if answered.code or "broken ref" in answered.complaint:
            raise failure(f"reading tag {tag}", answered.complaint, answered.code)
        if f"refs/tags/{tag}" not in answered.out.decode("utf-8", "replace").splitlines():
            return None
        return git.ask("rev-parse", "--verify", f"refs/tags/{tag}^{{commit}}").decode().strip()

    def tagger(self, tag: str) -> str:
        """Who made a local tag; empty where it is lightweight, or absent."""
        form = "--format=%(refname)%00%(taggername) %(taggeremail)"
        for line in GitCommand(self.folder, self.environ).ask("for-each-ref", form, f"refs/tags/{tag}").splitlines():
            name, _, found = line.partition(b"\0")
            if name.decode("utf-8", "replace") == f"refs/tags/{tag}":
                return found.decode("utf-8", "replace").strip()
        return ""

    def remote_tag_commit(self, remote: str, tag: str) -> str | None:
        """The commit that the remote's tag points to (peeled) now; None: proved absent."""
        found = self._remote_refs(remote, f"refs/tags/{tag}", f"refs/tags/{tag}^{{}}")
        return found.get(f"refs/tags/{tag}^{{}}") or found.get(f"refs/tags/{tag}")

    def position(self, remote: str, branch: str) -> tuple[int, int] | None:
        """(ahead, behind) of the remote's branch as it is now; None: the remote has no such branch.

        Commits that we lack are fetched into a temporary folder: neither refs nor objects of the user's repository
        change.
        """
        ref = f"refs/heads/{branch}"
        if (tip := self._remote_refs(remote, ref).get(ref)) is None:
            return None
        git = GitCommand(self.folder, self.environ)
        if git.run("cat-file", "-e", f"{tip}^{{commit}}").code == 0:
            return _ahead_behind(git, tip, {})
        with tempfile.TemporaryDirectory(prefix="paasctl-git-") as apart:
            extra = _objects_apart(git, apart)
            fetch = ("fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "--refmap=", "--no-auto-maintenance")
            git.ask(*fetch, "--no-recurse-submodules", "--", remote, ref, timeout=REMOTE, extra=extra)
            return _ahead_behind(git, tip, extra)

    def _remote_refs(self, remote: str, *names: str) -> dict[str, str]:
        answer = GitCommand(self.folder, self.environ).ask("ls-remote", "--", remote, *names, timeout=REMOTE)
        lines = (line.split("\t", 1) for line in answer.decode("utf-8", "replace").splitlines())
        return {name: commit for commit, name in lines if name in names}  # ls-remote matches the ends of names


def _places(git: GitCommand) -> tuple[Path, Path]:
    """The top folder, and the one where refs lie. Bare and shallow repositories are refused (V1)."""
    where = ("--is-bare-repository", "--is-inside-work-tree", "--is-shallow-repository", "--show-toplevel")
    answered = git.run("rev-parse", "--path-format=absolute", *where, "--git-common-dir")
    said = answered.out.decode("utf-8", "surrogateescape").splitlines()
    bare, inside, shallow, *places = [*said, "", "", ""]
    if bare == "true" or inside == "false":
        raise Refused(
            f"reading the checkout {git.folder}: a bare repository or the inside of .git, nothing is checked out",
            hint="git worktree add FOLDER, or use -C DIRECTORY",
            code="bare-repository",
        )
    if answered.code:
        raise _closed(git) or failure(f"reading the checkout {git.folder}", answered.complaint, answered.code)
    if shallow == "true":
        raise Refused(
            f"reading the history of {places[0]}: the clone is shallow, and half a history would lie",
            hint="git fetch --unshallow --tags",
            code="shallow-clone",
        )
    return Path(places[0]), Path(places[1])


def _closed(git: GitCommand) -> PaasError | None:
    """A repository that git can't read is none to git; None: there is nothing that looks like one."""
    folder = git.folder.absolute()
    there = next((it / ".git" for it in (folder, *folder.parents) if (it / ".git").is_dir()), None)
    parts = [there, there / "HEAD", there / "objects", there / "refs"] if there else []
    closed = next((it for it in parts if not os.access(it, os.R_OK, effective_ids=True)), None)
    return unreadable(f"reading the checkout {folder}", f"git can't read {closed}") if closed else None


def _no_tags(root: Path) -> Refused:
    return Refused(
        f"reading the tags of {root}: it was cloned without tags, so no version can be told",
        hint="git fetch --tags",
        code="no-tags",
    )


def _status(git: GitCommand, paths: tuple[str, ...]) -> Status:
    answered = git.run(*STATUS, "--", *paths)
    if answered.code or "could not open directory" in answered.complaint:
        raise failure(f"reading the state of {git.folder}", answered.complaint, answered.code)
    return read_status(answered.out, git.folder)


def _pathspecs(rules: Versioning) -> tuple[str, ...]:
    """What git is told of `version.paths`; empty: every path counts."""
    if not rules.is_narrowed:
        return ()
    inside = [_pathspec(it, "literal") for it in rules.paths] or [":(top)"]
    return (*inside, *(_pathspec(it, "exclude,literal") for it in rules.exclude))


def _pathspec(path: str, magic: str) -> str:
    """A path below our folder, or with a leading / below the top one."""
    return f":(top,{magic}){path.strip('/')}" if path.startswith("/") else f":({magic}){path}"


def _objects_apart(git: GitCommand, folder: str) -> dict[str, str]:
    """Variables that let git write new objects into `folder` and read the repository's own beside it."""
    own = git.ask("rev-parse", "--path-format=absolute", "--git-path", "objects").decode("utf-8", "surrogateescape")
    return {"GIT_OBJECT_DIRECTORY": folder, "GIT_ALTERNATE_OBJECT_DIRECTORIES": own.rstrip("\n")}


def _ahead_behind(git: GitCommand, tip: str, extra: Mapping[str, str]) -> tuple[int, int]:
    answer = git.ask("rev-list", "--left-right", "--count", f"HEAD...{tip}", extra=extra).split()
    if len(answer) != 2:
        raise Unavailable(f"comparing HEAD with {tip}: git answered {answer!r}")
    return int(answer[0]), int(answer[1])
