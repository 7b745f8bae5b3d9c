"""A plan that asks first: shown whole, then the question, on a terminal; refused where there is nobody to ask."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import Any

import pytest

from paasctl.cli.options import Output, Settings
from paasctl.cli.session import Session
from paasctl.errors import Exit, UsageError
from paasctl.model.event import Outcome
from paasctl.model.plan import NOTHING, Plan, WriteFile
from paasctl.model.rounds import Rounds
from support.streams import Stream

_STEPS = tuple(WriteFile(path=f"file-{at}.yaml", content=b"") for at in range(50))


class _Asking:
    """Its plan wants agreement, and is never carried out here: everybody declines."""

    def read(self, reads: Any, emit: Any, cancel: Any) -> None:
        del reads, emit, cancel

    def next(self, facts: None, rounds: Rounds) -> Plan:
        del facts
        return NOTHING if rounds else Plan(verb="write", subject="it", stages=(_STEPS,), asks="it is protected")

    def end(self, rounds: Rounds) -> Outcome:
        raise AssertionError(rounds)


class _Person(io.StringIO):
    def isatty(self) -> bool:
        return True


@dataclass
class _Case:
    settings: Settings
    answers: str | None
    """None: no terminal to ask on."""

    def go(self, make: Any = _Asking) -> int:
        terminal = self.answers is not None
        self.talk, self.result = Stream(terminal=terminal), Stream()
        stdin = _Person(self.answers) if terminal else io.StringIO()
        session = Session(self.settings, "write", stdout=self.result, stderr=self.talk, stdin=stdin)
        return session.act(make, dry_run=False, exit_code=False, yes=False)


@pytest.mark.parametrize("quiet", [True, False], ids=["quiet", "on a terminal"])
def test_the_whole_plan_stands_on_the_screen_before_the_question(*, quiet: bool) -> None:
    case = _Case(Settings(quiet=quiet), "n\n")
    assert case.go() == Exit.REFUSED
    shown, asked, after = case.talk.text.partition("Go on? [y/N] ")
    assert asked
    assert "write it: it is protected." in shown
    assert "declined" in after
    assert quiet or "file-49.yaml" in shown


@pytest.mark.parametrize(
    "settings", [Settings(), Settings(output=Output.JSON), Settings(output=Output.JSONL)], ids=["text", "json", "jsonl"]
)
def test_without_a_terminal_it_is_refused(settings: Settings) -> None:
    case = _Case(settings, None)
    assert case.go() == Exit.REFUSED
    assert "--yes" in case.talk.text + case.result.text


def test_json_never_asks() -> None:
    case = _Case(Settings(output=Output.JSON), "y\n")
    assert case.go() == Exit.REFUSED
    assert "Go on?" not in case.talk.text


def test_what_a_verb_refuses_of_the_command_line_is_an_outcome() -> None:
    def make() -> Any:
        raise UsageError("reading --rollout-timeout: 'soon' is no duration")

    case = _Case(Settings(output=Output.JSONL), None)
    assert case.go(make) == Exit.USAGE
    assert '"code": "usage"' in case.result.text
