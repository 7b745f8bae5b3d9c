"""Random manifests of the kinds that paasctl renders: the same shape, with fields that come, go, change and move."""

from __future__ import annotations

import base64
from collections.abc import Callable
from random import Random

from fuzz import workloads
from fuzz.values import APP, WORDS, Json, maybe, selector, some, words


def _service(rng: Random) -> Json:
    ports = [
        {"name": "http", "port": 80, **maybe(rng, targetPort=rng.choice([8080, "http"]), protocol="TCP")},
        {"name": "metrics", "port": rng.choice([9090, 9091])},
        {"name": "dns", "port": 53, "protocol": "UDP", **maybe(rng, appProtocol="dns")},
    ]
    return {
        "selector": {**APP, **words(rng, ["tier"])},
        "ports": [ports[0], *some(rng, ports[1:])],
        **maybe(
            rng,
            0.3,
            type=rng.choice(["ClusterIP", "NodePort"]),
            sessionAffinity=rng.choice(["None", "ClientIP"]),
            publishNotReadyAddresses=True,
            externalIPs=some(rng, ["192.0.2.1", "192.0.2.2"]),
            internalTrafficPolicy=rng.choice(["Local", "Cluster"]),
        ),
    }


def _backend(rng: Random) -> Json:
    return {"service": {"name": "web", "port": rng.choice([{"name": "http"}, {"number": 80}])}}


def _ingress(rng: Random) -> Json:
    paths = [
        {"path": path, "pathType": rng.choice(["Prefix", "Exact"]), "backend": _backend(rng)}
        for path in ["/", *some(rng, ["/api"])]
    ]
    rules = [{"host": host, "http": {"paths": paths}} for host in ["a.example", *some(rng, ["b.example"])]]
    return {
        "ingressClassName": "none",
        "rules": rules,
        **maybe(rng, tls=[{"hosts": ["a.example"], "secretName": "tls"}]),
    }


def _metric(rng: Random, name: str) -> Json:
    if name == "queue":
        metric = {"name": name, **maybe(rng, selector=selector(rng))}
        return {"type": "External", "external": {"metric": metric, "target": {"type": "Value", "value": "10"}}}
    target = {"type": "Utilization", "averageUtilization": rng.choice([50, 80])}
    return {"type": "Resource", "resource": {"name": name, "target": target}}


def _autoscaler(rng: Random) -> Json:
    policies = some(rng, [{"type": "Pods", "value": 2, "periodSeconds": 60}])
    down = maybe(rng, stabilizationWindowSeconds=60, selectPolicy="Min", policies=policies)
    return {
        "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "none"},
        "maxReplicas": rng.choice([3, 4]),
        **maybe(
            rng,
            minReplicas=rng.choice([1, 2]),
            metrics=[_metric(rng, name) for name in some(rng, ["cpu", "memory", "queue"])],
            behavior=maybe(rng, scaleDown=down, scaleUp={}),
        ),
    }


def _budget(rng: Random) -> Json:
    bound = rng.choice([{"maxUnavailable": rng.choice([1, "50%"])}, {"minAvailable": rng.choice([1, "50%"])}])
    nobody = {**selector(rng), "matchLabels": {"no": "pod"}}
    return {"selector": nobody, **bound, **maybe(rng, unhealthyPodEvictionPolicy="AlwaysAllow")}


def _headers(rng: Random) -> Json:
    known = [{"name": "X-A", "value": rng.choice("ab")}, {"name": "X-B", "value": "b"}]
    said = maybe(rng, set=some(rng, known), add=some(rng, known), remove=some(rng, ["X-C", "X-D"]))
    return {"type": "RequestHeaderModifier", "requestHeaderModifier": said}


def _route(rng: Random) -> Json:
    refs = [
        {"name": name, "port": 80, **maybe(rng, weight=rng.choice([1, 10]))} for name in ["web", *some(rng, ["canary"])]
    ]
    match = {
        "path": {"type": "PathPrefix", "value": rng.choice(["/", "/api"])},
        **maybe(rng, 0.3, headers=[{"name": "X-Beta", "value": rng.choice("ab")}]),
    }
    rule = {
        "backendRefs": refs,
        **maybe(rng, matches=[match], timeouts={"request": "10s"}, name="main", filters=some(rng, [_headers(rng)])),
    }
    return {
        "parentRefs": [{"name": "none", **maybe(rng, sectionName="http", port=80)}],
        "rules": [rule, *some(rng, [{"backendRefs": refs[:1]}])],
        **maybe(rng, hostnames=some(rng, ["a.example", "b.example"])),
    }


