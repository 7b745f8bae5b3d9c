from __future__ import annotations

import pytest

from paasctl.model.counting import count
from paasctl.model.event import Progress
from paasctl.views.amounts import amount, duration, size, ticking

_MIB = 1024 * 1024


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0, "0 s"),
        (0.04, "0 s"),
        (0.44, "0.4 s"),
        (9.94, "9.9 s"),
        (9.96, "10 s"),
        (59.4, "59 s"),
        (59.6, "1 m"),
        (61, "1 m 01 s"),
        (3599.6, "1 h"),
        (3660, "1 h 01 m"),
        (7200, "2 h"),
        (90061, "25 h 01 m"),
    ],
)
def test_durations(seconds: float, said: str) -> None:
    assert duration(seconds) == said


def test_what_still_ticks_has_whole_seconds() -> None:
    assert ticking(2.875) == "2 s"


@pytest.mark.parametrize(
    ("number", "said"),
    [(0, "0 B"), (1023, "1023 B"), (1024, "1.0 KiB"), (3.2 * _MIB, "3.2 MiB"), (5000 * _MIB, "4.9 GiB")],
)
def test_sizes(number: float, said: str) -> None:
    assert size(number) == said


def test_amounts() -> None:
    assert amount(Progress(0, "web", _MIB, 2 * _MIB, "bytes")) == "1.0 MiB of 2.0 MiB"
    assert amount(Progress(0, "web", _MIB, None, "bytes")) == "1.0 MiB"
    assert amount(Progress(0, "web", 3, 7, "objects")) == "3 of 7 objects"
    assert amount(Progress(0, "web", 3, None, "objects")) == "3"
    assert (count(1, "step"), count(0, "step"), count(1234, "step")) == ("1 step", "0 steps", "1,234 steps")
