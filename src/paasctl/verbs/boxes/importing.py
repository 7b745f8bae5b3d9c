"""`release import`: a release out of a file into a registry, as if it were promoted from where it was exported."""

from __future__ import annotations

from dataclasses import field
from pathlib import PurePath

from paasctl.config.path import Way, find_goal
from paasctl.errors import BuildFailed, Refused
from paasctl.model.boxing import Label
from paasctl.model.config import Registry
from paasctl.model.event import Emit, Noted, Outcome
from paasctl.model.plan import NOTHING, Plan
from paasctl.model.promoting import Stop
from paasctl.model.rounds import Rounds
from paasctl.planning.promotion.decide import promotion_plan
from paasctl.planning.promotion.gates import check_overrides
from paasctl.planning.versions.spelling import image_tag
from paasctl.ports.boxes import Box
from paasctl.ports.cancel import Cancel
from paasctl.ports.world import Reads
from paasctl.values import dataclass
from paasctl.verbs.boxes.export import check_file
from paasctl.verbs.promotion.brings import with_brings
from paasctl.verbs.promotion.ending import Asked, promoted, rest_of
from paasctl.verbs.promotion.look import Look
from paasctl.verbs.promotion.promote import look_at

VERB = "release import"


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportRelease:
    """Have the release of a file in a registry, whole or not at all."""

    file: str
    to: str
    reason: str = ""
    overridden: tuple[str, ...] = ()
    _read: list[Asked] = field(default_factory=list, repr=False, compare=False)
    _goal: list[Stop] = field(default_factory=list, repr=False, compare=False)

    def read(self, reads: Reads, emit: Emit, cancel: Cancel) -> tuple[Asked, ...]:
        """The file, to its last byte, before anything else; then what is there of it, once."""
        if not self._read:
            check_overrides(self.overridden, self.reason)
            check_file(self.file)
            goal = find_goal(reads.config, self.to)
            self._goal.append(Stop(name=goal.name, repository=goal.repository))
            box = reads.box(self.file)
            label = box.label
            _check_app(label, reads.config.app, self.file)
            emit(Noted(f"reading all of {self.file}: {label.app} {label.version} of {label.origin}"))
            box.check(cancel)
            _check_record(box, self.file)
            name = PurePath(self.file).name.encode(errors="replace").decode()  # it is written down, in UTF-8
            origin = f"{label.origin.name} in {name}"
            way = Way(origin=Registry(name=origin, repository=label.origin.repository), goal=goal)
            look = Look(reads, way, cancel, self.to, self.reason, self.overridden, self.file)
            self._read.extend(with_brings(look, (look_at(look, label.version),)))
        return tuple(self._read)

    def next(self, facts: tuple[Asked, ...], rounds: Rounds) -> Plan:
        """As a promotion's."""
        todo = rest_of(facts, rounds)
        return promotion_plan(tuple((it.version, it.stages) for it in todo), self._goal[0], VERB) if todo else NOTHING

    def end(self, rounds: Rounds) -> Outcome:
        """As a promotion's."""
        return promoted(tuple(self._read), rounds, self._goal[0], VERB)


def _check_app(label: Label, app: str, file: str) -> None:
    if label.app != app:
        raise Refused(
            f"importing {file}: it holds {label.app} {label.version}, and this is {app}",
            hint="go to that project's folder, or name its file with -f",
            code="other-app",
        )


def _check_record(box: Box, file: str) -> None:
    label = box.label
    if box.resolve(label.origin.repository.tagged(image_tag(label.version))) is None:
        raise BuildFailed(
            f"reading {file}: it says that it holds {label.app} {label.version}, and has no record of it",
            hint="make the archive again",
            code="archive-damaged",
        )
