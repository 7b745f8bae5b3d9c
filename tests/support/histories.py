"""Histories drawn in one line, as a checkout's facts or as a real repository.

`o` is a commit, `o:web/a` one that writes that file, `o<` one whose clock is a day behind. `( side | main )` is a fork
that ends in a merge of the left lines into the last one, and with `/` for `)` in none. `@name` is the branch (`@-`
detached), `!` an edit that is not committed, and what comes after `>` HEAD has not. Any other word is a tag on the
commit before it: every second one is annotated, `*v1` always, `~v1` never.

`o v1.0.0 ( o v1.1.0 o | o ) @main` is a main line with a tag, and a side line with another, merged.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from paasctl.model.config import Versioning
from paasctl.model.version import Checkout, Version

RULES = Versioning()
HEAD = "abc1234" + "0" * 33
TREE = "feedfacecafe"


@dataclass
class Drawn:
    """A history as it was drawn. Commits are numbered from 1; `parents[n]` of commit n."""

    parents: dict[int, tuple[int, ...]] = field(default_factory=dict)
    tags: dict[str, int] = field(default_factory=dict)
    annotated: set[str] = field(default_factory=set)
    files: dict[int, dict[str, int]] = field(default_factory=dict)
    """Commit -> path -> the commit that wrote it."""
    behind: set[int] = field(default_factory=set)
    """Commits whose clock is behind."""
    branch: str | None = "main"
    dirty: bool = False
    head: int = 0

    def ancestors(self, commit: int) -> set[int]:
        """The commit and everything below it."""
        found: set[int] = set()
        queue = [commit] if commit else []
        while queue:
            here = queue.pop()
            if here not in found:
                found.add(here)
                queue.extend(self.parents[here])
        return found

    def distances(self, prefix: str = "v") -> tuple[tuple[str, int], ...]:
        """What `Checkout.tags` must be, computed the plain way: by sets."""
        whole = self.ancestors(self.head)
        found = [
            (name, len(whole - self.ancestors(commit)))
            for name, commit in self.tags.items()
            if commit in whole and _version(name, prefix)
        ]
        highest_first = sorted(found, key=lambda it: Version.parse(it[0].removeprefix(prefix)), reverse=True)
        return tuple(sorted(highest_first, key=lambda it: it[1]))

    def checkout(self, prefix: str = "v", remote: str | None = "origin") -> Checkout:
        """The facts, with the commit `HEAD` and, where dirty, the tree `TREE`."""
        return Checkout(
            commit=HEAD,
            committed=1_700_000_000,
            branch=self.branch,
            tags=self.distances(prefix),
            commits=len(self.ancestors(self.head)),
            dirty=("edited.txt",) if self.dirty else (),
            tree=TREE if self.dirty else "",
            root="/checkout",
            remote=remote,
        )


def history(drawing: str) -> Drawn:
    """Read a drawing."""
    drawn = Drawn()
    forks: list[list[int]] = []  # where the fork began, and the tips of its lines so far
    here = 0
    for word in drawing.split():
        match word:
            case "(" | "|" | ")" | "/":
                _fork(drawn, word, forks)
            case "!":
                drawn.dirty = True
            case ">":
                here = drawn.head
            case _ if word == "o" or word.startswith(("o:", "o<")):
                drawn.head = _commit(drawn, (drawn.head,) if drawn.head else (), word[1:])
            case _ if word.startswith("@"):
                drawn.branch = None if word == "@-" else word[1:]
            case _:
                _tag(drawn, word)
    drawn.head = here or drawn.head
    return drawn


def _tag(drawn: Drawn, word: str) -> None:
    name = word.lstrip("*~")
    if word[0] == "*" or (word[0] != "~" and len(drawn.tags) % 2):
        drawn.annotated.add(name)
    drawn.tags[name] = drawn.head


def _fork(drawn: Drawn, word: str, forks: list[list[int]]) -> None:
    match word:
        case "(":
            forks.append([drawn.head])
        case "|":
            forks[-1].append(drawn.head)
            drawn.head = forks[-1][0]
        case ")":
            _, *tips = forks.pop()
            drawn.head = _commit(drawn, (drawn.head, *tips), "")
        case _:
            forks.pop()


def _commit(drawn: Drawn, parents: tuple[int, ...], what: str) -> int:
    """`what`: `:path` that it writes, `<` where its clock is behind. A merge has, of each path, what is newest."""
    number = len(drawn.parents) + 1
    drawn.parents[number] = parents
    inherited = [it for parent in parents for it in drawn.files[parent].items()]
    drawn.files[number] = {path: max(of for at, of in inherited if at == path) for path, _ in inherited}
    if what.startswith(":"):
        drawn.files[number][what[1:]] = number
    elif what:
        drawn.behind.add(number)
    return number


def _version(name: str, prefix: str) -> bool:
    try:
        Version.parse(name.removeprefix(prefix))
    except ValueError:
        return False
    return name.startswith(prefix)


# --- real repositories ----------------------------------------------------------------------------------------------


def git_environ(home: Path) -> dict[str, str]:
    """An environment in which git knows somebody, and nothing of this machine's settings."""
    who = {f"GIT_{role}_{what}": f"ann{at}" for role in ("AUTHOR", "COMMITTER") for what, at in _WHO}
    alone = {"HOME": str(home), "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    return {"PATH": os.environ["PATH"], **alone, **who}


_WHO = (("NAME", ""), ("EMAIL", "@example.test"))


def git(folder: Path, environ: Mapping[str, str], *words: str, stdin: bytes = b"") -> str:
    """Run git, which must succeed."""
    done = subprocess.run(["git", *words], cwd=folder, env=environ, input=stdin, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout.decode().strip()


def repository(folder: Path, drawing: str | Drawn, environ: Mapping[str, str]) -> Drawn:
    """Make a real repository of a drawing in `folder`, which is made here."""
    drawn = history(drawing) if isinstance(drawing, str) else drawing
    folder.mkdir(parents=True)
    branch = drawn.branch or "main"
    git(folder, environ, "init", "-q", "-b", branch)
    git(folder, environ, "fast-import", "--quiet", "--force", stdin=_stream(drawn, branch).encode())
    if drawn.files.get(drawn.head):
        git(folder, environ, "reset", "-q", "--hard")
    if drawn.branch is None:
        git(folder, environ, "checkout", "-q", "--detach")
    if drawn.dirty:
        (folder / "edited.txt").write_text("changed\n")
    return drawn


def _stream(drawn: Drawn, branch: str) -> str:
    """The input of `git fast-import`: commits a minute apart, of no files unless they were drawn."""
    lines: list[str] = []
    for number, parents in drawn.parents.items():
        message = f"commit {number}"
        when = 1_700_000_000 + 60 * number - (86_400 if number in drawn.behind else 0)
        who = f"ann <ann@example.test> {when} +0000"
        lines += [f"commit refs/drawn/{number}", f"mark :{number}", f"committer {who}", f"data {len(message)}", message]
        lines += [f"{'merge' if at else 'from'} :{parent}" for at, parent in enumerate(parents)]
        for path, of in drawn.files[number].items():
            lines += [f"M 100644 inline {path}", f"data {len(str(of))}", f"{of}"]
    for name, commit in drawn.tags.items():
        if name in drawn.annotated:
            lines += [f"tag {name}", f"from :{commit}", "tagger ann <ann@example.test> 1700000000 +0000", "data 0", ""]
        else:
            lines += [f"reset refs/tags/{name}", f"from :{commit}", ""]
    lines += [f"reset refs/heads/{branch}", f"from :{drawn.head}", ""] if drawn.head else []
    return "".join(f"{line}\n" for line in lines)
