"""Rows of `image squash` and `image inspect`, beside their peers and beside the floor, on the image that is kept.

`BENCH_IMAGE=small` takes a twentieth of it: for trying the rows, not for quoting.
"""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path

from bench.commands import BrokenCommandError, Command, run
from bench.input.kept import kept, pushed
from bench.place import Place, program, testbed
from bench.rows import Bound, Pair, Row, timed, times

IMAGE = os.environ.get("BENCH_IMAGE", "big")
_LIVE = "0.57"
"""The share of the bytes that lives; see `input.plan`."""
FLOOR = Path(__file__).with_name("floor.py")
LONG = 1800.0
_EIGHTH = times(1 / 8)
WORDS = "paasctl image squash --all --layers 1"


def rows() -> tuple[Row, ...]:
    """Each with what it stands beside."""
    return (
        Row(
            name="squash-registry-crane",
            ours=f"{WORDS} (registry to registry)",
            peer="crane flatten",
            bound=_EIGHTH,
            runs=(1, 1),
            measure=timed(_beside_crane, warm=0),
            needs=("REGISTRY", "crane"),
        ),
        Row(
            name="squash-registry-floor",
            ours=f"{WORDS} (registry to registry)",
            peer="the floor: pull, inflate on all processors, hash what lives, push it",
            bound=times(2.5),
            runs=(3, 1),
            measure=timed(_beside_floor),
            needs=("REGISTRY",),
        ),
        Row(
            name="squash-layout-docker",
            ours=f"{WORDS} (layout to layout)",
            peer="docker-squash (engine to engine)",
            bound=_EIGHTH,
            runs=(1, 1),
            measure=timed(_layouts, warm=0),
            needs=("REGISTRY", "DOCKER_HOST", "docker-squash"),
        ),
        Row(
            name="squash-layout-floor",
            ours=f"{WORDS} (layout to layout)",
            peer="the floor: read, inflate on all processors, hash what lives, write it",
            bound=times(2.5),
            runs=(3, 1),
            measure=timed(_layout_beside_floor),
        ),
        Row(
            name="squash-engine-floor",
            ours=f"{WORDS} (engine to engine)",
            peer="the floor: docker save of the image, docker load of the squashed one",
            bound=times(2.5),
            runs=(1, 1),
            measure=timed(_engine_beside_floor, warm=0),
            needs=("REGISTRY", "DOCKER_HOST"),
        ),
        Row(
            name="squash-engine-docker",
            ours=f"{WORDS} (engine to engine)",
            peer="docker-squash (engine to engine)",
            bound=_EIGHTH,
            runs=(1, 1),
            measure=timed(_engines, warm=0),
            needs=("REGISTRY", "DOCKER_HOST", "docker-squash"),
        ),
        Row(
            name="squash-proof",
            ours=f"{WORDS} (layout to layout, proven)",
            peer="the same with --no-verify",
            bound=Bound(),
            runs=(3, 1),
            measure=timed(_proof),
        ),
    )


@contextmanager
def _beside_crane(place: Place) -> Iterator[Pair]:
    source, there = pushed(IMAGE, testbed("REGISTRY")), fresh()

    def peer(number: int) -> Command:
        return command(place, program("crane"), "flatten", "--insecure", source, "-t", f"{there}-crane-{number}:1")

    yield Pair(partial(_to_registry, place, source, there), peer)


@contextmanager
def _beside_floor(place: Place) -> Iterator[Pair]:
    source, there = pushed(IMAGE, testbed("REGISTRY")), fresh()

    def peer(number: int) -> Command:
        words = (place.python, str(FLOOR), "squash", source, f"{there}-floor-{number}", _LIVE)
        return command(place, *words, says="done")

    yield Pair(partial(_to_registry, place, source, there), peer)


def _to_registry(place: Place, source: str, there: str, number: int) -> Command:
    """Into a repository of its own each time: nothing is there that would not have to be sent."""
    return squash(place, source, f"{there}-{number}:1")


