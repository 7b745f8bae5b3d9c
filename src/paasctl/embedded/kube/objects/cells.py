"""Cells of workloads, autoscalers, networks and what else has a printer; the name comes before them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from paasctl.embedded.kube.model import Object
from paasctl.embedded.kube.objects.ages import lasting, seconds, since

Cells = Callable[[Object, float], list[Any]]
Json = Mapping[str, Any]
_MOST = 3


def age(body: Object, now: float) -> str:
    """Since it was made."""
    return since(body["metadata"].get("creationTimestamp"), now)


def joined(items: Sequence[str], *, nothing: str = "", most: int = _MOST, by: str = ",") -> str:
    """The first few, and how many more there are."""
    if not items:
        return nothing
    more = f" + {len(items) - most} more..." if len(items) > most else ""
    return by.join(items[:most]) + more


def selector(said: Json | None) -> str:
    """A LabelSelector as one reads it."""
    labels = ",".join(f"{name}={value}" for name, value in sorted(((said or {}).get("matchLabels") or {}).items()))
    parts = [labels] if labels else []
    for it in (said or {}).get("matchExpressions") or []:
        values = ",".join(sorted(it.get("values") or []))
        words = {"In": f"{it['key']} in ({values})", "NotIn": f"{it['key']} notin ({values})"}
        parts.append({**words, "Exists": it["key"], "DoesNotExist": f"!{it['key']}"}[it["operator"]])
    return ",".join(parts) or "<none>"


def _containers(template: Json | None) -> list[str]:
    found = ((template or {}).get("spec") or {}).get("containers") or []
    return [",".join(it.get("name", "") for it in found), ",".join(it.get("image", "") for it in found)]


def _parts(body: Object) -> tuple[Object, Object]:
    return body.get("spec") or {}, body.get("status") or {}


def _deployment(body: Object, now: float) -> list[Any]:
    spec, status = _parts(body)
    ready = f"{status.get('readyReplicas', 0)}/{spec.get('replicas', 0)}"
    counts = [status.get("updatedReplicas", 0), status.get("availableReplicas", 0)]
    return [ready, *counts, age(body, now), *_containers(spec.get("template")), selector(spec.get("selector"))]


def _replica_set(body: Object, now: float) -> list[Any]:
    spec, status = _parts(body)
    counts = [spec.get("replicas", 0), status.get("replicas", 0), status.get("readyReplicas", 0)]
    return [*counts, age(body, now), *_containers(spec.get("template")), selector(spec.get("selector"))]


def _stateful_set(body: Object, now: float) -> list[Any]:
    spec, status = _parts(body)
    ready = f"{status.get('readyReplicas', 0)}/{spec.get('replicas', 0)}"
    return [ready, age(body, now), *_containers(spec.get("template"))]


def _daemon_set(body: Object, now: float) -> list[Any]:
    spec, status = _parts(body)
    names = ("desiredNumberScheduled", "currentNumberScheduled", "numberReady", "updatedNumberScheduled")
    counts = [status.get(name, 0) for name in (*names, "numberAvailable")]
    template = spec.get("template") or {}
    nodes = (template.get("spec") or {}).get("nodeSelector") or {}
    chosen = ",".join(f"{name}={value}" for name, value in sorted(nodes.items())) or "<none>"
    return [*counts, chosen, age(body, now), *_containers(template), selector(spec.get("selector"))]


def _has(status: Json, kind: str) -> bool:
    return any(it.get("type") == kind and it.get("status") == "True" for it in status.get("conditions") or [])


def _job_status(body: Object, status: Json) -> str:
    for kind in ("Complete", "Failed"):
        if _has(status, kind):
            return kind
    if "deletionTimestamp" in body["metadata"]:
        return "Terminating"
    later = ("Suspended", "FailureTarget", "SuccessCriteriaMet")
    return next((kind for kind in later if _has(status, kind)), "Running")


def _job(body: Object, now: float) -> list[Any]:
    spec, status = _parts(body)
    done, together = status.get("succeeded", 0), spec.get("parallelism", 0)
    if "completions" in spec:
        completions = f"{done}/{spec['completions']}"
    else:
        completions = f"{done}/1 of {together}" if together > 1 else f"{done}/1"
    begun, ended = seconds(status.get("startTime")), seconds(status.get("completionTime"))
    took = "" if begun is None else lasting((now if ended is None else ended) - begun)
    wide = [*_containers(spec.get("template")), selector(spec.get("selector"))]
    return [_job_status(body, status), completions, took, age(body, now), *wide]


def _cron_job(body: Object, now: float) -> list[Any]:
    spec, status = _parts(body)
    last = since(status["lastScheduleTime"], now) if status.get("lastScheduleTime") else "<none>"
    inner = (spec.get("jobTemplate") or {}).get("spec") or {}
    suspend = {True: "True", False: "False"}.get(spec.get("suspend"), "<unset>")  # type: ignore[arg-type]
    said = [spec.get("schedule", ""), spec.get("timeZone", "<none>"), suspend, len(status.get("active") or []), last]
    return [*said, age(body, now), *_containers(inner.get("template")), selector(inner.get("selector"))]


def _autoscaler(body: Object, now: float) -> list[Any]:
    spec, status = _parts(body)
    target = spec.get("scaleTargetRef") or {}
    current = status.get("currentMetrics") or []
    metrics = [_metric(it, current[index] if index < len(current) else {}) for index, it in enumerate(spec["metrics"])]
    listed = joined(metrics, nothing="<none>", most=2, by=", ")
    least = str(spec["minReplicas"]) if "minReplicas" in spec else "<unset>"
    counts = [spec.get("maxReplicas", 0), status.get("currentReplicas", 0)]
    return [f"{target.get('kind', '')}/{target.get('name', '')}", listed, least, *counts, age(body, now)]


def _metric(spec: Json, status: Json) -> str:
    kind = spec.get("type", "")
    name = kind[:1].lower() + kind[1:]
    said, now = spec.get(name) or {}, (status.get(name) or {}).get("current") or {}
    target = said.get("target") or {}
    if kind in ("Resource", "ContainerResource"):
        if "averageValue" in target:
            return f"{said['name']}: {now.get('averageValue', '<unknown>')}/{target['averageValue']}"
        current = f"{now['averageUtilization']}%" if "averageUtilization" in now else "<unknown>"
        wanted = f"{target['averageUtilization']}%" if "averageUtilization" in target else "<auto>"
        return f"{said['name']}: {current}/{wanted}"
    if kind == "Pods":
        return f"{now.get('averageValue', '<unknown>')}/{target.get('averageValue', 0)}"
    if "averageValue" in target:
        return f"{now.get('averageValue', '<unknown>')}/{target['averageValue']} (avg)"
    return f"{now.get('value', '<unknown>')}/{target.get('value', 0)}"


def _budget(body: Object, now: float) -> list[Any]:
    spec, status = _parts(body)
    bounds = [str(spec.get(name, "N/A")) for name in ("minAvailable", "maxUnavailable")]
    return [*bounds, status.get("disruptionsAllowed", 0), age(body, now)]


def _ingress(body: Object, now: float) -> list[Any]:
    spec, status = _parts(body)
    hosts = list(dict.fromkeys(it["host"] for it in spec.get("rules") or [] if it.get("host")))
    balancer = (status.get("loadBalancer") or {}).get("ingress") or []
    addresses = ",".join(it.get("ip") or it.get("hostname") or "" for it in balancer)
    ports = "80, 443" if spec.get("tls") else "80"
    return [spec.get("ingressClassName", "<none>"), joined(hosts, nothing="*"), addresses, ports, age(body, now)]


def _ingress_class(body: Object, now: float) -> list[Any]:
    spec = body.get("spec") or {}
    ref = spec.get("parameters")
    said = "<none>"
    if ref:
        group = f".{ref['apiGroup']}" if ref.get("apiGroup") else ""
        said = f"{ref.get('kind', '')}{group}/{ref.get('name', '')}"
    return [spec.get("controller", ""), said, age(body, now)]


def _network_policy(body: Object, now: float) -> list[Any]:
    return [selector((body.get("spec") or {}).get("podSelector")), age(body, now)]


def _slices(body: Object, now: float) -> list[Any]:
    ports = [str(it.get("port") or it.get("name") or "*") for it in body.get("ports") or []]
    addresses = [address for it in body.get("endpoints") or [] for address in it.get("addresses") or []]
    return [
        body.get("addressType", ""),
        joined(ports, nothing="<unset>"),
        joined(addresses, nothing="<unset>"),
        age(body, now),
    ]


def _lease(body: Object, now: float) -> list[Any]:
    return [(body.get("spec") or {}).get("holderIdentity", ""), age(body, now)]


def _revision(body: Object, now: float) -> list[Any]:
    owner = next((it for it in body["metadata"].get("ownerReferences") or [] if it.get("controller")), None)
    named = "<none>"
    if owner is not None:
        group = owner["apiVersion"].rpartition("/")[0]
        named = f"{owner['kind'].lower()}{'.' + group if group else ''}/{owner['name']}"
    return [named, body.get("revision", 0), age(body, now)]


def _made(body: Object, now: float) -> list[Any]:
    del now
    return [body["metadata"].get("creationTimestamp", "")]


def _binding(body: Object, now: float) -> list[Any]:
    ref = body.get("roleRef") or {}
    subjects = body.get("subjects") or []
    by_kind = [", ".join(it["name"] for it in subjects if it.get("kind") == kind) for kind in ("User", "Group")]
    accounts = (it for it in subjects if it.get("kind") == "ServiceAccount")
    named = ", ".join(f"{it.get('namespace', '')}/{it['name']}" for it in accounts)
    return [f"{ref.get('kind', '')}/{ref.get('name', '')}", age(body, now), *by_kind, named]


CELLS: dict[tuple[str, str], Cells] = {
    ("apps", "deployments"): _deployment,
    ("apps", "replicasets"): _replica_set,
    ("apps", "statefulsets"): _stateful_set,
    ("apps", "daemonsets"): _daemon_set,
    ("apps", "controllerrevisions"): _revision,
    ("batch", "jobs"): _job,
    ("batch", "cronjobs"): _cron_job,
    ("autoscaling", "horizontalpodautoscalers"): _autoscaler,
    ("policy", "poddisruptionbudgets"): _budget,
    ("networking.k8s.io", "ingresses"): _ingress,
    ("networking.k8s.io", "ingressclasses"): _ingress_class,
    ("networking.k8s.io", "networkpolicies"): _network_policy,
    ("discovery.k8s.io", "endpointslices"): _slices,
    ("coordination.k8s.io", "leases"): _lease,
    ("rbac.authorization.k8s.io", "roles"): _made,
    ("rbac.authorization.k8s.io", "clusterroles"): _made,
    ("rbac.authorization.k8s.io", "rolebindings"): _binding,
    ("rbac.authorization.k8s.io", "clusterrolebindings"): _binding,
    ("apiextensions.k8s.io", "customresourcedefinitions"): _made,
}
