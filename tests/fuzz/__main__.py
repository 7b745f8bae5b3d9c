"""`python -m fuzz --sequences 60 --seed 7 [--kind Deployment]`: exits 1 at the first sequence that differs."""

from __future__ import annotations

import argparse
import json
import os
import secrets
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from difflib import unified_diff
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

from fuzz.manifests import KINDS
from fuzz.shrink import shrunk
from fuzz.steps import Sequence, sequence
from fuzz.worlds import World
from paasctl.embedded.kube.simulation import simulate
from schema.ask import Server


def main() -> int:
    """Run; 0: all agree."""
    parser = argparse.ArgumentParser(prog="fuzz")
    parser.add_argument("--sequences", type=int, default=60)
    parser.add_argument("--seed", type=int, default=secrets.randbelow(1 << 31))
    parser.add_argument("--kind", default="")
    parser.add_argument("--keep-going", action="store_true")
    asked = parser.parse_args()
    kinds = [kind for kind in KINDS if asked.kind in ("", kind[1])]
    sys.stdout.write(f"seed {asked.seed}, {asked.sequences} sequences\n")
    with tempfile.TemporaryDirectory() as folder, simulate() as simulation:
        if simulation.controllers is not None:
            simulation.controllers.stop()  # what writes is compared, not what controllers make of it
        kubeconfig = Path(folder) / "config"
        simulation.write_kubeconfig(kubeconfig)
        with _worlds(Server(Path(os.environ["PAASCTL_TEST_KUBECONFIG"])), Server(kubeconfig)) as worlds:
            return _run(worlds, asked, kinds)


def _run(worlds: tuple[World, World], asked: argparse.Namespace, kinds: list[tuple[str, str]]) -> int:
    differing = 0
    for index in range(asked.sequences):
        made = sequence(Random(f"{asked.seed}/{index}"), kinds[index % len(kinds)], "x")
        if found := _differs(worlds, made):
            differing += 1
            kind = _kind(found)
            short = shrunk(made, partial(_is_still, worlds, kind))
            sys.stdout.write(
                f"\nsequence {index} of seed {asked.seed} differs: {short.kind[1]}\n{_told(worlds, short, found)}\n"
            )
            sys.stdout.flush()
            if not asked.keep_going:
                return 1
    sys.stdout.write(f"{asked.sequences - differing} of {asked.sequences} sequences agree\n")
    return 1 if differing else 0


def _differs(worlds: tuple[World, World], it: Sequence) -> list[tuple[Any, Any]]:
    name = f"x{secrets.token_hex(4)}x"
    real, ours = (world.run(it, name) for world in worlds)
    for world in worlds:
        world.server.ask("DELETE", world.path(it.kind, name), {"propagationPolicy": "Background"})
    return [(a, b) for a, b in zip(real, ours, strict=True) if a != b]


def _is_still(worlds: tuple[World, World], kind: tuple[Any, ...], it: Sequence) -> bool:
    return _kind(_differs(worlds, it)) == kind


def _kind(found: list[tuple[Any, Any]]) -> tuple[Any, ...]:
    """What kind of difference comes first: shrinking must not turn it into another."""
    return tuple(it.get("status") if "causes" in it else "stored" for it in found[0]) if found else ()


def _told(worlds: tuple[World, World], it: Sequence, first: list[tuple[Any, Any]]) -> str:
    steps = "\n".join(f"  {step}" for step in it.steps)
    found = _differs(worlds, it)
    if not found:
        steps += "\n  (agrees when it is tried again; this was the first time)"
        found = first
    real, ours = (json.dumps(side, indent=1, sort_keys=True).splitlines() for side in found[0])
    return steps + "\n" + "\n".join(unified_diff(real, ours, "real", "simulated", lineterm="", n=4))


@contextmanager
def _worlds(*servers: Server) -> Iterator[tuple[World, World]]:
    name = f"objects-fuzz-{secrets.token_hex(3)}"
    quota = {"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "none"}, "spec": {"hard": {"pods": "0"}}}
    try:
        for server in servers:
            body = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}
            answer = server.ask("POST", "/api/v1/namespaces", body)
            assert answer.is_good, answer.message
            server.ask("POST", f"/api/v1/namespaces/{name}/resourcequotas", quota)
        real, ours = (World(server, name) for server in servers)
        yield real, ours
    finally:
        for server in servers:
            server.ask("DELETE", f"/api/v1/namespaces/{name}")


if __name__ == "__main__":
    sys.exit(main())
