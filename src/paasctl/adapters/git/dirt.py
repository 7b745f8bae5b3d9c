"""What differs from HEAD, and a hash of it. Reads the files itself: nothing is written, not even to the index."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterator
from pathlib import Path

from paasctl.errors import Refused, Unavailable
from paasctl.values import dataclass

STATUS = (
    "status",
    "--porcelain=v2",
    "--branch",
    "-z",
    "--no-renames",
    "--untracked-files=all",
    "--ignore-submodules=none",
)
"""The question whose answer `read_status` reads."""
_FIELDS = {"1": 8, "u": 10}
"""Words before the path, by kind of line (git-status, "Porcelain Format Version 2")."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """HEAD's commit, its branch (None: detached), and the paths that differ, sorted, as git's bytes."""

    commit: str
    branch: str | None
    paths: tuple[bytes, ...]


def read_status(answer: bytes, folder: Path) -> Status:
    """Read the answer to `STATUS`; a repository without a commit is refused."""
    head: dict[str, str] = {}
    paths: set[bytes] = set()
    for line in filter(None, answer.split(b"\0")):
        if line.startswith(b"# "):
            name, _, value = line[2:].decode("utf-8", "surrogateescape").partition(" ")
            head[name] = value
        elif line.startswith(b"? "):
            paths.add(line[2:])
        else:
            paths.add(line.split(b" ", _FIELDS[chr(line[0])])[-1])
    if head["branch.oid"] == "(initial)":
        raise Refused(
            f"reading the checkout {folder}: it has no commit yet",
            hint='git add -A && git commit -m "feat: begin"',
            code="no-commit",
        )
    branch = head["branch.head"]
    return Status(
        commit=head["branch.oid"], branch=None if branch == "(detached)" else branch, paths=tuple(sorted(paths))
    )


def tree_hash(root: Path, status: Status) -> str:
    """12 hex digits that name the tree as it lies there: HEAD, and each differing path with its kind and content.

    "" when nothing differs. Staged or not makes no difference: a build takes the files.
    """
    if not status.paths:
        return ""
    whole = hashlib.sha256(status.commit.encode())
    for path in status.paths:
        for name, kind, content in _contents(os.fsencode(root), path.rstrip(b"/")):
            whole.update(b"%d %s\0%s %s\n" % (len(name), name, kind, content))
    return whole.hexdigest()[:12]


def _contents(root: bytes, path: bytes) -> Iterator[tuple[bytes, bytes, bytes]]:
    """(path, kind, hash or link target) of a file; of all files below a folder (a submodule, a nested repository)."""
    whole = os.path.join(root, path)  # noqa: PTH118 - git's paths are bytes, pathlib's are not
    try:
        mode = os.lstat(whole).st_mode
        if stat.S_ISDIR(mode):
            for name in sorted(set(os.listdir(whole)) - {b".git"}):  # noqa: PTH208 - bytes
                yield from _contents(root, path + b"/" + name)
        elif stat.S_ISLNK(mode):
            yield path, b"link", os.fsencode(os.readlink(whole))  # noqa: PTH115 - bytes
        elif stat.S_ISREG(mode):
            with open(whole, "rb") as file:  # noqa: PTH123 - bytes
                content = hashlib.file_digest(file, "sha256").hexdigest().encode()
            yield path, b"program" if mode & stat.S_IXUSR else b"file", content
        else:
            yield path, b"special", b""
    except FileNotFoundError:
        yield path, b"gone", b""
    except OSError as error:
        raise Unavailable(f"reading {os.fsdecode(whole)}: {error.strerror}") from error
