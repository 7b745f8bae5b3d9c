"""Two worlds of git for the same tests: in memory, and real repositories on disk. A drawing is made in either."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Protocol

import pytest

from paasctl.adapters.git import CheckoutGit
from paasctl.errors import Refused
from paasctl.ports.git import Git
from support.histories import RULES, git, git_environ, repository
from support.memory_git import Annotated, MemoryGit


class GitWorld(Protocol):
    """A checkout, its remotes, and somebody else who writes there."""

    @property
    def git(self) -> Git:
        """What is tested."""
        ...

    @property
    def root(self) -> str: ...

    def commit(self, subject: str) -> str:
        """All that lies there, committed; its hash."""
        ...

    def at(self, number: int) -> str:
        """The hash of a drawn commit."""
        ...

    def mark(self, tag: str, commit: str, *, of_tag: str = "") -> None:
        """A light tag; with `of_tag` an annotated one of that tag."""
        ...

    def message(self, tag: str, remote: str = "") -> str | None:
        """The message of an annotated tag, here or there; None: there is none, or a light one."""
        ...

    def write(self, path: str, content: str) -> None: ...

    def remove(self, path: str) -> None: ...

    def publish(self, remote: str) -> str:
        """Make the remote and push all refs; its URL."""
        ...

    def set(self, setting: str, value: str) -> None: ...

    def others(self, remote: str, branch: str, count: int) -> str:
        """So many commits of somebody else, on top of the remote's main, on this branch of it; the last one's hash."""
        ...

    def others_tag(self, remote: str, tag: str, commit: str) -> None:
        """Somebody else's annotated tag, which this checkout does not have."""
        ...

    def lose(self, remote: str) -> None:
        """It no longer answers."""
        ...

    def decline(self, remote: str) -> None:
        """It lets no push in."""
        ...

    def close(self, remote: str) -> None:
        """It may be read only: nobody is let in who would push."""
        ...

    def clone(self, *, shallow: bool = False, tags: bool = True) -> Git: ...


Draw = Callable[[str], GitWorld]


def refusal(git: Git) -> tuple[str, str]:
    """Code and hint of a checkout that is refused."""
    with pytest.raises(Refused) as caught:
        git.checkout(RULES, {})
    return caught.value.code, caught.value.hint


class SmallGit:
    """In memory."""

    def __init__(self, drawing: str) -> None:
        self.git = MemoryGit.drawn(drawing)
        self.root = self.git.root

    def commit(self, subject: str) -> str:
        return self.git.commit(subject)

    def at(self, number: int) -> str:
        return list(self.git.commits)[number - 1]

    def mark(self, tag: str, commit: str, *, of_tag: str = "") -> None:
        self.git.tags[tag] = Annotated(self.git.tags[of_tag], "twice") if of_tag else commit

    def message(self, tag: str, remote: str = "") -> str | None:
        found = (self.git.remotes[remote].tags if remote else self.git.tags).get(tag)
        return found.message if isinstance(found, Annotated) else None

    def write(self, path: str, content: str) -> None:
        self.git.files[path] = content.encode()

    def remove(self, path: str) -> None:
        del self.git.files[path]

    def publish(self, remote: str) -> str:
        return self.git.publish(remote).url

    def set(self, setting: str, value: str) -> None:
        self.git.settings[setting] = value

    def others(self, remote: str, branch: str, count: int) -> str:
        heads = self.git.remotes[remote].heads
        tip = heads["main"]
        for number in range(count):
            tip = self.git.add(f"theirs {number}", (tip,))
        heads[branch] = tip
        return tip

    def others_tag(self, remote: str, tag: str, commit: str) -> None:
        self.git.remotes[remote].tags[tag] = Annotated(commit, "theirs")

    def lose(self, remote: str) -> None:
        self.git.remotes[remote].is_reachable = False

    def decline(self, remote: str) -> None:
        self.git.remotes[remote].declines = True

    def close(self, remote: str) -> None:
        self.git.remotes[remote].is_closed = True

    def clone(self, *, shallow: bool = False, tags: bool = True) -> Git:
        return self.git.clone(shallow=shallow, tags=tags)


