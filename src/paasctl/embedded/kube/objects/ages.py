"""How long something has been, as tables say it: ``42s``, ``3m5s``, ``2d``."""

from __future__ import annotations

from datetime import datetime


def seconds(text: str | None) -> float | None:
    """A timestamp of an object as seconds since the epoch; None where there is none."""
    return datetime.fromisoformat(text).timestamp() if text else None


def since(text: str | None, now: float) -> str:
    """The time since then; ``<unknown>`` where there is no time."""
    then = seconds(text)
    return "<unknown>" if then is None else lasting(now - then)


def lasting(length: float) -> str:
    """A length of time, rounded as `kubectl` reads best."""
    whole = int(length)
    if whole < -1:
        return "<invalid>"
    if whole < 0:
        return "0s"
    if whole < 120:
        return f"{whole}s"
    return _minutes(whole) if whole < 180 * 60 else _hours(whole // 3600, whole // 60)


def _minutes(whole: int) -> str:
    minutes, rest = divmod(whole, 60)
    return f"{minutes}m{rest}s" if minutes < 10 and rest else f"{minutes}m"


def _hours(hours: int, minutes: int) -> str:
    if hours < 8:
        return f"{hours}h{minutes % 60}m" if minutes % 60 else f"{hours}h"
    if hours < 48:
        return f"{hours}h"
    days, rest = divmod(hours, 24)
    if days < 8:
        return f"{days}d{rest}h" if rest else f"{days}d"
    if days < 365 * 2:
        return f"{days}d"
    years, left = divmod(days, 365)
    return f"{years}y{left}d" if years < 8 and left else f"{years}y"
