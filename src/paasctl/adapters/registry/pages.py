"""Lists that come page by page (distribution-spec, *Listing Tags*, *Listing Referrers*)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace

from paasctl.adapters.registry.names import located, origin
from paasctl.adapters.registry.session import Session
from paasctl.adapters.registry.wire import Answer, Call
from paasctl.errors import Unavailable

_NEXT = re.compile(r'<([^>]*)>\s*;[^,]*\brel="?next"?')
_MOST = 10_000
"""Pages of one list: a registry that always knows another one is not listened to for ever."""


def _nothing(_: Answer) -> str:
    return ""


def pages(
    session: Session, first: Call, expected: tuple[int, ...], rest: Callable[[Answer], str] = _nothing
) -> Iterator[Answer]:
    """Every page of a list, as long as `Link` names another; `rest` says where else it may go on."""
    url, asked = first.url, set[str]()
    while url and url not in asked:
        asked.add(url)
        if len(asked) > _MOST:
            raise Unavailable(f"{first.doing}: there is no end of it after {_MOST} pages")
        answer = session.ask(replace(first, url=url), *expected)
        yield answer
        url = _next(session, answer, first.doing) or rest(answer)


def _next(session: Session, answer: Answer, doing: str) -> str:
    found = _NEXT.search(answer.headers.get("Link", ""))
    if not found:
        return ""
    url = located(answer.url, found[1])
    if origin(url) != origin(session.base):
        raise Unavailable(f"{doing}: the rest of the list should be at {url}, which is another host")
    return url
