"""Random writes come to the same on the simulated cluster and on a real one; `nox -s fuzz` has more of them."""

from __future__ import annotations

import secrets
from pathlib import Path

from fuzz.running import Fuzz, simulated
from fuzz.worlds import paired
from schema.ask import Server
from support.clusters import REAL

if REAL:  # there is nothing to compare with otherwise, and so no such case

    def test_sixty_random_sequences_of_writes_come_to_the_same_as_on_a_real_server() -> None:
        told: list[str] = []
        real, seed = Server(Path(REAL)), secrets.randbelow(1 << 31)
        with simulated() as ours, paired(real, ours) as worlds:
            differing = Fuzz(*worlds, seed=seed, tell=told.append, tries=20).differing(range(60))
        assert not differing, "\n".join([f"seed {seed}", *told])
