"""What is only about pods: logs, evictions."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Protocol

from paasctl.embedded.http.message import Response
from paasctl.embedded.kube.api.options import Sent, deletion, is_whole
from paasctl.embedded.kube.api.reading import Query
from paasctl.embedded.kube.api.routes import Target
from paasctl.embedded.kube.model import By, Object, Place, Refusal
from paasctl.embedded.kube.objects import selectors
from paasctl.embedded.kube.objects.unknown import decoded
from paasctl.embedded.kube.store.refusals import not_found
from paasctl.embedded.kube.store.store import Store


class Logs(Protocol):
    """Where a pod's lines come from: the kubelet that plays it."""

    def __call__(  # noqa: PLR0913 - PodLogOptions, each by name
        self,
        namespace: str,
        pod: str,
        container: str,
        *,
        previous: bool = False,
        tail: int | None = None,
        since_seconds: float | None = None,
        timestamps: bool = False,
        follow: bool = False,
    ) -> Iterator[bytes]:
        """Lines, each with its end. Raises `Refusal` 400 and 404 in the kubelet's words."""
        ...


def log(store: Store, logs: Logs | None, target: Target, query: Query) -> Response:
    """``GET pods/NAME/log``. Raises 404, 501 where nobody plays pods."""
    if store.get(target.place) is None:
        raise not_found(target.place)
    if logs is None:
        raise Refusal(501, "NotImplemented", "this simulation runs no pods, so they have no logs")
    found = logs(
        target.namespace,
        target.name,
        query.get("container", ""),
        previous=query.get("previous") == "true",
        tail=_whole(query, "tailLines"),
        since_seconds=_whole(query, "sinceSeconds"),
        timestamps=query.get("timestamps") == "true",
        follow=query.get("follow") == "true",
    )
    if query.get("follow") == "true":
        return Response(200, found, {"Content-Type": "text/plain"})
    content = b"".join(found)
    most = _whole(query, "limitBytes")
    return Response(200, content if most is None else content[:most], {"Content-Type": "text/plain"})


def _whole(query: Query, name: str) -> int | None:
    said = query.get(name, "")
    if not said:
        return None
    if not is_whole(said):
        raise Refusal(400, "BadRequest", f'strconv.ParseInt: parsing "{said}": invalid syntax')
    return int(said)


def evict(store: Store, target: Target, sent: Sent) -> Object:
    """``POST pods/NAME/eviction``. Raises 404, and 429 where a budget allows no disruption now."""
    asked = _options(sent)
    with store.shelf.lock:
        pod = store.get(target.place)
        if pod is None:
            raise not_found(target.place)
        if not _is_nobodys(pod):
            for budget in _budgets(store, target.namespace, pod):
                _spend(store, budget, target.name, dry_run=bool(asked["dry_run"]))
        store.end(target.place, **asked)
    return {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "code": 201}


def _options(sent: Sent) -> dict[str, Any]:
    """How to delete, as the eviction says it. Raises 400."""
    body = decoded(sent.body).body if sent.body else {}
    options = (body.get("deleteOptions") or {}) if isinstance(body, dict) else None
    if not isinstance(options, dict):
        raise Refusal(400, "BadRequest", "the body is no Eviction")
    asked = deletion(replace(sent, method="DELETE", body=json.dumps(options).encode()))
    return {**asked, "propagation": asked["propagation"] or "Background"}


def _is_nobodys(pod: Object) -> bool:
    """Whether no budget counts it: it has not begun, is over or going already."""
    phase = (pod.get("status") or {}).get("phase")
    return phase in ("Pending", "Succeeded", "Failed") or "deletionTimestamp" in pod["metadata"]


def _budgets(store: Store, namespace: str, pod: Object) -> list[Object]:
    labels = pod["metadata"].get("labels") or {}
    all_ = store.list("policy", "poddisruptionbudgets", namespace)
    found = [it for it in all_ if selectors.matches((it.get("spec") or {}).get("selector"), labels)]
    if len(found) > 1:
        why = "This pod has more than one PodDisruptionBudget, which the eviction subresource does not support."
        raise Refusal(500, "InternalError", why)
    return found


def _spend(store: Store, budget: Object, pod: str, *, dry_run: bool) -> None:
    """Take one disruption off the budget: the next eviction may come before its controller looks. Raises 429."""
    name, status = budget["metadata"]["name"], budget.get("status") or {}
    left = status.get("disruptionsAllowed") or 0
    if left < 1:
        cause = {"reason": "DisruptionBudget", "message": f"The disruption budget {name} needs more healthy pods"}
        message = "Cannot evict pod as it would violate the pod's disruption budget."
        raise Refusal(429, "TooManyRequests", message, details={"causes": [cause]})
    disrupted = {**(status.get("disruptedPods") or {}), pod: store.stamp()}
    told = {**budget, "status": {**status, "disruptionsAllowed": left - 1, "disruptedPods": disrupted}}
    place = Place("policy", "poddisruptionbudgets", budget["metadata"]["namespace"], name)
    store.update(place, told, By("kube-apiserver", subresource="status", dry_run=dry_run))
