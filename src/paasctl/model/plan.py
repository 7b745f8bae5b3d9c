"""A plan is a value: the locks it needs and the steps to take, in stages. Printed, compared, saved, tested.

Steps are closed unions, one per subject; the engine and the words match them exhaustively.
A step names what the same run makes by *place* (a name in the run's layout), never by a digest it cannot know yet.
"""

from __future__ import annotations

from dataclasses import field
from typing import Literal

from paasctl.errors import Exit
from paasctl.model.between import BetweenStep as BetweenStep  # noqa: PLC0414 - steps are looked for here
from paasctl.model.boxing import BoxStep as BoxStep  # noqa: PLC0414 - steps are looked for here
from paasctl.model.cleanup import CleanupStep as CleanupStep  # noqa: PLC0414 - steps are looked for here
from paasctl.model.config import Image
from paasctl.model.freeze import FreezeStep as FreezeStep  # noqa: PLC0414 - steps are looked for here
from paasctl.model.image import Pinned, Repository, Tagged
from paasctl.model.kube import Key, Manifest, Target
from paasctl.model.problem import Problem
from paasctl.model.promoting import Gate
from paasctl.model.promoting import PromoteStep as PromoteStep  # noqa: PLC0414 - steps are looked for here
from paasctl.values import dataclass

# --- images ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Build:
    """Build an image into the run's layout, under the place `image.name`. `revision` is the commit."""

    image: Image
    version: str
    revision: str
    epoch: int
    """SOURCE_DATE_EPOCH: seconds; the commit's time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SquashImage:
    """Squash what lies at a place, in place."""

    image: Image


@dataclass(frozen=True, slots=True, kw_only=True)
class Push:
    """Push what lies at a place to a repository, by digest; no tag yet."""

    name: str
    repository: Repository


ImageStep = Build | SquashImage | Push

# --- releases -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class TagCommit:
    """Make the git tag on the commit and push it, plainly; `remote` None: a local tag only."""

    tag: str
    commit: str
    message: str
    remote: str | None
    record: Tagged | None = None
    """Where whoever has pushed it first records the release."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """Write the release record, of what lies at the places, into a repository under the version's tag."""

    app: str
    repository: Repository
    version: str
    commit: str
    created: int
    git_tag: str = ""
    """Its tagger is who made the release; empty: it has none."""
    remote: str | None = None
    """Where that tag is, if this clone has not got it."""
    images: tuple[tuple[str, Repository], ...]
    """(place, repository it was pushed to)."""
    pinned: tuple[tuple[str, Pinned], ...]
    """Images that were pushed by an earlier run already."""
    subjects: tuple[str, ...]
    changelog: str = field(default="", repr=False)
    outside: tuple[tuple[str, Pinned], ...] = ()
    """Images that it does not make: as they are written, and pinned."""
    files: tuple[tuple[str, bytes], ...] = field(repr=False)
    snapshot: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class TagImage:
    """Give the image at a place (or an already pinned one) its version tag: last, when all else is there."""

    name: str
    repository: Repository
    tag: str
    pinned: Pinned | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RunHook:
    """Run a line of the project's own on what was built: `images` are places, `pinned` those that need no build."""

    name: Literal["test", "scan"]
    command: str
    version: str
    commit: str
    images: tuple[str, ...] = ()
    pinned: tuple[tuple[str, Pinned], ...] = ()
    where: str = ""
    """Its place in `paas.yaml`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sign:
    """Sign the record (`name` empty) or an image that this run pushed, or an already pinned one, with a key's file."""

    name: str
    repository: Repository
    key: str
    pinned: Pinned | None = None


ReleaseStep = TagCommit | Record | TagImage | RunHook | Sign

# --- clusters -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldChange:
    """One field that differs: a path in Kubernetes' notation, both values as texts (masked in Secrets).

    A text has at most 1,000 characters.
    """

    path: str
    before: str | None
    after: str | None
    manager: str = ""
    """Who last set the live value, where known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Apply:
    """Apply one object server-side. Preconditions: the live UID (None: absent)."""

    target: Target
    manifest: Manifest
    change: Literal["create", "update"]
    uid: str | None = None
    fields: tuple[FieldChange, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Delete:
    """Delete one object that is ours and no longer wanted, if it is still the one that was seen."""

    target: Target
    key: Key
    uid: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AwaitReady:
    """Wait until every workload of `keys` is ready, or one is doomed. `timeout` in seconds, for the whole step."""

    target: Target
    keys: tuple[Key, ...]
    timeout: float


ClusterStep = Apply | Delete | AwaitReady

# --- the project's own files ----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class WriteFile:
    """Write one of the project's files, whole or not at all. `before` is what it held; None: it must not exist yet."""

    path: str
    content: bytes = field(repr=False)
    before: bytes | None = field(default=None, repr=False)
    why: str = ""


FileStep = WriteFile

Step = ImageStep | BetweenStep | ReleaseStep | PromoteStep | BoxStep | CleanupStep | ClusterStep | FreezeStep | FileStep
Stage = tuple[Step, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DeployHead:
    """What a deploy's history record says before the first write."""

    target: Target
    environment: str
    version: str
    before: str
    """The version whose deploy went well last; empty where none did."""
    commit: str
    images: tuple[tuple[str, str], ...]
    """(name, pinned image)."""
    settings: tuple[tuple[str, str], ...] = ()
    """Resolved values, as (dotted path, JSON text)."""
    reason: str = ""
    passed: tuple[str, ...] = ()
    """Gates that were passed though they were closed, each with what it saw."""
    verb: str = "deploy"


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a verb will do: locks, stages in order; the steps of one stage may run together."""

    verb: str
    subject: str
    """What it is about, for people: `dev (testbed/shop-dev/shop)`, `1.2.4`."""
    stages: tuple[Stage, ...] = ()
    holds: tuple[Target, ...] = ()
    may: frozenset[str] = frozenset()
    """What later rounds of this run may do beyond repeating nothing: names of rules, like `revert`."""
    heads: tuple[DeployHead, ...] = ()
    """One history record per target, opened before the first write."""
    goal: str = ""
    """The registry that a promotion goes to; empty: it is none."""
    asks: str = ""
    """Why a person must agree first; empty: no need."""
    gates: tuple[Gate, ...] = ()
    """What must be so before a release is let in where it is deployed, as it was judged."""
    then: tuple[Plan, ...] = ()
    """What a later round will do, as far as it can be told now. It is planned anew when its time comes."""

    amiss: tuple[Problem, ...] = ()
    """What of all that was asked for cannot be done; the steps are the rest."""
    foreseen: Exit = Exit.OK
    """What a dry run ends with because of that."""
    again: bool = field(default=False, repr=False)
    """Whether the world is looked at once more right before, as it is where there are locks to take."""

    @property
    def steps(self) -> tuple[Step, ...]:
        """All steps, in order."""
        return tuple(step for stage in self.stages for step in stage)

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to do."""
        return not any(self.stages)


NOTHING = Plan(verb="", subject="")
"""The explicit end of a run's rounds."""
