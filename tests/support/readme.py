"""The parts of the README that are made: `python -m support.readme` (PYTHONPATH=tests) writes them anew."""

from __future__ import annotations

import re
from pathlib import Path

from paasctl.config.reference import reference
from paasctl.errors import MEANINGS

README = Path(__file__).parents[2] / "README.md"


def exit_codes() -> str:
    """The table of exit codes."""
    rows = [f"| {status.value} | {meaning} | {changed} |" for status, (meaning, changed) in MEANINGS.items()]
    return "\n".join(["| code | meaning | did anything change? |", "|---|---|---|", *rows])


def blocks() -> dict[str, str]:
    """What stands between the markers of each name."""
    return {"exit codes": exit_codes(), "reference": reference().strip()}


def filled(text: str) -> str:
    """The README with every made block as it should be."""
    for name, content in blocks().items():
        between = re.compile(rf"(<!-- {name} -->\n).*?(<!-- /{name} -->)", re.DOTALL)
        assert between.search(text), f"README.md has no block {name!r}"
        text = between.sub(lambda found, content=content: f"{found[1]}{content}\n{found[2]}", text)  # type: ignore[misc]
    return text


if __name__ == "__main__":
    README.write_text(filled(README.read_text()))
