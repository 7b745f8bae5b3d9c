from __future__ import annotations

import pytest

from paasctl.errors import Exit
from paasctl.model.event import Event, Outcome, Problem, Warned
from paasctl.views.annotations import annotated
from paasctl.views.plain import Plain
from support.shown import dump
from support.streams import Stream

_ON = {"GITHUB_ACTIONS": "true"}


def _problem(message: str, where: str = "", hint: str = "", evidence: tuple[str, ...] = ()) -> Problem:
    return Problem(code="key-unknown", message=message, where=where, hint=hint, evidence=evidence)


def _told(*events: Event, environ: dict[str, str] | None = None) -> list[str]:
    talk = Stream()
    view = annotated(Plain(Stream(), talk, dump), talk, _ON if environ is None else environ)
    for event in events:
        view(event)
    view.close()
    return [line for line in talk.text.splitlines() if line.startswith("::")]


def _failed(*problems: Problem) -> Outcome:
    return Outcome(status="failed", exit=Exit.CONFIG, problems=problems)


@pytest.mark.parametrize(
    ("problem", "line"),
    [
        (
            _problem("no such key", "paas.yaml:4:5"),
            "::error file=paas.yaml,line=4,col=5,title=key-unknown::no such key",
        ),
        (
            _problem("undefined", "templates/a.yml.j2:7"),
            "::error file=templates/a.yml.j2,line=7,title=key-unknown::undefined",
        ),
        (_problem("no place"), "::error title=key-unknown::no place"),
        (_problem("100%\r\nsure"), "::error title=key-unknown::100%25%0Asure"),
        (_problem("x", "odd,name:1.yaml:4:5"), "::error file=odd%2Cname%3A1.yaml,line=4,col=5,title=key-unknown::x"),
        (_problem("x", hint="mend it", evidence=("panic",)), "::error title=key-unknown::x%0Apanic%0A→ mend it"),
        (_problem("\x1b[31mred"), "::error title=key-unknown::red"),
    ],
)
def test_a_problem_is_an_annotation_at_its_place(problem: Problem, line: str) -> None:
    assert _told(_failed(problem)) == [line]


def test_one_per_cause() -> None:
    one, other = _problem("a", "paas.yaml:1:1"), _problem("b", "paas.yaml:1:1")
    assert len(_told(_failed(one, one, other))) == 2


def test_warnings_are_annotations_too() -> None:
    assert _told(Warned("a tag can move", "pin it")) == ["::warning title=paasctl::a tag can move%0A→ pin it"]


def test_nowhere_else() -> None:
    for environ in ({}, {"CI": "true"}, {"GITHUB_ACTIONS": "false"}):
        assert _told(_failed(_problem("a")), environ=environ) == []


def test_paths_begin_at_the_repository() -> None:
    here = {**_ON, "GITHUB_WORKSPACE": "/repo", "PWD": "/repo/services/shop"}
    assert _told(_failed(_problem("x", "paas.yaml:4:5")), environ=here) == [
        "::error file=services/shop/paas.yaml,line=4,col=5,title=key-unknown::x"
    ]


def test_a_log_line_cannot_give_commands_to_the_runner() -> None:
    evil = "::stop-commands::token\n::add-mask::x"
    told = _told(_failed(_problem("a", evidence=(evil,))), Warned(evil))
    assert [it.split("::")[1] for it in told] == ["error title=key-unknown", "warning title=paasctl"]
