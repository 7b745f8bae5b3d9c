"""What one look says of one object, before time is taken into account."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from paasctl.model.kube import Key, Live
from paasctl.model.verdict import Cause, Verdict
from paasctl.planning.readiness import pods as pod
from paasctl.planning.readiness.look import Look, is_going
from paasctl.values import dataclass


@dataclass(frozen=True, slots=True)
class Opinion:
    """A verdict, and whether its cause may ripen to doom once it has stood for its budget."""

    verdict: Verdict
    ripens: bool = False


def ready(key: Key, text: str, **counts: Any) -> Opinion:
    """It is as wanted."""
    return Opinion(Verdict(key=key, state="ready", text=text, **counts))


def waiting(key: Key, text: str, **counts: Any) -> Opinion:
    """Not yet, and nothing is known to be wrong."""
    return Opinion(Verdict(key=key, state="waiting", text=text, **counts))


def suspect(opinion: Opinion, cause: Cause | None, *, dooms: bool = True) -> Opinion:
    """Not yet, and this may be why. Without a cause: as it was."""
    return Opinion(replace(opinion.verdict, cause=cause), ripens=dooms) if cause else opinion


def wrong(key: Key, code: str, message: str) -> Opinion:
    """Not yet, because of something the object itself says."""
    return suspect(waiting(key, message), Cause(code=code, message=message))


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """How far a workload is: pods wanted, and of the new ones how many there are and how many are ready."""

    wanted: int
    updated: int
    ready: int
    old: int
    new_pods: tuple[Live, ...] = ()
    old_pods: tuple[Live, ...] = ()

    def text(self) -> str:
        """`2 of 3 new pods ready, 1 old`."""
        old = f", {self.old} old" if self.old else ""
        return f"{self.ready} of {self.wanted} new pod{'s' if self.wanted != 1 else ''} ready{old}"


def of_pods(key: Key, counted: Counted, look: Look, *, done: bool) -> Opinion:
    """A workload's opinion from its pods: ready where it is `done`, else waiting with the best explanation."""
    counts = {
        "wanted": counted.wanted,
        "ready": counted.ready,
        "updated": counted.updated,
        "old": counted.old,
        "pods": _seen(counted.new_pods, counted.old_pods),
    }
    if done:
        return ready(key, counted.text() if counted.wanted else "no pods wanted", **counts)
    found = pod.symptom(counted.new_pods, look)
    opinion = waiting(key, counted.text(), **counts)
    return suspect(opinion, found.cause, dooms=found.dooms) if found else opinion


def _seen(new: Sequence[Live], old: Sequence[Live]) -> tuple[Any, ...]:
    told = [pod.seen(it) for it in new] + [pod.seen(it, new=False) for it in old if not is_going(it)]
    return tuple(sorted(told, key=lambda it: (not it.new, it.name)))
