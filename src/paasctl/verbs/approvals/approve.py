"""`approve`: a signed yes to a release for an environment, or that yes taken back."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import field, replace
from itertools import islice

from paasctl.errors import Refused, UsageError
from paasctl.model.approving import Approval, Approvals, Approve, SigningWith, Voice
from paasctl.model.config import Config
from paasctl.model.event import Emit, Noted, Outcome
from paasctl.model.plan import NOTHING, Plan
from paasctl.model.rounds import Rounds
from paasctl.oci.documents.statement import moment
from paasctl.planning.promotion.approvals import Heard, check_would_count, newest_words, say_tally, tally
from paasctl.planning.promotion.standing import check_is_called, check_not_rejected
from paasctl.planning.versions.spelling import image_tag
from paasctl.ports.cancel import Cancel
from paasctl.ports.world import Reads
from paasctl.values import dataclass
from paasctl.verbs.approvals.hearing import Ring, heard, ring
from paasctl.verbs.approvals.stands import Stand, stands, wanting
from paasctl.verbs.images.ending import ended
from paasctl.verbs.reading import check_version
from paasctl.verbs.statements import statements

VERB = "approve"
_SAID = "approvals."
_LONGEST = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class ApproveTyped:
    """What was typed."""

    version: str
    to: str
    key: str = ""
    """A file; empty: git's key, or an agent's."""
    reason: str = ""
    withdraws: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """One release, who speaks, and what was said of it where it lies."""

    person: str
    key: SigningWith
    wanted: tuple[tuple[str, Approvals], ...]
    heard: tuple[tuple[Stand, Heard], ...]
    """For each place; the first is nearest to where it is to go."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GiveApproval:
    """Approve a version, or withdraw that."""

    asked: ApproveTyped
    _read: list[Facts] = field(default_factory=list, repr=False, compare=False)

    def read(self, reads: Reads, emit: Emit, cancel: Cancel) -> Facts:
        """Everything, once. Whatever could not be found out raises."""
        if not self._read:
            asked = self.asked
            if not asked.version or not asked.to:
                raise UsageError(
                    "approving: which version, and for where?",
                    hint="paasctl approve VERSION --to ENVIRONMENT   or   paasctl approve --list",
                )
            check_version(asked.version, "approving")
            if len(asked.reason) > _LONGEST:
                raise UsageError(f"--reason has {len(asked.reason):,} characters, and may have {_LONGEST:,}")
            wanted = wanting(reads.config, asked.to)
            if not wanted:
                raise _unwanted(reads.config, asked.to)
            keys = ring(reads)
            person, key = _speaker(reads, keys, asked)
            there = self._there(reads, cancel)
            found = tuple((it, _heard(reads, it, keys)) for it in (there if asked.withdraws else islice(there, 1)))
            if not found:
                raise _absent(self._head, reads.config)
            facts = Facts(person=person, key=key, wanted=wanted, heard=found)
            if not asked.withdraws:
                self._check(reads, facts)
            self._read.append(facts)
            for name, rules in wanted:
                emit(Noted(f"{asked.version} for {name}: {say_tally(tally(rules, name, found[0][1]))}"))
        return self._read[0]

    def next(self, facts: Facts, rounds: Rounds) -> Plan:
        """A word for each place where the newest is another."""
        steps = () if rounds else tuple(self._steps(facts))
        return Plan(verb=VERB, subject=self._subject, stages=(steps,)) if steps else NOTHING

    def end(self, rounds: Rounds) -> Outcome:
        """What was said, and what is still missing."""
        outcome = ended(VERB, self._subject, rounds)
        facts = self._read[0]
        after = facts.heard[0][1]
        done = [it for it in outcome.done if isinstance(it, Approve)]
        after = replace(after, approvals=(*after.approvals, *(_as_heard(it, after) for it in done)))
        told = {f"{_SAID}{name}": say_tally(tally(rules, name, after)) for name, rules in facts.wanted}
        return replace(
            outcome, facts=(("version", self.asked.version), ("approver", facts.person), *outcome.facts, *told.items())
        )

    def _there(self, reads: Reads, cancel: Cancel) -> Iterator[Stand]:
        for it in stands(reads, self.asked.version, self.asked.to, cancel):
            check_is_called(it.release, reads.config.app, self.asked.version, self._head)
            yield it

    def _steps(self, facts: Facts) -> Iterator[Approve]:
        voice: Voice = "withdrawn" if self.asked.withdraws else "approved"
        after = max((it.at for _, found in facts.heard for it in _own(found, facts)), default="")
        for stand, found in facts.heard:
            names = tuple(name for name, rules in facts.wanted if self._is_unsaid(name, rules, found, facts))
            if names:
                yield Approve(
                    version=self.asked.version,
                    voice=voice,
                    environments=names,
                    by=facts.person,
                    key=facts.key,
                    repository=stand.registry.repository,
                    tag=image_tag(self.asked.version),
                    record=stand.record,
                    reason=self.asked.reason,
                    after=after,
                )

    def _is_unsaid(self, name: str, rules: Approvals, found: Heard, facts: Facts) -> bool:
        """Whether what is to be said is not what was said last; an approval that is too old is no longer said."""
        if self.asked.withdraws:
            said = newest_words(found, name).get(facts.person)
            return said is not None and said.voice == "approved"
        return facts.person not in tally(rules, name, found).given

    def _check(self, reads: Reads, facts: Facts) -> None:
        """`Refused` where an approval means nothing."""
        stand, listened = facts.heard[0]
        repository = stand.registry.repository
        said = statements(reads.registry(repository.host), repository, stand.record.digest)
        check_not_rejected(said, self.asked.version, self._head)
        if stand.release.snapshot:
            raise Refused(
                f"{self._head}: it is a snapshot, and those stay where they were made",
                hint="commit, then paasctl release   makes a version that can be promoted",
                code="snapshot-not-promotable",
            )
        for name, rules in facts.wanted:
            check_would_count(facts.person, rules, listened, f"{self._head} ({name})")

    @property
    def _subject(self) -> str:
        return f"{self.asked.version} for {self.asked.to}"

    @property
    def _head(self) -> str:
        doing = "withdrawing the approval of" if self.asked.withdraws else "approving"
        return f"{doing} {self.asked.version} for {self.asked.to}"


