"""An upload that the registry has opened: where it goes on, how far it is, and closing one that nobody will use.

The `Location` changes with every answer: only the latest one is good.
"""

from __future__ import annotations

import re

from paasctl.adapters.registry.answers import codes, said
from paasctl.adapters.registry.names import located
from paasctl.adapters.registry.retry import Broken, Fault
from paasctl.adapters.registry.session import Session
from paasctl.adapters.registry.wire import Answer, Call
from paasctl.errors import Unavailable
from paasctl.values import dataclass

SMALLEST = 256 << 10  # what is in front of a registry may take less than it does, but not less than this
OCTETS = {"Content-Type": "application/octet-stream"}
_RANGE = re.compile(r"(?:bytes=)?0-(\d+)")


@dataclass(frozen=True, slots=True)
class Opened:
    """An upload that the registry has opened. `at`: bytes it holds; `least`: the smallest chunk it takes."""

    url: str
    at: int = 0
    least: int = 0


def opened_by(answer: Answer, at: int = 0, least: int = 0) -> Opened:
    """The upload as the latest answer has it."""
    url = located(answer.url, answer.headers.get("Location", answer.url))
    told = answer.headers.get("OCI-Chunk-Min-Length", "")
    return Opened(url, at, int(told) if told.isdecimal() else least)


def held_by(answer: Answer) -> int | None:
    """Bytes the registry says it holds; None: it doesn't say. 1 may stand for none: "0-0" is said of both."""
    found = _RANGE.fullmatch(answer.headers.get("Range", ""))
    return int(found[1]) + 1 if found else None


def check_grown(before: Opened, now: Opened) -> None:
    """After a part that was taken. `Broken` where the registry says that it holds no more: that must end some day."""
    if now.at <= before.at:
        raise Broken(Fault("the registry takes parts, and keeps nothing of them"))


def reopened(session: Session, ask: Call, least: int) -> Opened | None:
    """The upload as the registry holds it now (`ask` is a GET of its place); None: it doesn't, so begin another.

    distribution 2.8.2 answers 404 after every part that broke off, PUT or PATCH: the place it gave before tells an
    offset that its file has left behind. Others go on.
    """
    answer = session.ask(ask, 200, 204, 400, 404, 405, 416)
    held = held_by(answer)
    if answer.status != 204 or held is None:
        return None
    now = opened_by(answer, held, least)
    if now.at > 1:
        return now
    session.dismiss(closing_call(ask, now))  # an empty upload or one of a single byte: nobody can tell
    return None


def closing_call(like: Call, opened: Opened) -> Call:
    """The DELETE that ends an upload."""
    return Call(method="DELETE", url=opened.url, doing=like.doing, access=like.access)


def setback(session: Session, call: Call, answer: Answer, sent: int) -> Exception:
    """What a refused part means: send smaller parts, start again, or give up."""
    if answer.status == 413 and sent > SMALLEST:
        return TooLarge(sent)
    if answer.status in (404, 416):
        return Broken(Fault(f"the registry lost the upload ({said(answer)})"))
    if "DIGEST_INVALID" in codes(answer):
        why = f"{call.doing}: other bytes arrived than were sent ({said(answer)})"
        return Unavailable(why, code="digest-mismatch")
    return session.refusal(call, answer)


class TooLarge(Broken):
    """A part that was refused for its size. `smaller` is the next size to try, in bytes."""

    def __init__(self, sent: int) -> None:
        super().__init__(Fault("the registry wants it in smaller parts"))
        sizes = (32 << 20, 8 << 20, 2 << 20, 512 << 10, SMALLEST)
        self.smaller = next(it for it in sizes if it < sent)
