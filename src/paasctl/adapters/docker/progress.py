"""What a build says, as lines for people: BuildKit's steps with their logs, or the classic builder's own words."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from paasctl.adapters.docker.trace import Said, Vertex

EVIDENCE = 40
"""Lines of the log that a failed build shows (failure row B2)."""
_CONTROL = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]|[\x00-\x08\x0b-\x1f\x7f]")


@dataclass
class _Step:
    number: int
    name: str
    began: float | None = None
    told: str = ""
    """How its end was told; "" while it runs."""
    half: bytes = b""
    """The beginning of a line whose end has not come."""
    tail: deque[str] = field(default_factory=lambda: deque(maxlen=EVIDENCE))


class Progress:
    """Turns events into lines and remembers the end of them.

    `#3 [2/4] RUN make`, `#3 0.52 cc -c main.c`, `#3 DONE 1.2s`, `#3 CACHED`, `#3 ERROR: exit code: 2`.
    """

    def __init__(self, log: Callable[[str], None], hide: Callable[[str], str] = str) -> None:
        """`log` gets each line, without its end, and without what `hide` takes out of it."""
        self._log = log
        self._hide = hide
        self._steps: dict[str, _Step] = {}
        self._tail: deque[str] = deque(maxlen=EVIDENCE)
        self._failed = ""
        self._half = ""
        self.names: list[str] = []
        """Names of all steps so far, in order."""

    def hear(self, event: Vertex | Said) -> None:
        """Take in one event of BuildKit's."""
        if isinstance(event, Vertex):
            self._vertex(event)
        else:
            self._said(event)

    def hear_text(self, text: str) -> None:
        """Take in a piece of the classic builder's output: lines may come in pieces, carriage returns are line ends."""
        *lines, self._half = (self._half + text.replace("\r\n", "\n").replace("\r", "\n")).split("\n")
        for line in lines:
            if line.startswith("Step "):
                self.names.append(line)
            if plain := _plain(line).rstrip():
                self.tell(plain)

    def end(self) -> None:
        """Tell the beginnings of lines whose ends never came."""
        self.hear_text("\n")
        for step in self._steps.values():
            if step.half:
                self._line(step, None, step.half)
                step.half = b""

    @property
    def failed(self) -> str:
        """Name of the step that failed; "" where none says so. The classic builder fails in its last."""
        if self._failed:
            return self._steps[self._failed].name
        return self.names[-1] if self.names and not self._steps else ""

    @property
    def evidence(self) -> tuple[str, ...]:
        """The last lines: the failed step's own where it wrote any, else of the whole build."""
        step = self._steps.get(self._failed)
        return tuple(step.tail if step and step.tail else self._tail)

    def _vertex(self, vertex: Vertex) -> None:
        step = self._steps.get(vertex.digest)
        if step is None:
            if not (vertex.started or vertex.cached or vertex.error):
                return  # announced only; numbers follow the order of work
            step = self._steps[vertex.digest] = _Step(len(self._steps) + 1, vertex.name)
            self.names.append(vertex.name)
            self.tell(f"#{step.number} {vertex.name}")
        step.began = vertex.started or step.began
        if ended := _end(vertex):
            if ended != step.told:
                step.told = ended
                self.tell(f"#{step.number} {ended}")
        else:
            step.told = ""
        if vertex.error and not self._failed and "context canceled" not in vertex.error:
            self._failed = vertex.digest

    def _said(self, said: Said) -> None:
        if (step := self._steps.get(said.vertex)) is None:
            return
        *lines, step.half = (step.half + said.text).replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
        for line in lines:
            self._line(step, said.when, line)

    def _line(self, step: _Step, when: float | None, line: bytes) -> None:
        text = self._hide(_plain(line.decode("utf-8", "replace")))
        step.tail.append(text)
        after = f"{max(0.0, when - step.began):.2f} " if when and step.began else ""
        self.tell(f"#{step.number} {after}{text}")

    def tell(self, line: str) -> None:
        """A line of our own among them."""
        line = self._hide(line)
        self._tail.append(line)
        self._log(line)


def _plain(text: str) -> str:
    """Without colours and whatever else could move somebody's cursor; the classic builder paints stderr red."""
    return _CONTROL.sub("", text)


def _end(vertex: Vertex) -> str:
    if vertex.error:
        return f"ERROR: {vertex.error}"
    if vertex.cached:
        return "CACHED"
    if vertex.completed is not None and vertex.started is not None:
        return f"DONE {max(0.0, vertex.completed - vertex.started):.1f}s"
    return ""
