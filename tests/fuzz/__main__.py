"""`python -m fuzz [N] [--seed S] [--kind Deployment] [--only INDEX] [--stats]`: exits 1 where a sequence differs."""

from __future__ import annotations

import argparse
import os
import secrets
import sys
from pathlib import Path

from fuzz.running import Fuzz, simulated
from fuzz.worlds import paired
from schema.ask import Server


def main() -> int:
    """Run; 0: all agree."""
    asked = _asked()
    indexes = range(asked.sequences) if asked.only is None else range(asked.only, asked.only + 1)
    _say(f"seed {asked.seed}, {len(indexes)} sequences")
    real = Server(Path(os.environ["PAASCTL_TEST_KUBECONFIG"]))
    with simulated() as ours, paired(real, ours) as worlds:
        fuzz = Fuzz(*worlds, seed=asked.seed, kind=asked.kind, tell=_say)
        differing = fuzz.differing(indexes)
    if asked.stats:
        _say("\n".join(fuzz.stats.lines()))
    _say(f"{len(indexes) - len(differing)} of {len(indexes)} sequences of seed {asked.seed} agree")
    return 1 if differing else 0


def _asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="fuzz")
    parser.add_argument("sequences", nargs="?", type=int, default=500)
    parser.add_argument("--seed", type=int, default=secrets.randbelow(1 << 31))
    parser.add_argument("--kind", default="", help="sequences of this kind only")
    parser.add_argument("--only", type=int, help="the one sequence of that index")
    parser.add_argument("--stats", action="store_true", help="how often what was hit")
    return parser.parse_args()


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
