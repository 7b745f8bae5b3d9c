"""`build`: from whatever lies here to images in the layout."""

from __future__ import annotations

from dataclasses import field

from paasctl.config.find import find_image
from paasctl.errors import Exit, Refused
from paasctl.model.config import Config
from paasctl.model.event import Emit, Outcome, Problem
from paasctl.model.plan import NOTHING, Build, Plan, SquashImage
from paasctl.model.rounds import Rounds
from paasctl.model.version import Checkout, Named
from paasctl.ports.cancel import Cancel
from paasctl.ports.world import Reads
from paasctl.values import dataclass
from paasctl.verbs.reading import named
from paasctl.verbs.releasing import status


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildFacts:
    """What is to be built."""

    config: Config
    checkout: Checkout
    version: Named


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildImages:
    """Build images (none named: all) into the project's layout, as the checkout lies there; nothing is pushed."""

    images: tuple[str, ...] = ()
    _told: dict[str, str] = field(default_factory=dict, repr=False, compare=False)

    def read(self, reads: Reads, emit: Emit, cancel: Cancel) -> BuildFacts:
        """The file and the version."""
        del emit, cancel
        checkout, version = named(reads)
        for name in self.images:
            find_image(reads.config, name)
        self._told["version"] = version.text
        return BuildFacts(config=reads.config, checkout=checkout, version=version)

    def next(self, facts: BuildFacts, rounds: Rounds) -> Plan:
        """One round: a build is asked for, so it is done; what the builder has cached is the builder's business."""
        if rounds:
            return NOTHING
        chosen = [it for name, it in facts.config.images.items() if not self.images or name in self.images]
        if not chosen:
            raise Refused("building: paas.yaml has no images", code="no-images")
        builds = tuple(
            Build(
                image=it,
                version=facts.version.text,
                revision=facts.checkout.commit,
                epoch=facts.checkout.committed,
            )
            for it in chosen
        )
        squashes = tuple(SquashImage(image=it) for it in chosen if it.squashes)
        return Plan(verb="build", subject=facts.version.text, stages=(builds, squashes) if squashes else (builds,))

    def end(self, rounds: Rounds) -> Outcome:
        """What was built."""
        last = rounds[-1]
        return Outcome(
            status=status(last.error) if last.error else "done",
            exit=last.error.exit if last.error else Exit.OK,
            verb="build",
            subject=self._told["version"],
            done=last.done,
            left=last.left,
            problems=(Problem.of(last.error),) if last.error else (),
            facts=(("version", self._told["version"]), *last.facts),
        )