def _network_policy(rng: Random) -> Json:
    block = {"cidr": "10.0.0.0/8", **maybe(rng, 0.5, **{"except": ["10.1.0.0/16"]})}
    peers = some(rng, [{"podSelector": selector(rng)}, {"namespaceSelector": selector(rng)}, {"ipBlock": block}])
    ports = some(rng, [{"port": 80, **maybe(rng, protocol="TCP")}, {"port": "http"}, {"port": 1000, "endPort": 2000}])
    return {
        "podSelector": selector(rng),
        **maybe(
            rng,
            policyTypes=some(rng, ["Ingress", "Egress"]),
            ingress=some(rng, [{"from": peers}, {"ports": ports}]),
            egress=some(rng, [{"to": peers, "ports": ports}]),
        ),
    }


def _limit_range(rng: Random) -> Json:
    memory = maybe(rng, default={"memory": "1Gi"}, defaultRequest={"memory": rng.choice(["64Mi", "128Mi"])})
    return {"limits": [{"type": "Container", **memory}, *some(rng, [{"type": "Pod", "max": {"cpu": "2"}}])]}


Make = Callable[[Random], Json]
SPECS: dict[tuple[str, str], Make] = {
    ("apps/v1", "Deployment"): workloads.deployment,
    ("apps/v1", "StatefulSet"): workloads.stateful_set,
    ("apps/v1", "DaemonSet"): workloads.daemon_set,
    ("batch/v1", "Job"): workloads.job,
    ("batch/v1", "CronJob"): workloads.cron_job,
    ("v1", "Service"): _service,
    ("v1", "LimitRange"): _limit_range,
    ("networking.k8s.io/v1", "Ingress"): _ingress,
    ("networking.k8s.io/v1", "NetworkPolicy"): _network_policy,
    ("autoscaling/v2", "HorizontalPodAutoscaler"): _autoscaler,
    ("policy/v1", "PodDisruptionBudget"): _budget,
    ("gateway.networking.k8s.io/v1", "HTTPRoute"): _route,
}


def _config_map(rng: Random) -> Json:
    logo = {"logo": base64.b64encode(b"logo").decode()}
    plain = maybe(rng, 0.8, data=words(rng, ["a", "b", "c.ini"]), binaryData=logo)
    return {**plain, **(maybe(rng, 0.05, immutable=True) if plain.get("data") else {})}


def _secret(rng: Random) -> Json:
    known = {name: base64.b64encode(rng.choice(WORDS).encode()).decode() for name in some(rng, ["a", "b"])}
    plain = {**maybe(rng, 0.7, data=known, type="Opaque"), **maybe(rng, 0.2, stringData=words(rng, ["b", "c"]))}
    return {**plain, **(maybe(rng, 0.05, immutable=True) if plain.get("data") else {})}


def _service_account(rng: Random) -> Json:
    return maybe(
        rng,
        imagePullSecrets=some(rng, [{"name": "login"}, {"name": "b"}]),
        secrets=some(rng, [{"name": "login"}, {"name": "b"}]),
        automountServiceAccountToken=False,
    )


def _role(rng: Random) -> Json:
    rules = [{"apiGroups": [""], "resources": some(rng, ["pods", "secrets"]) or ["pods"], "verbs": ["get"]}]
    return {"rules": rules}


def _role_binding(rng: Random) -> Json:
    users = [{"kind": "ServiceAccount", "name": name} for name in some(rng, ["web", "other"])]
    role = {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "none"}
    return {"roleRef": role, **maybe(rng, subjects=users)}


PLAIN: dict[tuple[str, str], Make] = {
    ("v1", "ConfigMap"): _config_map,
    ("v1", "Secret"): _secret,
    ("v1", "ServiceAccount"): _service_account,
    ("rbac.authorization.k8s.io/v1", "Role"): _role,
    ("rbac.authorization.k8s.io/v1", "RoleBinding"): _role_binding,
}
KINDS = [*SPECS, *PLAIN]
OWNERS = {"fuzz-uid-of-a": "owner-a", "fuzz-uid-of-b": "owner-b"}
"""ConfigMaps that each world has, by what stands for their uids in what is written there."""


def _references(rng: Random) -> list[Json]:
    return [
        {"apiVersion": "v1", "kind": "ConfigMap", "name": name, "uid": uid}
        for uid, name in some(rng, [*OWNERS.items()])
    ]


def manifest(rng: Random, kind: tuple[str, str], name: str) -> Json:
    """A whole manifest."""
    metadata: Json = {
        "name": name,
        **maybe(rng, labels=words(rng, ["app", "tier", "part"]), annotations=words(rng, ["note", "sum"])),
        **maybe(rng, 0.15, finalizers=some(rng, ["example.com/a", "example.com/b"]), ownerReferences=_references(rng)),
    }
    whole: Json = {"apiVersion": kind[0], "kind": kind[1], "metadata": metadata}
    return {**whole, "spec": SPECS[kind](rng)} if kind in SPECS else {**whole, **PLAIN[kind](rng)}
