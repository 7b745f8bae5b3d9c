"""Rows of rendering: the same objects out of our templates, a chart, a kustomization."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from bench.commands import Command, run
from bench.place import Place, program
from bench.rows import Pair, Row, timed, times
from bench.shop import prove_same, write_chart, write_kustomization, write_shop

_RUNS = (15, 5)


def rows() -> tuple[Row, ...]:
    """One service of five manifests, and fifty."""
    return (
        _row("render-1-helm", 1, "helm", 4),
        _row("render-50-helm", 50, "helm", 3.5),
        _row("render-50-kustomize", 50, "kustomize", 1.6),
    )


def _row(name: str, services: int, peer: str, limit: float) -> Row:
    return Row(
        name=name,
        ours=f"paasctl render ({services * 5} manifests)",
        peer="helm template" if peer == "helm" else "kustomize build",
        bound=times(limit),
        runs=_RUNS,
        measure=timed(contextmanager(_pair(services, peer))),
        needs=(peer,),
    )


def _pair(services: int, peer: str) -> Callable[[Place], Iterator[Pair]]:
    def make(place: Place) -> Iterator[Pair]:
        project, other = place.folder / "project", place.folder / peer
        write_shop(project, services, place)
        argv = (place.paasctl, "render", "dev", "--placeholder-digests")
        ours = Command(argv=argv, folder=project, environ=place.environ)
        _, rendered = run(ours)
        if peer == "helm":
            write_chart(other, services, rendered)
            theirs: tuple[str, ...] = (program("helm"), "template", "shop", str(other))
        else:
            write_kustomization(other, rendered)
            theirs = (program("kustomize"), "build", str(other))
        second = Command(argv=theirs, folder=place.folder, environ=place.environ)
        prove_same(rendered, run(second)[1])
        yield Pair(lambda _: ours, lambda _: second)

    return make
