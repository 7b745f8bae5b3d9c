"""The whole `Git` port: `reads.py`, and `writes.py` when something is written."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from paasctl.adapters.git.reads import ReadingGit
from paasctl.model.change import Change
from paasctl.model.config import Versioning
from paasctl.model.version import Checkout
from paasctl.values import dataclass


@dataclass(frozen=True, slots=True)
class CheckoutGit:
    """Git of the checkout that `folder` lies in. `environ`: git's, less what names other repositories."""

    folder: Path
    environ: Mapping[str, str]

    @property
    def _reads(self) -> ReadingGit:
        return ReadingGit(self.folder, self.environ)

    def checkout(self, rules: Versioning, environ: Mapping[str, str]) -> Checkout:
        """See `GitReads.checkout`."""
        return self._reads.checkout(rules, environ)

    def tag_commit(self, tag: str) -> str | None:
        """See `GitReads.tag_commit`."""
        return self._reads.tag_commit(tag)

    def tagger(self, tag: str) -> str:
        """See `GitReads.tagger`."""
        return self._reads.tagger(tag)

    def remote_tag_commit(self, remote: str, tag: str) -> str | None:
        """See `GitReads.remote_tag_commit`."""
        return self._reads.remote_tag_commit(remote, tag)

    def position(self, remote: str, branch: str) -> tuple[int, int] | None:
        """See `GitReads.position`."""
        return self._reads.position(remote, branch)

    def changes(self, since: str, rules: Versioning) -> tuple[Change, ...]:
        """See `GitReads.changes`."""
        return self._reads.changes(since, rules)

    def check_push(self, remote: str, tag: str, commit: str) -> None:
        """See `GitReads.check_push`."""
        self._reads.check_push(remote, tag, commit)

    def check_identity(self) -> None:
        """See `GitReads.check_identity`."""
        self._reads.check_identity()

    def remote_url(self) -> str:
        """See `GitReads.remote_url`."""
        return self._reads.remote_url()

    def tag(self, tag: str, commit: str, message: str) -> None:
        """See `Git.tag`."""
        from paasctl.adapters.git.writes import WritingGit  # noqa: PLC0415 - see `push_tag`

        WritingGit(self.folder, self.environ).tag(tag, commit, message)

    def push_tag(self, remote: str, tag: str) -> bool:
        """See `Git.push_tag`."""
        # GitPython takes longer to import than all questions to git together; only who writes a tag pays for it.
        from paasctl.adapters.git.writes import WritingGit  # noqa: PLC0415

        return WritingGit(self.folder, self.environ).push_tag(remote, tag)

    def adopt_tag(self, remote: str, tag: str) -> None:
        """See `Git.adopt_tag`."""
        from paasctl.adapters.git.writes import WritingGit  # noqa: PLC0415 - see `push_tag`

        WritingGit(self.folder, self.environ).adopt_tag(remote, tag)
