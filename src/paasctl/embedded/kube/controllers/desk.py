"""What every controller may use: what was seen, the clock, a list of what is due, and writes that give up politely."""

from __future__ import annotations

import heapq
import itertools
import random
from collections.abc import Callable, Mapping
from typing import Any, Literal, NamedTuple

from paasctl.embedded.kube.controllers.seen import Seen
from paasctl.embedded.kube.controllers.shapes import generated, meta, stamp
from paasctl.embedded.kube.model import By, Clock, Object, Objects, Place, Refusal

_EVENTS = ("", "events")


class Key(NamedTuple):
    """Something to look at: which controller, and what."""

    controller: str
    place: Place


class Desk:
    """One thread's. A write that meets another one's (409) or finds nothing (404) is left to the next look."""

    def __init__(self, objects: Objects, clock: Clock) -> None:
        """Over a store, by a clock."""
        self.objects = objects
        self.clock = clock
        self.seen = Seen()
        self.random = random.Random()  # noqa: S311 - ends of names, no secret
        self._due: list[tuple[float, int, Key]] = []
        self._count = itertools.count()
        self._waiting: dict[Key, None] = {}

    @property
    def now(self) -> float:
        """Seconds since the epoch."""
        return self.clock.utc()

    @property
    def stamp(self) -> str:
        """Now, as objects write it."""
        return stamp(self.now)

    # --- what is to be looked at ---

    def look(self, key: Key) -> None:
        """Soon; twice is once."""
        self._waiting[key] = None

    def later(self, when: float, key: Key) -> None:
        """At that time, in seconds since the epoch."""
        heapq.heappush(self._due, (when, next(self._count), key))

    def next(self) -> Key | None:
        """What is next, of all that is due; None: nothing now."""
        while self._due and self._due[0][0] <= self.now:
            self.look(heapq.heappop(self._due)[2])
        if not self._waiting:
            return None
        key = next(iter(self._waiting))
        del self._waiting[key]
        return key

    def due(self) -> float | None:
        """When there is something to do again; None: not by time alone."""
        return self.now if self._waiting else self._due[0][0] if self._due else None

    # --- writes ---

    def _written(self, write: Callable[[], Object], place: Place) -> Object | None:
        try:
            made = write()
        except Refusal as error:
            if error.status in (404, 409):
                return None
            raise
        self.seen.put(place._replace(name=meta(made)["name"]), made)
        return made

    def create(self, place: Place, body: Object, manager: str) -> Object | None:
        """Make it; None: it is there already, or its namespace goes. Raises `Refusal` for the rest."""
        return self._written(lambda: self.objects.create(place, body, By(manager)), place)

    def update(self, place: Place, body: Object, manager: str, subresource: str = "") -> Object | None:
        """Write it over what was seen; None: somebody was quicker."""
        return self._written(lambda: self.objects.update(place, body, By(manager, subresource=subresource)), place)

    def tell(self, place: Place, body: Object, status: Mapping[str, Any], manager: str) -> Object | None:
        """Write its status, where that differs."""
        if dict(body.get("status") or {}) == dict(status):
            return body
        return self.update(place, {**body, "status": dict(status)}, manager, "status")

    def delete(self, place: Place, grace: int | None = None) -> None:
        """Delete it; gone is good."""
        try:
            self.objects.delete(place, grace=grace)
        except Refusal as error:
            if error.status not in (404, 409):
                raise
        found = self.objects.get(place)
        if found is None:
            self.seen.drop(place)
        else:
            self.seen.put(place, found)

    # --- events ---

    def event(  # noqa: PLR0913 - what an event says, each by name
        self,
        of: Object,
        reason: str,
        message: str,
        source: str,
        kind: Literal["Normal", "Warning"] = "Normal",
        *,
        field: str = "",
    ) -> None:
        """Write an event, or count it up where the same was written in the last ten minutes."""
        about = _reference(of, field)
        namespace = meta(of).get("namespace", "default")
        same = next(
            (
                it
                for it in self.seen.of(*_EVENTS, namespace)
                if it["involvedObject"].get("uid") == about["uid"]
                and (it["reason"], it["message"]) == (reason, message)
                and it["involvedObject"].get("fieldPath", "") == field
            ),
            None,
        )
        if same is not None:
            place = Place(*_EVENTS, namespace, same["metadata"]["name"])
            self.update(place, {**same, "count": same.get("count", 1) + 1, "lastTimestamp": self.stamp}, source)
            return
        name = f"{about['name']}.{int(self.now * 1e9):x}{generated(self.random.randrange, 2)}"
        body = {
            "apiVersion": "v1",
            "kind": "Event",
            "metadata": {"name": name, "namespace": namespace},
            "involvedObject": about,
            "reason": reason,
            "message": message,
            "source": {"component": source},
            "firstTimestamp": self.stamp,
            "lastTimestamp": self.stamp,
            "count": 1,
            "type": kind,
            "eventTime": None,
            "reportingComponent": source,
            "reportingInstance": "",
        }
        self.create(Place(*_EVENTS, namespace, name), body, source)


def _reference(of: Object, field: str) -> Object:
    found = meta(of)
    about = {
        "kind": of["kind"],
        "namespace": found.get("namespace", ""),
        "name": found["name"],
        "uid": found["uid"],
        "apiVersion": of["apiVersion"],
        "resourceVersion": found["resourceVersion"],
    }
    return about | ({"fieldPath": field} if field else {})
