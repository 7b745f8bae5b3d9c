"""The `GitReads` port, by asking the `git` program: five short processes for a checkout.

Not through GitPython: importing it alone takes longer (70 ms and more) than all of these questions together.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from paasctl.adapters.git.branch import branch_from_ci
from paasctl.adapters.git.command import REMOTE, GitCommand, failure
from paasctl.adapters.git.dirt import STATUS, Status, read_status, tree_hash
from paasctl.adapters.git.history import LOG, walk
from paasctl.errors import Refused, Unavailable
from paasctl.model.version import Checkout, Version
from paasctl.values import dataclass

_TAGS = "--format=%(refname:strip=2)%00%(objecttype)%00%(objectname)%00%(*objecttype)%00%(*objectname)"


@dataclass(frozen=True, slots=True)
class ReadingGit:
    """Git of the checkout that `folder` lies in. `environ`: git's, less what names other repositories."""

    folder: Path
    environ: Mapping[str, str]

    def checkout(self, prefix: str, environ: Mapping[str, str]) -> Checkout:
        """What HEAD is, whole or not at all: a shallow clone, an unreadable tag or a failing `status` raises."""
        git = GitCommand(self.folder, self.environ)
        root = _root(git)
        status = _status(git)
        commits = _tags(git, prefix)
        remote, no_tags = _remotes(git, status.branch)
        if not commits and no_tags:
            raise Refused(
                f"reading the tags of {root}: it was cloned without tags, so no version can be told",
                hint="git fetch --tags",
                code="no-tags",
            )
        versions = {name: Version.parse(name.removeprefix(prefix)) for name in commits}
        history = walk(git.ask(*LOG, "HEAD"), versions, commits)
        return Checkout(
            commit=status.commit,
            committed=history.committed,
            branch=status.branch or branch_from_ci(environ),
            tags=history.tags,
            commits=history.commits,
            dirty=tuple(path.decode("utf-8", "backslashreplace") for path in status.paths),
            tree=tree_hash(root, status),
            root=str(root),
            remote=remote,
            head_subjects=history.subjects,
        )

    def remote_url(self) -> str:
        """URL of `origin`, or of the only remote; empty where there is no repository, no remote or several."""
        urls = _urls(GitCommand(self.folder, self.environ))
        return urls.get("origin") or (next(iter(urls.values())) if len(urls) == 1 else "")

    def tag_commit(self, tag: str) -> str | None:
        """The commit a local tag points to (peeled); None: proved absent."""
        git = GitCommand(self.folder, self.environ)
        answered = git.run("for-each-ref", "--format=%(refname)", f"refs/tags/{tag}")
        if answered.code or "broken ref" in answered.complaint:
            raise failure(f"reading tag {tag}", answered.complaint, answered.code)
        if f"refs/tags/{tag}" not in answered.out.decode("utf-8", "replace").splitlines():
            return None
        return git.ask("rev-parse", "--verify", f"refs/tags/{tag}^{{commit}}").decode().strip()

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


def _root(git: GitCommand) -> Path:
    """The top folder. Bare and shallow repositories are refused (V1): what they lack can't be guessed."""
    where = ("--is-bare-repository", "--is-inside-work-tree", "--is-shallow-repository", "--show-toplevel")
    answered = git.run("rev-parse", *where)
    bare, inside, shallow, *top = [*answered.out.decode("utf-8", "surrogateescape").splitlines(), "", "", ""]
    if bare == "true" or inside == "false":
        raise Refused(
            f"reading the checkout {git.folder}: a bare repository or the inside of .git, nothing is checked out",
            hint="git worktree add FOLDER, or use -C DIRECTORY",
            code="bare-repository",
        )
    if answered.code:
        raise failure(f"reading the checkout {git.folder}", answered.complaint, answered.code)
    if shallow == "true":
        raise Refused(
            f"reading the history of {top[0]}: the clone is shallow, and a version told from half a history would lie",
            hint="git fetch --unshallow --tags",
            code="shallow-clone",
        )
    return Path(top[0])


