"""Random writes come to the same on the simulated cluster and on a real one; `nox -s fuzz` has more of them."""

from __future__ import annotations

from pathlib import Path

from fuzz.running import Fuzz, simulated
from fuzz.worlds import paired
from schema.ask import Server
from support.clusters import REAL

_SEED = 7
"""Always the same: what a fresh seed finds is for `nox -s fuzz`, and must not stop whoever changed something else."""

if REAL:  # there is nothing to compare with otherwise, and so no such case

    def test_sixty_random_sequences_of_writes_come_to_the_same_as_on_a_real_server() -> None:
        told: list[str] = []
        real = Server(Path(REAL))
        with simulated() as ours, paired(real, ours) as worlds:
            differing = Fuzz(*worlds, seed=_SEED, tell=told.append, tries=20).differing(range(60))
        assert not differing, "\n".join([f"seed {_SEED}", *told])
