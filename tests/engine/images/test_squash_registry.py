"""A squash from one registry to another: over the wire, nothing of the image on this disk, and little asked twice."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from paasctl.adapters.codecs import MachineCodecs
from paasctl.adapters.layout import create_layout
from paasctl.engine.images.squash import squash_image
from paasctl.model.location import InLayout
from paasctl.model.squashing import Squashed, SquashWish
from support.clock import FakeCancel
from support.copying import Bench, at
from support.images import lay_image, tars_of
from support.naive import seen
from support.registry import Registry
from support.squashing import ABOVE, ALL
from support.tars import tar_of

TARS = [tar_of("base=1"), *(tar_of(f"f{it}=" + f"{it}" * 90_000, f"d{it}/", f"d{it}/x=1") for it in range(6))]


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    with Registry() as here, Registry() as there:
        it = Bench(here, there, tmp_path)
        lay_image(create_layout(tmp_path / "built"), "web", TARS)
        it.copy(InLayout("built", "web"), at(here, "shop/web"))
        here.requests.clear()
        there.requests.clear()
        yield it
        it.close()


def squash(bench: Bench, source: Registry, target: Registry, wish: SquashWish) -> Squashed:
    to = bench.target(at(target, "shop/web", "small"))
    made = squash_image(
        bench.source(at(source, "shop/web")),
        to,
        wish,
        codecs=MachineCodecs(),
        warn=bench.warned.append,
        progress=lambda *_: None,
        cancel=FakeCancel(),
    )
    to.finish(made.root, made.content)
    return made


def fetched(bench: Bench, registry: Registry) -> list[bytes]:
    """The layers of what was pushed, by way of a copy into a folder."""
    bench.copy(at(registry, "shop/web", "small"), InLayout("fetched", "x"))
    layout = create_layout(bench.folder / "fetched")
    found = layout.place("x")
    assert found
    return tars_of(layout, found)


@pytest.mark.parametrize("wish", [ALL, ABOVE, replace(ABOVE, layers=3)])
def test_from_registry_to_registry(bench: Bench, wish: SquashWish, monkeypatch: pytest.MonkeyPatch) -> None:
    nowhere = bench.folder / "temporary"
    nowhere.mkdir(mode=0o500)
    monkeypatch.setattr(tempfile, "tempdir", str(nowhere))
    made = squash(bench, bench.here, bench.there, wish)
    assert list(nowhere.iterdir()) == []
    assert bench.here.requests["GET blobs"] == len(TARS) + 1, "each layer once, and the configuration"
    after = fetched(bench, bench.there)
    assert seen(*after) == seen(*TARS)
    assert len(after) == made.layers_after
    assert "small" in bench.there.tags["shop/web"]


def test_within_a_registry_the_bases_layers_are_not_sent(bench: Bench) -> None:
    before = set(bench.here.blobs["shop/web"])
    squash(bench, bench.here, bench.here, ABOVE)
    new = set(bench.here.blobs["shop/web"]) - before
    assert len(new) == 2, "one layer and a configuration"
    assert seen(*fetched(bench, bench.here)) == seen(*TARS)
