"""Types one by one, where the table has no example of a mixture."""

from __future__ import annotations

from typing import Any

import pytest

from paasctl.config import forms
from paasctl.config.check import check
from paasctl.config.problems import Problems
from paasctl.config.shape import BAD, Choice, Either, Form, Items, Named, Number, Switch, Text, Type

_ANY = Text(forms.ANY)
_MIXED = Either((Items(_ANY), Switch(), Either((Number(1, 9), Choice(("auto",)))), Named("NAME", forms.LABEL, _ANY)))


def _checked(kind: Type, value: Any) -> tuple[Any, list[str]]:
    problems = Problems(file="paas.yaml", places={}, running="0.1.0")
    return check(kind, value, ("x",), problems), [it.message for it in problems.found]


@pytest.mark.parametrize("value", [["a"], True, 5, "auto", {"a": "b"}])
def test_yaml_tells_the_types_of_a_mixture_apart(value: Any) -> None:
    assert _checked(_MIXED, value) == (value, [])


@pytest.mark.parametrize("value", [1.5, 12, "never", {"a": 1}, [None], None])
def test_what_fits_nothing_is_told(value: Any) -> None:
    found, messages = _checked(_MIXED, value)
    assert len(messages) == 1
    assert found is BAD or BAD in (found if isinstance(found, list) else found.values())


def test_a_mixture_says_all_that_it_wants() -> None:
    _, (message,) = _checked(_MIXED, 1.5)
    assert message == (
        "x must be a list or true or false or a whole number from 1 to 9 or auto or a mapping of names (NAME: …), "
        "not the number 1.5"
    )


def test_places_that_are_not_there_fall_back_to_the_file() -> None:
    problems = Problems(file="paas.yaml", places={}, running="0.1.0")
    check(Text(Form(words="a word", example="x", pattern="x")), "y", ("a", 0), problems)
    assert [str(it.where) for it in problems.found] == ["paas.yaml:1:1"]
