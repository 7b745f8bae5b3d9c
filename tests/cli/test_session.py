"""Which view a run gets: what the streams are, what was asked for, what the environment says."""

from __future__ import annotations

import pytest

from paasctl.cli.options import Color, Output, Settings
from paasctl.cli.session import Session
from paasctl.views.view import View
from support.streams import Stream


def _view(settings: Settings, *, terminal: bool = True) -> View:
    result, talk = Stream(terminal=terminal), Stream(terminal=terminal)
    return Session(settings, "status", stdout=result, stderr=talk)._view()


@pytest.fixture(autouse=True)
def _ordinary(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NO_COLOR", "FORCE_COLOR", "GITHUB_ACTIONS", "CI"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")


@pytest.mark.parametrize(
    ("settings", "terminal", "name"),
    [
        (Settings(), True, "Rich"),
        (Settings(), False, "Plain"),
        (Settings(quiet=True), True, "Plain"),
        (Settings(color=Color.NEVER), True, "Rich"),
        (Settings(output=Output.JSONL), True, "JsonLines"),
        (Settings(output=Output.JSON), True, "EndOnly"),
        (Settings(output=Output.YAML), False, "EndOnly"),
    ],
    ids=lambda it: str(it) if not isinstance(it, Settings) else ",".join(f"{it.output or ''}{it.color or ''}"),
)
def test_the_view_fits_the_streams_and_the_format(settings: Settings, *, terminal: bool, name: str) -> None:
    assert type(_view(settings, terminal=terminal)).__name__ == name


@pytest.mark.parametrize("variable", ["NO_COLOR", "TERM"])
def test_the_environment_is_obeyed(monkeypatch: pytest.MonkeyPatch, variable: str) -> None:
    monkeypatch.setenv(variable, "dumb" if variable == "TERM" else "1")
    assert type(_view(Settings())).__name__ == ("Plain" if variable == "TERM" else "Rich")
    assert getattr(_view(Settings()), "color", False) is False
