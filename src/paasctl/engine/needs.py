"""What the executors of steps ask of the run that they are part of."""

from __future__ import annotations

from typing import Protocol

from paasctl.model.event import Emit
from paasctl.model.kube import Holder
from paasctl.ports.cancel import Cancel
from paasctl.ports.world import World


class Needs(Protocol):
    """What executors need of a run."""

    @property
    def world(self) -> World:
        """Ports, writing halves included."""
        ...

    @property
    def emit(self) -> Emit:
        """Where events go."""
        ...

    @property
    def cancel(self) -> Cancel:
        """The request to stop."""
        ...

    @property
    def holder(self) -> Holder:
        """Who we are."""
        ...

    @property
    def facts(self) -> dict[str, str]:
        """Named results of the run so far; executors add theirs."""
        ...
