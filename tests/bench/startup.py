"""Rows of the start: what a command costs before it does anything."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from bench.commands import Command
from bench.place import Place, program
from bench.rows import Pair, Row, timed, times

_VERBS = ("deploy", "release", "render", "status", "config")
_RUNS = (21, 7)
_KUBECTL = "this kubectl is one of the programs of a larger binary: one of its own starts sooner"


def rows() -> tuple[Row, ...]:
    """`--version` and `--help` beside a bare Python, and beside kubectl's."""
    bare = ("-c", "pass")
    return (
        _row("start-version", ("--version",), bare, 3),
        _row("start-help", ("--help",), bare, 8),
        *(_row(f"start-help-{verb}", (verb, "--help"), bare, 8) for verb in _VERBS),
        _row("start-version-kubectl", ("--version",), ("version", "--client"), 1),
        _row("start-help-kubectl", ("--help",), ("--help",), 1),
    )


def _row(name: str, ours: tuple[str, ...], peer: tuple[str, ...], limit: float) -> Row:
    is_python = peer[0] == "-c"
    return Row(
        name=name,
        ours=f"paasctl {' '.join(ours)}",
        peer=f"{'python' if is_python else 'kubectl'} {' '.join(peer)}",
        bound=times(limit),
        runs=_RUNS,
        measure=timed(contextmanager(_pair(ours, peer, is_python=is_python))),
        needs=() if is_python else ("kubectl",),
    )


def _pair(ours: tuple[str, ...], peer: tuple[str, ...], *, is_python: bool) -> Callable[[Place], Iterator[Pair]]:
    def make(place: Place) -> Iterator[Pair]:
        first = Command(argv=(place.paasctl, *ours), folder=place.folder, environ=place.environ, says="paasctl")
        other = place.python if is_python else program("kubectl")
        second = Command(argv=(other, *peer), folder=place.folder, environ=place.environ)
        yield Pair(lambda _: first, lambda _: second, "" if is_python else _KUBECTL)

    return make
