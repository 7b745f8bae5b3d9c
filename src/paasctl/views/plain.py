"""One line per thing, for logs, pipes and people without a terminal. Talk goes to `talk`, results to `result`."""

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
    Played,
    Progress,
    Ready,
    Scene,
    Started,
    Ticked,
    Warned,
)
from paasctl.model.plan import AwaitReady, Build, Step
from paasctl.model.verdict import Verdict
from paasctl.views.amounts import amount, duration, ticking
from paasctl.views.answers import Dump, text
from paasctl.views.clean import clean, spelled
from paasctl.views.paint import Piece, ending, escaped, pieces
from paasctl.views.words import (
    is_several,
    on_cluster,
    say,
    say_done,
    say_outcome,
    say_plan,
    say_pod,
    say_ready,
    say_scene,
    say_warning,
    troubled,
)

_QUIET = 25.0
"""Seconds without a line after which a sign of life is printed: CI systems end silent jobs."""


@dataclass
class Plain:
    """`quiet` keeps results and problems; `verbose` says when short steps begin; `color` paints, no cursor moves."""

    result: TextIO
    talk: TextIO
    dump: Dump
    quiet: bool = False
    verbose: bool = False
    color: bool = False
    _last: float = 0.0
    _now: float = 0.0
    _doing: dict[int, str] = field(default_factory=dict)
    _several: bool = False
    _seen: dict[str, tuple[str, ...]] = field(default_factory=dict)
    _stays: bool = False
    """Something is up that stays until it is stopped: silence is no worry then."""

    def __call__(self, event: Event) -> None:
        """Render one event."""
        match event:
            case Answered(answer):
                write_lines(self.result, text(answer, self.dump))
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
            self._write([pieces(it) for it in lines])

    def _write(self, painted: list[list[Piece]]) -> None:
        write_lines(self.talk, [escaped(it) if self.color else "".join(text for text, _ in it) for it in painted])

    def _close(self, outcome: Outcome) -> None:
        if not self.quiet or outcome.problems:
            self._write([ending(it, outcome) for it in say_outcome(outcome)])
        write_lines(self.result, result_of(outcome))

    def _tick(self, seconds: float) -> None:
        self._now = seconds
        if not (self.quiet or self._stays) and seconds - self._last >= _QUIET:
            what = "; ".join(self._doing.values())
            self._say([f"... still at it after {ticking(seconds)}{f': {what}' if what else ''}"])

    def _lines(  # noqa: C901, PLR0911 - a match over a closed union
        self,
        event: Planned | Started | Noted | Warned | Progress | Observed | LogLine | Ended | Ready | Scene | Played,
    ) -> list[str]:
        match event:
            case Planned(plan, number, dry_run):
                self._doing.clear()
                self._several = is_several(plan)
                return say_plan(plan, number, whole=dry_run)
            case Started(index, step):
                self._doing[index] = say(step)
                is_long = self.verbose or isinstance(step, AwaitReady | Build)
                return [f"[{index + 1}] {say(step)}{self._on(step)}"] if is_long else []
            case Ended(index, step, seconds):
                self._doing.pop(index, None)
                return [f"[{index + 1}] {say_done(step)}{self._on(step)}: done ({duration(seconds)})"]
            case Noted(said, index):
                return [f"[{index + 1}]   {clean(said)}" if index is not None else clean(said)]
            case Warned():
                return say_warning(event)
            case Progress():
                self._go_on(event)
                return []
            case Observed():
                return self._observed(event)
            case LogLine(source, said, _):
                return [f"{source} | {clean(said)}"]
            case Ready():
                self._stays = True
                return say_ready(event)
            case Scene():
                return say_scene(event)
            case Played():
                return []
            case _:
                assert_never(event)

    def _on(self, step: Step) -> str:
        return on_cluster(step) if self._several else ""

    def _go_on(self, event: Progress) -> None:
        if event.index in self._doing:
            self._doing[event.index] = f"{event.what}, {amount(event)}"

    def _observed(self, event: Observed) -> list[str]:
        lines = [line for it in event.verdicts for line in self._fresh(event.target, it)]
        waiting = [f"{it.key}: {it.text}" for it in event.verdicts if it.state != "ready"]
        if event.index is not None and waiting:
            self._doing[event.index] = ", ".join(waiting[:3])
        return lines

    def _fresh(self, target: str, verdict: Verdict) -> list[str]:
        """The workload, where something of it was not said before. A new number of restarts alone is no news."""
        ill = troubled(verdict)
        cause = verdict.cause.message if verdict.cause else ""
        news = (verdict.text, cause, *(f"{it.name} {it.reason}" for it in ill))
        before = self._seen.get(f"{target} {verdict.key}")
        self._seen[f"{target} {verdict.key}"] = news
        if before == news:
            return []
        lines = [f"    {verdict.key}: {verdict.text}", *(f"      {say_pod(it)}" for it in ill)]
        return [*lines, f"      ! {clean(cause)}"] if cause else lines


def result_of(outcome: Outcome) -> list[str]:
    """What a script reads from standard output when a verb that acts is done: the version, or the image."""
    facts = dict(outcome.facts)
    version = facts.get("version") or facts.get("image") or facts.get("digest")
    return [version] if version and outcome.status in ("done", "nothing-to-do") else []


def write_lines(out: TextIO, lines: list[str]) -> None:
    """Write lines, spelled as the stream can, at once."""
    out.writelines(spelled(line, out.encoding) + "\n" for line in lines)
    out.flush()
