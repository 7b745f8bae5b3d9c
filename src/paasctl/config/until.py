"""A moment that somebody names on the command line: as a time, or as how long from now on."""

from __future__ import annotations

from datetime import UTC, datetime

from paasctl.config.forms import parse_duration
from paasctl.errors import UsageError


def parse_until(text: str, now: float) -> str:
    """In ISO 8601 with a zone: UTC where none is said. `now` in seconds since the epoch.

    `UsageError` where it is neither a time nor a duration, or past.
    """
    over = _moment(text, now)
    if over.timestamp() <= now:
        raise UsageError(f"--until {text}: that is past", hint="--until 2h")
    return over.replace(microsecond=0).isoformat().replace("+00:00", "Z")


def _moment(text: str, now: float) -> datetime:
    try:
        return datetime.fromtimestamp(now + parse_duration(text), UTC)
    except (ValueError, OverflowError):
        pass
    try:
        found = datetime.fromisoformat(text)
        found = found if found.tzinfo else found.replace(tzinfo=UTC)
        found.timestamp()
    except (ValueError, OverflowError) as error:
        raise UsageError(
            f"--until {text}: neither a time nor a duration", hint="--until 2026-12-24T18:00+01:00, or --until 2h30m"
        ) from error
    return found