def _heard(reads: Reads, stand: Stand, keys: Ring) -> Heard:
    at = stand.registry.repository
    return heard(reads, [(reads.registry(at.host), at)], stand.record.digest, stand.release.author, keys)


def _own(found: Heard, facts: Facts) -> Iterator[Approval]:
    for name, _ in facts.wanted:
        if it := newest_words(found, name).get(facts.person):
            yield it


def _as_heard(step: Approve, found: Heard) -> Approval:
    """What a step has said, as the next run will hear it."""
    at = moment(found.now, step.after)
    return Approval(
        id=at, by=step.by, voice=step.voice, record=found.record, environments=step.environments, at=at, why=step.reason
    )


def _speaker(reads: Reads, keys: Ring, asked: ApproveTyped) -> tuple[str, SigningWith]:
    """Who signs: the person whose key it is."""
    offered = reads.ssh.keys(asked.key)
    known = [(name, it) for it in offered if (name := keys.owner(it.fingerprint))]
    first = known[0][1].source if known else ""
    people = {name for name, it in known if it.source == first}
    if len(people) > 1:
        raise UsageError(
            f"approving {asked.version}: the agent has keys of {' and '.join(sorted(people))}",
            hint="--key FILE says which",
        )
    if known:
        return known[0]
    if not offered:
        raise Refused(
            f"approving {asked.version}: there is no SSH key to sign with",
            hint="--key FILE; or ssh-add FILE; or git config gpg.format ssh and user.signingKey",
            code="no-signing-key",
        )
    raise Refused(
        f"approving {asked.version}: {' and '.join(it.fingerprint for it in offered)} is nobody's in approvers",
        hint=f"approvers: {{NAME: PUBLIC KEY}} in {reads.config.file} says whose it is; --key FILE names another",
        code="not-an-approver",
    )


def _unwanted(config: Config, to: str) -> Refused:
    named = [it.name for it in config.environments.values() if it.approvals]
    return Refused(
        f"approving for {to}: nobody wants approvals there",
        hint=f"they are wanted for {', '.join(named)}" if named else "environments.NAME.approvals: 1   wants one",
        code="no-approvals-wanted",
    )


def _absent(head: str, config: Config) -> Refused:
    return Refused(
        f"{head}: no registry of {config.file} up to there has it",
        hint="paasctl releases   shows what is there",
        code="release-not-found",
    )
