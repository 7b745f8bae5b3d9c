"""What the server refuses of Services, Ingresses and NetworkPolicies."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from paasctl.embedded.kube.model import Object
from paasctl.embedded.kube.objects import names
from paasctl.embedded.kube.objects.causes import Causes

Json = Mapping[str, Any]
_PROTOCOLS = ("SCTP", "TCP", "UDP")
_TYPES = ("ClusterIP", "ExternalName", "LoadBalancer", "NodePort")


def service(told: Causes, made: Object, live: Object | None) -> None:  # noqa: C901, PLR0912 - check after check
    """Add what is wrong with a Service."""
    spec = made.get("spec") or {}
    kind, ports = spec.get("type", ""), spec.get("ports") or []
    if live is not None:
        _addresses_stay(told, spec, live.get("spec") or {})
    if not ports and spec.get("clusterIP") != "None" and kind != "ExternalName":
        told.required("spec.ports")
    if kind == "ExternalName":
        _external(told, spec)
    seen: set[str] = set()
    for index, it in enumerate(ports):
        _port(told, f"spec.ports[{index}]", it, seen, needs_name=len(ports) > 1)
    names.check_labels(told, "spec.selector", spec.get("selector"))
    if (affinity := spec.get("sessionAffinity")) not in ("ClientIP", "None"):
        told.unsupported("spec.sessionAffinity", affinity, ["ClientIP", "None"])
    elif affinity == "None" and "sessionAffinityConfig" in spec:
        told.forbidden("spec.sessionAffinityConfig", "must not be set when session affinity is None")
    if kind not in _TYPES:
        told.unsupported("spec.type", kind, _TYPES)
    if kind == "ClusterIP":
        for index, it in enumerate(ports):
            if it.get("nodePort"):
                told.forbidden(f"spec.ports[{index}].nodePort", "may not be used when `type` is 'ClusterIP'")
    _ports_differ(told, ports)
    if "allocateLoadBalancerNodePorts" in spec and kind != "LoadBalancer":
        told.forbidden("spec.allocateLoadBalancerNodePorts", "may only be used when `type` is 'LoadBalancer'")
    if "externalTrafficPolicy" in spec and kind not in ("NodePort", "LoadBalancer") and not spec.get("externalIPs"):
        said = "may only be set for externally-accessible services"
        told.invalid("spec.externalTrafficPolicy", spec["externalTrafficPolicy"], said)
    if "internalTrafficPolicy" in spec and spec["internalTrafficPolicy"] not in ("Cluster", "Local"):
        told.unsupported("spec.internalTrafficPolicy", spec["internalTrafficPolicy"], ["Cluster", "Local"])


def service_status(told: Causes, made: Object) -> None:
    """Add what is wrong with a Service's status."""
    if (made.get("status") or {}).get("loadBalancer", {}).get("ingress") and made["spec"].get("type") != "LoadBalancer":
        told.forbidden("status.loadBalancer.ingress", "may only be used when `spec.type` is 'LoadBalancer'")


def _external(told: Causes, spec: Json) -> None:
    for name in ("clusterIPs", "ipFamilies", "ipFamilyPolicy"):
        if spec.get(name):
            told.forbidden(f"spec.{name}", "may not be set for ExternalName services")
    name = spec.get("externalName", "").removesuffix(".")
    if name:
        told.each_invalid("spec.externalName", name, names.subdomain(name))
    else:
        told.required("spec.externalName")


def _addresses_stay(told: Causes, spec: Json, before: Json) -> None:
    if "ExternalName" in (spec.get("type"), before.get("type")):
        return
    now, then = spec.get("clusterIPs") or [], before.get("clusterIPs") or []
    for index, (new, old) in enumerate(zip(now, then, strict=False)):
        if new != old:
            told.invalid(f"spec.clusterIPs[{index}]", now, "may not change once set")


def _port(told: Causes, field: str, it: Json, seen: set[str], *, needs_name: bool) -> None:
    name = it.get("name", "")
    if needs_name and not name:
        told.required(f"{field}.name")
    elif name:
        told.each_invalid(f"{field}.name", name, names.label(name))
        if name in seen:
            told.duplicate(f"{field}.name", name)
        seen.add(name)
    told.each_invalid(f"{field}.port", it.get("port", 0), names.port_number(it.get("port", 0)))
    if it.get("protocol") not in _PROTOCOLS:
        told.unsupported(f"{field}.protocol", it.get("protocol"), _PROTOCOLS)
    target = it.get("targetPort", 0)
    wrong = names.port_name(target) if isinstance(target, str) else names.port_number(target)
    told.each_invalid(f"{field}.targetPort", target, wrong)


