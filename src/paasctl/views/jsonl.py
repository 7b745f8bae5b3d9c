"""JSON: one object per event (`jsonl`: the format's number first, the outcome last), or the end only."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, TextIO

from paasctl.model.event import Answered, Event, Outcome, Ready, Ticked
from paasctl.views.clean import is_plain
from paasctl.views.encode import FORMAT, document, encode
from paasctl.views.view import View

_QUIET = 25.0
"""Seconds without a line after which one says that the run still lives: CI systems end silent jobs."""


@dataclass
class JsonLines:
    """Every event as a line on `result`; nothing is ever asked or drawn."""

    result: TextIO
    verb: str = ""
    """Of outcomes that name none."""
    _greeted: bool = False
    _stays: bool = False
    """Something is up that stays until it is stopped: silence is no worry then."""
    _last: float = 0.0
    _now: float = 0.0

    def __call__(self, event: Event) -> None:
        """Write one event."""
        if not self._greeted:
            self._greeted = True
            self._write({"event": "hello", "format": FORMAT})
        if isinstance(event, Ticked):
            self._now = event.seconds
            if self._stays or self._now - self._last < _QUIET:
                return
        self._stays = self._stays or isinstance(event, Ready)
        self._write(document(_named(event, self.verb)))

    def close(self) -> None:
        """Nothing is held back."""

    def _write(self, line: dict[str, Any]) -> None:
        self._last = self._now
        self.result.write(dump_line(line, self.result.encoding))
        self.result.flush()


def _named(event: Event, verb: str) -> Event:
    """For scripts every outcome says whose it is; people see what they typed."""
    return replace(event, verb=verb) if isinstance(event, Outcome) and not event.verb else event


@dataclass
class EndOnly:
    """`json` and `yaml`: one document at the end, with the answer in it; progress goes to another view."""

    result: TextIO
    dump: Callable[[Any], str]
    progress: View
    verb: str = ""
    _answer: dict[str, Any] = field(default_factory=dict)

    def __call__(self, event: Event) -> None:
        """Keep the answer, write it with the outcome, pass on the rest."""
        match event:
            case Answered(answer):
                self._answer = encode(answer)
            case Outcome():
                self.progress.close()
                whole = {
                    "format": FORMAT,
                    **document(_named(event, self.verb)),
                    **({"answer": self._answer} if self._answer else {}),
                }
                said = self.dump(whole)
                # JSON is YAML: what the stream cannot spell, or should not, is escaped, and stays the same document.
                fits = is_plain(said, self.result.encoding)
                self.result.write(said if fits else json.dumps(whole, indent=2) + "\n")
                self.result.flush()
            case _:
                self.progress(event)

    def close(self) -> None:
        """As the other view does."""
        self.progress.close()


def dump_line(value: Any, encoding: str | None) -> str:
    """A value as one line of JSON, for whoever splits lines; letters that the stream cannot write are escaped."""
    line = json.dumps(value, ensure_ascii=False) + "\n"
    return line if is_plain(line, encoding) else json.dumps(value) + "\n"
