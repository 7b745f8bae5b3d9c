"""What a commit changed, in its author's words."""

from __future__ import annotations

from paasctl.values import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A commit, as a changelog needs it."""

    commit: str
    subject: str
    body: str = ""
    is_merge: bool = False
