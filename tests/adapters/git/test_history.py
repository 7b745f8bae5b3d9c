"""The walk through a printed history: distances as git counts them, however many tags there are."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from paasctl.adapters.git.history import History, Tags, walk
from paasctl.planning.versions.tags import TagRule

_Graph = list[list[int]]
"""Parents of each commit, all of them later in the list: children come before their parents."""


def _log(graph: _Graph) -> list[bytes]:
    return [
        f"c{at}\x1f{' '.join(f'c{it}' for it in parents)}\x1f{1000 - at}\x1fsubject {at}\n".encode()
        for at, parents in enumerate(graph)
    ]


def _walked(lines: Iterable[bytes], names: Mapping[str, int], *, highest: bool = False) -> History:
    on: dict[bytes, list[str]] = {}
    for name, at in names.items():
        on.setdefault(f"c{at}".encode(), []).append(name)
    return walk(
        lines, Tags(names=list(names), on=on, rule=TagRule(prefixes=("v",), is_highest=highest, marker="alpha"))
    )


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


def _plain(graph: _Graph, names: Mapping[str, int]) -> dict[str, int]:
    return {name: len(graph) - len(_reachable(graph, at)) for name, at in names.items()}


@settings(max_examples=150, deadline=None)
@given(_graphs())
def test_a_distance_is_the_number_of_commits_that_head_has_and_the_tag_has_not(drawn: tuple[_Graph, list[int]]) -> None:
    graph, tagged = drawn
    names = {f"v1.0.{place}": at for place, at in enumerate(tagged)}
    assert dict(_walked(_log(graph), names).tags) == _plain(graph, names)


@settings(max_examples=150, deadline=None)
@given(_graphs(), st.randoms())
def test_a_wrong_clock_changes_no_distance(drawn: tuple[_Graph, list[int]], chance: Random) -> None:
    graph, tagged = drawn
    names = {f"v1.0.{place}": at for place, at in enumerate(tagged)}
    head, *rest = _log(graph)
    chance.shuffle(rest)
    assert dict(_walked([head, *rest], names).tags) == _plain(graph, names)


def test_thousands_of_tags_on_a_long_history_take_no_minute() -> None:
    size = 6000
    names = {f"v0.{at}.0": at for at in range(size)}
    began = time.process_time()
    found = _walked(_log(_line(size)), names, highest=True)
    assert found.tags[0] == ("v0.0.0", 0)
    assert found.tags[-1] == (f"v0.{size - 1}.0", size - 1)
    assert time.process_time() - began < 5, "every pair of tags and commits was asked about"


def _line(size: int) -> _Graph:
    return [[at + 1] for at in range(size - 1)] + [[]]


@pytest.mark.parametrize(
    ("names", "highest", "most"),
    [
        ({"v1.1.0": 30, "v1.0.0": 60}, False, 1040),
        ({"v1.1.0": 3000, "v1.0.0": 3001}, False, 5000),
        ({"v1.1.0": 30, "v2.0.0": 9000}, False, 20_000),  # what the release brings is counted from below HEAD's tag
        ({"v2.0.0": 30, "v1.0.0": 9000}, True, 1040),
        ({"v1.0.0": 30, "v2.0.0": 9000}, True, 13_000),
        ({"v2.0.0-alpha": 30, "v1.0.0": 60, "v2.0.0": 9000}, False, 12_000),
    ],
    ids=["near", "far", "near, two", "the highest is near", "the highest is far", "what is announced may be released"],
)
def test_no_more_is_read_than_is_needed(names: dict[str, int], *, highest: bool, most: int) -> None:
    lines = iter(_log(_line(20_000)))
    found = _walked(lines, names, highest=highest)
    left = sum(1 for _ in lines)
    assert 20_000 - left <= most
    assert dict(found.tags).items() <= names.items()


def test_a_tag_beyond_a_line_that_is_still_open_is_not_believed() -> None:
    # HEAD merges a long line, on which all work is, and a short one, whose tag is met at once.
    graph: _Graph = [[1, 2], [1500], *([at + 1] for at in range(2, 1499)), [1500], [1501], []]
    found = _walked(_log(graph), {"v2.0.0": 1, "v1.0.0": 1400})
    assert dict(found.tags) == {"v2.0.0": 1499, "v1.0.0": 1400}
