"""A stage for rehearsals: simulated clusters in the place of live ones, and the same engine at work on them."""

from __future__ import annotations

from typing import Any, Protocol

from paasctl.model.answer import Answer, FaultTold
from paasctl.model.copying import Copy
from paasctl.model.event import Outcome
from paasctl.model.kube import Served
from paasctl.model.plan import Plan
from paasctl.values import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Rehearsed:
    """How a verb that acts ended on the stage, and the plans of its rounds."""

    outcome: Outcome
    plans: tuple[Plan, ...]


class Rehearsal(Protocol):
    """Whatever is done here is done to copies. The live clusters are asked what they serve and what the caller may."""

    def holds(self) -> frozenset[Served]:
        """What a copy can hold."""
        ...

    def copy(self, copy: Copy) -> None:
        """From now on this stands in the place of the live cluster of that name."""
        ...

    def act(self, verb: Any, *, dry_run: bool = False) -> Rehearsed:
        """Conduct a verb that acts, as it would be conducted on the live clusters; a dry run is not told of."""
        ...

    def ask(self, question: Any) -> Answer:
        """Answer a question about the copies."""
        ...

    def faults(self) -> tuple[FaultTold, ...]:
        """What became of the faults so far."""
        ...

    def calm(self) -> None:
        """Switch all faults off."""
        ...

    def close(self) -> None:
        """End all copies; nothing of them is left."""
        ...
