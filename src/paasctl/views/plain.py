"""One line per event, for logs, pipes and people without a terminal. Talk goes to `talk`, results to `result`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TextIO, assert_never

from paasctl.model.event import (
    Answered,
    Ended,
    Event,
    LogLine,
    Noted,
    Observed,
    Outcome,
    Planned,
    Progress,
    Started,
    Ticked,
    Warned,
)
from paasctl.model.plan import AwaitReady, Build
from paasctl.views.answers import Dump, text
from paasctl.views.words import duration, say, say_outcome, say_plan, size

_QUIET = 30.0
"""Seconds without a line after which a sign of life is printed: CI systems end silent jobs."""


@dataclass
class Plain:
    """`quiet` keeps results and problems; `verbose` adds every build log line."""

    result: TextIO
    talk: TextIO
    dump: Dump
    quiet: bool = False
    verbose: bool = False
    _last: float = 0.0
    _now: float = 0.0
    _doing: dict[int, str] = field(default_factory=dict)
    _seen: dict[str, str] = field(default_factory=dict)

    def __call__(self, event: Event) -> None:
        """Render one event."""
        match event:
            case Answered(answer):
                _write(self.result, text(answer, self.dump))
            case Outcome():
                self._close(event)
            case Ticked(seconds):
                self._tick(seconds)
            case _ if self.quiet:
                return
            case _:
                self._say(self._lines(event))

    def close(self) -> None:
        """Nothing is held back."""

    def _say(self, lines: list[str]) -> None:
        if lines:
            self._last = self._now
            _write(self.talk, lines)

    def _close(self, outcome: Outcome) -> None:
        lines = say_outcome(outcome)
        _write(self.talk, lines if not self.quiet or outcome.problems else [])
        if (version := dict(outcome.facts).get("version")) and outcome.status in ("done", "nothing-to-do"):
            _write(self.result, [version])

    def _tick(self, seconds: float) -> None:
        self._now = seconds
        if not self.quiet and self._doing and seconds - self._last >= _QUIET:
            self._say([f"... still at it after {duration(seconds)}: {', '.join(self._doing.values())}"])

    def _lines(  # noqa: C901 - a match over a closed union
        self, event: Planned | Started | Noted | Warned | Progress | Observed | LogLine | Ended
    ) -> list[str]:
        match event:
            case Planned(plan, number, _):
                return say_plan(plan, number)
            case Started(index, step):
                self._doing[index] = say(step)
                return [f"[{index + 1}] {say(step)}"] if isinstance(step, AwaitReady | Build) else []
            case Ended(index, step, seconds):
                self._doing.pop(index, None)
                return [f"[{index + 1}] {say(step)}: done ({duration(seconds)})"]
            case Noted(said, index):
                return [f"[{index + 1}]   {said}" if index is not None else said]
            case Warned(said, hint):
                return [f"warning: {said}"] + ([f"  → {hint}"] if hint else [])
            case Progress():
                return self._progress(event)
            case Observed():
                return self._observed(event)
            case LogLine(source, said, _):
                return [f"{source} | {said}"]
            case _:
                assert_never(event)

    def _progress(self, event: Progress) -> list[str]:
        if event.index is not None and event.total:
            amount = f"{size(event.done)} of {size(event.total)}" if event.unit == "bytes" else f"{event.done}"
            self._doing[event.index] = f"{event.what}, {amount}"
        return []

    def _observed(self, event: Observed) -> list[str]:
        fresh = [it for it in event.verdicts if self._seen.get(f"{event.target}{it.key}") != it.text]
        self._seen |= {f"{event.target}{it.key}": it.text for it in fresh}
        return [f"    {it.key}: {it.text}" for it in fresh]


def _write(out: TextIO, lines: list[str]) -> None:
    out.writelines(line + "\n" for line in lines)
    out.flush()
