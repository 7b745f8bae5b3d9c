from __future__ import annotations

import json

import pytest
import yaml

from paasctl.errors import Exit
from paasctl.model.event import Answered, Noted, Outcome, Ticked
from paasctl.views.encode import FORMAT
from paasctl.views.jsonl import EndOnly, JsonLines
from paasctl.views.plain import Plain
from support.answers import STATUS
from support.shown import dump, jsonl
from support.stories import GOOD, STORIES
from support.streams import Stream
from support.telling import seconds


@pytest.mark.parametrize("name", sorted(STORIES))
def test_every_line_is_an_object_hello_first_outcome_last(name: str) -> None:
    lines = [json.loads(it) for it in jsonl(STORIES[name]).result.text.splitlines()]
    assert lines[0] == {"event": "hello", "format": FORMAT}
    assert lines[-1]["event"] == "outcome"
    assert [it["event"] for it in lines].count("outcome") == 1


def test_long_silence_is_broken() -> None:
    out = Stream()
    view = JsonLines(out)
    view(Noted("begun"))
    for it in seconds(0, 60, 0.125):
        view(it)
    ticks = [line["seconds"] for line in map(json.loads, out.text.splitlines()) if line["event"] == "ticked"]
    assert ticks == [25, 50]


def test_what_the_stream_cannot_write_is_escaped() -> None:
    """Log lines hold what they like: a lone surrogate from a file name, letters outside of Latin-1."""
    for encoding in ("ascii", "latin-1", "utf-8"):
        out = Stream(encoding)
        JsonLines(out)(Noted("größer → \udcff"))
        assert json.loads(out.text.splitlines()[1])["text"] == "größer → \udcff"


ACTIVE = ["\u0085", "\u009b31m", "\u2028", "\u2029", "\u202e", "\u2066", "\x7f"]


@pytest.mark.parametrize("letter", ACTIVE)
def test_what_ends_lines_or_moves_cursors_elsewhere_is_escaped(letter: str) -> None:
    """`str.splitlines` ends lines at more than one letter, and a terminal obeys more than one."""
    said, out = f"größer {letter} x", Stream()
    JsonLines(out)(Noted(said))
    assert json.loads(out.text.splitlines()[1])["text"] == said
    assert letter not in out.text
    whole = Stream()
    EndOnly(whole, dump, Plain(Stream(), Stream(), dump))(Outcome(status="done", exit=Exit.OK, subject=said))
    assert letter not in whole.text
    assert yaml.safe_load(whole.text)["subject"] == said


@pytest.mark.parametrize("encoding", ["utf-8", "ascii"])
def test_one_document_at_the_end_as_yaml_or_json(encoding: str) -> None:
    result, talk = Stream(encoding), Stream()
    view = EndOnly(result, dump, Plain(talk, talk, dump))
    for event in (*GOOD[:-1], Answered(STATUS), GOOD[-1]):
        view(event)
    view.close()
    whole = yaml.safe_load(result.text)
    assert whole["format"] == FORMAT
    assert whole["status"] == "done"
    assert whole["facts"] == {"version": "1.2.4", "environment": "dev"}
    assert [it["name"] for it in whole["answer"]["environments"]] == ["dev", "production"]
    assert "[1] create ConfigMap/web-8f31: done" in talk.text


def test_a_question_leaves_nothing_drawn_behind() -> None:
    """The other view's picture is taken away before the document is written."""
    order: list[str] = []

    class Drawing:
        def __call__(self, event: object) -> None:
            order.append(type(event).__name__)

        def close(self) -> None:
            order.append("close")

    class Result(Stream):
        def write(self, text: str) -> int:
            order.append("write")
            return super().write(text)

    view = EndOnly(Result(), dump, Drawing())
    view(Ticked(1))
    view(Outcome(status="answered", exit=Exit.OK))
    assert order == ["Ticked", "close", "write"]


def test_every_outcome_says_whose_it_is() -> None:
    result = Stream()
    JsonLines(result, "status")(Outcome(status="answered", exit=Exit.OK))
    assert json.loads(result.text.splitlines()[-1])["verb"] == "status"
    whole = Stream()
    EndOnly(whole, json.dumps, JsonLines(Stream()), "lint")(Outcome(status="failed", exit=Exit.CONFIG))
    assert json.loads(whole.text)["verb"] == "lint"
