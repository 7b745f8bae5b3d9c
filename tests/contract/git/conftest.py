"""Git's contract is asked of git in memory, which stands in the tests of verbs, and of real repositories.

A history is drawn once and made in both; see `support.histories` for how to read a drawing.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from support.git_worlds import Draw, RealGit, SmallGit


@pytest.fixture(params=["small", "real"])
def draw(request: pytest.FixtureRequest, tmp_path: Path) -> Draw:
    """Makes a world of a drawing."""
    return SmallGit if request.param == "small" else lambda drawing: RealGit(drawing, tmp_path)