def _ports_differ(told: Causes, ports: list[Json]) -> None:
    seen = set()
    for index, it in enumerate(ports):
        known = (it.get("protocol"), it.get("port"))
        if known in seen:
            value = {
                "Name": "",
                "Protocol": known[0],
                "AppProtocol": None,
                "Port": known[1],
                "TargetPort": 0,
                "NodePort": 0,
            }
            told.duplicate(f"spec.ports[{index}]", value)
        seen.add(known)


def ingress(told: Causes, made: Object, live: Object | None) -> None:
    """Add what is wrong with an Ingress."""
    del live
    spec = made.get("spec") or {}
    rules, default = spec.get("rules") or [], spec.get("defaultBackend")
    if not rules and default is None:
        told.invalid("spec", None, "either `defaultBackend` or `rules` must be specified")
    if default is not None:
        _backend(told, "spec.defaultBackend", default)
    for index, it in enumerate(rules):
        _rule(told, f"spec.rules[{index}]", it)
    for index, it in enumerate(spec.get("tls") or []):
        for at, host in enumerate(it.get("hosts") or []):
            told.each_invalid(f"spec.tls[{index}].hosts[{at}]", host, names.subdomain(host.removeprefix("*.")))
    if name := spec.get("ingressClassName"):
        told.each_invalid("spec.ingressClassName", name, names.subdomain(name))


def _rule(told: Causes, field: str, it: Json) -> None:
    if host := it.get("host"):
        told.each_invalid(f"{field}.host", host, names.subdomain(host.removeprefix("*.")))
    if (http := it.get("http")) is None:
        return
    if not http.get("paths"):
        told.required(f"{field}.http.paths")
    for index, path in enumerate(http.get("paths") or []):
        here, kind = f"{field}.http.paths[{index}]", path.get("pathType")
        if kind is None:
            told.required(f"{here}.pathType", "pathType must be specified")
            continue
        if kind not in ("Exact", "ImplementationSpecific", "Prefix"):
            told.unsupported(f"{here}.pathType", kind, ["Exact", "ImplementationSpecific", "Prefix"])
        elif not path.get("path", "").startswith("/") and (kind != "ImplementationSpecific" or path.get("path")):
            told.invalid(f"{here}.path", path.get("path", ""), "must be an absolute path")
        _backend(told, f"{here}.backend", path.get("backend") or {})


def _backend(told: Causes, field: str, it: Json) -> None:
    to = it.get("service")
    if "resource" in it and to is not None:
        told.invalid(field, "", "cannot set both resource and service backends")
    elif to is not None:
        if not to.get("name"):
            told.required(f"{field}.service.name")
        else:
            told.each_invalid(f"{field}.service.name", to["name"], names.old_label(to["name"]))
        port = to.get("port") or {}
        if port.get("name") and port.get("number"):
            told.invalid(field, "", "cannot set both port name & port number")
        elif port.get("name"):
            told.each_invalid(f"{field}.service.port.name", port["name"], names.port_name(port["name"]))
        elif port.get("number"):
            told.each_invalid(f"{field}.service.port.number", port["number"], names.port_number(port["number"]))
        else:
            told.required(field, "port name or number is required")
    elif "resource" not in it:
        told.invalid(field, "", "resource or service backend is required")


def network_policy(told: Causes, made: Object, live: Object | None) -> None:
    """Add what is wrong with a NetworkPolicy."""
    _policy(told, made)
    if live is not None:
        _policy(told, made)  # the real server's check of an update has that of a creation in it once more


def _peer(told: Causes, field: str, peer: Object) -> None:
    if not peer:
        told.required(field, "must specify a peer")
    for name in ("podSelector", "namespaceSelector"):
        names.check_selector(told, f"{field}.{name}", peer.get(name))
    if "ipBlock" in peer and not peer["ipBlock"].get("cidr"):
        told.required(f"{field}.ipBlock.cidr")


def _policy(told: Causes, made: Object) -> None:
    spec = made.get("spec") or {}
    names.check_selector(told, "spec.podSelector", spec.get("podSelector"))
    for way, peers in (("ingress", "from"), ("egress", "to")):
        for index, it in enumerate(spec.get(way) or []):
            for at, port in enumerate(it.get("ports") or []):
                if port.get("protocol", "TCP") not in _PROTOCOLS:
                    told.unsupported(f"spec.{way}[{index}].ports[{at}].protocol", port["protocol"], _PROTOCOLS)
            for at, peer in enumerate(it.get(peers) or []):
                _peer(told, f"spec.{way}[{index}].{peers}[{at}]", peer)
    for index, kind in enumerate(spec.get("policyTypes") or []):
        if kind not in ("Ingress", "Egress"):
            told.unsupported(f"spec.policyTypes[{index}]", kind, ["Ingress", "Egress"])
