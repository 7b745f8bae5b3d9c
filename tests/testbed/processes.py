"""Which processes are ours, and ending those: never by name, only by number *and* time of birth.

Numbers are used again by the kernel, so a number alone may by now be somebody else's process.
"""

import json
import os
import signal
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from threading import Event

PROC = Path("/proc")
NEVER = Event()


@dataclass(frozen=True)
class Mark:
    """A process as it was recorded: born when, running what."""

    pid: int
    born: int
    running: str = ""
    since: float = 0.0


def pause(seconds: float) -> None:
    """Wait a little."""
    NEVER.wait(seconds)


def until(claim: Callable[[], bool], timeout: float, every: float = 0.1) -> bool:
    """Whether the claim came true in time."""
    deadline = time.monotonic() + timeout
    while not (true := claim()) and time.monotonic() < deadline:
        pause(every)
    return true


def parse_stat(line: str) -> tuple[str, int]:
    """State and time of birth; the program's name may itself hold spaces and brackets."""
    fields = line.rpartition(")")[2].split()
    return fields[0], int(fields[19])


def born(pid: int) -> int | None:
    """When the process was born, in ticks since boot; None when it is dead or only waits to be buried."""
    try:
        state, when = parse_stat((PROC / str(pid) / "stat").read_text())
    except (OSError, IndexError, ValueError):
        return None
    return None if state in "ZX" else when


def is_alive(mark: Mark | None) -> bool:
    """Whether that very process still lives."""
    return mark is not None and born(mark.pid) == mark.born


def write_mark(path: Path, mark: Mark) -> None:
    """Record a process; all of it or nothing."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_suffix(".new")
    fresh.write_text(json.dumps(asdict(mark)))
    fresh.replace(path)


def read_mark(path: Path) -> Mark | None:
    """What was recorded; None when nothing was, or nothing sensible."""
    try:
        return Mark(**json.loads(path.read_text()))
    except (OSError, ValueError, TypeError):
        return None


def tell(mark: Mark, number: signal.Signals) -> None:
    """Send a signal to that very process, if it still lives."""
    if is_alive(mark):
        with suppress(ProcessLookupError):
            os.kill(mark.pid, number)


def end(marks: Iterable[Mark], grace: float) -> None:
    """Ask all of them to stop, and stop those that would not in `grace` seconds."""
    living = [mark for mark in marks if is_alive(mark)]
    for number, patience in ((signal.SIGTERM, grace), (signal.SIGKILL, 5.0)):
        for mark in living:
            tell(mark, number)
        if until(lambda: not any(map(is_alive, living)), patience, 0.05):
            return


def marks_of(pids: Iterable[int]) -> list[Mark]:
    """Marks of processes that live right now."""
    return [Mark(pid, when) for pid in pids if (when := born(pid)) is not None]


def command_lines() -> Iterator[tuple[int, list[str]]]:
    """Every process with its arguments."""
    for folder in PROC.iterdir():
        if folder.name.isdigit():
            with suppress(OSError):
                yield int(folder.name), (folder / "cmdline").read_bytes().decode(errors="replace").split("\0")
