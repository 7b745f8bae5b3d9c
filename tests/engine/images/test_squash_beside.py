"""Squashing and asking with layers read in processes of their own: nothing about it shows but the time."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from paasctl.adapters import beside as module
from paasctl.adapters.codecs import MachineCodecs
from paasctl.adapters.layout import FolderLayout, create_layout
from paasctl.errors import BuildFailed
from paasctl.model.squashing import SquashWish
from paasctl.ports.codecs import LayerReader
from paasctl.verbs.images.diff import AskImageDiff
from paasctl.verbs.images.inspect import AskInspect
from support.clock import FakeCancel
from support.images import lay_image
from support.squashing import ABOVE, ALL, TARS, idle, squash
from support.world import FakeWorld

AUTO = SquashWish(layers="auto", base="squash")


class Alone(MachineCodecs):
    """Reads every layer itself."""

    @contextmanager
    def beside(self, layers: int, packed: int) -> Iterator[LayerReader | None]:
        assert layers
        assert packed >= 0
        yield None


@pytest.fixture(autouse=True)
def _always(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_LEAST", 0)
    monkeypatch.setattr(os, "cpu_count", lambda: 2)


@pytest.fixture
def here(tmp_path: Path) -> FolderLayout:
    return create_layout(tmp_path / "here")


@pytest.mark.parametrize("wish", [ALL, ABOVE, AUTO, replace(ALL, verify=False), replace(ALL, packing="zstd")])
def test_the_digest_is_the_same(here: FolderLayout, tmp_path: Path, wish: SquashWish) -> None:
    lay_image(here, "web", TARS)
    alone = squash(here, create_layout(tmp_path / "alone"), wish, codecs=Alone())
    assert squash(here, create_layout(tmp_path / "beside"), wish) == alone
    assert idle()


def test_a_layer_that_lies_is_found_there_too(here: FolderLayout, tmp_path: Path) -> None:
    lay_image(
        here, "web", TARS, config={"rootfs": {"type": "layers", "diff_ids": ["sha256:" + it * 64 for it in "123"]}}
    )
    with pytest.raises(BuildFailed, match="it unpacks to"):
        squash(here, create_layout(tmp_path / "there"), ALL)
    assert idle()


def test_a_report_says_the_same_and_is_kept_the_same(here: FolderLayout, tmp_path: Path) -> None:
    lay_image(here, "web", TARS)
    lay_image(here, "new", TARS[:2])
    answers: list[object] = []
    for codecs in (Alone(), MachineCodecs()):
        world = FakeWorld.make(tmp_path / type(codecs).__name__)
        world.codecs = codecs
        for _ in range(2):  # the second time from what was kept
            answers.append(AskInspect(source=f"oci:{here.root}:web").answer(world, lambda _: None, FakeCancel()))
            asked = AskImageDiff(before=f"oci:{here.root}:web", after=f"oci:{here.root}:new")
            answers.append(asked.answer(world, lambda _: None, FakeCancel()))
    assert answers[:2] == answers[2:4] == answers[4:6] == answers[6:]
