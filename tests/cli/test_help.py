"""What `--help` says, and what a wrong command line gets."""

from __future__ import annotations

import inspect
from itertools import pairwise
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from paasctl.cli.front import OPTIONS, VERBS, page
from paasctl.cli.options import SHARED
from paasctl.cli.table import app, run


def _leaves() -> list[tuple[str, ...]]:
    """Every command that can be run, groups opened."""
    table: Any = typer.main.get_command(app)
    found: list[tuple[str, ...]] = []
    for name in VERBS:
        inner = getattr(table.commands[name], "commands", None)
        found += [(name, it) for it in inner or ()]
        if not inner or table.commands[name].invoke_without_command:
            found.append((name,))
    return found


def _told(*args: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, list(args), prog_name="paasctl")
    return result.exit_code, result.output


LEAVES = _leaves()


def test_help_lists_every_verb_with_its_line() -> None:
    status, said = _told("--help")
    assert status == 0
    words = " ".join(said.split())
    for name, (_, summary) in VERBS.items():
        assert f"{name} {summary}" in words


@pytest.mark.parametrize("leaf", LEAVES, ids=" ".join)
def test_every_verb_shows_two_examples_of_itself(leaf: tuple[str, ...]) -> None:
    status, said = _told(*leaf, "--help")
    assert status == 0
    _, _, examples = said.partition("Examples:")
    lines = examples.partition("Options:")[0].splitlines()
    assert len([it for it in lines if f"paasctl {' '.join(leaf)}" in it]) >= 2
    torn = [one for one, two in pairwise(lines) if one.startswith("    ") and two.startswith("    ")]
    assert torn == [], "an example is a line that can be copied"


@pytest.mark.parametrize("leaf", LEAVES, ids=" ".join)
def test_every_verb_takes_the_shared_options_and_names_variables(leaf: tuple[str, ...]) -> None:
    _, said = _told(*leaf, "--help")
    for name in SHARED:
        assert f"--{name}" in said
    assert "PAASCTL_OUTPUT" in said
    assert max(map(len, said.splitlines())) <= 80


@pytest.mark.parametrize("leaf", LEAVES, ids=" ".join)
def test_every_option_has_words(leaf: tuple[str, ...]) -> None:
    command: Any = typer.main.get_command(app)
    for name in leaf:
        command = command.commands[name]
    for parameter in command.params:
        assert parameter.param_type_name == "argument" or parameter.help, parameter.name
    assert inspect.getdoc(command.callback)


@pytest.mark.parametrize(
    ("args", "says"),
    [
        (["deploi", "dev"], "Did you mean 'deploy'"),
        (["deploy"], "Missing argument 'ENV'"),
        (["deploy", "dev", "--nope"], "--nope"),
        (["deploy", "dev", "extra"], "extra"),
        (["version", "--output", "xml"], "'xml' is not one of 'text', 'json', 'jsonl', 'yaml'"),
        (["--output"], "--output"),
        (["history", "dev", "--limit", "0"], "--limit"),
        (["config", "shwo"], "Did you mean 'show'?"),
        (["release", "exprot"], "Did you mean 'export'?"),
        (["release", "--dry-run", "export", "1.0.0", "shop.tar"], "--dry-run is no option of `release export`"),
        (["release", "export", "1.0.0"], "Missing argument 'FILE'"),
        (["release", "import", "shop.tar"], "Missing option '--to'"),
    ],
    ids=lambda it: " ".join(it) if isinstance(it, list) else None,
)
def test_a_wrong_command_line_is_two_with_a_way_on(args: list[str], says: str) -> None:
    status, said = _told(*args)
    assert status == 2
    assert says in " ".join(said.split())
    assert "Traceback" not in said


def test_no_words_at_all_are_help() -> None:
    status, said = _told()
    assert "Run:" in said
    assert status == 2


def test_run_gives_the_status() -> None:
    with pytest.raises(SystemExit) as ended:
        run(["--help"])
    assert ended.value.code == 0


def test_the_front_page_names_every_verb_and_option_once_in_80_columns() -> None:
    lines = page().splitlines()
    assert max(map(len, lines)) <= 80
    for name in VERBS:
        assert sum(line.startswith(f"  {name} ") for line in lines) == 1, name
    for spellings, _, _ in OPTIONS.values():
        assert sum(line.startswith(f"  {', '.join(spellings)}") for line in lines) == 1, spellings
