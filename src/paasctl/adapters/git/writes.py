"""Tags and pushes through GitPython, which is imported here alone. Reading stays with `reads.py`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import git
from git.exc import GitCommandError, GitError
from git.remote import PushInfo

from paasctl.adapters.git.command import REMOTE, GitCommand, scrubbed
from paasctl.adapters.git.complaints import failure, nobody
from paasctl.adapters.git.reads import ReadingGit
from paasctl.errors import PaasError, Refused, WouldClobber
from paasctl.values import dataclass

_PUSH = 120.0
"""Seconds a push may take."""
_LOST = PushInfo.REJECTED | PushInfo.REMOTE_REJECTED | PushInfo.REMOTE_FAILURE | PushInfo.ERROR


@dataclass(frozen=True, slots=True)
class WritingGit:
    """The writing half of the `Git` port, for the checkout that `folder` lies in."""

    folder: Path
    environ: Mapping[str, str]

    @property
    def _reads(self) -> ReadingGit:
        return ReadingGit(self.folder, self.environ)

    def tag(self, tag: str, commit: str, message: str) -> None:
        """Make an annotated tag; already on this commit is success, on another `WouldClobber`."""
        if self._has(tag, commit):
            return
        try:
            with self._repository() as repository:
                repository.create_tag(tag, ref=commit, message=message)
        except GitCommandError as error:
            if not self._has(tag, commit):  # else somebody made the same tag at the same moment
                raise _untagged(f"making tag {tag}", error) from error
            return
        self._check_signed(tag)

    def _check_signed(self, tag: str) -> None:
        """Undo a tag that is not signed though it should be: git may say why, and make it all the same."""
        command = GitCommand(self.folder, self.environ)
        wanted = command.run("config", "--type=bool", "--get", "tag.gpgSign").out.strip() == b"true"
        if wanted and b"\n-----BEGIN " not in command.ask("cat-file", "tag", f"refs/tags/{tag}"):
            command.ask("update-ref", "-d", f"refs/tags/{tag}")
            raise _unsigned(f"making tag {tag}")

    def push_tag(self, remote: str, tag: str) -> bool:
        """Push one tag, never forced; there already, on the same commit, is success, on another `WouldClobber` (V6).

        True: this very push put it there.
        """
        doing = f"pushing tag {tag} to {remote}"
        ref = f"refs/tags/{tag}"
        heard = git.RemoteProgress()  # keeps what the remote said; the error alone has git's last words only
        try:
            with self._repository() as repository:
                pushed = repository.remote(remote).push(f"{ref}:{ref}", progress=heard, kill_after_timeout=_PUSH)
        except GitCommandError as error:
            said = "\n".join([*heard.other_lines, *heard.error_lines]) or str(error.stderr)
            raise failure(doing, said, _status(error)) from error
        except (GitError, ValueError) as error:  # ValueError: no remote has this name
            raise failure(doing, str(error), 1) from error
        lost = [info.summary.strip() for info in pushed if info.flags & _LOST]
        if lost or not pushed or pushed.error:
            self._lost(doing, remote, tag, "; ".join(lost) or str(pushed.error or "git said nothing"))
        # Two that make the same tag object at the same moment both find it there afterwards: git knows who was first.
        return not lost and any(info.flags & PushInfo.NEW_TAG for info in pushed)

    def adopt_tag(self, remote: str, tag: str) -> None:
        """Have the remote's tag here, instead of one that we made."""
        ref = f"refs/tags/{tag}"
        quiet = ("--quiet", "--no-tags", "--no-write-fetch-head", "--no-auto-maintenance", "--no-recurse-submodules")
        git_ = GitCommand(self.folder, self.environ)
        git_.ask("fetch", *quiet, "--force", "--", remote, f"{ref}:{ref}", timeout=REMOTE)

    def _lost(self, doing: str, remote: str, tag: str, why: str) -> None:
        """A push that did not go through: fine where the remote has the tag on our commit all the same."""
        ours, theirs = self._reads.tag_commit(tag), self._reads.remote_tag_commit(remote, tag)
        if theirs is None:
            raise failure(doing, why, 1)
        if theirs != ours:
            raise WouldClobber(
                f"{doing}: it is there already, on commit {theirs[:7]} and not on {str(ours)[:7]}",
                hint=f"git tag -d {tag} && git fetch --tags {remote}, then run again",
                evidence=(why,),
            )

    def _has(self, tag: str, commit: str) -> bool:
        """Whether the tag is on this commit already; on another one raises `WouldClobber`."""
        found = self._reads.tag_commit(tag)
        if found not in (None, commit):
            raise WouldClobber(
                f"making tag {tag}: it is on commit {str(found)[:7]} already, not on {commit[:7]}",
                hint=f"git show {tag}; git tag -d {tag} if it was a mistake",
            )
        return found is not None

    @contextmanager
    def _repository(self) -> Iterator[git.Repo]:
        with git.Repo(self.folder, search_parent_directories=True) as repository:
            # GitPython starts from the process's own environment, so what must not be there is overruled.
            repository.git.update_environment(
                **scrubbed(self.environ), GIT_DIR=str(repository.git_dir), GIT_COMMON_DIR=str(repository.common_dir)
            )
            yield repository


def _untagged(doing: str, error: GitCommandError) -> PaasError:
    said = str(error.stderr).strip().removeprefix("stderr: '").removesuffix("'").strip()
    if found := nobody(doing, said):
        return found
    if any(words in said for words in ("failed to sign", "unable to sign", "signing failed", "user.signingkey needs")):
        return _unsigned(doing, said)
    return failure(doing, said, _status(error))


def _unsigned(doing: str, said: str = "") -> Refused:
    return Refused(
        f"{doing}: git is to sign it (tag.gpgSign), and cannot sign it",
        hint="git tag -s -m try try; git tag -d try   shows why; git config user.signingKey names the key",
        code="tag-not-signed",
        evidence=tuple(said.splitlines()),
    )


def _status(error: GitCommandError) -> int:
    return error.status if isinstance(error.status, int) else 1
