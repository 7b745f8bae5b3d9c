"""Commits with all that their authors wrote, as `git log` prints them. Pure."""

from __future__ import annotations

from paasctl.model.change import Change

CHANGES = ("log", "-z", "--no-color", "--no-show-signature", "--no-decorate", "--max-count=1000",
           "--format=%H%x1f%P%x1f%s%x1f%b")  # fmt: skip
"""The question whose answer `read_changes` reads."""


def read_changes(answer: bytes) -> tuple[Change, ...]:
    """A change per commit, in the order of the answer."""
    said = (it.split("\x1f", 3) for it in answer.decode("utf-8", "replace").split("\0") if it.strip())
    return tuple(
        Change(commit=commit.strip(), subject=subject, body=body.strip(), is_merge=" " in parents.strip())
        for commit, parents, subject, body in said
    )
