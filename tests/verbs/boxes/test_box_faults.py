"""The fault matrix, through a file: out of a registry that stumbles, and into one; kills at any write."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from paasctl.errors import Exit
from support.boxing import FILE, Gap, gap_in
from support.copy_faults import BY_FAULT, Arrange
from support.promoting import Stops, outcome

VERSION = "0.1.1"


@pytest.fixture
def gap(tmp_path: Path) -> Iterator[Gap]:
    with gap_in(tmp_path / "one") as found:
        (found.stops.world.project / "site" / "run").write_bytes(random.Random(1).randbytes(700_000))
        found.stops.release()
        yield found


def _calm(stops: Stops) -> None:
    for it in (stops.here, stops.there):
        it.running.faults.clear()


def _left(gap: Gap) -> list[str]:
    """Files of the folder that are nobody's."""
    return [it.name for it in gap.path.parent.iterdir() if it.name.startswith(".tmp-") or it.name == FILE]


@pytest.mark.parametrize("fault", BY_FAULT)
def test_through_a_file_what_has_a_name_is_whole_and_a_rerun_ends_it(gap: Gap, fault: str) -> None:
    arrange: Arrange = BY_FAULT[fault][0]
    arrange(gap.stops)
    status, events = gap.export(VERSION)
    assert outcome(events).exit is status
    if status is not Exit.OK:
        assert outcome(events).problems
        assert _left(gap) == []
    _calm(gap.stops)
    assert gap.export(VERSION)[0] is Exit.OK
    assert _left(gap) == [FILE]
    arrange(gap.stops)
    status, events = gap.take()
    if status is not Exit.OK:
        assert VERSION not in gap.stops.there.tags["shop"], "the record has its name, and the run failed"
        assert outcome(events).problems
    _calm(gap.stops)
    assert gap.take()[0] is Exit.OK
    for path in ("shop", "shop/web"):
        assert gap.stops.there.tags[path][VERSION] == gap.stops.here.tags[path][VERSION]
    gap.stops.forget()
    status, events = gap.take()
    assert (status, outcome(events).status, gap.stops.there.writes) == (Exit.OK, "nothing-to-do", 0)
