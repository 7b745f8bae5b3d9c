"""A squash of a million entries: too long for a test that is run at every change, so beside those on real parts."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from hostile.lay import lay, tiny
from hostile.parts import layer, written
from hostile.processes import Room


@pytest.mark.contract
class TestBounds:
    __test__ = "PAASCTL_TEST_DOCKER_HOST" in os.environ

    def test_a_million_tiny_entries(self, tmp_path: Path) -> None:
        room = Room(tmp_path)
        lay(room.image, [tiny(1_000_000), written(layer("b=1"))])
        done = room.run("out")
        assert done.code == 0, done.err
        assert done.memory < 100 + 1_000_000 * 1.2 / 1024
        assert room.left() == []
