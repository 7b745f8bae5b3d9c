"""What can be asked of a cluster beside its objects: who it is, what it serves, what we may do, events, logs."""

from __future__ import annotations

from typing import Any

from paasctl.adapters.kube.discovery import Discovery
from paasctl.adapters.kube.objects import Objects
from paasctl.adapters.kube.request import Answer, Request
from paasctl.adapters.kube.wire import Wire
from paasctl.errors import Forbidden, Refused, Unavailable
from paasctl.model.kube import MANAGER, Identity, Kind, Offers
from paasctl.model.verdict import Cause

_GATEWAY = Kind("gateway.networking.k8s.io", "Gateway")
_LOG_BYTES = 1 << 20


class Questions:
    """Answers over the wire."""

    def __init__(self, wire: Wire, discovery: Discovery, objects: Objects) -> None:
        """Reads over `wire`."""
        self._wire = wire
        self._discovery = discovery
        self._objects = objects

    def identity(self) -> Identity:
        """UID of `kube-system`, and the authority's digest."""
        answer = self._namespace("kube-system", handles=frozenset())
        return Identity(str(answer.body["metadata"]["uid"]), self._wire.access.ca)

    def offers(self) -> Offers:
        """Version, kinds, Gateways."""
        version = self._wire.send(
            Request(method="GET", path="/version", resource="version", doing="asking the cluster for its version")
        )
        kinds = frozenset(each.kind for each in self._discovery.served().resources)
        try:
            found = self._objects.of_kinds("", [_GATEWAY]) if _GATEWAY in kinds else ()
        except Forbidden:
            return Offers(version=str(version.body.get("gitVersion", "")), kinds=kinds, unread=frozenset({_GATEWAY}))
        gateways = tuple(sorted(f"{live.key.namespace}/{live.key.name}" for live in found))
        return Offers(version=str(version.body.get("gitVersion", "")), kinds=kinds, gateways=gateways)

    def namespace_exists(self, name: str) -> bool:
        """Whether it is there; one that is going away is `Refused`."""
        answer = self._namespace(name, handles=frozenset({404}))
        if answer.status == 404:
            return False
        if (answer.body.get("status") or {}).get("phase") == "Terminating":
            raise Refused(
                f"looking at namespace {name}: it is being deleted",
                hint=f"wait until it is gone: kubectl get namespace {name}",
                code="namespace-terminating",
            )
        return True

    def ensure_namespace(self, name: str) -> None:
        """Make it where it is missing; somebody else making it at the same moment is success."""
        if self.namespace_exists(name):
            return
        labels = {"app.kubernetes.io/managed-by": MANAGER}
        self._wire.send(
            Request(
                method="POST",
                path="/api/v1/namespaces",
                query=(("fieldManager", MANAGER),),
                resource="namespaces",
                doing=f"making namespace {name}",
                body={"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels}},
                handles=frozenset({409}),
            )
        )
        self.namespace_exists(name)

    def events(self, namespace: str) -> tuple[dict[str, Any], ...]:
        """Oldest first, by when they were last seen."""
        found = self._objects.of_kinds(namespace, [Kind("", "Event")])
        return tuple(sorted((dict(live.body) for live in found), key=_when))

    def logs(self, namespace: str, cause: Cause, lines: int) -> tuple[str, ...]:
        """The last lines of a container; none where there is no such container run (400, 404)."""
        query = [("tailLines", str(lines)), ("limitBytes", str(_LOG_BYTES)), ("timestamps", "false")]
        query += [("container", cause.container)] if cause.container else []
        query += [("previous", "true")] if cause.previous else []
        answer = self._wire.send(
            Request(
                method="GET",
                path=f"/api/v1/namespaces/{namespace}/pods/{cause.pod}/log",
                query=tuple(query),
                resource="pods/log",
                doing=f"reading the log of pod {cause.pod} in {namespace}",
                accept="*/*",
                handles=frozenset({400, 404}),
                repeatable=False,  # a 500 here is the kubelet's answer, and the next look will ask again
            )
        )
        if not answer.is_good:
            return ()
        return tuple(answer.content.decode("utf-8", "replace").splitlines()[-lines:])

    def may(self, verb: str, kind: Kind, namespace: str) -> bool:
        """SelfSubjectAccessReview. A kind that is not served yet is asked for by the plural it most likely has."""
        resource = self._discovery.find(kind)
        plural = resource.plural if resource else guess_plural(kind.name)
        asked = {"verb": verb, "group": kind.group, "resource": plural, "namespace": namespace}
        answer = self._wire.send(
            Request(
                method="POST",
                path="/apis/authorization.k8s.io/v1/selfsubjectaccessreviews",
                resource="selfsubjectaccessreviews",
                doing=f"asking whether you may {verb} {kind} in {namespace or 'the cluster'}",
                body={
                    "apiVersion": "authorization.k8s.io/v1",
                    "kind": "SelfSubjectAccessReview",
                    "spec": {"resourceAttributes": asked},
                },
            )
        )
        status = answer.body.get("status") or {}
        if status.get("evaluationError") and not status.get("allowed"):
            raise Unavailable(f"asking whether you may {verb} {kind}: {status['evaluationError']}")
        return bool(status.get("allowed"))

    def _namespace(self, name: str, handles: frozenset[int]) -> Answer:
        return self._wire.send(
            Request(
                method="GET",
                path=f"/api/v1/namespaces/{name}",
                resource="namespaces",
                doing=f"reading namespace {name}",
                handles=handles,
            )
        )


def guess_plural(kind: str) -> str:
    """The plural by Kubernetes' own rule (`meta.UnsafeGuessKindToResource`)."""
    name = kind.lower()
    if name.endswith(("s", "x", "ch", "sh")):
        return f"{name}es"
    return f"{name[:-1]}ies" if name.endswith("y") and name[-2:-1] not in tuple("aeiou") else f"{name}s"


def _when(event: dict[str, Any]) -> str:
    """When an event was last seen: RFC 3339 sorts as text, but for fractions that only newer events have."""
    series = event.get("series") or {}
    created = event["metadata"].get("creationTimestamp")
    return str(series.get("lastObservedTime") or event.get("lastTimestamp") or event.get("eventTime") or created or "")
