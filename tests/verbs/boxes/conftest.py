"""A release on one side of a gap."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from support.boxing import Gap, gap_in


@pytest.fixture
def gap(tmp_path: Path) -> Iterator[Gap]:
    with gap_in(tmp_path / "one") as found:
        yield found
