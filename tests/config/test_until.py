"""A moment on the command line."""

from __future__ import annotations

import pytest

from paasctl.config.until import parse_until
from paasctl.errors import UsageError

NOW = 1_700_000_000.0
"""2023-11-14T22:13:20Z."""


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("2h", "2023-11-15T00:13:20Z"),
        ("1h30m", "2023-11-14T23:43:20Z"),
        ("2023-11-15", "2023-11-15T00:00:00Z"),
        ("2023-11-15T08:00", "2023-11-15T08:00:00Z"),
        ("2023-11-15 08:00", "2023-11-15T08:00:00Z"),
        ("2023-11-15T08:00+01:00", "2023-11-15T08:00:00+01:00"),
        ("2023-11-15T08:00:00Z", "2023-11-15T08:00:00Z"),
    ],
)
def test_when_it_is_over(text: str, found: str) -> None:
    assert parse_until(text, NOW) == found


@pytest.mark.parametrize("text", ["tomorrow", "25:00", "-1h", "0001-01-01T00:00+23:59", "9" * 40 + "h", "ünlängst"])
def test_what_is_neither(text: str) -> None:
    with pytest.raises(UsageError):
        parse_until(text, NOW)


@pytest.mark.parametrize("text", ["0s", "2023-11-14T22:13:20Z", "2023-11-14"])
def test_what_is_past(text: str) -> None:
    with pytest.raises(UsageError, match="past"):
        parse_until(text, NOW)
