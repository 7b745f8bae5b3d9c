"""What a run has done so far, round by round: what a verb decides the next plan on, and tells the end from."""

from __future__ import annotations

from paasctl.errors import PaasError
from paasctl.model.plan import Plan, Step
from paasctl.values import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """One plan and what became of it. `facts` are named results of the whole run so far, as in `Outcome`."""

    plan: Plan
    done: tuple[Step, ...] = ()
    left: tuple[Step, ...] = ()
    error: PaasError | None = None
    facts: tuple[tuple[str, str], ...] = ()


Rounds = tuple[Round, ...]
