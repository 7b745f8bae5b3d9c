"""A story in a view: what was written, and what a terminal shows at a moment."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import yaml

from paasctl.model.event import Event, Ticked
from paasctl.views.jsonl import JsonLines
from paasctl.views.plain import Plain
from paasctl.views.rich import Rich
from support.streams import Screen, Stream, console


def dump(value: object) -> str:
    """As YAML."""
    return yaml.safe_dump(value, sort_keys=False, allow_unicode=True)


@dataclass
class Written:
    """Both streams of a run."""

    result: Stream = field(default_factory=Stream)
    talk: Stream = field(default_factory=Stream)

    @property
    def text(self) -> str:
        """Both, the result last."""
        return self.talk.text + "".join(f"stdout> {line}\n" for line in self.result.text.splitlines())


def plain(events: Iterable[Event], *, quiet: bool = False, verbose: bool = False, color: bool = False) -> Written:
    """As `Plain` writes it."""
    written = Written()
    _play(Plain(written.result, written.talk, dump, quiet=quiet, verbose=verbose, color=color), events)
    return written


def jsonl(events: Iterable[Event]) -> Written:
    """As `JsonLines` writes it."""
    written = Written()
    _play(JsonLines(written.result), events)
    return written


def terminal(
    events: Iterable[Event], width: int = 80, height: int = 24, *, encoding: str = "utf-8", until: float = 1e9
) -> tuple[Screen, Written]:
    """What a terminal shows when the clock has come to `until`, or at the end."""
    written = Written(talk=Stream(encoding, terminal=True))
    view = Rich(written.result, written.talk, dump, console=console(written.talk, width, height))
    for event in events:
        view(event)
        if isinstance(event, Ticked) and event.seconds >= until:
            return Screen(width).feed(written.talk.text), written
    view.close()
    return Screen(width).feed(written.talk.text), written


def _play(view: Plain | JsonLines, events: Iterable[Event]) -> None:
    for event in events:
        view(event)
    view.close()
