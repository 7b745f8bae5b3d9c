"""Numbers in words: how many, how long, how much, how fast."""

from __future__ import annotations

from paasctl.model.event import Progress

_KIB = 1024


def duration(seconds: float) -> str:
    """`0.4 s`, `12 s`, `3 m 05 s`, `2 h 10 m`."""
    if seconds < 9.95:
        return f"{seconds:.1f} s".replace(".0 s", " s")
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    hours, rest = divmod(whole, 3600)
    if hours:
        return f"{hours} h {rest // 60:02d} m" if rest >= 60 else f"{hours} h"
    minutes, rest = divmod(whole, 60)
    return f"{minutes} m {rest:02d} s" if rest else f"{minutes} m"


def ticking(seconds: float) -> str:
    """A duration that is still growing: whole seconds, so that it doesn't twitch."""
    return duration(int(seconds))


def size(number: float) -> str:
    """Bytes in binary units: `17 B`, `3.2 MiB`."""
    for unit in ("B", "KiB", "MiB"):
        if number < _KIB:
            return f"{number:.0f} {unit}" if unit == "B" else f"{number:.1f} {unit}"
        number /= _KIB
    return f"{number:.1f} GiB"


def amount(progress: Progress) -> str:
    """How far it is: `12.0 MiB of 48.0 MiB`, `3 of 7 objects`, `12.0 MiB` where the end is not known."""
    if progress.unit == "bytes":
        return f"{size(progress.done)} of {size(progress.total)}" if progress.total else size(progress.done)
    return f"{progress.done} of {progress.total} {progress.unit}" if progress.total else str(progress.done)
