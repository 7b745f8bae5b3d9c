"""The one place that writes to the terminal."""

import sys
import time

STARTED = time.monotonic()


def say(line: str) -> None:
    """A line about progress, with the seconds so far, on standard error."""
    sys.stderr.write(f"[{time.monotonic() - STARTED:6.1f}s] {line}\n")
    sys.stderr.flush()


def answer(text: str) -> None:
    """What was asked for, on standard output."""
    sys.stdout.write(text if text.endswith("\n") else text + "\n")
