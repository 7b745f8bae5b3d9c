"""Where a command works: what `-C` and `-f` name must be there, and be what it should be."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from paasctl.cli.main import main
from paasctl.errors import Exit


def _ended(*words: str) -> int:
    with pytest.raises(SystemExit) as ended:
        main([*words])
    return int(str(ended.value))


@pytest.mark.parametrize("verb", ["lint", "init", "version"])
def test_a_folder_that_is_none_is_a_wrong_command_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], verb: str
) -> None:
    (tmp_path / "paas.yaml").write_text("app: a")
    for odd, why in (("nowhere", "there is no such folder"), ("paas.yaml", "it is no folder")):
        assert _ended("-C", str(tmp_path / odd), verb) == Exit.USAGE
        assert why in capsys.readouterr().err


def test_a_pipe_in_the_place_of_the_file_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    os.mkfifo(tmp_path / "paas.yaml")
    assert _ended("-C", str(tmp_path), "config", "show", "-f", "paas.yaml") == Exit.CONFIG
    assert "it is neither a file nor a folder" in capsys.readouterr().err
