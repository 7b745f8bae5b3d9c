"""`trace.py`, `stream.py` and `progress.py`: from an engine's bytes to lines for people."""

from __future__ import annotations

import base64
import json

import pytest

from paasctl.adapters.docker.progress import EVIDENCE, Progress
from paasctl.adapters.docker.stream import Ended, follow, messages
from paasctl.adapters.docker.trace import Said, Vertex, read_status
from paasctl.errors import BuildFailed
from support.docker_says import image_id, line, said, trace, vertex

# by dockerd 20.10.24, of `RUN echo bad; exit 3`
RECORDED_LOG = (
    "Gl4KR3NoYTI1NjphMTUwODU5ODc2ZWFiMTRlZWEzM2FjZmI1MzFkMGU1MGQzOTFmM2MxZDlmN2I5YTM4MjlmNzI3YzYwOWFjZWU2"
    "EgsI9siK2AYQ7JWjRxgBIgRiYWQK"
)
RECORDED_END = (
    "Co0CCkdzaGEyNTY6YTE1MDg1OTg3NmVhYjE0ZWVhMzNhY2ZiNTMxZDBlNTBkMzkxZjNjMWQ5ZjdiOWEzODI5ZjcyN2M2MDlhY2Vl"
    "NhJHc2hhMjU2OjUxNjRjZThkMDA3OWRjYzAwZWYxZDg3NjdlMDBlOWIzNTZlM2U3MDBkMWRhZGFiOTYxNGRhOTc1YTc0MmE2OTMa"
    "GlszLzNdIFJVTiBlY2hvIGJhZDsgZXhpdCAzKgsI9siK2AYQybntKTILCPbIitgGEJev7ks6Q2V4ZWN1dG9yIGZhaWxlZCBydW5u"
    "aW5nIFsvYmluL3NoIC1jIGVjaG8gYmFkOyBleGl0IDNdOiBleGl0IGNvZGU6IDM="
)


def heard(*chunks: bytes) -> tuple[list[str], Progress, Ended]:
    lines: list[str] = []
    progress = Progress(lines.append)
    ended = follow(chunks, progress)
    return lines, progress, ended


GOOD = (
    trace(vertex("a", "[internal] load metadata for base:1")),
    trace(vertex("a", "[internal] load metadata for base:1", 100.0, 100.2)),
    trace(vertex("b", "[1/3] FROM base:1", 100.5, 100.5, cached=True)),
    trace(vertex("c", "[2/3] RUN make", 101.0), said("c", 101.5, "one\ntw")),
    trace(said("c", 102.0, "o\nthree"), vertex("c", "[2/3] RUN make", 101.0, 103.25)),
    image_id(),
)


def test_the_log_of_a_good_build() -> None:
    lines, progress, ended = heard(*GOOD)
    assert lines == [
        "#1 [internal] load metadata for base:1",
        "#1 DONE 0.2s",
        "#2 [1/3] FROM base:1",
        "#2 CACHED",
        "#3 [2/3] RUN make",
        "#3 0.50 one",
        "#3 1.00 two",
        "#3 DONE 2.2s",
        "#3 three",
    ]
    assert (ended.image, ended.error, progress.failed) == ("sha256:" + "ab" * 32, "", "")


@pytest.mark.parametrize("size", [1, 7, 100])
def test_b3_every_chunk_is_read_wherever_it_is_cut(size: int) -> None:
    whole = b"".join(GOOD)
    cut = [whole[at : at + size] for at in range(0, len(whole), size)]
    assert heard(*cut)[0] == heard(*GOOD)[0]


def test_b2_a_failed_step_and_its_own_last_lines() -> None:
    lines, progress, ended = heard(
        trace(vertex("c", "[2/3] RUN make", 101.0), vertex("d", "[other 2/2] RUN slow", 101.0)),
        trace(*(said("c", 101.0 + at, f"line {at}\n") for at in range(60))),
        trace(said("d", 190.0, "noise of another step\n")),
        trace(vertex("d", "[other 2/2] RUN slow", 101.0, 191.0, error="context canceled")),
        trace(vertex("c", "[2/3] RUN make", 101.0, 191.0, error="exit code: 2")),
        line(error="failed to solve: exit code: 2", errorDetail={"message": "failed to solve: exit code: 2"}),
    )
    assert progress.failed == "[2/3] RUN make"
    assert progress.evidence == tuple(f"line {at}" for at in range(20, 60))
    assert len(progress.evidence) == EVIDENCE
    assert ended.error == "failed to solve: exit code: 2"
    assert "#1 ERROR: exit code: 2" in lines


