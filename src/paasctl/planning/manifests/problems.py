"""Problems are collected, not thrown at the first: the author mends a file once."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

from paasctl.errors import ConfigError, PaasError

T = TypeVar("T")


def attempt(work: Callable[[], T], problems: list[PaasError]) -> T | None:
    """What `work` gives, or None with what went wrong added to `problems`."""
    try:
        return work()
    except ConfigError as error:
        problems.extend(error.problems)
    except PaasError as error:
        problems.append(error)
    except ExceptionGroup as several:
        problems.extend(it for it in several.exceptions if isinstance(it, PaasError))
    return None


def gather(tries: Iterable[Callable[[], T]]) -> list[T]:
    """Every result in order; an `ExceptionGroup` of every problem where there is one."""
    problems: list[PaasError] = []
    results = [attempt(it, problems) for it in tries]
    expect_none(problems)
    return [it for it in results if it is not None]


def expect_none(problems: Iterable[PaasError]) -> None:
    """Raise what was collected, all of it, each once."""
    if several := distinct(problems):
        raise ExceptionGroup("rendering", several)


def distinct(problems: Iterable[PaasError]) -> list[PaasError]:
    """Problems in order, the same one said once."""
    return list({(it.where, it.message): it for it in problems}.values())


def raise_for(problems: Iterable[PaasError]) -> None:
    """One error for the caller: a file's problems come first, a refusal only when the files are right."""
    several = distinct(problems)
    if wrong := tuple(it for it in several if isinstance(it, ConfigError)):
        raise ConfigError.of(wrong)
    if several:
        raise several[0]
