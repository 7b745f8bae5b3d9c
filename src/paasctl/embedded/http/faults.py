"""What goes wrong on purpose: rules that are switched on while a server runs.

A rule is one line, as `--fault` takes it:

    ON: WORD [NAME=VALUE …]

`ON` is what a request is called, with * and ?: `patch deployments`, `PUT blobs`, `GET /v2/*`. `WORD` is one of

    429, 503 …    answer with that status (retry-after=SECONDS, body=TEXT)
    reset         reset the connection instead of answering
    cut           end the connection after at=BYTES of the answer
    cut-upload    end it after at=BYTES of what the client sends; lost=yes: forget those, too
    stall         never answer
    slow          answer after by=SECONDS
    mute          do it, then reset instead of answering
    flip          answer with one wrong byte
    expire, forbid, deny, gone, race, stall-watch    (API server) a token that expired, a right that is missing, an
                  admission webhook that denies (body=TEXT), a version that is too old, an object that was changed in
                  between, a watch that says nothing any more

and any of them takes after=N (let N such requests pass first), times=N (then go wrong so often; once, unless `for`
is given) and for=SECONDS (counted from the first that goes wrong).
"""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

OF_API_SERVERS = ("expire", "forbid", "deny", "gone", "race", "stall-watch")
WORDS = ("reset", "cut", "cut-upload", "stall", "slow", "mute", "flip", *OF_API_SERVERS)
_NUMBERS = frozenset({"after", "times", "at"})
_SECONDS = frozenset({"for", "by", "retry-after"})
_TEXTS = frozenset({"body", "lost"})
_DURATION = re.compile(r"(\d{1,9}(?:\.\d{1,9})?)(ms|s|m|h)?", re.ASCII)
_LONGEST = 31_536_000
_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, None: 1.0}
_OPTION = re.compile(r"""([a-z-]+)=("(?:[^"\\]|\\.)*"|\S+)""")


class BadFaultError(ValueError):
    """A rule that can't be read; the message says what is wrong and what would do."""


@dataclass(frozen=True, kw_only=True)
class Fault:
    """One rule. Times are in seconds."""

    on: str
    word: str
    """One of `WORDS`, or the digits of a status."""
    after: int = 0
    times: int | None = None
    """None: without end where `lasts` is given, else once."""
    lasts: float | None = None
    at: int = 0
    by: float = 0.0
    body: str = ""
    content: bytes = b""
    """Instead of `body`, for what no line can say."""
    lost: bool = False
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def status(self) -> int:
        """The status it answers with; 0: it does something else."""
        return int(self.word) if self.word.isdecimal() else 0

    def __str__(self) -> str:
        """The line that `parsed` reads back."""
        said = {
            "at": self.at or "",
            "by": _seconds(self.by),
            "retry-after": self.headers.get("Retry-After", ""),
            "after": self.after or "",
            "times": "" if self.times is None else self.times,
            "for": "" if self.lasts is None else _seconds(self.lasts),
            "lost": "yes" if self.lost else "",
            "body": _quoted(self.body),
        }
        return " ".join([f"{self.on}: {self.word}", *(f"{name}={it}" for name, it in said.items() if it != "")])


def _seconds(value: float) -> str:
    return f"{_plain(value)}s" if value else ""


def _plain(value: float) -> str:
    return f"{value:.9f}".rstrip("0").rstrip(".")


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"' if text else ""


def parsed(line: str) -> Fault:
    """A rule from its line. Raises `BadFaultError`."""
    on, colon, rest = line.partition(": ")
    words = rest.split(None, 1)
    if not colon or not on.strip() or not words:
        raise BadFaultError(f"{line!r} is no fault: write ON: WORD, such as 'patch deployments: 503 times=2'")
    word = words[0]
    if word not in WORDS and not re.fullmatch(r"[3-5][0-9][0-9]", word):
        raise BadFaultError(f"{word!r} is nothing that can go wrong: a status, or one of {', '.join(WORDS)}")
    return _with(on.strip(), word, _options(line, words[1] if len(words) > 1 else ""))