def _status(git: GitCommand) -> Status:
    answered = git.run(*STATUS)
    if answered.code or "could not open directory" in answered.complaint:
        raise failure(f"reading the state of {git.folder}", answered.complaint, answered.code)
    return read_status(answered.out, git.folder)


def _tags(git: GitCommand, prefix: str) -> dict[str, str]:
    """Version tags with the prefix, and the commit each names. An unreadable one raises: it might be the nearest."""
    answered = git.run("for-each-ref", _TAGS, "refs/tags/")
    if answered.code or "broken ref" in answered.complaint:
        raise failure(f"reading the tags of {git.folder}", answered.complaint, answered.code)
    return dict(_version_tags(answered.out.decode("utf-8", "replace"), prefix))


def _version_tags(answer: str, prefix: str) -> Iterator[tuple[str, str]]:
    for line in answer.splitlines():
        name, kind, oid, peeled_kind, peeled = line.split("\0")
        if not (name.startswith(prefix) and _is_version(name.removeprefix(prefix))):
            continue
        if peeled_kind == "tag":
            hint = f"git tag -f {name} {name}^{{}}"
            raise Refused(f"reading tag {name}: it is a tag of a tag, not of a commit", hint=hint, code="nested-tag")
        if "commit" in (kind, peeled_kind):
            yield name, peeled or oid


def _is_version(text: str) -> bool:
    try:
        Version.parse(text)
    except ValueError:
        return False
    return True


def _urls(git: GitCommand) -> dict[str, str]:
    answered = git.run("remote", "-v")
    lines = (line.split() for line in answered.out.decode("utf-8", "replace").splitlines())
    return {words[0]: words[1] for words in lines if len(words) > 1}


def _remotes(git: GitCommand, branch: str | None) -> tuple[str | None, bool]:
    """The remote git itself would push to, and whether a remote is set up to bring no tags."""
    answered = git.run("config", "--null", "--get-regexp", r"^(remote|branch)\.")
    if answered.code not in (0, 1):  # 1: nothing matches
        raise failure(f"reading the configuration of {git.folder}", answered.complaint, answered.code)
    lines = (line.partition("\n") for line in answered.out.decode("utf-8", "replace").split("\0") if line)
    settings = {name: value for name, _, value in lines}
    names = [it[len("remote.") : -len(".url")] for it in settings if it.startswith("remote.") and it.endswith(".url")]
    wanted = (f"branch.{branch}.pushremote", "remote.pushdefault", f"branch.{branch}.remote")
    chosen = [settings[it] for it in wanted if settings.get(it) in names] + [it for it in names if it == "origin"]
    if not chosen and len(names) > 1:
        raise Refused(
            f"choosing the remote for release tags: {', '.join(sorted(names))} are there, none marked to push to",
            hint=f"git config remote.pushDefault {min(names)}",
            code="ambiguous-remote",
        )
    return next(iter(chosen or names), None), "--no-tags" in (settings.get(f"remote.{it}.tagopt") for it in names)


def _objects_apart(git: GitCommand, folder: str) -> dict[str, str]:
    """Variables that let git write new objects into `folder` and read the repository's own beside it."""
    own = git.ask("rev-parse", "--path-format=absolute", "--git-path", "objects").decode("utf-8", "surrogateescape")
    return {"GIT_OBJECT_DIRECTORY": folder, "GIT_ALTERNATE_OBJECT_DIRECTORIES": own.rstrip("\n")}


def _ahead_behind(git: GitCommand, tip: str, extra: Mapping[str, str]) -> tuple[int, int]:
    answer = git.ask("rev-list", "--left-right", "--count", f"HEAD...{tip}", extra=extra).split()
    if len(answer) != 2:
        raise Unavailable(f"comparing HEAD with {tip}: git answered {answer!r}")
    return int(answer[0]), int(answer[1])
