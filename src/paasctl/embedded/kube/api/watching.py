"""Watches: changes as they come, one JSON document a line."""

from __future__ import annotations

import json
import re
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from paasctl.embedded.kube.api.answers import partial, status_of
from paasctl.embedded.kube.api.options import is_whole
from paasctl.embedded.kube.api.reading import Query, chosen, in_version, not_a_version, table
from paasctl.embedded.kube.api.routes import Target
from paasctl.embedded.kube.model import Change, Object, Refusal
from paasctl.embedded.kube.store.store import Store

_LONGEST = 1800.0
_SECONDS = re.compile(r"[0-9]{1,9}(\.[0-9]{1,9})?")
_BOOKMARK = 20.0
"""Seconds between two bookmarks; a real server sends one about once a minute, and before it ends."""


@dataclass(frozen=True)
class _Watch:
    """One watch: of what, what of it, in which form, until when."""

    store: Store
    target: Target
    keep: Callable[[Object], bool]
    shown: Callable[[Object], Any]
    over: threading.Event
    ends: float
    bookmarks: bool
    stalls: bool

    @property
    def is_over(self) -> bool:
        return self.over.is_set() or time.monotonic() >= self.ends

    def first(self) -> tuple[int, list[bytes]]:
        """A watch from nowhere begins with all that is there."""
        with self.store.shelf.lock:
            version = self.store.version()
            now = self.store.shelf.of_kind(*self.target.place[:2], self.target.namespace)
        named = [it for _, it in now if self.keep(it) and _is_named(self.target, it)]
        return version, [_line("ADDED", self.shown(it)) for it in named]

    def lines(self, since: int) -> Iterator[bytes]:
        """What comes after that version; an empty one now and then, so that a client that has left is noticed."""
        said = time.monotonic()
        with self.store.shelf.changes(since, within=0.5) as changes:
            for change in changes:
                if self.is_over:
                    break
                if change is None and self.bookmarks and time.monotonic() - said > _BOOKMARK:
                    said = time.monotonic()
                    yield self.bookmark()
                yield self._told(change) if change and not self.stalls else b""
        if self.bookmarks and not self.stalls:
            yield self.bookmark()

    def _told(self, change: Change) -> bytes:
        event = _event(change, self.target, self.keep)
        return _line(event[0], self.shown(event[1])) if event else b""

    def bookmark(self) -> bytes:
        """How far everything has been told."""
        resource = self.target.resource
        metadata = {"resourceVersion": str(self.store.version()), "creationTimestamp": None}
        return _line("BOOKMARK", {"kind": resource.kind, "apiVersion": resource.api_version, "metadata": metadata})


def watch(  # noqa: PLR0913 - a watch's options
    store: Store, target: Target, query: Query, form: str, over: threading.Event, *, stalls: bool = False
) -> Iterator[bytes]:
    """The lines of a watch. Raises 400 for selectors and versions; 410 comes in the stream, as the real one does it.

    `stalls`: after what is there, it says nothing any more.
    """
    if query.get("sendInitialEvents") == "true":
        raise Refusal(501, "NotImplemented", "the simulated API server sends no initial events: list, then watch")
    version = query.get("resourceVersion", "")
    if version and not is_whole(version):
        raise Refusal(500, "", not_a_version(version))
    ends = time.monotonic() + _seconds(query.get("timeoutSeconds", ""))
    bookmarks = query.get("allowWatchBookmarks") == "true"
    shown = _shown(store, target, form)
    return _lines(_Watch(store, target, chosen(target, query), shown, over, ends, bookmarks, stalls), version)


def _seconds(said: str) -> float:
    if said and not _SECONDS.fullmatch(said):
        raise Refusal(400, "BadRequest", f'strconv.ParseInt: parsing "{said}": invalid syntax')
    return float(said or _LONGEST)


def _lines(watching: _Watch, version: str) -> Iterator[bytes]:
    try:
        since, first = watching.first() if version in ("", "0") else (int(version), [])
        yield from first
        yield from watching.lines(since)
    except Refusal as error:
        yield _line("ERROR", status_of(error))


def _is_named(target: Target, body: Object) -> bool:
    return not target.name or body["metadata"]["name"] == target.name


def _event(change: Change, target: Target, keep: Callable[[Object], bool]) -> tuple[str, Object] | None:
    """What a change is to somebody who sees only what `keep` lets through."""
    place = change.place
    if (
        place[:2] != target.place[:2]
        or target.namespace not in ("", place.namespace)
        or target.name not in ("", place.name)
    ):
        return None
    was = change.before is not None and keep(change.before)
    if change.type == "DELETED":
        return ("DELETED", change.body) if was else None
    if keep(change.body):
        return ("MODIFIED" if was else "ADDED"), change.body
    if was and change.before is not None:
        version = {"resourceVersion": change.body["metadata"]["resourceVersion"]}
        return "DELETED", {**change.before, "metadata": {**change.before["metadata"], **version}}
    return None


def _shown(store: Store, target: Target, form: str) -> Callable[[Object], Any]:
    is_first = True

    def as_table(body: Object) -> Any:
        nonlocal is_first
        made = table(store, target, [body])
        if not is_first:
            made = {**made, "columnDefinitions": None}
        is_first = False
        return made

    if form == "Table":
        return as_table
    return partial if form.startswith("Partial") else lambda it: in_version(target, it)


def _line(kind: str, body: Any) -> bytes:
    return json.dumps({"type": kind, "object": body}, separators=(",", ":"), ensure_ascii=False).encode() + b"\n"
