"""Rows of a node's pull, unpacked by containerd: the balanced layers of a squash beside one layer, and the original."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from bench.commands import BrokenCommandError, Command, run
from bench.input.kept import manifest_there, pushed
from bench.place import Place, testbed
from bench.rows import Bound, Pair, Row, timed
from bench.squashing import IMAGE, command, fresh, squash

_NEEDS = ("REGISTRY", "CONTAINERD_ADDRESS")


def rows() -> tuple[Row, ...]:
    """Both beside the balanced layers."""
    ours = "containerd pulls what paasctl image squash --all --layers auto made"
    return (
        Row(
            name="pull-balanced-original",
            ours=ours,
            peer="the original",
            bound=Bound(),
            runs=(3, 1),
            measure=timed(contextmanager(_beside(""))),
            needs=_NEEDS,
        ),
        Row(
            name="pull-balanced-one",
            ours=ours,
            peer="the same with --layers 1",
            bound=Bound(),
            runs=(3, 1),
            measure=timed(contextmanager(_beside("1"))),
            needs=_NEEDS,
        ),
    )


def _beside(layers: str) -> Callable[[Place], Iterator[Pair]]:
    """The pair of balanced layers and of so many; "": of the image as it was."""

    def make(place: Place) -> Iterator[Pair]:
        source, there, space = pushed(IMAGE, testbed("REGISTRY")), fresh(), f"bench-{uuid.uuid4().hex[:8]}"
        balanced = f"{there}-balanced:1"
        run(squash(place, source, balanced, layers="auto"))
        other = f"{there}-{layers}:1" if layers else source
        if layers:
            run(squash(place, source, other, layers=layers))
        counts = [len(manifest_there(it)["layers"]) for it in (balanced, other)]
        note = "{} and {} layers; nothing of either is there before".format(*counts)
        try:
            yield Pair(
                lambda _: _pull(place, space, balanced, other), lambda _: _pull(place, space, other, balanced), note
            )
        finally:
            for it in (balanced, other):
                _drop(place, space, it)
            run(_ctr(place, space, "namespaces", "rm", space))

    return make


def _pull(place: Place, space: str, reference: str, other: str) -> Command:
    """The pull; what an earlier one left is dropped before the clock starts."""
    for it in (reference, other):
        _drop(place, space, it)
    return _ctr(place, space, "images", "pull", "--plain-http", reference)


def _drop(place: Place, space: str, reference: str) -> None:
    """An image with its blobs and snapshots, where it is there."""
    with suppress(BrokenCommandError):
        run(_ctr(place, space, "images", "rm", "--sync", reference))


def _ctr(place: Place, space: str, *words: str) -> Command:
    return command(place, "ctr", "-a", testbed("CONTAINERD_ADDRESS"), "-n", space, *words)
