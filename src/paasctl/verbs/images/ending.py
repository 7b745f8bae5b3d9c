"""How a verb that writes one image ended."""

from __future__ import annotations

from typing import Literal

from paasctl.errors import Cancelled, Exit, PaasError, Refused
from paasctl.model.event import Outcome, Problem
from paasctl.model.image import Descriptor
from paasctl.model.rounds import Rounds


def ended(verb: str, subject: str, rounds: Rounds, there: Descriptor | None = None) -> Outcome:
    """The outcome, with the step's named results. `there`: what lay there before, which scripts get, too."""
    last = rounds[-1] if rounds else None
    error = last.error if last else None
    return Outcome(
        status=_status(error) if error else "done" if last else "nothing-to-do",
        exit=error.exit if error else Exit.OK,
        verb=verb,
        subject=subject,
        done=last.done if last else (),
        left=last.left if last else (),
        problems=(Problem.of(error),) if error else (),
        facts=last.facts if last else (("digest", there.digest),) if there else (),
    )


def _status(error: PaasError) -> Literal["failed", "cancelled", "refused"]:
    if isinstance(error, Refused):
        return "refused"
    return "cancelled" if isinstance(error, Cancelled) else "failed"
