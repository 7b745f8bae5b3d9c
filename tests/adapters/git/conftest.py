from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from support.histories import git_environ


@pytest.fixture
def environ(tmp_path: Path) -> Mapping[str, str]:
    home = tmp_path / "home"
    home.mkdir()
    return git_environ(home)
