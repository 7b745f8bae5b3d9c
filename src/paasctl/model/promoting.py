"""Steps of a promotion: what a release is made of goes to the next registry by digest, and gets its names last."""

from __future__ import annotations

from dataclasses import field
from typing import Literal

from paasctl.errors import Exit
from paasctl.model.approving import Approve
from paasctl.model.copied import CopyPlan
from paasctl.model.image import Descriptor, Pinned, Repository
from paasctl.model.location import InArchive
from paasctl.values import dataclass

PROMOTION_TYPE = "application/vnd.paasctl.promotion.v1+json"
"""`artifactType` of what says that a release was promoted; its `subject` is the release record."""


STATEMENT_TYPE = "application/vnd.paasctl.statement.v1+json"
"""`artifactType` of what is said of a release afterwards; its `subject` is the release record."""
CARRIED = "carried "
"""How names of the facts begin that each copy leaves: then the version, the image, and what is told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop:
    """One stop of the promotion path: a registry of `paas.yaml`."""

    name: str
    repository: Repository

    def __str__(self) -> str:
        return f"{self.name} ({self.repository})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """One rule that a release must meet before it is let in, and whether it does."""

    name: str
    """`after`, `soak`, `frozen`, `requires` or `approvals`."""
    of: str
    """Which environment, when, or what must vouch; for which environment."""
    state: Literal["open", "closed", "overridden"]
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LetIn:
    """That a release was let into a registry: by whom, when, and past which gates, as its promotion record has it."""

    by: str
    when: str
    passed: tuple[tuple[str, str], ...]
    """(name, of) of the gates that were open or overridden then."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CarryOver:
    """Have one image of a release, or its record, at the next stop by digest, with all that vouches for it.

    It gets no name yet.
    """

    version: str
    name: str
    """The image's; empty: the release record itself."""
    source: Pinned
    place: InArchive | None = None
    """Where it is read from, if it is in a file; None: where `source` says."""
    repository: Repository
    tag: str
    """The name it will get: looked at only, since another image may have taken it."""
    plan: CopyPlan
    """What becomes of each blob and manifest; decided anew while it is copied, on what is there by then."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NotePromotion:
    """Attach to the record at the next stop who promoted it, from where, when and why."""

    app: str
    version: str
    tag: str
    commit: str
    record: Descriptor
    origin: Stop
    goal: Stop
    reason: str = ""
    gates: tuple[Gate, ...] = ()


How = Literal["added", "changed", "removed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class FileDiffers:
    """A file of the project that is another now."""

    path: str
    how: How
    lines: tuple[str, ...] = ()
    """`+ line`, `- line`; none where it is no text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spot:
    """One cluster of an environment."""

    environment: str
    cluster: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Brings:
    """What a release brings, beside one version: one that runs where it goes, or the highest lower one that is there.

    Where a later one runs, it is what goes away again.
    """

    since: str
    """That version; empty: there is none, it is the first."""
    at: tuple[Spot, ...] = ()
    """Where that runs, or nothing does; none: no environment takes from there, or what runs is not known."""
    back: bool = False
    """Whether this is an earlier release than that: commits and changelog are what it is without."""
    commits: tuple[str, ...] = ()
    """Subjects, newest first, as the records have them."""
    changelog: tuple[tuple[str, tuple[str, ...]], ...] = ()
    """(group, lines), from the changelogs of the releases that have these commits, newest first."""
    images: tuple[str, ...] = ()
    """Those that are others."""
    files: tuple[FileDiffers, ...] = ()
    alone: bool = False
    """Whether releases between could not be looked at: it is what this one alone brings."""
    unread: int = 0
    """Releases between that were not looked at, since there are so many: their commits are not among these."""
    unknown: str = ""
    """Why it could not be found out: what runs there, or, where `since` says that, what is new; empty: it was."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TagRecord:
    """Give the record its name, the very last thing: the release is there from then on, and all of it.

    Its images are looked at once more before, and what is said of it where it comes from: until then, and once after.
    """

    version: str
    repository: Repository
    tag: str
    record: Descriptor
    images: tuple[tuple[str, Pinned], ...]
    """(name, where it is now)."""
    outside: tuple[Pinned, ...] = ()
    """Copies of images that it does not make."""
    origin: Repository | None = None
    """Where the record lies that was promoted, to hear what is said of it meanwhile; None: in a file."""
    skipped: tuple[CarryOver, ...] = field(default=(), repr=False)
    """Of what has manifests that were there before: how to have them there again, should somebody delete them."""
    brings: tuple[Brings, ...] = ()
    """One for each version that it is held against."""


State = Literal["promoted", "nothing to do", "refused", "failed", "not reached", "planned"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Became:
    """What became of one version at one goal."""

    version: str
    """Empty: all that was missing there, and nobody came to ask what that is."""
    goal: str
    """A registry."""
    origin: str
    """The registry that it was to come from."""
    state: State
    exit: Exit = Exit.OK
    """What it would end with alone."""
    code: str = ""
    """The problem's; empty: there is none."""
    after: str = ""
    """The goal of the same command that it must reach first."""
    because: str = ""
    """Why an earlier goal keeps it from this one: `it did not reach rc`; empty: none does."""
    deployed: str = ""
    """What became of the deploy that follows, for people; empty: none does."""

    @property
    def word(self) -> str:
        """`promoted`, `refused: tag-taken`, `planned after rc`, `refused, it did not reach rc: tag-taken`."""
        said = f"planned after {self.after}" if self.after and self.state == "planned" else self.state
        whole = ", ".join(filter(None, (said, self.because, self.deployed)))
        return f"{whole}: {self.code}" if self.code else whole


Word = Literal["healthy", "rejected", "accepted", "overridden"]
"""It runs well somewhere; nobody shall deploy it again; that is taken back; it was deployed past closed gates."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """What somebody said of a release, as it lies beside its record."""

    word: Word
    at: str
    """RFC 3339, in UTC: texts sort as times do. Empty: nobody can tell, so all else is newer."""
    by: str = ""
    why: str = ""
    environment: str = ""
    passed: tuple[tuple[str, str], ...] = ()
    """Gates that were passed though they were closed: (name, of)."""

    @property
    def when(self) -> str:
        """To the second, for people."""
        return f"{self.at.rstrip('Z').partition('.')[0]}Z" if self.at else "a day that it does not tell"


@dataclass(frozen=True, slots=True, kw_only=True)
class Attest:
    """Attach a statement to a release's record in one registry."""

    version: str
    word: Word
    repository: Repository
    tag: str
    record: Descriptor
    environment: str = ""
    reason: str = ""
    gates: tuple[Gate, ...] = ()
    """Those that are passed though they are closed."""
    after: str = ""
    """When the last word of its kind was said: this one must be newer, whatever this machine's clock says."""


PromoteStep = CarryOver | NotePromotion | TagRecord | Attest | Approve
