"""`reject` and `unreject`: a version that nobody deploys or promotes again, said in every registry that has it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import field, replace

from paasctl.errors import Refused, UsageError
from paasctl.model.config import Registry
from paasctl.model.event import Emit, Outcome, Warned
from paasctl.model.image import Descriptor, Repository
from paasctl.model.plan import NOTHING, Plan
from paasctl.model.promoting import Attest
from paasctl.model.rounds import Rounds
from paasctl.oci.documents.record import read_record, record_layers
from paasctl.planning.promotion.standing import last_word, rejection
from paasctl.planning.release.whereabouts import Seen as Whereabouts
from paasctl.planning.versions.spelling import image_tag
from paasctl.ports.cancel import Cancel
from paasctl.ports.images import RegistryReads
from paasctl.ports.world import Reads
from paasctl.values import dataclass
from paasctl.verbs.images.ending import ended
from paasctl.verbs.reading import blob, check_version, place
from paasctl.verbs.running import glance
from paasctl.verbs.statements import statements


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """The version in one registry."""

    registry: Registry
    record: Descriptor
    is_rejected: bool
    after: str
    """When something was said last; empty: never."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Judge:
    """Reject a version, or take that back."""

    version: str
    rejects: bool
    reason: str = ""
    _heard: list[bool] = field(default_factory=list, repr=False, compare=False)
    """Whether it was told where the version runs."""

    def read(self, reads: Reads, emit: Emit, cancel: Cancel) -> tuple[Seen, ...]:
        """Every registry of the path: one that does not answer stops it, since nobody would know there.

        Read again when it is said: a promotion on its way may have brought the release to one more.
        """
        check_version(self.version, f"{self._verb}ing")
        if not self.reason.strip():
            raise UsageError(
                f"{self._verb}ing {self.version}: say why", hint=f"paasctl {self._verb} {self.version} --reason WHY"
            )
        places = [place(reads.config, it) for it in reads.config.environments] if self._asks_clusters else []
        begun = glance(reads, places)
        found = tuple(_seen(reads, self.version, cancel))
        if not found:
            raise Refused(
                f"{self._verb}ing {self.version}: no registry of {reads.config.file} has one of {reads.config.app}",
                hint="paasctl releases   shows what is there",
                code="release-not-found",
            )
        for it in still_running(self.version, begun.look(cancel)):
            emit(it)
        self._heard.append(True)
        return found

    def next(self, facts: tuple[Seen, ...], rounds: Rounds) -> Plan:
        """A statement for each registry where the newest word is another, and where it was not said by this run."""
        if rounds and rounds[-1].error:
            return NOTHING
        told = {step.repository for it in rounds for step in it.done if isinstance(step, Attest)}
        after = max((it.after for it in facts), default="")
        steps = tuple(
            Attest(
                version=self.version,
                word="rejected" if self.rejects else "accepted",
                repository=it.registry.repository,
                tag=image_tag(self.version),
                record=it.record,
                reason=self.reason,
                after=after,
            )
            for it in facts
            if it.is_rejected is not self.rejects and it.registry.repository not in told
        )
        return Plan(verb=self._verb, subject=self.version, stages=(steps,)) if steps else NOTHING

    def end(self, rounds: Rounds) -> Outcome:
        """Where it was said."""
        every = tuple(step for it in rounds for step in it.done)
        return replace(ended(self._verb, self.version, rounds), done=every)

    @property
    def _asks_clusters(self) -> bool:
        return self.rejects and not self._heard

    @property
    def _verb(self) -> str:
        return "reject" if self.rejects else "unreject"


def still_running(version: str, live: Iterable[Whereabouts]) -> Iterator[Warned]:
    """What a rejection does not do: whatever runs goes on. Not knowing is told, too."""
    unknown: dict[str, list[str]] = {}
    for it in live:
        where = f"{it.environment} on {it.target.cluster}"
        if it.error:
            unknown.setdefault(it.error, []).append(where)
        elif version in it.versions:
            yield Warned(
                f"{version} runs in {where}, and goes on: rejecting it stops nothing",
                hint=f"paasctl rollback {it.environment}   goes back to what ran well before",
            )
    for why, places in unknown.items():
        yield Warned(f"whether {version} runs in {', '.join(places)} could not be found out: {why}")


def _seen(reads: Reads, version: str, cancel: Cancel) -> Iterator[Seen]:
    for it in reads.config.registries.values():
        cancel.check()
        registry = reads.registry(it.repository.host)
        found = registry.resolve(it.repository.tagged(image_tag(version)))
        if found and _is_ours(registry, it.repository, found.digest, reads.config.app):
            said = statements(registry, it.repository, found.digest)
            record = Descriptor(found.media_type, found.digest, found.size)
            last = last_word(said)
            yield Seen(
                registry=it, record=record, is_rejected=rejection(said) is not None, after=last.at if last else ""
            )


def _is_ours(registry: RegistryReads, repository: Repository, record: str, app: str) -> bool:
    """Whether it is this project's: another one may have its releases in the same repository, under the same names."""
    held = registry.manifest(repository.pinned(record))
    if held is None:
        return False
    document, files = (blob(registry, repository, it) for it in record_layers(held[1], record))
    return read_record(document, files, repository).app == app
