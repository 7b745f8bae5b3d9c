"""The signs we draw with, for streams that can write them and for those that can't."""

from __future__ import annotations

from paasctl.values import dataclass
from paasctl.views.clean import spelled


@dataclass(frozen=True, slots=True, kw_only=True)
class Marks:
    """One cell each, but `cut`."""

    ready: str
    waiting: str
    doomed: str
    pod: str
    missing: str
    old: str
    full: str
    empty: str
    later: str
    line: str
    cut: str
    spinner: str


UNICODE = Marks(
    ready="✓",
    waiting="…",
    doomed="✗",
    pod="●",
    missing="○",
    old="·",
    full="━",
    empty="─",
    later="·",
    line="│",
    cut="…",
    spinner="⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏",
)
ASCII = Marks(
    ready="+",
    waiting=".",
    doomed="x",
    pod="*",
    missing="o",
    old="-",
    full="#",
    empty="-",
    later="-",
    line="|",
    cut="...",
    spinner="|/-\\",
)


def marks_for(encoding: str | None) -> Marks:
    """Those that a stream with this encoding can write."""
    every = "".join(getattr(UNICODE, it) for it in UNICODE.__slots__)
    return UNICODE if spelled(every, encoding) == every else ASCII
