"""Times when nothing is let in: each week from a day and hour to another, or from one date to another."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Self

from paasctl.values import dataclass

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_DAY = "|".join(_DAYS)
_TIME = "[01][0-9]:[0-5][0-9]|2[0-3]:[0-5][0-9]"
_DATE = "[0-9]{4}-[0-9]{2}-[0-9]{2}"
PATTERN = rf"(?:(?:{_DAY}) (?:{_TIME}) to (?:{_DAY}) (?:{_TIME})|{_DATE} to {_DATE})(?: [A-Za-z0-9_+/-]+)?"
"""For JSON Schema, too."""


@dataclass(frozen=True, slots=True)
class Window:
    """`Fri 16:00 to Mon 08:00 Europe/Berlin`, or `2026-12-24 to 2027-01-01` with both days; UTC where none is said."""

    text: str
    start: str
    end: str
    zone: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """A `ValueError` says what is wrong."""
        if not re.fullmatch(PATTERN, text):
            raise ValueError(f"no such window: {text!r}")
        start, _, rest = text.partition(" to ")
        size = len("Mon 08:00") if rest[0].isalpha() else len("2027-01-01")
        window = cls(text, start, rest[:size], rest[size:].strip())
        window._zone()
        if window.is_weekly:
            if window.start == window.end:
                raise ValueError("it begins when it ends")
        elif window._date(window.end) < window._date(window.start):
            raise ValueError("it ends before it begins")
        return window

    @property
    def is_weekly(self) -> bool:
        """Whether it comes each week."""
        return self.start[0].isalpha()

    def holds(self, seconds: float) -> bool:
        """Whether that moment, in seconds since the epoch, lies within."""
        now = datetime.fromtimestamp(seconds, self._zone())
        if not self.is_weekly:
            return self._date(self.start) <= now < self._date(self.end) + timedelta(days=1)
        at = now.weekday() * 1440 + now.hour * 60 + now.minute
        start, end = _minute(self.start), _minute(self.end)
        return start <= at < end if start < end else at >= start or at < end

    def _zone(self) -> tzinfo:
        if not self.zone:
            return UTC
        from zoneinfo import ZoneInfo  # noqa: PLC0415 - only a file that names a zone pays for it

        try:
            return ZoneInfo(self.zone)
        except (KeyError, ValueError, OSError):
            raise ValueError(f"this machine knows no time zone {self.zone}") from None

    def _date(self, text: str) -> datetime:
        return datetime.fromisoformat(text).replace(tzinfo=self._zone())


def _minute(text: str) -> int:
    """Of the week, from Monday 00:00."""
    day, _, time = text.partition(" ")
    hours, _, minutes = time.partition(":")
    return _DAYS.index(day) * 1440 + int(hours) * 60 + int(minutes)
