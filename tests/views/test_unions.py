"""No event, step or answer without words in every view: a new type that is not in a story fails here."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, get_args

import pytest

from paasctl.model.answer import Answer
from paasctl.model.event import Answered, Ended, Event, Observed, Planned, Problem, Started
from paasctl.model.plan import Step
from paasctl.views.answers import text
from paasctl.views.encode import document, encode
from paasctl.views.words import phase, say, say_done
from support import goldens
from support.answers import ANSWERS
from support.shown import dump, jsonl, plain, terminal
from support.stories import STORIES


def _events() -> Iterator[Event]:
    for story in STORIES.values():
        yield from story
    yield from map(Answered, ANSWERS)


def _steps() -> Iterator[Step]:
    for event in _events():
        if isinstance(event, Planned):
            yield from event.plan.steps


def _first_of_each(values: Iterator[Any]) -> dict[type, Any]:
    found: dict[type, Any] = {}
    for it in values:
        found.setdefault(type(it), it)
    return found


EVENTS, STEPS, REPLIES = _first_of_each(_events()), _first_of_each(_steps()), _first_of_each(iter(ANSWERS))


@pytest.mark.parametrize("kind", get_args(Event), ids=lambda it: it.__name__)
def test_every_event_is_shown(kind: type) -> None:
    event = EVENTS[kind]
    for shown in (plain([event]), jsonl([event]), terminal([event])[1]):
        assert shown.text is not None
    assert json.loads(json.dumps(document(event)))["event"] == kind.__name__.lower()


@pytest.mark.parametrize("kind", get_args(Step), ids=lambda it: it.__name__)
def test_every_step_has_words_a_phase_and_a_name_in_json(kind: type) -> None:
    step = STEPS[kind]
    assert len(say(step).split()) > 1
    assert say_done(step)
    assert phase(step)
    assert encode(step)["do"].lower() == kind.__name__.lower()
    story: list[Event] = [Started(0, step), Ended(0, step, 1.5)]
    assert "done (1.5 s)" in plain(story).text
    assert "1.5 s" in "".join(terminal(story)[0].lines)


@pytest.mark.parametrize("kind", get_args(Answer), ids=lambda it: it.__name__)
def test_every_answer_is_told_in_text_and_json(kind: type) -> None:
    answer = REPLIES[kind]
    goldens.check(f"answers/{kind.__name__}.txt", "".join(f"{line}\n" for line in text(answer, dump)))
    assert plain([Answered(answer)]).result.text == terminal([Answered(answer)])[1].result.text


def test_the_json_format_is_as_it_was() -> None:
    """Scripts read this. Whoever changes it changes `FORMAT`, or only adds."""
    found = {
        "events": {kind.__name__: document(it) for kind, it in EVENTS.items() if kind not in (Answered, Planned)},
        "steps": {kind.__name__: encode(it) for kind, it in STEPS.items()},
        "answers": {kind.__name__: encode(it) for kind, it in REPLIES.items()},
        "plan": document(STORIES["good"][2]),
        "problem": encode(Problem(code="x", message="y", hint="z", where="paas.yaml:1:1", evidence=("e",))),
        "observed": document(next(it for it in STORIES["crash"] if isinstance(it, Observed) and it.verdicts[0].cause)),
    }
    goldens.check("format.json", json.dumps(found, indent=1, sort_keys=True, ensure_ascii=False) + "\n")


def test_a_type_that_nobody_thought_of_is_no_json() -> None:
    with pytest.raises(TypeError, match="no JSON for bytes"):
        encode(b"\x00")
