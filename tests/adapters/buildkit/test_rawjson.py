from __future__ import annotations

import pytest

from paasctl.adapters.buildkit.rawjson import read_line
from paasctl.adapters.docker.trace import Said, Vertex
from support.buildkit_says import log, status, vertex, warning


def test_a_step() -> None:
    line = status(vertexes=[vertex("a", "RUN make", "12:00:01.5", "12:00:02.123456789", cached=True, error="no")])
    (found,) = read_line(line) or ()
    assert isinstance(found, Vertex)
    assert (found.digest, found.name, found.cached, found.error) == ("a", "RUN make", True, "no")
    assert found.started is not None
    assert found.completed is not None
    assert round(found.completed - found.started, 6) == 0.623456


def test_a_step_that_was_only_announced() -> None:
    assert read_line(status(vertexes=[{"digest": "a", "name": "RUN make"}])) == (Vertex(digest="a", name="RUN make"),)


def test_what_a_step_wrote() -> None:
    (found,) = read_line(status(logs=[log("a", "hi\n")])) or ()
    assert isinstance(found, Said)
    assert (found.vertex, found.text) == ("a", b"hi\n")


def test_a_warning_is_said() -> None:
    assert read_line(status(warnings=[warning("a", "old base")])) == (
        Said(vertex="a", when=0.0, text=b"warning: old base\n"),
    )


def test_steps_come_before_what_they_wrote() -> None:
    found = read_line(status(logs=[log("a", "x")], vertexes=[vertex("a", "RUN x", "12:00:01")])) or ()
    assert [type(it) for it in found] == [Vertex, Said]


@pytest.mark.parametrize("line", [b"error: failed to solve: no\n", b"\n", b"{half", b"#1 x\n", b"\xff{\n"])
def test_what_is_no_status(line: bytes) -> None:
    assert read_line(line) is None


@pytest.mark.parametrize(
    "line",
    [
        b"{}",
        b'{"vertexes": 3, "logs": {"a": 1}}',
        b'{"vertexes": [3, null], "logs": ["x"], "warnings": null}',
        b'{"statuses": [{"id": "x"}]}',
    ],
)
def test_an_object_that_means_nothing_to_us(line: bytes) -> None:
    assert read_line(line) == ()


def test_damaged_parts_are_empty() -> None:
    line = b'{"vertexes": [{"digest": "a", "started": "soon"}], "logs": [{"vertex": "a", "data": "%%"}]}'
    assert read_line(line) == (Vertex(digest="a", name=""), Said(vertex="a", when=0.0, text=b""))
