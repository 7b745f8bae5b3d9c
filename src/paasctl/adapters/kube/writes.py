"""Changing objects: server-side apply and delete, each with its precondition, so that a race changes nothing.

Tried on API server 1.34: an applied object with another `metadata.uid` is refused (422), with one where none exists
too (409); with `metadata.resourceVersion: "1"` it is made where none exists and refused (409) where one does, since
1 is never current.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from paasctl.adapters.kube.discovery import Discovery
from paasctl.adapters.kube.objects import OWN_APPLY, Objects
from paasctl.adapters.kube.refusals import is_stale, problem
from paasctl.adapters.kube.request import APPLY, Answer, Request
from paasctl.adapters.kube.wire import Wire
from paasctl.errors import StalePlan
from paasctl.model.kube import MANAGER, Key, Kind, Live, Manifest

Guard = Callable[[], float]
_NEVER_CURRENT = "1"


class Writes:
    """The writing half, as far as it is about objects."""

    def __init__(self, wire: Wire, discovery: Discovery, objects: Objects) -> None:
        """Writes over `wire`."""
        self._wire = wire
        self._discovery = discovery
        self._objects = objects

    def apply(self, manifest: Manifest, *, uid: str | None, guard: Guard) -> Live:
        """Apply as `paasctl`, never by force. `uid` as in the port."""
        answer = self._applied(manifest, uid, guard)
        if answer.status == 409 and uid is None and answer.sent > 1:
            ours = self._ours(manifest.key)  # an attempt whose answer was lost may have made it
            if ours is not None:
                answer = self._applied(manifest, ours.uid, guard)
        if answer.is_good:
            if manifest.key.kind == "CustomResourceDefinition":
                self._discovery.forget_misses()
            return Live(manifest.key, answer.body)
        raise self._refusal(manifest, uid, answer)

    def _applied(self, manifest: Manifest, uid: str | None, guard: Guard) -> Answer:
        key = manifest.key
        version = str(manifest.body.get("apiVersion", "")).rpartition("/")[2]
        resource = self._discovery.need(Kind(key.group, key.kind), version)
        return self._wire.send(
            Request(
                method="PATCH",
                path=resource.path(key.namespace, key.name),
                query=OWN_APPLY,
                resource=resource.plural,
                doing=_applying(key),
                body=_with_precondition(manifest.body, uid),
                media=APPLY,
                guard=guard,
                handles=frozenset({409, 422}),
            )
        )

    def _refusal(self, manifest: Manifest, uid: str | None, answer: Answer) -> Exception:
        doing, key = _applying(manifest.key), manifest.key
        if is_stale(answer) or (uid is None and answer.status == 409 and self._objects.get(key) is not None):
            was = (
                "it was planned to be made, but it is there" if uid is None else "it is no longer the one that was seen"
            )
            return StalePlan(f"{doing}: {was}", hint="run the command again")
        return problem(answer, doing, secret=key.kind == "Secret")

    def _ours(self, key: Key) -> Live | None:
        live = self._objects.get(key)
        fields = live.body["metadata"].get("managedFields") or () if live else ()
        made = any(entry.get("manager") == MANAGER and entry.get("operation") == "Apply" for entry in fields)
        return live if made else None

    def delete(self, key: Key, *, uid: str, guard: Guard) -> None:
        """Delete it if it is still that one; gone is success, another one under its name is `StalePlan`.

        Background propagation: the name is free at once, so a rerun never meets a half-deleted object; the garbage
        collector takes the pods. (Left to the kind's default, a Job would leave its pods behind.)
        """
        resource = self._discovery.find(Kind(key.group, key.kind))
        if resource is None:
            return
        doing = f"deleting {key} in {key.namespace or 'the cluster'}"
        answer = self._wire.send(
            Request(
                method="DELETE",
                path=resource.path(key.namespace, key.name),
                resource=resource.plural,
                doing=doing,
                body={"kind": "DeleteOptions", "apiVersion": "v1", "preconditions": {"uid": uid}, **_BACKGROUND},
                guard=guard,
                handles=frozenset({404, 409}),
            )
        )
        if answer.status == 409:
            hint = "it was deleted and made again: run the command again"
            raise StalePlan(f"{doing}: it is no longer the one that was seen", hint=hint)


_BACKGROUND = {"propagationPolicy": "Background"}


def _applying(key: Key) -> str:
    return f"applying {key} in {key.namespace or 'the cluster'}"


def _with_precondition(body: Mapping[str, Any], uid: str | None) -> Mapping[str, Any]:
    condition = {"resourceVersion": _NEVER_CURRENT} if uid is None else {"uid": uid}
    return {**body, "metadata": {**(body.get("metadata") or {}), **condition}}