def _options(line: str, text: str) -> dict[str, str]:
    left = _OPTION.sub("", text).strip()
    if left:
        raise BadFaultError(f"{left!r} in {line!r} is no NAME=VALUE")
    found = {name: re.sub(r"\\(.)", r"\1", it[1:-1]) if it[0] == '"' else it for name, it in _OPTION.findall(text)}
    known = sorted(_NUMBERS | _SECONDS | _TEXTS)
    for name in found:
        if name not in known:
            raise BadFaultError(f"{name!r} in {line!r} is unknown: there are {', '.join(known)}")
    if len(found) < len(_OPTION.findall(text)):
        raise BadFaultError(f"{line!r} says something twice")
    if found.get("lost", "no") not in ("yes", "no"):
        raise BadFaultError(f"lost={found['lost']}: it takes yes or no")
    return found


def _with(on: str, word: str, options: Mapping[str, str]) -> Fault:
    numbers = {name: _number(name, it) for name, it in options.items() if name in _NUMBERS}
    seconds = {name: _duration(name, it) for name, it in options.items() if name in _SECONDS}
    retry = {"Retry-After": _plain(seconds["retry-after"])} if "retry-after" in seconds else {}
    return Fault(
        on=on,
        word=word,
        after=numbers.get("after", 0),
        times=numbers.get("times"),
        lasts=seconds.get("for"),
        at=numbers.get("at", 0),
        by=seconds.get("by", 0.0),
        body=options.get("body", ""),
        lost=options.get("lost") == "yes",
        headers=retry,
    )


def _number(name: str, text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,15}", text):
        raise BadFaultError(f"{name}={text}: it takes a number")
    return int(text)


def _duration(name: str, text: str) -> float:
    found = _DURATION.fullmatch(text)
    if not found:
        raise BadFaultError(f"{name}={text}: it takes seconds, such as 2, 200ms, 1.5s, 5m or 1h")
    seconds = float(found[1]) * _UNITS[found[2]]
    if seconds > _LONGEST:
        raise BadFaultError(f"{name}={text}: it takes a year at most")
    return seconds


@dataclass
class Rule:
    """A fault that is switched on, and what has become of it."""

    fault: Fault
    seen: int = 0
    """Requests that matched."""
    hits: int = 0
    """Those that went wrong."""
    since: float | None = None

    def takes(self, now: float) -> bool:
        """Whether a matching request that comes now goes wrong; counts it."""
        self.seen += 1
        if self.seen <= self.fault.after or self.is_over(now):
            return False
        self.since = now if self.since is None else self.since
        self.hits += 1
        return True

    def is_over(self, now: float) -> bool:
        """Whether it will never strike again."""
        lasts, times = self.fault.lasts, self.fault.times
        if lasts is not None and self.since is not None and now >= self.since + lasts:
            return True
        most = times if times is not None else None if lasts is not None else 1
        return most is not None and self.hits >= most


class Faults:
    """The rules of one server, oldest first. Safe from several threads."""

    def __init__(self, faults: Sequence[Fault] = ()) -> None:
        """Begin with these."""
        self._rules = [Rule(it) for it in faults]
        self._lock = threading.Lock()

    def switch_on(self, fault: Fault) -> None:
        """One more rule."""
        with self._lock:
            self._rules.append(Rule(fault))

    def clear(self) -> None:
        """No rule any more."""
        with self._lock:
            self._rules.clear()

    def rules(self) -> list[tuple[Fault, int]]:
        """All that were switched on, those that are over too, and how often each struck."""
        with self._lock:
            return [(it.fault, it.hits) for it in self._rules]

    def strike(self, names: Sequence[str]) -> Fault | None:
        """The fault that is due for a request of these names, which counts as one; None: it goes well."""
        if not self._rules:
            return None
        now, lower = time.monotonic(), [it.lower() for it in names]
        with self._lock:
            for it in self._rules:
                matches = any(fnmatchcase(name, it.fault.on.lower()) for name in lower)
                if matches and it.takes(now):
                    return it.fault
        return None
