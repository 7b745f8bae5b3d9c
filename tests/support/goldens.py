"""Files that say what is expected. `PAASCTL_GOLDENS=write pytest tests/views` writes them anew: then read the diff."""

from __future__ import annotations

import os
from pathlib import Path

GOLDENS = Path(__file__).parent.parent / "views" / "goldens"


def check(name: str, text: str) -> None:
    """Compare with the golden of that name."""
    file = GOLDENS / name
    if os.environ.get("PAASCTL_GOLDENS") == "write":
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    assert file.exists(), f"no golden {name} yet: PAASCTL_GOLDENS=write"
    assert text == file.read_text(encoding="utf-8"), f"{name} differs: if that is meant, PAASCTL_GOLDENS=write"
