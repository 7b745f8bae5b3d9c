"""The walk through a printed history: distances as git counts them, however many tags there are."""

from __future__ import annotations

import time

from hypothesis import given, settings
from hypothesis import strategies as st

from paasctl.adapters.git.history import walk
from paasctl.model.version import Version

_Graph = list[list[int]]
"""Parents of each commit, all of them later in the list: children come before their parents."""


def _log(graph: _Graph) -> bytes:
    lines = (
        f"c{at}\x1f{' '.join(f'c{it}' for it in parents)}\x1f{1000 - at}\x1fsubject {at}"
        for at, parents in enumerate(graph)
    )
    return "\n".join(lines).encode()


@st.composite
def _graphs(draw: st.DrawFn) -> tuple[_Graph, list[int]]:
    size = draw(st.integers(1, 14))
    graph: _Graph = []
    for at in range(size):
        later = range(at + 1, size)
        more = draw(st.sets(st.sampled_from(later), max_size=2)) if later else set()
        graph.append(sorted({at + 1, *more} if later else set()))
    return graph, draw(st.lists(st.integers(0, size - 1), max_size=9))


def _reachable(graph: _Graph, start: int) -> set[int]:
    found = {start}
    for at in range(start, len(graph)):
        if at in found:
            found |= set(graph[at])
    return found


@settings(max_examples=150, deadline=None)
@given(_graphs())
def test_a_distance_is_the_number_of_commits_that_head_has_and_the_tag_has_not(drawn: tuple[_Graph, list[int]]) -> None:
    graph, tagged = drawn
    names = {f"v1.0.{place}": at for place, at in enumerate(tagged)}
    found = walk(
        _log(graph),
        {name: Version.parse(name[1:]) for name in names},
        {name: f"c{at}" for name, at in names.items()},
    )
    assert dict(found.tags) == {name: len(graph) - len(_reachable(graph, at)) for name, at in names.items()}


def test_thousands_of_tags_on_a_long_history_take_no_minute() -> None:
    size = 6000
    graph: _Graph = [[at + 1] for at in range(size - 1)] + [[]]
    names = {f"v0.{at}.0": f"c{at}" for at in range(size)}
    began = time.process_time()
    found = walk(_log(graph), {name: Version.parse(name[1:]) for name in names}, names)
    assert found.tags[0] == ("v0.0.0", 0)
    assert found.tags[-1] == (f"v0.{size - 1}.0", size - 1)
    assert time.process_time() - began < 5, "every pair of tags and commits was asked about"
