"""What a cluster serves: kinds, their paths and versions. Two requests, or one per group where the server is older."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from paasctl.adapters.kube.request import Request
from paasctl.adapters.kube.wire import Wire
from paasctl.errors import Refused, Unavailable
from paasctl.model.kube import Kind
from paasctl.values import dataclass

_AGGREGATED = "application/json;v={};g=apidiscovery.k8s.io;as=APIGroupDiscoveryList"
ACCEPT = f"{_AGGREGATED.format('v2')},{_AGGREGATED.format('v2beta1')},application/json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """One kind in one version: where it is served."""

    kind: Kind
    version: str
    plural: str
    namespaced: bool
    verbs: frozenset[str]

    @property
    def api_version(self) -> str:
        """`group/version`, or `v1`."""
        return f"{self.kind.group}/{self.version}" if self.kind.group else self.version

    def path(self, namespace: str = "", name: str = "") -> str:
        """The URL's path of one object, or of all of them; `namespace` is ignored where the kind has none."""
        root = f"/apis/{self.api_version}" if self.kind.group else f"/api/{self.version}"
        place = f"/namespaces/{namespace}" if namespace and self.namespaced else ""
        return f"{root}{place}/{self.plural}" + (f"/{name}" if name else "")


@dataclass(frozen=True, slots=True)
class Served:
    """All of it. The first resource of a kind is the version the server prefers."""

    resources: tuple[Resource, ...]
    silent: frozenset[str] = frozenset()
    """Groups whose server does not answer: what they hold is not known."""

    def find(self, kind: Kind, version: str = "") -> Resource | None:
        """The kind's resource, in this version or the preferred one; None: proved not served."""
        for each in self.resources:
            if each.kind == kind and version in ("", each.version):
                return each
        if kind.group in self.silent:
            raise Unavailable(f"looking up {kind}: the server of API group {kind.group} does not answer")
        return None

    @property
    def preferred(self) -> tuple[Resource, ...]:
        """One resource per kind."""
        first: dict[Kind, Resource] = {}
        for each in self.resources:
            first.setdefault(each.kind, each)
        return tuple(first.values())


class Discovery:
    """Asked once per process, and once more when a kind is missing: it may have come with this very run."""

    def __init__(self, wire: Wire) -> None:
        """Nothing is read before it is needed."""
        self._wire = wire
        self._served: Served | None = None
        self._reading = threading.Lock()
        self._missed: set[tuple[Kind, str]] = set()

    def served(self) -> Served:
        """What the cluster serves."""
        with self._reading:
            if self._served is None:
                self._served = read(self._wire)
            return self._served

    def find(self, kind: Kind, version: str = "") -> Resource | None:
        """The kind's resource; None: proved not served, by a fresh answer."""
        found = self.served().find(kind, version)
        if found is None and (kind, version) not in self._missed:
            with self._reading:
                self._served = read(self._wire)
                self._missed.add((kind, version))
            found = self._served.find(kind, version)
        return found

    def need(self, kind: Kind, version: str = "") -> Resource:
        """The kind's resource. Not served: `Refused`."""
        found = self.find(kind, version)
        if found is None:
            text = f"{kind} in version {version}" if version else str(kind)
            hint = "install the CustomResourceDefinition first, or use a version it serves: kubectl api-resources"
            raise Refused(f"looking up {text}: the cluster does not serve it", hint=hint, code="kind-not-served")
        return found

    def forget_misses(self) -> None:
        """After an object was applied that may define kinds."""
        with self._reading:
            self._missed.clear()


def read(wire: Wire) -> Served:
    """Ask the server."""
    core, groups = wire.each(lambda path: _get(wire, path, ACCEPT), ("/api", "/apis"))
    if "items" in core and "items" in groups:
        return from_aggregated(core, groups)
    return _read_each(wire, core, groups)


def from_aggregated(core: Mapping[str, Any], groups: Mapping[str, Any]) -> Served:
    """`APIGroupDiscoveryList`s, v2 or v2beta1, as a value."""
    found: list[Resource] = []
    silent: set[str] = set()
    for item in (*core["items"], *groups["items"]):
        group = str((item.get("metadata") or {}).get("name") or "")
        for version in item.get("versions") or ():
            found.extend(_aggregated(group, version))
            if version.get("freshness") == "Stale":
                silent.add(group)
    return Served(tuple(found), frozenset(silent))


def _aggregated(group: str, version: Mapping[str, Any]) -> Iterator[Resource]:
    for each in version.get("resources") or ():
        yield Resource(
            kind=Kind(group, str(each["responseKind"]["kind"])),
            version=str(version["version"]),
            plural=str(each["resource"]),
            namespaced=each.get("scope") == "Namespaced",
            verbs=frozenset(each.get("verbs") or ()),
        )


def _read_each(wire: Wire, core: Mapping[str, Any], groups: Mapping[str, Any]) -> Served:
    """The older way: a list per group and version."""
    versions = [("", str(version)) for version in core.get("versions") or ()]
    for group in groups.get("groups") or ():
        versions.extend((str(group["name"]), version) for version in _in_order(group))
    lists = wire.each(lambda each: _list_of(wire, *each), versions)
    found = [
        resource
        for (group, version), listed in zip(versions, lists, strict=True)
        for resource in from_list(group, version, listed or {})
    ]
    silent = {group for (group, _), listed in zip(versions, lists, strict=True) if listed is None}
    return Served(tuple(found), frozenset(silent))


def from_list(group: str, version: str, listed: Mapping[str, Any]) -> Iterable[Resource]:
    """One `APIResourceList`, subresources left out."""
    for each in listed.get("resources") or ():
        if "/" not in each["name"]:
            yield Resource(
                kind=Kind(each.get("group") or group, str(each["kind"])),
                version=each.get("version") or version,
                plural=str(each["name"]),
                namespaced=bool(each.get("namespaced")),
                verbs=frozenset(each.get("verbs") or ()),
            )


def _in_order(group: Mapping[str, Any]) -> list[str]:
    preferred = str((group.get("preferredVersion") or {}).get("version") or "")
    names = [str(each["version"]) for each in group.get("versions") or ()]
    return sorted(names, key=lambda name: name != preferred)


def _list_of(wire: Wire, group: str, version: str) -> Mapping[str, Any] | None:
    path = f"/apis/{group}/{version}" if group else f"/api/{version}"
    answer = wire.send(_request(path, "application/json", frozenset({404, 503})))
    listed: Mapping[str, Any] | None = answer.body if answer.is_good else None
    return listed


def _get(wire: Wire, path: str, accept: str) -> Mapping[str, Any]:
    body: Mapping[str, Any] = wire.send(_request(path, accept, frozenset())).body
    return body


def _request(path: str, accept: str, handles: frozenset[int]) -> Request:
    return Request(
        method="GET",
        path=path,
        resource="discovery",
        doing="asking the cluster what it serves",
        accept=accept,
        handles=handles,
    )
