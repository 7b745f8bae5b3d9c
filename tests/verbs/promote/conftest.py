"""Two stops of a path, with a release at the first."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from support.promoting import Stops, Wide, path_in, wide_path


@pytest.fixture
def stops(tmp_path: Path) -> Iterator[Stops]:
    with path_in(tmp_path / "one") as found:
        yield found


@pytest.fixture
def within(tmp_path: Path) -> Iterator[Stops]:
    with path_in(tmp_path / "one", "shop-rc", one=True) as found:
        yield found


@pytest.fixture
def wide(tmp_path: Path) -> Iterator[Wide]:
    with wide_path(tmp_path / "one") as found:
        yield found
