"""What `paasctl image` and its commands say of themselves, word for word."""

from __future__ import annotations

import pytest
from typer.testing import CliRunner

from paasctl.cli.table import app
from support import goldens


@pytest.mark.parametrize("command", ["", "squash", "copy", "rebase"])
def test_the_help_is_as_it_was(command: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    result = CliRunner().invoke(app, ["image", *filter(None, [command]), "--help"], prog_name="paasctl")
    assert result.exit_code == 0
    goldens.check(f"help/image{'-' if command else ''}{command}.txt", result.output)
