"""The sentences about approvals: the step, what is still missing, and the table of what waits for whom."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from paasctl.model.answer import ApprovalsAnswer
from paasctl.model.approving import Approve, Pending
from paasctl.model.event import Outcome
from paasctl.views.clean import clean

_SHOWN = len("SHA256:") + 12
"""Letters of a fingerprint; JSON has all."""
HEADS = ("VERSION", "FOR", "LIES IN", "APPROVALS", "BY", "WHO MAY")


def say_approving(step: Approve) -> str:
    """What a step does, in the infinitive."""
    why = f": {clean(step.reason)}" if step.reason else ""
    where = f"{step.version} for {', '.join(step.environments)}"
    doing = f"approve {where}" if step.voice == "approved" else f"withdraw the approval of {where}"
    return f"{doing} as {clean(step.by)} ({step.key.fingerprint[:_SHOWN]}…) at {step.repository}{why}"


def say_approved(outcome: Outcome) -> Iterator[str]:
    """What approvals there are now."""
    for name, said in outcome.facts:
        if name.startswith("approvals."):
            yield f"{name.removeprefix('approvals.')}: {clean(said)}"


def pending_row(it: Pending) -> Sequence[str]:
    """One release, under `HEADS`."""
    tally = it.tally
    if it.unread:
        return (it.version or "?", tally.environment, it.registry or "?", "unknown", "-", "-")
    people = clean(", ".join(tally.given)) or "-"
    may = clean(", ".join(tally.may)) or "nobody"
    state = f"{len(tally.given)} of {tally.wanted}"
    lacking = f"{state}, missing {tally.missing}" if tally.missing else state
    return (it.version, tally.environment, it.registry, lacking, people, may if tally.missing else "-")


def pending_notes(rows: Sequence[Pending]) -> Iterator[str]:
    """What does not count, and why; what could not be found out."""
    for it in rows:
        if it.unread:
            what = f"approvals of {it.version}" if it.version else "approvals"
            yield f"? {what} for {it.tally.environment}: {clean(it.unread)}"
        for why in (*filter(None, [it.tally.unknown]), *it.tally.uncounted):
            yield f"  {it.version} for {it.tally.environment}, not counted: {clean(why)}"


def nothing_pending(answer: ApprovalsAnswer) -> str:
    """Why there is no row."""
    if not answer.asking:
        return "no environment wants approvals: environments.NAME.approvals: 1   wants one"
    return f"nothing waits for approvals for {', '.join(answer.asking)}"
