"""The view for a terminal: lasting lines above, the scene below, results to standard output."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TextIO

from rich.console import Console
from rich.text import Text

from paasctl.model.answer import Answer, ConfigShown, Findings, RehearsalAnswer, Rendered, SchemaShown
from paasctl.model.counting import count
from paasctl.model.event import (
    Answered,
    Ended,
    Event,
    LogLine,
    Noted,
    Outcome,
    Planned,
    Ready,
    Scene,
    Started,
    Ticked,
    Warned,
)
from paasctl.model.plan import Apply, AwaitReady, Delete, TagImage
from paasctl.views.amounts import duration
from paasctl.views.answers import Dump, text
from paasctl.views.board import Board, Phase
from paasctl.views.clean import clean
from paasctl.views.marks import marks_for
from paasctl.views.paint import Piece, data, ending, pieces
from paasctl.views.plain import result_of, write_lines
from paasctl.views.rich.frame import Frame
from paasctl.views.rollout import rollout
from paasctl.views.scene import Size, scene, thinking
from paasctl.views.words import on_cluster, say, say_done, say_outcome, say_plan, say_ready, say_scene, say_warning

_FEW = 4
"""Up to so many short steps of a phase get a lasting line each; of more, the phase gets one."""
_KEPT = 20
"""Lines of the rollout that last."""


@dataclass
class Rich:
    """`color`: True forces it, False forbids it, None asks the terminal. `console` replaces the one on `talk`."""

    result: TextIO
    talk: TextIO
    dump: Dump
    quiet: bool = False
    verbose: bool = False
    color: bool | None = None
    console: Console | None = None
    _board: Board = field(default_factory=Board)
    _thinking: tuple[str, float] | None = ("looking", 0.0)

    def __post_init__(self) -> None:
        self._console = self.console or console_on(self.talk, self.color)
        self._frame = Frame(self._console)
        self._marks = marks_for(self._console.encoding)

    def __call__(self, event: Event) -> None:
        """Show one event."""
        self._board.hear(event)
        match event:
            case Answered(answer):
                self._answer(answer)
            case Outcome():
                self._end(event)
            case Ticked() | Started():
                self._draw()
            case Ended():
                self._say(self._lasting(event))
                self._draw()
            case Scene():
                self._thinking = None  # the terminal is the scene's command's own now
                self._frame.clear()
                self._say(self._lines(event))
            case Planned() | Noted() | Ready():
                self._thinking = self._thought(event)
                self._say(self._lines(event))
            case _:
                self._say(self._lines(event))

    def _thought(self, event: Planned | Noted | Ready) -> tuple[str, float] | None:
        """What goes on while no step runs. After a plan somebody may be asked; nobody waits for what is up."""
        if isinstance(event, Planned | Ready) or self._board.running:
            return None
        return clean(event.text), self._board.now

    def _lines(self, event: Event) -> Iterable[Sequence[Piece]]:
        match event:
            case Planned(plan, number, dry_run):
                return map(pieces, say_plan(plan, number, whole=dry_run))
            case Noted(said, index):
                return [pieces(clean(said) if index is None else f"  {clean(said)}")]
            case Warned():
                return map(pieces, say_warning(event))
            case LogLine(source, said, _) if self.verbose:
                return [[(f"{source} | {clean(said)}", "dim")]]
            case Ready():
                return map(pieces, say_ready(event))
            case Scene():
                return map(pieces, say_scene(event))
            case _:
                return []

    def close(self) -> None:
        """Leave the terminal as it was."""
        self._frame.clear()

    def _say(self, lines: Iterable[Sequence[Piece]]) -> None:
        if not self.quiet:
            self._last(lines)

    def _last(self, lines: Iterable[Sequence[Piece]]) -> None:
        if said := [line for it in lines for line in wrapped(painted(it), self._console)]:
            self._frame.above(said)

    def _draw(self) -> None:
        if self.quiet or not self._console.is_terminal:
            return
        size = Size(*self._console.size)
        if self._board.running:
            self._thinking = None
            self._frame.draw([painted(it) for it in scene(self._board, size, self._marks)])
        elif self._thinking and self._board.now - self._thinking[1] >= 1:
            said, since = self._thinking
            self._frame.draw([painted(it) for it in thinking(said, since, self._board.now, size.width, self._marks)])
        else:
            self._frame.clear()

    def _lasting(self, event: Ended) -> list[Sequence[Piece]]:
        """The lines that stay of a step that is done; of many short ones only their phase's."""
        done = (f"{self._marks.ready} ", "green")
        step, took = event.step, (f"  {duration(event.seconds)}" if event.seconds >= 0.05 else "", "dim")
        on = on_cluster(step) if self._board.is_several else ""
        phase = next((it for it in self._board.phases if event.index in it.steps), None)
        if isinstance(step, AwaitReady):
            return [[done, (say_done(step) + on, ""), took], *self._rollout(step)]
        if isinstance(step, Apply | Delete | TagImage) and phase and len(phase.steps) > _FEW:
            return [[done, *_whole(phase)]] if phase.took is not None else []
        return [[done, (say(step) + on, ""), took]]

    def _rollout(self, step: AwaitReady) -> list[list[Piece]]:
        return rollout(self._board.seen.get(str(step.target), ()), _KEPT, self._marks)

    def _end(self, outcome: Outcome) -> None:
        self._thinking = None
        self._frame.clear()
        self._leave(failed=outcome.status == "failed")
        if not self.quiet or outcome.problems:
            self._last(ending(it, outcome) for it in say_outcome(outcome))
        write_lines(self.result, result_of(outcome))

    def _leave(self, *, failed: bool) -> None:
        """The lasting lines of steps that run and will not end."""
        mark = (f"{self._marks.doomed} ", "red") if failed else (f"{self._marks.waiting} ", "yellow")
        for it in self._board.running.values():
            took = (f"  {duration(self._board.now - it.began)}", "dim")
            rows = self._rollout(it.step) if isinstance(it.step, AwaitReady) else []
            self._say([[mark, (say(it.step), ""), took], *rows])
        self._board.running.clear()

    def _answer(self, answer: Answer) -> None:
        self._thinking = None
        self._frame.clear()
        self._leave(
            failed=isinstance(answer, RehearsalAnswer) and answer.status == "failed"
        )  # before what is told of it
        onto = console_on(self.result, self.color)
        lines = text(answer, self.dump, onto.width if onto.is_terminal else None)
        if onto.color_system is None:
            write_lines(self.result, lines)
        else:
            paint = data if isinstance(answer, Rendered | ConfigShown | SchemaShown) else pieces
            every = [painted(paint(it)) for it in lines]
            notes = " " if not isinstance(answer, Findings) else ""  # a table's rows are left to the terminal
            wraps = [paint is pieces and it.plain.startswith(notes) for it in every]
            Frame(onto).above(
                [row for it, wrap in zip(every, wraps, strict=True) for row in (wrapped(it, onto) if wrap else [it])]
            )


