"""Which answers are worth another try, and when. Pure; the list is kapp's (rows D5, D6, D16).

Kubernetes names some of these only in the text of an answer; this file and `refusals.py` are the two that read it.
"""

from __future__ import annotations

import re

from paasctl.adapters.kube.request import Answer
from paasctl.values import dataclass

PATIENCE = 30.0
"""Seconds for an API server that was there a moment ago: a restart of the control plane, a leader's election."""
FIRST_CONTACT = 3.0
"""Seconds for one that never answered: most likely a wrong address."""
CLOSING = 8.0
"""Seconds for the last word of a run that was asked to stop."""
THROTTLED = 90.0
_PASSING = re.compile(
    r"etcdserver: (leader changed|request timed out|too many requests)|GOAWAY|http2: |connection (refused|reset)"
    r"|TLS handshake timeout|i/o timeout|context deadline exceeded|unexpected EOF|no route to host",
    re.IGNORECASE,
)
_WEBHOOK = re.compile(r"failed calling webhook|conversion webhook")


@dataclass(frozen=True, slots=True)
class Broken:
    """No answer: why, and whether the request may have arrived."""

    why: str
    arrived: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """How one attempt ended, and what is known around it. Seconds are since the first attempt."""

    outcome: Answer | Broken
    number: int
    elapsed: float
    repeatable: bool
    met: bool
    """Whether this server ever answered this process."""
    closing: bool = False


def next_try(attempt: Attempt) -> float | None:
    """Seconds to wait before the next attempt; None: this was the last one."""
    outcome = attempt.outcome
    wait = min(0.2 * 2.0 ** (attempt.number - 1), 5.0)
    if isinstance(outcome, Broken):
        again = attempt.repeatable or not outcome.arrived
        budget = PATIENCE if attempt.met else FIRST_CONTACT
    elif outcome.status == 429:
        again, budget = True, THROTTLED
        wait = max(wait, _retry_after(outcome))
    else:
        again, budget = attempt.repeatable and is_passing(outcome), PATIENCE
        wait = max(wait, _retry_after(outcome))
    budget = min(budget, CLOSING) if attempt.closing else budget
    return wait if again and attempt.elapsed + wait <= budget else None


def is_passing(answer: Answer) -> bool:
    """Whether the server says "not now" rather than "no"."""
    if answer.status in (502, 503, 504):
        return True
    if answer.status == 500:
        return not is_malformed(answer)
    if answer.status == 409:  # quota accounting lost a race with itself; the object was not touched
        return answer.details_kind == "resourcequotas" and answer.reason == "Conflict"
    return False


def is_malformed(answer: Answer) -> bool:
    """Server-side apply answers an unknown field or a duplicate entry with a 500 that has no reason (row D12)."""
    return answer.status == 500 and bool(answer.failure) and not answer.reason and not _PASSING.search(answer.message)


def is_webhook_failure(answer: Answer) -> bool:
    """Whether an admission or conversion webhook could not be reached (row D16)."""
    return answer.status == 500 and bool(_WEBHOOK.search(answer.message))


def _retry_after(answer: Answer) -> float:
    """`Retry-After` in seconds; API servers only send the numeric form."""
    text = answer.headers.get("Retry-After", "")
    return float(text) if text.isdigit() else 0.0
