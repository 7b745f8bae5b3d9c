"""One whole command, timed from outside: start to end on the wall, and what the kernel says it used."""

from __future__ import annotations

import os
import subprocess
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from threading import Timer


class BrokenCommandError(Exception):
    """A command that did not do what it was to be timed at; what it said is in the message."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """What is run, as a user types it. A string is one for a shell."""

    argv: tuple[str, ...]
    folder: Path
    environ: Mapping[str, str] = field(repr=False)
    says: str = ""
    """What its output must contain: a command that is quick because it does nothing is no peer."""
    timeout: float = 180.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Took:
    """Seconds on the wall and of processors (children that were waited for included), MiB at the peak."""

    wall: float
    cpu: float
    memory: float


def run(command: Command) -> tuple[Took, str]:
    """Run it once: what it took, and all that it said. `BrokenCommandError` for another exit status than 0."""
    with tempfile.TemporaryFile() as out:
        began = time.perf_counter()
        child = subprocess.Popen(
            command.argv,
            cwd=command.folder,
            env=dict(command.environ),
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
        )
        late = Timer(command.timeout, child.kill)
        late.daemon = True
        late.start()
        _, status, used = os.wait4(child.pid, 0)
        wall = time.perf_counter() - began
        late.cancel()
        child.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        said = out.read().decode(errors="replace")
    if child.returncode or command.says not in said:
        raise BrokenCommandError(f"{' '.join(command.argv)}: exit status {child.returncode}\n{said[-2000:]}")
    return Took(wall=wall, cpu=used.ru_utime + used.ru_stime, memory=used.ru_maxrss / 1024), said