def _whole(phase: Phase) -> list[Piece]:
    noun = "image" if phase.name == "tag images" else "object"
    on = f" on {phase.cluster}" if phase.cluster else ""
    return [
        (f"{phase.name.split()[0]} {count(len(phase.steps), noun)}{on}", ""),
        (f"  {duration(phase.took or 0)}", "dim"),
    ]


def painted(line: Sequence[Piece]) -> Text:
    """A painted line as rich's text."""
    return Text.assemble(*line)


def wrapped(line: Text, console: Console) -> list[Text]:
    """A line that lasts, wrapped between words under its own beginning.

    Left to the terminal where it is to be copied whole: a command, a log line, a word that is longer than the room.
    """
    bare = line.plain.lstrip(" ")
    hang = len(line.plain) - len(bare) + 4
    room = console.width - hang
    is_whole = bare.startswith(("→", "|", "$ ", "paasctl ", "export ", "cd ")) or any(
        len(it) > room for it in bare.split()
    )
    if line.cell_len <= console.width or is_whole:
        return [line]
    first, *rest = line.wrap(console, console.width)
    for it in (first, *rest):
        it.rstrip()
    rest = list(Text(" ").join(rest).wrap(console, room)) if rest else []
    return [first, *(Text(" " * hang) + it for it in rest)]


def console_on(out: TextIO, color: bool | None) -> Console:
    """A console with the terminal's own sixteen colours, or none. `color` None: where `out` is a terminal."""
    painted = out.isatty() if color is None else color
    return Console(
        file=out,
        color_system="standard" if painted else None,
        no_color=not painted,
        force_jupyter=False,
        legacy_windows=False,
        highlight=False,
        markup=False,
        emoji=False,
    )
