"""`diff`: what a deploy would change, and which gates it would find closed. A question: nothing is refused for them."""

from __future__ import annotations

from paasctl.errors import Exit
from paasctl.model.answer import DiffAnswer, ObjectDiff
from paasctl.model.event import Emit
from paasctl.model.plan import Apply, Delete
from paasctl.planning.deploy import DeployFacts, differences
from paasctl.ports.cancel import Cancel
from paasctl.ports.world import Reads
from paasctl.values import dataclass
from paasctl.verbs.gating import Entry, has_gates, stands_at, with_gates
from paasctl.verbs.reading import needed, place
from paasctl.verbs.rendering import of_release
from paasctl.verbs.targets import deploy_facts, of_today


@dataclass(frozen=True, slots=True, kw_only=True)
class AskDiff:
    """What deploying a version would change, field by field; reading rights and a dry run's are enough."""

    environment: str
    version: str | None = None
    clusters: tuple[str, ...] = ()
    sets: tuple[str, ...] = ()
    exit_code: bool = False

    def answer(self, reads: Reads, emit: Emit, cancel: Cancel) -> tuple[DiffAnswer, Exit]:
        """One entry per object; exit 3 with `--exit-code` where there is one."""
        del emit
        where = place(reads.config, self.environment, self.clusters)
        record, release = needed(reads, where, self.version)
        stands = stands_at(reads, where, release.version, record) if has_gates(where) else None

        def read() -> DeployFacts:
            source = of_release(reads, release)
            return deploy_facts(reads, where, source, of_today(source, where, self.sets), cancel)[0]

        facts = with_gates(reads, Entry(where=where, release=release, stands=stands), cancel, read)
        found = tuple(map(object_diff, differences(facts)))
        answer = DiffAnswer(
            environment=self.environment, version=release.version, objects=found, gates=facts.gates if found else ()
        )
        return answer, Exit.CHANGES if found and self.exit_code else Exit.OK


def object_diff(step: Apply | Delete) -> ObjectDiff:
    """What a step changes, as an answer tells it."""
    if isinstance(step, Delete):
        return ObjectDiff(target=step.target, key=str(step.key), change="delete")
    return ObjectDiff(target=step.target, key=str(step.manifest.key), change=step.change, fields=step.fields)
