"""Rows of what images cost: memory and processors of a squash, bytes of a small change, and `image inspect`."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from statistics import median

from bench.commands import Command, run
from bench.input.kept import changed, kept, manifest_there, push, pushed
from bench.place import Place, testbed
from bench.rows import Bound, Figure, Measured, Pair, Row, timed, times
from bench.squashing import FLOOR, IMAGE, LONG, WORDS, command, fresh, squash


def rows() -> tuple[Row, ...]:
    """Each with its bound."""
    return (
        Row(
            name="squash-memory",
            ours=f"{WORDS} (300,000 entries): largest memory",
            peer="-",
            bound=Bound("count", 400),
            runs=(1, 1),
            measure=_memory,
        ),
        Row(
            name="squash-scaling",
            ours=f"{WORDS} (300,000 entries; processor)",
            peer="the same with 30,000",
            bound=times(12),
            runs=(3, 1),
            measure=_scaling,
        ),
        Row(
            name="squash-previous",
            ours="bytes pushed for one changed file: paasctl image squash --previous",
            peer="without --previous",
            bound=times(1),
            runs=(1, 1),
            measure=_previous,
            needs=("REGISTRY",),
        ),
        Row(
            name="inspect-registry",
            ours="paasctl image inspect (from a registry)",
            peer="pull and inflate once, on all processors",
            bound=times(1.3),
            runs=(3, 1),
            measure=timed(partial(_inspect, floor="inflate")),
            needs=("REGISTRY",),
        ),
        Row(
            name="inspect-registry-in-turn",
            ours="paasctl image inspect (from a registry)",
            peer="pull and inflate once, layer after layer",
            bound=times(1.3),
            runs=(3, 1),
            measure=timed(partial(_inspect, floor="inflate-in-turn")),
            needs=("REGISTRY",),
        ),
        Row(
            name="inspect-cache",
            ours="paasctl image inspect (seen before)",
            peer="-",
            bound=Bound("count", 0.5),
            runs=(5, 2),
            measure=_inspect_again,
            needs=("REGISTRY",),
        ),
    )


def _memory(place: Place, runs: int) -> Measured:
    source = f"oci:{kept('many')}:1"
    taken = [run(squash(place, source, f"oci:{place.folder}/out{it}:1"))[0] for it in range(runs)]
    return Measured(ours=Figure.of([it.memory for it in taken]), unit="MiB", note="maximum resident set size")


def _scaling(place: Place, runs: int) -> Measured:
    """Seconds of processors, less those of a start, which would flatter the ratio."""
    start = median(run(command(place, place.paasctl, "image", "squash", "--help"))[0].cpu for _ in range(3))

    def taken(name: str, number: int) -> float:
        return run(squash(place, f"oci:{kept(name)}:1", f"oci:{place.folder}/{name}{number}:1"))[0].cpu - start

    pairs = [(taken("many", it), taken("tenth", it)) for it in range(runs)]
    return Measured(
        ours=Figure.of([ours for ours, _ in pairs]),
        peer=Figure.of([peer for _, peer in pairs]),
        note="seconds of processors, less those of a start",
    )


def _previous(place: Place, runs: int) -> Measured:
    """What of the changed image's squash was not in the registry: with `--previous`, and without."""
    host, made = testbed("REGISTRY"), fresh()
    source = pushed(IMAGE, host)
    run(squash(place, source, f"{made}:old", layers="auto"))
    other = push(changed(kept(IMAGE), place.folder / "changed"), host, f"bench/changed-{IMAGE}", uuid.uuid4().hex[:8])
    run(squash(place, other, f"{made}:new", "--previous", f"{made}:old", layers="auto"))
    run(squash(place, other, f"{made}:alone", layers="auto"))
    there = _layers(f"{made}:old")
    ours, alone = (
        sum(size for digest, size in _layers(f"{made}:{it}").items() if digest not in there) for it in ("new", "alone")
    )
    del runs  # bytes, the same each time
    note = f"{len(there)} layers of {sum(there.values()) / 1e6:,.0f} MB; one file of 2 KB changed"
    return Measured(ours=Figure.of([ours / 1e6]), peer=Figure.of([alone / 1e6]), unit="MB", note=note)


def _layers(reference: str) -> dict[str, int]:
    return {it["digest"]: it["size"] for it in manifest_there(reference)["layers"]}


def _inspect_again(place: Place, runs: int) -> Measured:
    source = pushed(IMAGE, testbed("REGISTRY"))
    run(_inspecting(place, source, "warm"))
    return Measured(ours=Figure.of([run(_inspecting(place, source, "warm"))[0].wall for _ in range(runs)]))


@contextmanager
def _inspect(place: Place, floor: str) -> Iterator[Pair]:
    source = pushed(IMAGE, testbed("REGISTRY"))
    yield Pair(
        lambda number: _inspecting(place, source, f"cold-{number}"),
        lambda _: command(place, place.python, str(FLOOR), floor, source, says="done"),
    )


def _inspecting(place: Place, source: str, home: str) -> Command:
    """With a HOME, and so a cache, of this name."""
    folder = place.folder / home
    folder.mkdir(exist_ok=True)
    environ = {name: it for name, it in place.environ.items() if not name.startswith("XDG_")} | {"HOME": str(folder)}
    argv = (place.paasctl, "image", "inspect", source)
    return Command(argv=argv, folder=place.folder, environ=environ, timeout=LONG)
