"""Where a rollback may go: what ran well in every target before what is there now, by their histories. Pure.

A history is a way there and back: deploying what ran well before is going back to it, and what lies between is what
one came back from. So a second rollback goes further back, and never forward again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from paasctl.errors import Refused, Unavailable
from paasctl.model.answer import GOOD, UNREADABLE, HistoryEntry
from paasctl.model.kube import Target
from paasctl.planning.versions.spelling import image_tag
from paasctl.values import dataclass

Histories = Mapping[Target, Sequence[HistoryEntry]]
"""Of each target, newest first."""
_NOT_REACHED = "not-reached"


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A version that ran well in every target, with the deploy that put it there last, by target."""

    version: str
    deploys: Mapping[Target, HistoryEntry]

    @property
    def newest(self) -> HistoryEntry:
        """The last of these deploys to have ended."""
        return max(self.deploys.values(), key=lambda it: (it.ended, it.number))


def deployed_last(histories: Histories) -> dict[Target, HistoryEntry]:
    """What was begun last in each target, well or not; those left out where nothing ever was."""
    return {
        target: reached
        for target, history in histories.items()
        if (reached := next((it for it in history if it.outcome != _NOT_REACHED), None))
    }


def candidates(histories: Histories) -> tuple[Candidate, ...]:
    """All that one may go back to, the last first."""
    ways = {target: _way(it) for target, it in histories.items()}
    first = next(iter(ways.values()), [])
    found = (
        Candidate(version=version, deploys={target: _last(way, version) for target, way in ways.items()})
        for version in (it.version for it in reversed(first))
        if all(any(it.version == version for it in way) for way in ways.values())
    )
    return tuple(it for it in found if not _runs(it, histories))


def failed_back(histories: Histories, version: str) -> HistoryEntry | None:
    """The rollback to it that failed since it ran well last; None: none did."""
    for history in histories.values():
        newest = next((it for it in history if it.version == version and it.outcome != _NOT_REACHED), None)
        if newest and newest.verb == "rollback" and newest.outcome == "failed":
            return newest
    return None


def choose(
    found: Sequence[Candidate], histories: Histories, environment: str, *, wanted: str = "", skipped: Sequence[str] = ()
) -> Candidate:
    """The one that is `wanted`, or the last that is not among the `skipped`. `Refused` where there is none.

    `Unavailable` where nobody can tell whether there is a later one: a history record can't be read.
    """
    head = f"rolling back {environment}"
    if wanted:
        if chosen := next((it for it in found if image_tag(it.version) == image_tag(wanted)), None):
            return chosen
        known = ", ".join(it.version for it in found) or "nothing"
        raise Refused(
            f"{head} to {wanted}: {_why_not(histories, wanted)} (what there is to go back to: {known})",
            hint=f"paasctl rollback {environment} --list   shows what each is",
            code="no-way-back",
        )
    chosen = next((it for it in found if it.version not in skipped), None)
    if lost := unreadable(histories, chosen):
        raise Unavailable(
            f"{head}: what ran well there last can't be told: {lost[0].message}",
            hint=f"paasctl rollback {environment} --to VERSION   names one that can; --list shows them",
            evidence=tuple(it.message for it in lost),
            code="history-unreadable",
        )
    if chosen:
        return chosen
    raise Refused(
        f"{head}: {_why_none(histories, skipped)}",
        hint=f"paasctl history {environment}   shows what was deployed; paasctl deploy {environment} --version VERSION",
        code="no-way-back",
    )


def unreadable(histories: Histories, than: Candidate | None = None) -> tuple[HistoryEntry, ...]:
    """Records that nobody can read; with a candidate those that are newer `than` it."""
    return tuple(
        it
        for target, history in histories.items()
        for it in history
        if it.outcome == UNREADABLE and (than is None or it.number > than.deploys[target].number)
    )


def _why_not(histories: Histories, wanted: str) -> str:
    now = deployed_last(histories)
    if now and all(it.version == wanted and it.outcome == GOOD for it in now.values()) and len(now) == len(histories):
        return "it runs there already"
    return "it is not among what ran well there before"


def _why_none(histories: Histories, skipped: Sequence[str]) -> str:
    if skipped:
        return f"nothing that ran well before can be taken: {', '.join(skipped)} passed over"
    never = [target.cluster for target, history in histories.items() if not _way(history)]
    some = len(never) < len(histories)
    if never and some:
        return f"nothing ran well on {', '.join(never)} yet; --cluster names those that can go back"
    now = dict.fromkeys(it.version for it in deployed_last(histories).values())
    return f"nothing ran well there before {', '.join(now)}" if now else "nothing was deployed there yet"


def _way(history: Sequence[HistoryEntry]) -> list[HistoryEntry]:
    """The deploys that went well and were not gone back from, oldest first; of each version its last.

    Who was stopped on the way back has left, too: the same again arrives there (row R8).
    """
    way: list[HistoryEntry] = []
    for it in reversed(history):
        at = next((number for number, of in enumerate(way) if of.version == it.version), len(way))
        if it.outcome == GOOD:
            way[at:] = [it]
        elif it.verb == "rollback":
            way[at + 1 :] = []
    return way


def _last(way: Sequence[HistoryEntry], version: str) -> HistoryEntry:
    return next(it for it in reversed(way) if it.version == version)


def _runs(it: Candidate, histories: Histories) -> bool:
    """Whether it is what every target runs well now: there is nothing to go back to."""
    return all(deploy is histories[target][0] for target, deploy in it.deploys.items())
