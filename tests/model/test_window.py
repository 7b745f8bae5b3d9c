"""Windows in which nothing is let in, as a table."""

from __future__ import annotations

from datetime import datetime

import pytest

from paasctl.model.window import Window


@pytest.mark.parametrize(
    ("text", "moment", "is_in"),
    [
        ("Fri 16:00 to Mon 08:00", "2026-11-27T15:59:59+00:00", False),
        ("Fri 16:00 to Mon 08:00", "2026-11-27T16:00:00+00:00", True),
        ("Fri 16:00 to Mon 08:00", "2026-11-29T12:00:00+00:00", True),
        ("Fri 16:00 to Mon 08:00", "2026-11-30T07:59:59+00:00", True),
        ("Fri 16:00 to Mon 08:00", "2026-11-30T08:00:00+00:00", False),
        ("Tue 09:00 to Tue 10:00", "2026-12-01T09:30:00+00:00", True),
        ("Tue 09:00 to Tue 10:00", "2026-12-02T09:30:00+00:00", False),
        ("Fri 16:00 to Mon 08:00 Europe/Berlin", "2026-11-27T15:00:00+00:00", True),
        ("Fri 16:00 to Mon 08:00 Europe/Berlin", "2026-07-03T14:00:00+00:00", True),
        ("2026-12-24 to 2027-01-01", "2026-12-23T23:59:59+00:00", False),
        ("2026-12-24 to 2027-01-01", "2026-12-24T00:00:00+00:00", True),
        ("2026-12-24 to 2027-01-01", "2027-01-01T23:59:59+00:00", True),
        ("2026-12-24 to 2027-01-01", "2027-01-02T00:00:00+00:00", False),
        ("2026-12-24 to 2026-12-24 Asia/Tokyo", "2026-12-23T15:00:00+00:00", True),
    ],
)
def test_a_moment_lies_within_or_not(text: str, moment: str, is_in: bool) -> None:
    assert Window.parse(text).holds(datetime.fromisoformat(moment).timestamp()) is is_in


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("Friday", "no such window"),
        ("Fri 25:00 to Mon 08:00", "no such window"),
        ("Fri 16:00 to Fri 16:00", "begins when it ends"),
        ("2026-12-24 to 2026-12-23", "ends before it begins"),
        ("2026-13-24 to 2026-12-23", "month"),
        ("Fri 16:00 to Mon 08:00 Europe/Berlim", "knows no time zone Europe/Berlim"),
    ],
)
def test_what_is_none_is_told(text: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        Window.parse(text)
