"""Shared options: before or after the verb, or as a variable; what is said last wins."""

from __future__ import annotations

import pytest
import typer
from typer.testing import CliRunner

from paasctl.cli.options import Color, Output, Settings, one, seconds, with_shared
from paasctl.errors import UsageError

_got: list[Settings] = []


def probe(settings: Settings, *, loud: bool = False) -> int:
    """Remember the settings."""
    _got.append(settings)
    return 7 if loud else 0


def _app() -> typer.Typer:
    app = typer.Typer(add_completion=False)

    @app.callback()
    @with_shared
    def top(ctx: typer.Context, settings: Settings) -> None:
        ctx.obj = settings

    app.command("probe")(with_shared(probe))
    return app


def _settings(*args: str, env: dict[str, str] | None = None) -> Settings:
    result = CliRunner().invoke(_app(), list(args), env=env or {})
    assert result.exit_code == 0, result.output
    return _got.pop()


@pytest.mark.parametrize(
    ("args", "is_"),
    [
        (["probe"], Settings()),
        (["--output", "json", "probe"], Settings(output=Output.JSON)),
        (["probe", "--output", "json"], Settings(output=Output.JSON)),
        (["-o", "json", "probe", "-o", "yaml"], Settings(output=Output.YAML)),
        (["-q", "probe", "-f", "x.yaml"], Settings(quiet=True, file="x.yaml")),
        (["--set", "a=1", "--set", "b=2", "probe"], Settings(set=["a=1", "b=2"])),
        (["probe", "--color", "never", "-C", "/x"], Settings(color=Color.NEVER, directory="/x")),
    ],
    ids=lambda it: " ".join(it) if isinstance(it, list) else None,
)
def test_before_or_after_the_verb(args: list[str], is_: Settings) -> None:
    assert _settings(*args) == is_


def test_a_variable_counts_unless_said_otherwise() -> None:
    env = {"PAASCTL_OUTPUT": "jsonl", "PAASCTL_TIMEOUT": "5m"}
    assert _settings("probe", env=env).output is Output.JSONL
    assert _settings("probe", env=env).timeout_seconds == 300
    assert _settings("probe", "-o", "text", env=env).output is Output.TEXT


def test_what_is_said_before_the_verb_beats_a_variable() -> None:
    assert _settings("-o", "text", "probe", env={"PAASCTL_OUTPUT": "jsonl"}).output is Output.TEXT


def test_the_status_of_a_verb_is_the_process_s() -> None:
    assert CliRunner().invoke(_app(), ["probe", "--loud"]).exit_code == 7
    assert CliRunner().invoke(one(probe), [], env={"PAASCTL_PROBE_LOUD": "1"}).exit_code == 7


@pytest.mark.parametrize(
    ("text", "is_"), [("90", 90), ("90s", 90), ("10m", 600), ("1h30m", 5400), ("1h1m1s", 3661), ("0.5s", 0.5)]
)
def test_durations(text: str, is_: float) -> None:
    assert seconds(text, "--timeout") == is_


@pytest.mark.parametrize("text", ["", "x", "10 m", "-5s", "1d", "m", "5 5"])
def test_no_durations(text: str) -> None:
    with pytest.raises(UsageError, match="is no duration") as told:
        seconds(text, "--timeout")
    assert told.value.hint
