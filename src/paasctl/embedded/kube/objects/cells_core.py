"""Cells of core kinds, events, storage classes and the Gateway API; the name comes before them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from paasctl.embedded.kube.model import Object
from paasctl.embedded.kube.objects.ages import since
from paasctl.embedded.kube.objects.cells import Cells, age, joined

Json = Mapping[str, Any]
_MODES = {"ReadWriteOnce": "RWO", "ReadOnlyMany": "ROX", "ReadWriteMany": "RWX", "ReadWriteOncePod": "RWOP"}
_ROLE = "node-role.kubernetes.io/"


def _config_map(body: Object, now: float) -> list[Any]:
    return [len(body.get("data") or {}) + len(body.get("binaryData") or {}), age(body, now)]


def _secret(body: Object, now: float) -> list[Any]:
    return [body.get("type", ""), len(body.get("data") or {}), age(body, now)]


def _account(body: Object, now: float) -> list[Any]:
    return [len(body.get("secrets") or []), age(body, now)]


def _namespace(body: Object, now: float) -> list[Any]:
    return [(body.get("status") or {}).get("phase", ""), age(body, now)]


def _service(body: Object, now: float) -> list[Any]:
    spec = body.get("spec") or {}
    address = (spec.get("clusterIPs") or ["<none>"])[0]
    ports = ",".join(_port(it) for it in spec.get("ports") or []) or "<none>"
    chosen = ",".join(f"{name}={value}" for name, value in sorted((spec.get("selector") or {}).items())) or "<none>"
    return [spec.get("type", ""), address, _outside(body, spec), ports, age(body, now), chosen]


def _outside(body: Object, spec: Json) -> str:
    external = spec.get("externalIPs") or []
    match spec.get("type"):
        case "LoadBalancer":
            balancer = ((body.get("status") or {}).get("loadBalancer") or {}).get("ingress") or []
            found = [it.get("ip") or it.get("hostname") or "" for it in balancer]
            return ",".join([*found, *external]) or "<pending>"
        case "ExternalName":
            return str(spec.get("externalName", ""))
        case _:
            return ",".join(external) or "<none>"


def _port(it: Json) -> str:
    node = f":{it['nodePort']}" if it.get("nodePort") else ""
    return f"{it.get('port')}{node}/{it.get('protocol', 'TCP')}"


def _claim(body: Object, now: float) -> list[Any]:
    spec, status = body.get("spec") or {}, body.get("status") or {}
    phase = "Terminating" if "deletionTimestamp" in body["metadata"] else status.get("phase", "")
    volume, capacity, modes = spec.get("volumeName", ""), "", ""
    if volume:
        capacity = (status.get("capacity") or {}).get("storage", "0")
        modes = ",".join(_MODES[it] for it in status.get("accessModes") or [] if it in _MODES)
    classes = [spec.get("storageClassName", ""), spec.get("volumeAttributesClassName", "<unset>")]
    return [phase, volume, capacity, modes, *classes, age(body, now), spec.get("volumeMode", "<unset>")]


def _endpoints(body: Object, now: float) -> list[Any]:
    found = []
    for subset in body.get("subsets") or []:
        ports = [f":{it['port']}" for it in subset.get("ports") or []] or [""]
        found += [f"{it['ip']}{port}" for port in ports for it in subset.get("addresses") or []]
    listed = joined(found) if body.get("subsets") else "<none>"
    return [listed, age(body, now)]


def _node(body: Object, now: float) -> list[Any]:
    status = body.get("status") or {}
    said = [_ready(it) for it in status.get("conditions") or [] if it.get("type") == "Ready"] or ["Unknown"]
    if (body.get("spec") or {}).get("unschedulable"):
        said.append("SchedulingDisabled")
    labels = body["metadata"].get("labels") or {}
    roles = sorted(name.removeprefix(_ROLE) for name in labels if name.startswith(_ROLE) and name != _ROLE)
    about, addresses = status.get("nodeInfo") or {}, status.get("addresses") or []
    wide = [
        next((it["address"] for it in addresses if it["type"] == kind), "<none>")
        for kind in ("InternalIP", "ExternalIP")
    ]
    wide += [about.get(name) or "<unknown>" for name in ("osImage", "kernelVersion", "containerRuntimeVersion")]
    version = about.get("kubeletVersion", "")
    return [",".join(said), ",".join(roles) or "<none>", age(body, now), version, *wide]


def _ready(condition: Json) -> str:
    return "Ready" if condition.get("status") == "True" else "NotReady"


def _quota(body: Object, now: float) -> list[Any]:
    status = body.get("status") or {}
    used = status.get("used") or {}
    requests: list[str] = []
    limits: list[str] = []
    for name, hard in sorted((status.get("hard") or {}).items()):
        (limits if name.startswith("limits.") else requests).append(f"{name}: {used.get(name, '0')}/{hard}")
    return [", ".join(requests), ", ".join(limits), age(body, now)]


def _made(body: Object, now: float) -> list[Any]:
    del now
    return [body["metadata"].get("creationTimestamp", "")]


def _event(body: Object, now: float) -> list[Any]:
    first = body.get("firstTimestamp") or body.get("deprecatedFirstTimestamp") or body.get("eventTime")
    last = body.get("lastTimestamp") or body.get("deprecatedLastTimestamp") or first
    count = body.get("count") or body.get("deprecatedCount") or 1
    if series := body.get("series"):
        last, count = series.get("lastObservedTime"), series.get("count", 0)
    about = body.get("involvedObject") or body.get("regarding") or {}
    named = f"{about.get('kind', '').lower()}/{about['name']}" if about.get("name") else about.get("kind", "").lower()
    text = (body.get("message") or body.get("note") or "").strip()
    said = [body.get("type", ""), body.get("reason", ""), named, about.get("fieldPath", ""), _source(body), text]
    return [since(last, now), *said, since(first, now), count, body["metadata"]["name"]]


def _source(body: Object) -> str:
    source = body.get("source") or body.get("deprecatedSource") or {}
    component = source.get("component") or body.get("reportingComponent") or body.get("reportingController") or ""
    host = source.get("host") or body.get("reportingInstance") or ""
    return f"{component}, {host}" if host else component


def _storage_class(body: Object, now: float) -> list[Any]:
    policies = [body.get("reclaimPolicy", "Delete"), body.get("volumeBindingMode", "Immediate")]
    return [body.get("provisioner", ""), *policies, bool(body.get("allowVolumeExpansion")), age(body, now)]


def _condition(body: Object, kind: str) -> str | None:
    found = (body.get("status") or {}).get("conditions") or []
    return next((it.get("status") for it in found if it.get("type") == kind), None)


def _gateway_class(body: Object, now: float) -> list[Any]:
    spec = body.get("spec") or {}
    return [spec.get("controllerName"), _condition(body, "Accepted"), age(body, now), spec.get("description")]


def _gateway(body: Object, now: float) -> list[Any]:
    addresses = (body.get("status") or {}).get("addresses") or []
    address = addresses[0].get("value") if addresses else None
    return [(body.get("spec") or {}).get("gatewayClassName"), address, _condition(body, "Programmed"), age(body, now)]


def _route(body: Object, now: float) -> list[Any]:
    hosts = (body.get("spec") or {}).get("hostnames")
    return [json.dumps(hosts, separators=(",", ":")) if hosts else None, age(body, now)]


CELLS: dict[tuple[str, str], Cells] = {
    ("", "configmaps"): _config_map,
    ("", "secrets"): _secret,
    ("", "serviceaccounts"): _account,
    ("", "namespaces"): _namespace,
    ("", "services"): _service,
    ("", "persistentvolumeclaims"): _claim,
    ("", "endpoints"): _endpoints,
    ("", "nodes"): _node,
    ("", "resourcequotas"): _quota,
    ("", "limitranges"): _made,
    ("", "events"): _event,
    ("events.k8s.io", "events"): _event,
    ("storage.k8s.io", "storageclasses"): _storage_class,
    ("gateway.networking.k8s.io", "gatewayclasses"): _gateway_class,
    ("gateway.networking.k8s.io", "gateways"): _gateway,
    ("gateway.networking.k8s.io", "httproutes"): _route,
}
