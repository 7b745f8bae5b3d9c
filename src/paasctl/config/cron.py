"""Cron schedules, as Kubernetes' CronJob takes them: five fields, or one of the macros."""

from __future__ import annotations

import re

from paasctl.model.counting import count

_MACROS = ("@yearly", "@annually", "@monthly", "@weekly", "@daily", "@midnight", "@hourly")
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_FIELDS: tuple[tuple[str, int, int, tuple[str, ...]], ...] = (
    ("minute", 0, 59, ()),
    ("hour", 0, 23, ()),
    ("day of the month", 1, 31, ()),
    ("month", 1, 12, _MONTHS),
    ("day of the week", 0, 6, _DAYS),
)
_PART = re.compile(r"(?:(?P<any>[*?])|(?P<first>\w{1,4})(?:-(?P<last>\w{1,4}))?)(?:/(?P<step>\d{1,4}))?")


def check_schedule(text: str) -> str:
    """The schedule itself; a `ValueError` names the field that is wrong."""
    if text in _MACROS:
        return text
    fields = text.split()
    if len(fields) != len(_FIELDS):
        raise ValueError(f"it has {count(len(fields), 'field')}, not 5 (minute hour day month weekday)")
    for field, (name, least, most, words) in zip(fields, _FIELDS, strict=True):
        for part in field.split(","):
            if not _fits(part, least, most, words):
                raise ValueError(f"{part!r} is no {name} ({least} to {most})")
    return text


def _fits(part: str, least: int, most: int, words: tuple[str, ...]) -> bool:
    found = _PART.fullmatch(part)
    if not found or (found["step"] and int(found["step"]) == 0):
        return False
    if found["any"]:
        return True
    ends = [_number(it, words, least) for it in (found["first"], found["last"] or found["first"])]
    return least <= ends[0] <= ends[1] <= most


def _number(text: str, words: tuple[str, ...], least: int) -> int:
    """-1 where it is none."""
    if text.lower() in words:
        return words.index(text.lower()) + least
    return int(text) if text.isascii() and text.isdigit() else -1
