"""`release`: from a clean commit to a recorded release."""

from __future__ import annotations

from dataclasses import field, replace

from paasctl.config.find import find_image
from paasctl.errors import Exit, Unavailable
from paasctl.model.event import Emit, Outcome, Problem
from paasctl.model.image import Pinned
from paasctl.model.plan import NOTHING, Build, Plan
from paasctl.model.rounds import Rounds
from paasctl.model.version import Checkout
from paasctl.planning.release.changelog import has_section
from paasctl.planning.release.decide import ReleaseFacts, plan_release
from paasctl.planning.versions.version import wanted_release
from paasctl.ports.cancel import Cancel
from paasctl.ports.world import Reads
from paasctl.values import dataclass
from paasctl.verbs.preflight import preflight
from paasctl.verbs.releasing import first_repository, status, unsigned

_ROUNDS = 4
"""Overtaken at the tag and at the record, and still not done: something else is wrong."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """Make the release of this commit: the next version, or `version` where one is asked for."""

    version: str = ""
    increment: str = ""
    """What leads to it, in place of the rule of `paas.yaml`."""
    images: tuple[tuple[str, Pinned], ...] = ()
    """Those that were built elsewhere, recorded as they are."""
    key: str = ""
    """File of a key that signs the record and the images; "": nothing is signed."""
    changelog: str = ""
    """File of the project that gets a section about it; "": none."""
    _told: dict[str, ReleaseFacts] = field(default_factory=dict, repr=False, compare=False)

    def read(self, reads: Reads, emit: Emit, cancel: Cancel) -> ReleaseFacts:
        """Git, the remote, the registry: how much of the release is there, and whether the rest may be made."""
        del emit
        config = reads.config
        repository = first_repository(config)
        checkout = reads.git.checkout(config.version, reads.secrets.environ())
        wanted = wanted_release(checkout, config.version, explicit=self.version, increment=self.increment)
        before = reads.files.read(self.changelog) if self.changelog else None
        checkout = _without_ours(checkout, self.changelog, before, wanted.text)
        if self.key:
            reads.key(self.key)  # one that can't be read is told before anything is asked
        for name, _ in self.images:
            find_image(config, name)
        facts = preflight(reads, checkout, wanted, repository, cancel=cancel, given=dict(self.images))
        if self.key:
            facts = replace(facts, key=self.key, unsigned=unsigned(reads, facts, self.key))
        if self.changelog:
            facts = replace(facts, changelog=(self.changelog, before))
        self._told["last"] = facts
        return facts

    def next(self, facts: ReleaseFacts, rounds: Rounds) -> Plan:
        """What is missing of it; after a failure nothing: running again is how to go on.

        A round that was overtaken by another run's has no error: what that one has not done is done here.
        """
        if rounds and rounds[-1].error:
            return NOTHING
        if len(rounds) > _ROUNDS:
            raise Unavailable(
                f"releasing {facts.named.text}: other runs are in the way again and again", hint="run it again"
            )
        return plan_release(facts, {step.image.name for it in rounds for step in it.done if isinstance(step, Build)})

    def end(self, rounds: Rounds) -> Outcome:
        """The version and every digest."""
        return release_outcome(self._told["last"], rounds)


def _without_ours(checkout: Checkout, path: str, content: bytes | None, version: str) -> Checkout:
    """The changelog's file that an earlier run has written is no dirt: running again must find nothing to do."""
    if not path or not has_section((content or b"").decode("utf-8", "replace"), version):
        return checkout
    return replace(checkout, dirty=tuple(it for it in checkout.dirty if not f"/{it}".endswith(f"/{path}")))


def release_outcome(facts: ReleaseFacts, rounds: Rounds) -> Outcome:
    """How a release ended, with its named results: `version`, `tag`, `record`, `image.NAME`.

    What is recorded counts, whoever did it: after a lost race what this run has pushed is nobody's.
    """
    known = {"version": facts.named.text, "record": f"{facts.repository}:{facts.named.text}", "tag": facts.named.tag}
    known |= dict(rounds[-1].facts if rounds else ())
    if facts.recorded:
        known["record"] = str(facts.record or known["record"])
        known |= {f"image.{name}": str(image) for name, image in facts.recorded.images.items()}
    error = rounds[-1].error if rounds else None
    return Outcome(
        status=status(error) if error else "done" if rounds else "nothing-to-do",
        exit=error.exit if error else Exit.OK,
        verb="release",
        subject=facts.named.text,
        done=tuple(step for it in rounds for step in it.done),
        left=rounds[-1].left if rounds else (),
        problems=(Problem.of(error),) if error else (),
        facts=tuple(known.items()),
    )
