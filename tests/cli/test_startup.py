"""Starting up stays cheap: what is not needed is not imported."""

from __future__ import annotations

import subprocess
import sys

import pytest

from paasctl.cli.table import VERBS

_HEAVY = {"kubernetes", "docker", "git", "jinja2", "ruamel", "yaml", "urllib3", "requests", "rich", "asyncio"}
_RUN = """
import sys
from paasctl.cli.main import main
try:
    status = main({args!r})
except SystemExit as error:
    status = error.code
sys.stderr.write("\\n".join(sys.modules))
sys.exit(status)
"""


def _loaded(*args: str) -> set[str]:
    code = _RUN.format(args=list(args))
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(done.stderr.split())


def _tops(modules: set[str]) -> set[str]:
    return {it.partition(".")[0] for it in modules}


def test_the_version_is_told_before_typer_is_imported() -> None:
    loaded = _loaded("--version")
    assert "typer" not in loaded
    assert {it for it in loaded if it.startswith("paasctl")} == {"paasctl", "paasctl.cli", "paasctl.cli.main"}


def test_help_needs_neither_a_verb_nor_the_model() -> None:
    loaded = _loaded("--help")
    assert not _tops(loaded) & _HEAVY
    assert not {f"paasctl.cli.{module}" for module, _ in VERBS.values()} & loaded
    assert not {it for it in loaded if it.startswith(("paasctl.model", "paasctl.planning", "paasctl.verbs"))}


@pytest.mark.parametrize("verb", VERBS)
def test_help_of_a_verb_needs_neither_the_model_nor_a_client(verb: str) -> None:
    loaded = _loaded(verb, "--help")
    assert not _tops(loaded) & _HEAVY
    assert not {it for it in loaded if it.startswith(("paasctl.model", "paasctl.planning", "paasctl.verbs"))}
    others = {f"paasctl.cli.{module}" for module, _ in VERBS.values()} - {f"paasctl.cli.{VERBS[verb][0]}"}
    assert not others & loaded