def test_the_classic_builder() -> None:
    lines, progress, ended = heard(
        line(stream="Step 1/2 : FROM base:1"),
        line(stream="\n"),
        line(status="Pulling from base", id="1"),
        line(status="Downloading", id="8aa2", progressDetail={"current": 1, "total": 2}, progress="[=> ]"),
        line(status="Digest: sha256:" + "cd" * 32),
        line(stream=" ---> 895da3e115b2\n"),
        line(stream="Step 2/2 : RUN make\n"),
        line(stream="compiling"),
        line(stream=" ...\rdone\n"),
        line(errorDetail={"code": 3, "message": "The command returned a non-zero code: 3"}),
    )
    assert lines == [
        "Step 1/2 : FROM base:1",
        "Digest: sha256:" + "cd" * 32,
        " ---> 895da3e115b2",
        "Step 2/2 : RUN make",
        "compiling ...",
        "done",
    ]
    assert progress.failed == "Step 2/2 : RUN make"
    assert progress.evidence == tuple(lines)
    assert ended == Ended(image="", error="The command returned a non-zero code: 3", pulled=("sha256:" + "cd" * 32,))


def test_colours_and_cursors_are_left_out() -> None:
    failed = vertex("c", "RUN", 101.0, error="x")
    lines, progress, _ = heard(
        line(stream="\x1b[91mwhy\n\x1b[0m"),
        trace(vertex("c", "RUN", 101.0), said("c", 101.0, "\x1b[1;31mred\x1b[0m\x07\n"), failed),
    )
    assert lines[0] == "why"
    assert progress.evidence == ("red",)


def test_the_classic_builder_names_its_image() -> None:
    assert heard(line(aux={"ID": "sha256:12"}), line(stream="Successfully built 12\n"))[2].image == "sha256:12"


@pytest.mark.parametrize(
    ("message", "error"),
    [
        (line(error="one"), "one"),
        (line(error="one", errorDetail={"message": "other"}), "one"),
        (line(errorDetail={"message": "other"}), "other"),
        (line(errorDetail={"code": 1}), "the engine names no reason"),
    ],
)
def test_b3_an_error_in_any_shape(message: bytes, error: str) -> None:
    assert heard(line(stream="fine so far\n"), message, image_id())[2].error == error


@pytest.mark.parametrize(
    "chunk",
    [
        b"<html>not found</html>",
        line(id="moby.buildkit.trace", aux="%%%"),
        line(id="moby.buildkit.trace", aux=None),
        line(id="moby.buildkit.trace", aux=base64.b64encode(b"\x0a\xff\x01short").decode()),
        line(id="moby.buildkit.trace", aux=base64.b64encode(b"\x0a\xff").decode()),
        line(id="moby.buildkit.trace", aux=base64.b64encode(b"\x0f").decode()),
    ],
)
def test_what_is_no_build_output(chunk: bytes) -> None:
    with pytest.raises(BuildFailed) as caught:
        heard(chunk)
    assert caught.value.code == "build-stream"


def test_objects_without_line_ends() -> None:
    assert list(messages([b'{"a":1}{"b"', b':2} "text" {"c":3}'])) == [{"a": 1}, {"b": 2}, {"c": 3}]


def test_recorded_messages() -> None:
    (wrote,) = read_status(base64.b64decode(RECORDED_LOG))
    (ended,) = read_status(base64.b64decode(RECORDED_END))
    assert isinstance(wrote, Said)
    assert isinstance(ended, Vertex)
    assert (wrote.text, wrote.vertex) == (b"bad\n", ended.digest)
    assert ended.name == "[3/3] RUN echo bad; exit 3"
    assert ended.error == "executor failed running [/bin/sh -c echo bad; exit 3]: exit code: 3"
    assert ended.started is not None
    assert ended.completed is not None
    assert ended.started < wrote.when < ended.completed


def test_unknown_fields_are_passed_over() -> None:
    known = base64.b64decode(json.loads(trace(vertex("a", "b")))["aux"])
    unknown = b"\x48\x01" + b"\x51" + bytes(8) + b"\x5d" + bytes(4) + b"\x62\x03new"
    assert list(read_status(unknown + known + unknown)) == [Vertex(digest="a", name="b")]
