"""What is only about pods: logs, evictions."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from paasctl.embedded.http.message import Response
from paasctl.embedded.kube.api.reading import Query
from paasctl.embedded.kube.api.routes import Target
from paasctl.embedded.kube.model import Object, Refusal
from paasctl.embedded.kube.objects import selectors
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
    if not said.isdecimal():
        raise Refusal(400, "BadRequest", f'strconv.ParseInt: parsing "{said}": invalid syntax')
    return int(said)


def evict(store: Store, target: Target) -> Object:
    """``POST pods/NAME/eviction``. Raises 404, and 429 where a budget allows no disruption now."""
    pod = store.get(target.place)
    if pod is None:
        raise not_found(target.place)
    for budget in store.list("policy", "poddisruptionbudgets", target.namespace):
        selects = selectors.matches((budget.get("spec") or {}).get("selector"), pod["metadata"].get("labels") or {})
        if selects and not (budget.get("status") or {}).get("disruptionsAllowed"):
            cause = {
                "reason": "DisruptionBudget",
                "message": f"The disruption budget {budget['metadata']['name']} needs more healthy pods",
            }
            message = "Cannot evict pod as it would violate the pod's disruption budget."
            raise Refusal(429, "TooManyRequests", message, details={"causes": [cause]})
    store.delete(target.place)
    return {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "code": 201}
