"""Reading a live cluster for a copy of it. Reads only, and what could not be read is told, never taken for absent."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import field
from typing import TypeVar

from paasctl.errors import Forbidden, Unavailable
from paasctl.model.copying import Copy
from paasctl.model.kube import Key, Kind, Live, Served
from paasctl.planning.copying import GATEWAY, NAMESPACE, NODE, SYSTEM, Chosen, choose, is_kept, masked, nodes_of
from paasctl.ports.cancel import Cancel
from paasctl.ports.cluster import ClusterReads
from paasctl.values import dataclass

_READERS = 8
_Given = TypeVar("_Given")
_Made = TypeVar("_Made")


@dataclass(frozen=True, slots=True, kw_only=True)
class ToCopy:
    """What is wanted of a cluster. `namespaces` None: all but the system's. `secrets`: with their values."""

    namespaces: tuple[str, ...] | None
    held: frozenset[Served]
    """What a copy can hold."""
    secrets: bool = False


def read_copy(live: ClusterReads, wanted: ToCopy, cancel: Cancel) -> Copy:
    """The copy, read page by page, several lists at once. `Forbidden` where not even the namespaces can be named."""
    reading = _Reading(live, cancel)
    kinds = live.kinds()
    chosen = choose(kinds, wanted.held)
    names, spaces = _namespaces(reading, wanted)
    there = tuple(it for it in names if it in spaces)
    lists = [(it, name) for it in chosen.inside for name in (there if wanted.namespaces is not None else ("",))]
    inside = [it for it in reading.each(lists) if it.key.namespace in spaces and is_kept(it)]
    around = _around(reading, chosen, inside)
    known = {*spaces, *SYSTEM}
    homes = sorted({it.key.namespace for it in around} - known - {""})
    objects = {it.key: it for it in (*reading.some(homes), *reading.some(["kube-system"]), *spaces.values())}
    objects |= {it.key: it for it in (*around, *inside)}
    secrets = sum(it.key.kind == "Secret" for it in objects.values())
    return Copy(
        cluster=live.name,
        namespaces=there,
        objects=tuple(objects.values() if wanted.secrets else map(masked, objects.values())),
        serves=frozenset(it.kind for it in kinds),
        absent=tuple(it for it in names if it not in spaces),
        unread=tuple(sorted(reading.unread)),
        unheld=reading.found(chosen.unheld, there if wanted.namespaces is not None else ("",)),
        masked=0 if wanted.secrets else secrets,
    )


def _namespaces(reading: _Reading, wanted: ToCopy) -> tuple[tuple[str, ...], dict[str, Live]]:
    """The names that are asked for, and those namespaces that are there."""
    if wanted.namespaces is not None:
        return wanted.namespaces, {it.key.name: it for it in reading.some(wanted.namespaces)}
    try:
        every = reading.live.everything(Served(NAMESPACE, "v1", namespaced=False), "")
    except Forbidden as error:
        raise Forbidden(error.message, hint="name the namespaces: --namespace NAME") from error
    found = {it.key.name: it for it in every if it.key.name not in SYSTEM}
    return tuple(sorted(found)), found


def _around(reading: _Reading, chosen: Chosen, inside: list[Live]) -> list[Live]:
    """What is about the whole cluster: classes, Gateways, and the nodes that the copied pods are on."""
    nodes = nodes_of(inside)
    wanted = [(it, "") for it in chosen.outside if it.kind != NAMESPACE and (it.kind != NODE or nodes)]
    return [it for it in reading.each(wanted) if it.key.kind != NODE.name or it.key.name in nodes]


@dataclass(slots=True)
class _Reading:
    """One copy in the making."""

    live: ClusterReads
    cancel: Cancel
    unread: set[Kind] = field(default_factory=set)

    def each(self, lists: list[tuple[Served, str]]) -> list[Live]:
        """All objects of these kinds and namespaces."""
        return [it for lives in self._mapped(self._list, lists) for it in lives]

    def some(self, names: list[str] | tuple[str, ...]) -> list[Live]:
        """Those of the namespaces that are there."""
        return [it for lives in self._mapped(self._namespace, list(names)) for it in lives]

    def found(self, kinds: tuple[Served, ...], names: tuple[str, ...]) -> tuple[Kind, ...]:
        """Kinds of which there is at least one object."""
        asked = [(it, name) for it in kinds for name in names]
        some = self._mapped(self._has_some, asked)
        return tuple(sorted({it.kind for (it, _), has in zip(asked, some, strict=True) if has}))

    def _mapped(self, work: Callable[[_Given], _Made], given: list[_Given]) -> list[_Made]:
        with ThreadPoolExecutor(_READERS, thread_name_prefix="copy") as pool:
            return list(pool.map(work, given))

    def _list(self, which: tuple[Served, str]) -> tuple[Live, ...]:
        self.cancel.check()
        served, namespace = which
        try:
            return self.live.everything(served, namespace)
        except Forbidden:
            if served.kind != GATEWAY or not namespace:
                self.unread.add(served.kind)
            return ()

    def _namespace(self, name: str) -> tuple[Live, ...]:
        self.cancel.check()
        try:
            return self.live.seen([Key("", "Namespace", "", name)])
        except Forbidden:
            self.unread.add(NAMESPACE)
            return ()

    def _has_some(self, which: tuple[Served, str]) -> bool:
        self.cancel.check()
        try:
            return bool(self.live.everything(*which, most=1))
        except (Forbidden, Unavailable):  # it would not have been copied anyway
            return False
