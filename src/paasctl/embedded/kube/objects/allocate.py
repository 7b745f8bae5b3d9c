"""What the server gives out as an object is stored: a service's addresses and node ports, a job's selector.

Addresses follow from namespace and name, so that this stays a function; the range is a cluster's usual one.
"""

from __future__ import annotations

from typing import Any
from zlib import crc32

from paasctl.embedded.kube.model import Object
from paasctl.embedded.kube.objects.special import is_reached_from_outside

_LOWEST_PORT, _PORTS = 30000, 2768
_FAMILY = ("ipFamilies", "ipFamilyPolicy")
_WITH_PORTS = ("NodePort", "LoadBalancer")


def service(body: Object, live: Object | None) -> Object:
    """The service with its addresses, IP families and node ports; those it had where it still needs them."""
    spec, before = dict(body["spec"]), (live or {}).get("spec", {})
    if live is not None:
        _drop_unneeded(spec, before)
    if spec.get("type") == "ExternalName":
        return {**body, "spec": spec}
    for name in ("clusterIP", "clusterIPs"):
        if not spec.get(name) and before.get(name):
            spec[name] = before[name]
    if not spec.get("clusterIP"):
        spec["clusterIP"] = _address(body["metadata"])
    spec.setdefault("clusterIPs", [spec["clusterIP"]])
    _put_families(spec, before)
    if spec["type"] in _WITH_PORTS and spec.get("allocateLoadBalancerNodePorts", True) and "ports" in spec:
        spec["ports"] = _with_node_ports(spec["ports"], before.get("ports") or [], body["metadata"])
    return {**body, "spec": spec}


def _drop_unneeded(spec: dict[str, Any], before: Object) -> None:
    """What the old type needed and the new one doesn't, where nobody asked for another value of it."""

    def drop(*names: str) -> None:
        for name in names:
            if spec.get(name) == before.get(name):
                spec.pop(name, None)

    old, new = before.get("type"), spec.get("type")
    if old != "ExternalName" and new == "ExternalName":
        drop("clusterIP", "clusterIPs", *_FAMILY)
    if old in _WITH_PORTS and new not in _WITH_PORTS:
        had = {it.get("nodePort") for it in before.get("ports") or []}
        spec["ports"] = [
            {name: it for name, it in port.items() if name != "nodePort"} if port.get("nodePort") in had else port
            for port in spec.get("ports") or []
        ]
    if is_reached_from_outside(before) and not is_reached_from_outside(spec):
        drop("externalTrafficPolicy")
    if old == "LoadBalancer" and new != "LoadBalancer":
        drop("allocateLoadBalancerNodePorts", "loadBalancerClass")


def _address(metadata: Object) -> str:
    number = crc32(f"{metadata.get('namespace')}/{metadata.get('name')}".encode())
    return f"10.96.{1 + number % 254}.{1 + (number >> 8) % 254}"


def _put_families(spec: dict[str, Any], before: Object) -> None:
    for name in _FAMILY:
        if name not in spec and name in before:
            spec[name] = before[name]
    is_open = spec["clusterIP"] == "None" and not spec.get("selector")
    spec.setdefault("ipFamilyPolicy", "RequireDualStack" if is_open else "SingleStack")
    spec.setdefault("ipFamilies", ["IPv4", "IPv6"] if spec["ipFamilyPolicy"] == "RequireDualStack" else ["IPv4"])


def _with_node_ports(ports: list[Object], before: list[Object], metadata: Object) -> list[Object]:
    known = {it.get("name"): it["nodePort"] for it in before if it.get("nodePort")}
    used = {it["nodePort"] for it in ports if it.get("nodePort")}
    made = []
    for port in ports:
        number = port.get("nodePort") or known.get(port.get("name"))
        if not number or (number in used and not port.get("nodePort")):
            seed = crc32(f"{metadata.get('namespace')}/{metadata.get('name')}/{port.get('name')}".encode())
            number = _LOWEST_PORT + seed % _PORTS
            while number in used:
                number = _LOWEST_PORT + (number + 1 - _LOWEST_PORT) % _PORTS
        used.add(number)
        made.append({**port, "nodePort": number})
    return made


def job(body: Object) -> Object:
    """The job with a selector of its own pods, unless its author chose one. Its uid must be known."""
    spec = body["spec"]
    if spec.get("manualSelector"):
        return body
    uid, name = body["metadata"].get("uid", ""), body["metadata"].get("name", "")
    template = spec.get("template") or {}
    metadata = template.get("metadata") or {}
    given = {"job-name": name, "batch.kubernetes.io/job-name": name}
    given |= {"controller-uid": uid, "batch.kubernetes.io/controller-uid": uid}
    labels = {**given, **(metadata.get("labels") or {})}
    selector = spec.get("selector") or {}
    chosen = {"batch.kubernetes.io/controller-uid": uid, **(selector.get("matchLabels") or {})}
    made = {**template, "metadata": {**metadata, "labels": labels}}
    return {**body, "spec": {**spec, "template": made, "selector": {**selector, "matchLabels": chosen}}}
