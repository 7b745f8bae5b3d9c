from __future__ import annotations

from pathlib import Path

import pytest

from paasctl.adapters.layout import FolderLayout, create_layout


@pytest.fixture
def layout(tmp_path: Path) -> FolderLayout:
    return create_layout(tmp_path / "out")
