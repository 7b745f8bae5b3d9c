"""Sequences run on two worlds, what differs made short, and told with the line that repeats it."""

from __future__ import annotations

import json
import secrets
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from difflib import unified_diff
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

from fuzz.manifests import KINDS
from fuzz.shrink import shrunk
from fuzz.stats import Stats
from fuzz.steps import Sequence, sequence
from fuzz.worlds import World
from paasctl.embedded.kube.simulation import simulate
from schema.ask import Server

Differences = list[tuple[Any, Any]]


@dataclass
class Fuzz:
    """One run over a real world and a simulated one."""

    real: World
    ours: World
    seed: int
    kind: str = ""
    tell: Callable[[str], None] = print
    tries: int = 150
    """How often a failure is tried again to make it short."""
    stats: Stats = field(default_factory=Stats)

    def differing(self, indexes: range) -> list[int]:
        """The sequences that come to something else; each is told, in short."""
        return [index for index in indexes if not self._agrees(index)]

    def _agrees(self, index: int) -> bool:
        kinds = [it for it in KINDS if self.kind in ("", it[1])]
        made = sequence(Random(f"{self.seed}/{index}"), kinds[index % len(kinds)], "x")
        real, found = self._compared(made)
        self.stats.count(made, real)
        if found and not self._compared(made)[1]:
            self.tell(f"{index} differed once: a controller of the real cluster wrote in between ({self._line(index)})")
            return True
        if found:
            short = shrunk(made, partial(self._is_still, _sort(found)), self.tries)
            self.tell(f"\n{short.kind[1]} differs: {self._told(short, found)}\nagain: {self._line(index)}")
        return not found

    def _line(self, index: int) -> str:
        kind = f" --kind {self.kind}" if self.kind else ""
        return f"nox -s fuzz -- --seed {self.seed} --only {index}{kind}"

    def _compared(self, it: Sequence) -> tuple[list[Any], Differences]:
        name = f"x{secrets.token_hex(4)}x"
        real, ours = self.real.run(it, name), self.ours.run(it, name)
        return real, [(a, b) for a, b in zip(real, ours, strict=True) if a != b]

    def _is_still(self, sort: tuple[Any, ...], it: Sequence) -> bool:
        return _sort(self._compared(it)[1]) == sort

    def _told(self, it: Sequence, first: Differences) -> str:
        steps = "\n".join(f"  {step}" for step in it.steps)
        _, found = self._compared(it)
        if not found:
            steps += "\n  (agrees when it is tried again; this was the first time)"
        real, ours = (json.dumps(side, indent=1, sort_keys=True).splitlines() for side in (found or first)[0])
        return f"\n{steps}\n" + "\n".join(unified_diff(real, ours, "real", "simulated", lineterm="", n=4))


def _sort(found: Differences) -> tuple[Any, ...]:
    """What sort of difference comes first: shrinking must not turn it into another."""
    return tuple(it.get("status") if "causes" in it else "stored" for it in found[0]) if found else ()


@contextmanager
def simulated() -> Iterator[Server]:
    """A simulation whose controllers stand still: what writes is compared, not what controllers make of it."""
    with tempfile.TemporaryDirectory() as folder, simulate() as simulation:
        if simulation.controllers is not None:
            simulation.controllers.stop()
        kubeconfig = Path(folder) / "config"
        simulation.write_kubeconfig(kubeconfig)
        yield Server(kubeconfig)
