"""Faults that are watched: what each of them struck, and whether whoever was struck came again."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass

from paasctl.embedded.http.faults import Fault, Faults


@dataclass(frozen=True)
class Came:
    """A request that came while faults were on. `fault` None: it went well."""

    when: float
    names: tuple[str, ...]
    fault: Fault | None = None


@dataclass(frozen=True)
class Strikes:
    """What one fault struck."""

    requests: tuple[str, ...]
    """Each once, as specific as it is called."""
    waits: tuple[float, ...]
    """Seconds until the same request came again."""
    given_up: int
    """Those that did not."""


class Witness(Faults):
    """The rules of one server, and every request since they were switched on."""

    def __init__(self, faults: Sequence[Fault] = ()) -> None:
        """Begin with these."""
        super().__init__(faults)
        self._came: list[Came] = []
        self._writing = threading.Lock()

    def strike(self, names: Sequence[str]) -> Fault | None:
        """As ever, and remembered."""
        fault = super().strike(names)
        with self._writing:
            self._came.append(Came(time.monotonic(), tuple(names), fault))
        return fault

    @property
    def came(self) -> tuple[Came, ...]:
        """All requests so far, in their order."""
        with self._writing:
            return tuple(self._came)


def strikes(came: Sequence[Came], fault: Fault) -> Strikes:
    """What became of what a fault struck."""
    requests: dict[str, None] = {}
    waits: list[float] = []
    given_up = 0
    for index, it in enumerate(came):
        if it.fault is not fault:
            continue
        requests[_called(it.names)] = None
        again = next((later.when - it.when for later in came[index + 1 :] if later.names == it.names), None)
        if again is None:
            given_up += 1
        else:
            waits.append(again)
    return Strikes(tuple(requests), tuple(waits), given_up)


def _called(names: Sequence[str]) -> str:
    """``patch deployments/web``; a list has no name of its own: ``list pods``."""
    return next((it for it in names[1:2] if not it.endswith("/")), names[0])