class RealGit:
    """Repositories below `folder`: `work` is the checkout, `REMOTE.git` a bare one."""

    def __init__(self, drawing: str, folder: Path) -> None:
        self._folder, self._work = folder, folder / "work"
        (folder / "home").mkdir()
        self._environ = git_environ(folder / "home")
        repository(self._work, drawing, self._environ)
        self.git: Git = CheckoutGit(self._work, self._environ)
        self.root = str(self._work)

    def _do(self, *words: str, remote: str = "") -> str:
        return git(self._folder / f"{remote}.git" if remote else self._work, self._environ, *words)

    def commit(self, subject: str) -> str:
        self._do("add", "-A")
        self._do("commit", "-q", "--allow-empty", "-m", subject)
        return self._do("rev-parse", "HEAD")

    def at(self, number: int) -> str:
        return self._do("rev-parse", f"refs/drawn/{number}")

    def mark(self, tag: str, commit: str, *, of_tag: str = "") -> None:
        self._do("tag", *(("-a", "-m", "twice", tag, of_tag) if of_tag else (tag, commit)))

    def message(self, tag: str, remote: str = "") -> str | None:
        told = self._do("for-each-ref", "--format=%(objecttype) %(subject)", f"refs/tags/{tag}", remote=remote)
        kind, _, message = told.partition(" ")
        return message if kind == "tag" else None

    def write(self, path: str, content: str) -> None:
        (self._work / path).parent.mkdir(parents=True, exist_ok=True)
        (self._work / path).write_text(content)

    def remove(self, path: str) -> None:
        (self._work / path).unlink()

    def publish(self, remote: str) -> str:
        there = self._folder / f"{remote}.git"
        self._do("init", "-q", "--bare", "-b", "main", str(there))
        self._do("remote", "add", remote, str(there))
        self._do("push", "-q", remote, "HEAD:refs/heads/main", "refs/tags/*:refs/tags/*")
        return str(there)

    def set(self, setting: str, value: str) -> None:
        self._do("config", setting, value)

    def others(self, remote: str, branch: str, count: int) -> str:
        tip = self._do("rev-parse", "refs/heads/main", remote=remote)
        for number in range(count):
            tip = self._do("commit-tree", "-p", tip, "-m", f"theirs {number}", f"{tip}^{{tree}}", remote=remote)
        self._do("update-ref", f"refs/heads/{branch}", tip, remote=remote)
        return tip

    def others_tag(self, remote: str, tag: str, commit: str) -> None:
        self._do("tag", "-a", "-m", "theirs", tag, commit, remote=remote)

    def lose(self, remote: str) -> None:
        (self._folder / f"{remote}.git").rename(self._folder / f"{remote}.gone")

    def decline(self, remote: str) -> None:
        hook = self._folder / f"{remote}.git/hooks/pre-receive"
        hook.parent.mkdir(exist_ok=True)
        hook.write_text("#!/bin/sh\necho tags are for robots >&2\nexit 1\n")
        hook.chmod(0o755)

    def close(self, remote: str) -> None:
        script = self._folder / f"{remote}-closed"  # in the words of a forge
        script.write_text("#!/bin/sh\necho 'ERROR: Permission to shop.git denied to deploy key' >&2\nexit 1\n")
        script.chmod(0o755)
        self._do("config", f"remote.{remote}.receivepack", str(script))

    def clone(self, *, shallow: bool = False, tags: bool = True) -> Git:
        options = [*(["--depth=1"] if shallow else []), *([] if tags else ["--no-tags"])]
        git(self._folder, self._environ, "clone", "-q", *options, f"file://{self._work}", "clone")
        return CheckoutGit(self._folder / "clone", self._environ)
