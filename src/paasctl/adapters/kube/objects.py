"""Reading objects: one, those of a list of keys, all of a kind. 404 is the only absence."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from paasctl.adapters.kube.discovery import Discovery, Resource
from paasctl.adapters.kube.refusals import problem, rejection
from paasctl.adapters.kube.request import APPLY, Answer, Request
from paasctl.adapters.kube.wire import Wire
from paasctl.errors import Forbidden
from paasctl.model.kube import MANAGER, OWNER_LABEL, Key, Kind, Live, Manifest, Rejection, Target

PAGE = 500
OWN_APPLY: tuple[tuple[str, str], ...] = (("fieldManager", MANAGER), ("force", "false"))
_NEVER_OURS = frozenset(
    {
        Kind("", "Event"),
        Kind("events.k8s.io", "Event"),
        Kind("", "Pod"),
        Kind("", "Endpoints"),
        Kind("", "PodTemplate"),
        Kind("", "ReplicationController"),
        Kind("apps", "ReplicaSet"),
        Kind("apps", "ControllerRevision"),
        Kind("discovery.k8s.io", "EndpointSlice"),
        Kind("coordination.k8s.io", "Lease"),
    }
)
"""Made by controllers, or by us without the owner label."""
_ALWAYS_OURS = frozenset(
    {
        Kind("", "ConfigMap"),
        Kind("", "Secret"),
        Kind("", "Service"),
        Kind("", "ServiceAccount"),
        Kind("", "PersistentVolumeClaim"),
        Kind("apps", "Deployment"),
        Kind("apps", "StatefulSet"),
        Kind("apps", "DaemonSet"),
        Kind("batch", "Job"),
        Kind("batch", "CronJob"),
        Kind("autoscaling", "HorizontalPodAutoscaler"),
        Kind("policy", "PodDisruptionBudget"),
        Kind("networking.k8s.io", "Ingress"),
        Kind("networking.k8s.io", "NetworkPolicy"),
        Kind("gateway.networking.k8s.io", "HTTPRoute"),
    }
)
"""What templates render: not being allowed to list one of these is an error, not an empty list."""


class Objects:
    """The reading half, as far as it is about objects."""

    def __init__(self, wire: Wire, discovery: Discovery, page: int = PAGE) -> None:
        """Reads over `wire`, lists in pages of `page` objects."""
        self._wire = wire
        self._limit = ("limit", str(page))
        self._discovery = discovery

    def get(self, key: Key) -> Live | None:
        """The object; None: proved absent (also where its kind is not served at all)."""
        resource = self._discovery.find(Kind(key.group, key.kind))
        if resource is None:
            return None
        answer = self._wire.send(
            Request(
                method="GET",
                path=resource.path(key.namespace, key.name),
                resource=resource.plural,
                doing=f"reading {key} in {key.namespace or 'the cluster'}",
                handles=frozenset({404}),
            )
        )
        return Live(key, answer.body) if answer.is_good else None

    def seen(self, keys: Sequence[Key]) -> tuple[Live, ...]:
        """Those that exist, in the order asked."""
        return tuple(live for live in self._wire.each(self.get, keys) if live is not None)

    def owned(self, target: Target) -> tuple[Live, ...]:
        """What we applied for this target, of every namespaced kind that can be listed and deleted."""
        kinds = [resource for resource in self._discovery.served().preferred if _may_be_ours(resource)]
        found = self._wire.each(lambda resource: self._owned_of(resource, target), kinds)
        once = {
            live.uid: live for lives in found for live in lives if _is_ours(live)
        }  # two groups may serve one object
        return tuple(sorted(once.values(), key=lambda live: live.key))

    def _owned_of(self, resource: Resource, target: Target) -> tuple[Live, ...]:
        try:
            return self.all_of(resource, target.namespace, f"{OWNER_LABEL}={target.app}")
        except Forbidden:
            if resource.kind in _ALWAYS_OURS:
                raise
            return ()  # an exotic kind that these credentials can neither have made nor prune

    def of_kinds(self, namespace: str, kinds: Iterable[Kind], selector: str = "") -> tuple[Live, ...]:
        """All objects of these kinds there; a kind that is not served has none."""
        resources = [found for kind in kinds if (found := self._discovery.find(kind)) is not None]
        listed = self._wire.each(lambda resource: self.all_of(resource, namespace, selector), resources)
        return tuple(live for lives in listed for live in lives)

    def all_of(
        self, resource: Resource, namespace: str, selector: str = "", *, closing: bool = False
    ) -> tuple[Live, ...]:
        """All objects of one resource, page by page; read whole when the pages grew too old on the way (410)."""
        first = [("labelSelector", selector)] if selector else []
        found: list[Live] = []
        query = (*first, self._limit)
        while True:
            answer = self._page(resource, namespace, query, closing=closing)
            if answer.status == 410:
                found, query = [], tuple(first)
                continue
            found.extend(_items(answer.body, resource))
            token = (answer.body.get("metadata") or {}).get("continue")
            if not token:
                return tuple(found)
            query = (*first, self._limit, ("continue", str(token)))

    def some_of(self, resource: Resource, namespace: str, most: int) -> tuple[Live, ...]:
        """At most so many of one resource: one page."""
        answer = self._page(resource, namespace, (("limit", str(most)),), closing=False)
        return tuple(_items(answer.body, resource))[:most]

    def _page(self, resource: Resource, namespace: str, query: tuple[tuple[str, str], ...], *, closing: bool) -> Answer:
        paged = any(name == "continue" for name, _ in query)
        return self._wire.send(
            Request(
                method="GET",
                path=resource.path(namespace),
                query=query,
                resource=resource.plural,
                doing=f"listing {resource.plural} in {namespace or 'the cluster'}",
                handles=frozenset({410} if paged else ()),
                closing=closing,
            )
        )

    def preview(self, manifest: Manifest) -> Live | Rejection:
        """The server's dry run of our apply. Kinds and namespaces that do not exist yet are rejections (row D19)."""
        key = manifest.key
        version = str(manifest.body.get("apiVersion", "")).rpartition("/")[2]
        resource = self._discovery.find(Kind(key.group, key.kind), version)
        if resource is None:
            return Rejection(key, "NotFound", f"the cluster does not serve {Kind(key.group, key.kind)} {version}")
        answer = self._wire.send(
            Request(
                method="PATCH",
                path=resource.path(key.namespace, key.name),
                query=(*OWN_APPLY, ("dryRun", "All")),
                resource=resource.plural,
                doing=f"checking {key} for {key.namespace or 'the cluster'}",
                body=manifest.body,
                media=APPLY,
                handles=_EVERYTHING,
            )
        )
        if answer.is_good:
            return Live(key, answer.body)
        refused = rejection(answer, key)
        if refused is None:
            raise problem(answer, f"checking {key} for {key.namespace or 'the cluster'}", secret=key.kind == "Secret")
        return refused


_EVERYTHING = frozenset(range(400, 600))


def _may_be_ours(resource: Resource) -> bool:
    return resource.namespaced and {"list", "delete"} <= resource.verbs and resource.kind not in _NEVER_OURS


def _is_ours(live: Live) -> bool:
    """Ours is what we applied: controllers copy labels (a StatefulSet to its claims), and what they make is theirs."""
    meta = live.body["metadata"]
    applied = any(
        entry.get("manager") == MANAGER and entry.get("operation") == "Apply"
        for entry in meta.get("managedFields") or ()
    )
    return applied and not meta.get("ownerReferences")


def _items(body: Mapping[str, Any], resource: Resource) -> Iterator[Live]:
    """A list's items, with the two fields that lists leave out."""
    for item in body.get("items") or ():
        whole = {"apiVersion": resource.api_version, "kind": resource.kind.name, **item}
        yield Live(Key.of(whole), whole)
