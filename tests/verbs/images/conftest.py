"""Places for images, and a folder of one's own to be in."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from support.imaging import Somewhere, somewhere


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Somewhere]:
    with somewhere(tmp_path) as made:
        monkeypatch.setenv("DOCKER_HOST", made.host)
        monkeypatch.chdir(tmp_path)
        yield made
