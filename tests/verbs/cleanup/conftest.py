"""Three releases in the embedded registry; the newest stays."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from support.cleaning import Dump, dump_in


@pytest.fixture(params=[True, False], ids=["referrers", "tags of clients"])
def dump(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Dump]:
    with dump_in(tmp_path / "one", api=request.param) as found:
        yield found