@contextmanager
def _layouts(place: Place) -> Iterator[Pair]:
    source = kept(IMAGE)
    with _in_engine(place) as name:
        yield Pair(
            lambda number: squash(place, f"oci:{source}:1", f"oci:{place.folder}/out{number}:1"),
            partial(_their_squash, place, name),
        )


@contextmanager
def _layout_beside_floor(place: Place) -> Iterator[Pair]:
    source = f"oci:{kept(IMAGE)}:1"

    def peer(number: int) -> Command:
        words = (place.python, str(FLOOR), "squash", source, f"{place.folder}/floor{number}", _LIVE)
        return command(place, *words, says="done")

    yield Pair(lambda number: squash(place, source, f"oci:{place.folder}/out{number}:1"), peer)


@contextmanager
def _engine_beside_floor(place: Place) -> Iterator[Pair]:
    """What goes out of the engine and into it takes that long whatever is done between."""
    docker, saved = f"docker -H {testbed('DOCKER_HOST')}", place.folder / "squashed.tar"
    with _in_engine(place) as name:
        made = f"{name}-made:latest"
        run(squash(place, f"docker:{name}", f"docker:{made}"))
        run(command(place, "sh", "-ec", f"{docker} save {made} > {saved}; {docker} rmi -f {made}"))
        both = f"{docker} save {name}:latest > /dev/null; {docker} load -q < {saved}; {docker} rmi -f {made}"
        yield Pair(
            lambda number: squash(place, f"docker:{name}", f"docker:{name}-ours-{number}"),
            lambda _: command(place, "sh", "-ec", both),
        )


@contextmanager
def _engines(place: Place) -> Iterator[Pair]:
    with _in_engine(place) as name:
        yield Pair(
            lambda number: squash(place, f"docker:{name}", f"docker:{name}-ours-{number}"),
            partial(_their_squash, place, name),
        )


@contextmanager
def _in_engine(place: Place) -> Iterator[str]:
    """The image in the local engine, gone again with all that was made of it."""
    source, name = pushed(IMAGE, testbed("REGISTRY")), f"bench-{uuid.uuid4().hex[:8]}"
    docker = ("docker", "-H", testbed("DOCKER_HOST"))
    try:
        run(command(place, *docker, "pull", "-q", source))
        run(command(place, *docker, "tag", source, f"{name}:latest"))
        yield name
    finally:
        told = run(command(place, *docker, "images", "--format", "{{.Repository}}:{{.Tag}}"))[1].split()
        mine = [it for it in told if it.startswith(name) or it == source]
        with suppress(BrokenCommandError):
            run(command(place, *docker, "rmi", "-f", *mine))


def _their_squash(place: Place, name: str, number: int) -> Command:
    made = f"{name}-theirs-{number}"
    return command(place, program("docker-squash"), "--tmp-dir", f"{place.folder}/{made}", "-t", made, f"{name}:latest")


@contextmanager
def _proof(place: Place) -> Iterator[Pair]:
    source = f"oci:{kept(IMAGE)}:1"
    yield Pair(
        lambda number: squash(place, source, f"oci:{place.folder}/proven{number}:1"),
        lambda number: squash(place, source, f"oci:{place.folder}/plain{number}:1", "--no-verify"),
    )


def fresh() -> str:
    """The beginning of a repository's name that nobody has."""
    return f"{testbed('REGISTRY')}/bench/out-{uuid.uuid4().hex[:8]}"


def squash(place: Place, source: str, target: str, *options: str, layers: str = "1") -> Command:
    """Ours, of all layers."""
    words = ("image", "squash", source, target, "--all", "--layers", layers, *options)
    return command(place, place.paasctl, *words)


def command(place: Place, *argv: str, says: str = "") -> Command:
    """One that may take half an hour."""
    return Command(argv=argv, folder=place.folder, environ=place.environ, says=says, timeout=LONG)
