"""Objects by place, and the log of their changes. Everything but `get` happens under one lock."""

from __future__ import annotations

import threading
from collections import defaultdict, deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Protocol

from paasctl.embedded.kube.model import Change, Object, Place, Refusal

KEPT = 50_000
"""Changes that the log remembers; watching from before them is 410."""
_LOOK = 1.0
"""Seconds after which a follower of the log is told that nothing came."""
Names = tuple[str, str]


class Journal(Protocol):
    """Where changes are kept beyond this process."""

    def append(self, version: int, place: Place, body: Object | None) -> None:
        """Keep one change; None: the object is gone. Returns when a kill can't lose it."""
        ...


class Shelf:
    """All objects, in memory."""

    def __init__(self, version: int = 0, objects: Mapping[Place, Object] | None = None) -> None:
        """Begin with what a journal had."""
        self.lock = threading.RLock()
        self.version = version
        self.journal: Journal | None = None
        self._grown = threading.Condition(self.lock)
        self._kinds: defaultdict[Names, dict[Names, Object]] = defaultdict(dict)
        self._dependents: defaultdict[str, set[Place]] = defaultdict(set)
        self._log: deque[Change] = deque(maxlen=KEPT)
        self._is_over = False
        for place, body in (objects or {}).items():
            self._kinds[place[:2]][place[2:]] = body
            self._note_owners(place, None, body)

    def get(self, place: Place) -> Object | None:
        """The object; None: there is none. It takes no lock, and so must add no kind to what others go through."""
        return self._kinds.get(place[:2], {}).get(place[2:])

    def of_kind(self, group: str, plural: str, namespace: str = "") -> list[tuple[Place, Object]]:
        """All of a kind, by namespace and name."""
        with self.lock:
            found = sorted(self._kinds[group, plural].items())
        return [(Place(group, plural, *names), body) for names, body in found if namespace in ("", names[0])]

    def at(self, version: int, group: str, plural: str, namespace: str) -> list[tuple[Place, Object]]:
        """The same as it was at an earlier version. Raises 410 where the log doesn't reach so far back."""
        with self.lock:
            then = dict(self._kinds[group, plural])
            for change in self._since(version)[::-1]:
                if change.place[:2] != (group, plural):
                    continue
                if change.before is None:
                    then.pop(change.place[2:], None)
                else:
                    then[change.place[2:]] = change.before
        return [(Place(group, plural, *it), then[it]) for it in sorted(then) if namespace in ("", it[0])]

    def named(self, group: str, namespace: str, name: str) -> list[tuple[Place, Object]]:
        """What has this name, of every kind of a group."""
        found = [
            (kind, objects[namespace, name]) for kind, objects in self._kinds.items() if (namespace, name) in objects
        ]
        return [(Place(*kind, namespace, name), body) for kind, body in found if kind[0] == group]

    def in_namespace(self, name: str) -> list[Place]:
        """Every place of a namespace that holds something."""
        return [Place(*kind, *it) for kind, objects in self._kinds.items() for it in objects if it[0] == name]

    def all(self) -> list[tuple[Place, Object]]:
        """Everything."""
        with self.lock:
            return [(Place(*kind, *it), body) for kind, held in self._kinds.items() for it, body in held.items()]

    def dependents(self, uid: str) -> list[Place]:
        """Places of objects that name this owner."""
        return sorted(self._dependents.get(uid, ()))

    def put(self, place: Place, body: Object) -> Object:
        """Store it under a new version; gives it as it is stored."""
        before = self.get(place)
        self.version += 1
        made = {**body, "metadata": {**body["metadata"], "resourceVersion": str(self.version)}}
        self._keep(place, made)
        self._kinds[place[:2]][place[2:]] = made
        self._note_owners(place, before, made)
        self._grow(Change("MODIFIED" if before else "ADDED", place, made, before))
        return made

    def restore(self, place: Place, body: Object) -> None:
        """Store it as it is, version and all: what a live cluster had."""
        with self.lock:
            self.version = max(self.version, int(body["metadata"]["resourceVersion"]))
            self._keep(place, body)
            before = self.get(place)
            self._kinds[place[:2]][place[2:]] = body
            self._note_owners(place, before, body)
            self._grow(Change("MODIFIED" if before else "ADDED", place, body, before))

    def remove(self, place: Place) -> Object:
        """Take it away; gives it as it last was, with the version of its end."""
        before = self._kinds[place[:2]][place[2:]]
        self.version += 1
        last = {**before, "metadata": {**before["metadata"], "resourceVersion": str(self.version)}}
        self._keep(place, None)
        del self._kinds[place[:2]][place[2:]]
        self._note_owners(place, before, None)
        self._grow(Change("DELETED", place, last, before))
        return last

    def _keep(self, place: Place, body: Object | None) -> None:
        if self.journal:
            self.journal.append(self.version, place, body)

    def _note_owners(self, place: Place, before: Object | None, after: Object | None) -> None:
        for it in _owners(before):
            self._dependents[it].discard(place)
        for it in _owners(after):
            self._dependents[it].add(place)

    def _grow(self, change: Change) -> None:
        self._log.append(change)
        self._grown.notify_all()

    def _since(self, version: int) -> list[Change]:
        """The changes after a version, oldest first."""
        if version > self.version:
            return []
        oldest = self._log[0].version - 1 if self._log else self.version
        if version < oldest:
            message = f"too old resource version: {version} ({oldest})"
            raise Refusal(410, "Expired", message)
        found = []
        for change in reversed(self._log):
            if change.version <= version:
                break
            found.append(change)
        return found[::-1]

    @contextmanager
    def changes(self, since: int | None = None, within: float = _LOOK) -> Iterator[Iterator[Change | None]]:
        """As in `model.Objects`. Raises 410 at once where `since` is too old."""
        with self.lock:
            start = self.version if since is None else since
            first = self._since(start)
        yield self._follow(start, first, within)

    def _follow(self, start: int, found: list[Change], within: float) -> Iterator[Change | None]:
        while not self._is_over:
            for it in found:
                start = it.version
                yield it
            with self._grown:
                if self.version <= start and not self._is_over:
                    self._grown.wait(within)
                found = self._since(start)
            if not found:
                yield None

    def forget(self) -> None:
        """Let the log begin here: what came before is too old to watch from."""
        with self.lock:
            self._log.clear()

    def end(self) -> None:
        """Let everybody who follows the log go."""
        with self._grown:
            self._is_over = True
            self._grown.notify_all()


def _owners(body: Object | None) -> list[str]:
    return [it["uid"] for it in body["metadata"].get("ownerReferences") or ()] if body else []
