"""When a cron schedule comes round: five fields, names, steps and ranges, in UTC."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

_MACROS = {
    "@yearly": "0 0 1 1 *", "@annually": "0 0 1 1 *", "@monthly": "0 0 1 * *", "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *", "@midnight": "0 0 * * *", "@hourly": "0 * * * *",
}  # fmt: skip
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_BOUNDS = ((0, 59), (0, 23), (1, 31), (1, 12), (0, 6))
_FARTHEST = 366 * 5


def next_time(schedule: str, after: float) -> float | None:
    """The first time after `after` (seconds since the epoch); None: the schedule can't be read, or never comes."""
    fields = _MACROS.get(schedule.strip(), schedule).split()
    if len(fields) != 5:
        return None
    try:
        minutes, hours, days, months, weekdays = (_set(text, number) for number, text in enumerate(fields))
    except ValueError:
        return None
    either = fields[2] != "*" and fields[4] != "*"
    start = datetime.fromtimestamp(after, UTC).replace(second=0, microsecond=0) + timedelta(minutes=1)
    for ahead in range(_FARTHEST):
        day = (start + timedelta(days=ahead)).date()
        in_week = (day.weekday() + 1) % 7 in weekdays
        fits = (day.day in days or in_week) if either else (day.day in days and in_week)
        if day.month not in months or not fits:
            continue
        for hour in sorted(hours):
            for minute in sorted(minutes):
                when = datetime(day.year, day.month, day.day, hour, minute, tzinfo=UTC)
                if when >= start:
                    return when.timestamp()
    return None


def _set(text: str, number: int) -> set[int]:
    low, high = _BOUNDS[number]
    found: set[int] = set()
    for part in text.lower().split(","):
        span, _, step = part.partition("/")
        first, dash, last = span.partition("-")
        if span in ("*", "?"):
            begin, end = low, high
        else:
            begin = _number(first, number)
            end = _number(last, number) if dash else (high if step else begin)
        if not low <= begin <= end <= high + (number == 4):
            raise ValueError(f"{part!r} is out of bounds")
        found |= set(range(begin, end + 1, int(step or 1)))
    return {it % 7 for it in found} if number == 4 else found


def _number(text: str, number: int) -> int:
    names = _MONTHS if number == 3 else _DAYS if number == 4 else ()
    if text[:3] in names:
        return names.index(text[:3]) + (1 if number == 3 else 0)
    return int(text)
