"""A small API server on loopback for tests: what the `Cluster` port needs of Kubernetes, and faults on request.

It is held to the same cases as a real API server (`contract/test_cluster*.py`); where they differ, this one is wrong.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import ThreadingHTTPServer
from typing import Any

from support.apihttp import Fault, Handler
from support.apistore import Body, By, Kind, Place, Refusal, Store

KINDS = (
    Kind("", ("v1",), "namespaces", "Namespace", namespaced=False),
    Kind("", ("v1",), "configmaps", "ConfigMap"),
    Kind("", ("v1",), "secrets", "Secret"),
    Kind("", ("v1",), "services", "Service"),
    Kind("", ("v1",), "serviceaccounts", "ServiceAccount"),
    Kind("", ("v1",), "persistentvolumeclaims", "PersistentVolumeClaim"),
    Kind("", ("v1",), "pods", "Pod"),
    Kind("", ("v1",), "events", "Event"),
    Kind("apps", ("v1",), "deployments", "Deployment"),
    Kind("apps", ("v1",), "statefulsets", "StatefulSet"),
    Kind("apps", ("v1",), "replicasets", "ReplicaSet"),
    Kind("batch", ("v1",), "jobs", "Job"),
    Kind("batch", ("v1",), "cronjobs", "CronJob"),
    Kind("autoscaling", ("v2", "v1"), "horizontalpodautoscalers", "HorizontalPodAutoscaler"),
    Kind("policy", ("v1",), "poddisruptionbudgets", "PodDisruptionBudget"),
    Kind("networking.k8s.io", ("v1",), "ingresses", "Ingress"),
    Kind("coordination.k8s.io", ("v1",), "leases", "Lease", upserts=True),
    Kind("gateway.networking.k8s.io", ("v1",), "gateways", "Gateway"),
    Kind("gateway.networking.k8s.io", ("v1",), "httproutes", "HTTPRoute"),
)
VERBS = ["create", "delete", "get", "list", "patch", "update", "watch"]
READS = {"GET": "get", "PATCH": "patch", "POST": "create", "PUT": "update", "DELETE": "delete"}


@dataclass
class ApiServer:
    """Everything a test may look at or change."""

    url: str = ""
    kinds: tuple[Kind, ...] = KINDS
    store: Store = field(default_factory=Store)
    faults: list[Fault] = field(default_factory=list)
    tokens: set[str] = field(default_factory=set)
    """Bearer tokens that are good; empty: everybody is welcome."""
    powerless: set[str] = field(default_factory=set)
    """Tokens that are good for nothing."""
    forbidden: set[tuple[str, str]] = field(default_factory=set)
    """(verb, plural) that nobody may."""
    stale_groups: set[str] = field(default_factory=set)
    aggregated: bool = True
    delay: float = 0.0
    """Seconds that every answer takes."""
    logs: dict[tuple[str, str, bool], str] = field(default_factory=dict)
    """(pod, container, previous) -> text."""
    seen: list[tuple[str, str]] = field(default_factory=list)
    """(method, path with query) of every request that arrived."""
    busiest: int = 0
    """Most requests that were under way at once."""
    _busy: int = 0

    def __post_init__(self) -> None:
        for name in ("default", "kube-system"):
            self.store.create(
                self.kinds[0], ("", "namespaces", "", name), {"metadata": {"name": name}}, By("k8s", "Update")
            )

    def arrived(self, method: str, path: str) -> Fault | None:
        with self.store.lock:
            self.seen.append((method, path))
            self._busy += 1
            self.busiest = max(self.busiest, self._busy)
            return next((fault for fault in self.faults if fault.takes(method, path)), None)

    def left(self) -> None:
        with self.store.lock:
            self._busy -= 1

    def answer(
        self, method: str, path: str, query: dict[str, str], sent: Any, headers: Mapping[str, str]
    ) -> tuple[int, Body | str]:
        """Status and body. Raises `Refusal`."""
        token = (headers.get("Authorization") or "").removeprefix("Bearer ")
        if self.tokens and token not in self.tokens:
            raise Refusal(401, "Unauthorized", "Unauthorized")
        if path == "/version":
            return 200, {"gitVersion": "v1.34.0"}
        if path.endswith("/selfsubjectaccessreviews"):
            asked = sent["spec"]["resourceAttributes"]
            denied = token in self.powerless or (asked["verb"], asked["resource"]) in self.forbidden
            return 201, {"status": {"allowed": not denied}}
        if (found := self._discovery(path, headers.get("Accept") or "")) is not None:
            return 200, found
        kind, place, sub = self._locate(path)
        self._authorize(method, kind, place, token)
        if sub == "log":
            return 200, self._log(place, query)
        with self.store.lock:
            return self._objects(method, kind, place, query, sent)

    def _objects(self, method: str, kind: Kind, place: Place, query: dict[str, str], sent: Any) -> tuple[int, Body]:
        by = By(
            query.get("fieldManager", "unknown"),
            "Apply" if method == "PATCH" else "Update",
            force=query.get("force") == "true",
            dry_run=query.get("dryRun") == "All",
        )
        match method:
            case "GET" if place[3]:
                return 200, self.store.get(place)
            case "GET":
                return 200, self._page(kind, place[2], query)
            case "DELETE":
                uid = ((sent or {}).get("preconditions") or {}).get("uid", "")
                return 200, self.store.delete(kind, place, uid)
            case "POST":
                self._check_namespace(kind, place)
                named = (*place[:3], sent["metadata"]["name"])
                return 201, self.store.create(kind, named, sent, by)
            case "PUT":
                body, made = self.store.replace(kind, place, sent, by)
            case _:
                self._check_namespace(kind, place)
                body, made = self.store.apply(kind, place, sent, by)
        return 201 if made else 200, body

    def _page(self, kind: Kind, namespace: str, query: dict[str, str]) -> Body:
        items = list(self.store.listed(kind, namespace, query.get("labelSelector", "")))
        first, limit = int(query.get("continue", "0")), int(query.get("limit", "0")) or len(items)
        more = {"continue": str(first + limit)} if first + limit < len(items) else {}
        whole = {"apiVersion": _api_version(kind), "kind": f"{kind.kind}List", "metadata": more}
        return {**whole, "items": items[first : first + limit]}

    def _check_namespace(self, kind: Kind, place: Place) -> None:
        if not kind.namespaced:
            return
        there = self.store.entries.get(("", "namespaces", "", place[2]))
        if there is None:
            message = f'namespaces "{place[2]}" not found'
            raise Refusal(404, "NotFound", message, name=place[2], kind="namespaces")
        if there.body["metadata"].get("deletionTimestamp"):
            cause = {"reason": "NamespaceTerminating", "message": "", "field": "metadata.namespace"}
            message = f"forbidden: unable to create new content in namespace {place[2]} because it is being terminated"
            raise Refusal(403, "Forbidden", message, causes=[cause])

    def _authorize(self, method: str, kind: Kind, place: Place, token: str) -> None:
        verb = "list" if method == "GET" and not place[3] else READS[method]
        if token in self.powerless or (verb, kind.plural) in self.forbidden:
            where = f'in the namespace "{place[2]}"' if place[2] else "at the cluster scope"
            cannot = f'User "jane" cannot {verb} resource "{kind.plural}" in API group "{kind.group}" {where}'
            message = f'{kind.resource} "{place[3]}" is forbidden: {cannot}'
            raise Refusal(403, "Forbidden", message, kind=kind.plural)

    def _locate(self, path: str) -> tuple[Kind, Place, str]:
        parts = path.strip("/").split("/")
        group, parts = ("", parts[2:]) if parts[0] == "api" else (parts[1], parts[3:])
        namespace = ""
        if parts[0] == "namespaces" and len(parts) > 2:
            namespace, parts = parts[1], parts[2:]
        for kind in self.kinds:
            if (kind.group, kind.plural) == (group, parts[0]):
                name = parts[1] if len(parts) > 1 else ""
                return kind, (group, kind.plural, namespace, name), parts[2] if len(parts) > 2 else ""
        raise Refusal(404, "", "404 page not found")

    def _log(self, place: Place, query: dict[str, str]) -> str:
        pods = {pod for pod, _, _ in self.logs}
        if place[3] not in pods:
            raise Refusal(404, "NotFound", f'pods "{place[3]}" not found', name=place[3], kind="pods")
        text = self.logs.get((place[3], query.get("container", ""), query.get("previous") == "true"))
        if text is None:
            raise Refusal(400, "BadRequest", f'previous terminated container in pod "{place[3]}" not found')
        return "".join(text.splitlines(keepends=True)[-int(query.get("tailLines", "1000")) :])

    def _discovery(self, path: str, accept: str) -> Body | None:
        groups = sorted({kind.group for kind in self.kinds if kind.group})
        if path in ("/api", "/apis") and self.aggregated and "APIGroupDiscoveryList" in accept:
            wanted = [""] if path == "/api" else groups
            return {"kind": "APIGroupDiscoveryList", "items": [self._aggregated(group) for group in wanted]}
        if path == "/api":
            return {"kind": "APIVersions", "versions": ["v1"]}
        if path == "/apis":
            named = [{"name": g, "versions": [{"version": v} for v in self._versions(g)]} for g in groups]
            return {"kind": "APIGroupList", "groups": named}
        for kind in self.kinds:
            for version in kind.versions:
                if path == (f"/apis/{kind.group}/{version}" if kind.group else f"/api/{version}"):
                    return {"kind": "APIResourceList", "resources": self._flat(kind.group, version)}
        return None

    def _versions(self, group: str) -> list[str]:
        return list(dict.fromkeys(version for kind in self.kinds if kind.group == group for version in kind.versions))

    def _aggregated(self, group: str) -> Body:
        stale = group in self.stale_groups
        versions = [
            {
                "version": version,
                "freshness": "Stale" if stale else "Current",
                "resources": [] if stale else [_nested(kind) for kind in self._of(group, version)],
            }
            for version in self._versions(group)
        ]
        return {"metadata": {"name": group} if group else {}, "versions": versions}

    def _of(self, group: str, version: str) -> list[Kind]:
        return [kind for kind in self.kinds if kind.group == group and version in kind.versions]

    def _flat(self, group: str, version: str) -> list[Body]:
        if group in self.stale_groups:
            raise Refusal(503, "ServiceUnavailable", "the server is currently unable to handle the request")
        return [
            entry
            for kind in self._of(group, version)
            for entry in (
                {"name": kind.plural, "kind": kind.kind, "namespaced": kind.namespaced, "verbs": VERBS},
                {"name": f"{kind.plural}/status", "kind": kind.kind, "namespaced": kind.namespaced, "verbs": ["get"]},
            )
        ]


def _nested(kind: Kind) -> Body:
    return {
        "resource": kind.plural,
        "responseKind": {"kind": kind.kind},
        "scope": "Namespaced" if kind.namespaced else "Cluster",
        "verbs": VERBS,
        "subresources": [{"subresource": "status", "responseKind": {"kind": kind.kind}, "verbs": ["get"]}],
    }


def _api_version(kind: Kind) -> str:
    return f"{kind.group}/{kind.versions[0]}" if kind.group else kind.versions[0]


@contextmanager
def serving(api: ApiServer) -> Iterator[ApiServer]:
    """The server, listening on a free port of loopback while inside."""
    handler = type("BoundHandler", (Handler,), {"api": api})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    api.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield api
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
