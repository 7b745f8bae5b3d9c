"""Where a rollback may go: what ran well in every target before what is there now, by their histories. Pure.

A history is a way there and back: deploying what ran well before is going back to it, and what lies between is what
one came back from. So a second rollback goes further back, and never forward again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from paasctl.errors import Refused
from paasctl.model.answer import HistoryEntry
from paasctl.model.kube import Target
from paasctl.values import dataclass

GOOD = "done"


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A version that ran well in every target, with the deploy that put it there last, by target."""

    version: str
    deploys: Mapping[Target, HistoryEntry]

    @property
    def newest(self) -> HistoryEntry:
        """The last of these deploys to have ended."""
        return max(self.deploys.values(), key=lambda it: (it.ended, it.number))


def now_there(histories: Mapping[Target, Sequence[HistoryEntry]]) -> tuple[str, ...]:
    """Versions that were deployed last, well or not, each once, in the order of the targets."""
    return tuple(dict.fromkeys(it[0].version for it in histories.values() if it))


def candidates(histories: Mapping[Target, Sequence[HistoryEntry]]) -> tuple[Candidate, ...]:
    """All that one may go back to, the last first. `histories`: of each target, newest first."""
    ways = {target: _way(it) for target, it in histories.items()}
    first = next(iter(ways.values()), [])
    versions = [it.version for it in reversed(first)]
    found = (
        Candidate(version=version, deploys={target: _last(way, version) for target, way in ways.items()})
        for version in versions
        if all(any(it.version == version for it in way) for way in ways.values())
    )
    return tuple(it for it in found if not _is_there(it, histories))


def choose(found: Sequence[Candidate], environment: str, wanted: str = "", skipped: Sequence[str] = ()) -> Candidate:
    """The one that is `wanted`, or the last that is not among the `skipped`. `Refused` where there is none."""
    head = f"rolling back {environment}"
    if wanted:
        if chosen := next((it for it in found if it.version == wanted), None):
            return chosen
        raise Refused(
            f"{head} to {wanted}: that is no deploy before this one that went well in all of its clusters",
            hint=f"paasctl rollback {environment} --list   shows what is; "
            f"paasctl deploy {environment} --version {wanted}   deploys it with the values of today",
            code="no-way-back",
        )
    if chosen := next((it for it in found if it.version not in skipped), None):
        return chosen
    why = f"all before this one were rejected: {', '.join(skipped)}" if skipped else "nothing ran well there before"
    raise Refused(f"{head}: {why}", hint=f"paasctl history {environment}   shows what was deployed", code="no-way-back")


def _way(history: Sequence[HistoryEntry]) -> list[HistoryEntry]:
    """The deploys that went well and were not gone back from, oldest first; of each version its last.

    Who was stopped on the way back has left, too: the same again arrives there (row R8).
    """
    way: list[HistoryEntry] = []
    for it in reversed(history):
        at = next((number for number, of in enumerate(way) if of.version == it.version), len(way))
        is_good = it.outcome == GOOD
        way[at if is_good else at + 1 :] = [it] if is_good else []
    return way


def _last(way: Sequence[HistoryEntry], version: str) -> HistoryEntry:
    return next(it for it in reversed(way) if it.version == version)


def _is_there(it: Candidate, histories: Mapping[Target, Sequence[HistoryEntry]]) -> bool:
    """Whether it is what every target runs well now: there is nothing to go back to."""
    return all(deploy is histories[target][0] for target, deploy in it.deploys.items())
