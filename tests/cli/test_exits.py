"""One table of exit codes: unique, complete, and every problem has one."""

from __future__ import annotations

import errno
import inspect
import re

import pytest

from paasctl import errors
from paasctl.errors import ConfigError, Exit, PaasError, exhausted

_TABLE = {
    "OK": 0,
    "FAILED": 1,
    "USAGE": 2,
    "CHANGES": 3,
    "REFUSED": 4,
    "LOCKED": 5,
    "ROLLED_BACK": 6,
    "INCONCLUSIVE": 7,
    "BUG": 70,
    "UNAVAILABLE": 75,
    "FORBIDDEN": 77,
    "CONFIG": 78,
    "TIMEOUT": 124,
    "CANCELLED": 130,
    "TERMINATED": 143,
}
_KINDS = [
    it
    for _, it in inspect.getmembers(errors, inspect.isclass)
    if issubclass(it, PaasError) and it is not PaasError and it.__module__ == errors.__name__
]


def test_the_codes_are_as_promised_and_unique() -> None:
    assert {it.name: int(it) for it in Exit} == _TABLE
    assert len(Exit.__members__) == len(set(_TABLE.values()))


@pytest.mark.parametrize("kind", _KINDS, ids=lambda it: it.__name__)
def test_every_problem_has_an_exit_and_a_stable_code(kind: type[PaasError]) -> None:
    error = kind("doing something: it went wrong")
    assert error.exit in Exit
    assert re.fullmatch(r"[a-z]+(-[a-z]+)*", error.code)
    assert kind("x", code="special-code").code == "special-code"
    assert kind.code == error.code


def test_codes_are_unique() -> None:
    codes = [it.code for it in _KINDS]
    assert sorted(codes) == sorted(set(codes))


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (MemoryError(), "out-of-memory"),
        (OSError(errno.ENOMEM, "x"), "out-of-memory"),
        (OSError(errno.EMFILE, "x"), "out-of-files"),
        (OSError(errno.ENFILE, "x"), "out-of-files"),
        (RuntimeError("can't start new thread"), "out-of-threads"),
        (RuntimeError("another"), None),
        (OSError(errno.ENOENT, "x"), None),
        (None, None),
    ],
)
def test_a_limit_of_the_machine_is_no_bug_of_ours(error: BaseException | None, code: str | None) -> None:
    lack = exhausted(error)
    assert (lack and (lack.code, lack.exit)) == (code and (code, Exit.UNAVAILABLE))


def test_problems_of_a_file_travel_together() -> None:
    one, two = ConfigError("a", where="f:1:1"), ConfigError("b", where="f:2:1")
    assert ConfigError.of((one, two)).problems == (one, two)
    assert one.problems == (one,)
