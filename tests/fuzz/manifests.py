"""Random manifests of the kinds that paasctl renders: the same shape, with fields that come, go, change and move."""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence
from random import Random
from typing import Any

Json = dict[str, Any]
APP = {"app": "fuzz"}
_WORDS = ("a", "b", "c", "info", "1", "true", "")
_QUANTITIES = ("100m", "0.5", "1", "64Mi", "1Gi", "1024Mi", "250m", "1500m", "2")


def maybe(rng: Random, chance: float = 0.5, **fields: Any) -> Json:
    """Each of the fields, or not."""
    return {name: it for name, it in fields.items() if rng.random() < chance}


def some(rng: Random, items: Sequence[Any]) -> list[Any]:
    """Some of the items, in any order."""
    chosen = [it for it in items if rng.random() < 0.6]
    rng.shuffle(chosen)
    return chosen


def _map(rng: Random, names: Sequence[str]) -> Json:
    return {name: rng.choice(_WORDS) for name in some(rng, names)}


def _resources(rng: Random) -> Json:
    return {
        side: {
            name: rng.choice(_QUANTITIES[:3] if name == "cpu" else _QUANTITIES[3:6])
            for name in some(rng, ["cpu", "memory"])
        }
        for side in some(rng, ["requests"])
    }


def _probe(rng: Random) -> Json:
    how = rng.choice(
        [
            {"httpGet": {"port": "http", **maybe(rng, path="/up", scheme="HTTP")}},
            {"tcpSocket": {"port": 8080}},
            {"exec": {"command": ["/bin/true"]}},
        ]
    )
    return {**how, **maybe(rng, periodSeconds=rng.choice([3, 10]), timeoutSeconds=2, failureThreshold=4)}


def _env(rng: Random) -> list[Json]:
    known: list[Json] = [
        {"name": "LOG", "value": rng.choice(_WORDS)},
        {"name": "MODE", "value": rng.choice(_WORDS)},
        {"name": "POD", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}},
        {"name": "KEY", "valueFrom": {"secretKeyRef": {"name": "keys", "key": "key", **maybe(rng, optional=True)}}},
    ]
    return some(rng, known)


def _ports(rng: Random) -> list[Json]:
    known = [
        {"name": "http", "containerPort": 8080, **maybe(rng, protocol="TCP")},
        {"name": "metrics", "containerPort": rng.choice([9090, 9091])},
        {"name": "dns", "containerPort": 53, "protocol": "UDP"},
    ]
    return some(rng, known)


def _container(rng: Random, name: str) -> Json:
    image = f"example.com/{rng.choice(['shop', 'web'])}" + rng.choice(
        [":1", ":2", ":latest", "", "@sha256:" + 64 * "0"]
    )
    return {
        "name": name,
        "image": image,
        **maybe(
            rng,
            env=_env(rng),
            ports=_ports(rng),
            resources=_resources(rng),
            readinessProbe=_probe(rng),
            livenessProbe=_probe(rng),
            args=some(rng, ["--a", "--b"]),
            command=["/bin/web"],
            volumeMounts=some(rng, [{"name": "data", "mountPath": "/data"}, {"name": "tmp", "mountPath": "/tmp"}]),
            lifecycle={"preStop": {"sleep": {"seconds": 5}}},
            securityContext=maybe(rng, readOnlyRootFilesystem=True, runAsNonRoot=True, allowPrivilegeEscalation=False),
            imagePullPolicy=rng.choice(["Always", "IfNotPresent"]),
        ),
    }


def _pod(rng: Random, **more: Any) -> Json:
    names = ["web", *some(rng, ["sidecar", "agent"])]
    rng.shuffle(names)
    return {
        "metadata": {
            "labels": {**APP, **_map(rng, ["tier", "part"])},
            **maybe(rng, annotations=_map(rng, ["note", "sum"])),
        },
        "spec": {
            "containers": [_container(rng, name) for name in names],
            "volumes": [{"name": "data", **rng.choice([{}, {"emptyDir": {}}])}, {"name": "tmp", "emptyDir": {}}],
            **maybe(
                rng,
                serviceAccountName=rng.choice(["web", "other"]),
                enableServiceLinks=False,
                terminationGracePeriodSeconds=rng.choice([30, 35]),
                imagePullSecrets=some(rng, [{"name": "login"}, {"name": "other"}]),
                initContainers=[_container(rng, "init")],
                nodeSelector=_map(rng, ["disk", "zone"]),
                tolerations=some(rng, [{"key": "a", "operator": "Exists"}, {"key": "b", "value": "c"}]),
                securityContext=maybe(rng, runAsUser=1000, fsGroup=1000),
                topologySpreadConstraints=[
                    {
                        "maxSkew": rng.choice([1, 2]),
                        "topologyKey": "kubernetes.io/hostname",
                        "whenUnsatisfiable": "ScheduleAnyway",
                        "labelSelector": {"matchLabels": APP},
                    }
                ],
            ),
            **more,
        },
    }


def _deployment(rng: Random) -> Json:
    surge = {"maxSurge": rng.choice(["25%", 1, "50%"]), "maxUnavailable": rng.choice([0, "25%"])}
    strategies: list[Json] = [{"type": "RollingUpdate", **maybe(rng, rollingUpdate=surge)}, {"type": "Recreate"}]
    return {
        "paused": True,
        "selector": {"matchLabels": APP},
        "template": _pod(rng),
        **maybe(
            rng,
            replicas=rng.choice([0, 1, 2]),
            strategy=rng.choice(strategies),
            minReadySeconds=rng.choice([0, 2]),
            revisionHistoryLimit=3,
            progressDeadlineSeconds=rng.choice([600, 60]),
        ),
    }


def _stateful_set(rng: Random) -> Json:
    return {
        "selector": {"matchLabels": APP},
        "serviceName": "db",
        "template": _pod(rng),
        **maybe(
            rng,
            replicas=rng.choice([0, 1]),
            updateStrategy=rng.choice(
                [{"type": "OnDelete"}, {"type": "RollingUpdate", **maybe(rng, rollingUpdate={"partition": 1})}]
            ),
            minReadySeconds=rng.choice([0, 2]),
            persistentVolumeClaimRetentionPolicy=maybe(rng, whenDeleted="Delete", whenScaled="Retain"),
        ),
        "volumeClaimTemplates": [
            {
                "metadata": {"name": "store"},
                "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}},
            }
        ],
    }


def _job(rng: Random) -> Json:
    return {
        "suspend": True,
        "template": _pod(Random(1), restartPolicy="Never"),
        **maybe(
            rng, backoffLimit=rng.choice([0, 3]), activeDeadlineSeconds=60, ttlSecondsAfterFinished=600, parallelism=1
        ),
    }


def _cron_job(rng: Random) -> Json:
    spec = {"template": _pod(rng, restartPolicy="Never"), **maybe(rng, backoffLimit=rng.choice([0, 3]))}
    return {
        "suspend": True,
        "schedule": rng.choice(["@daily", "*/5 * * * *"]),
        "jobTemplate": {"spec": spec, **maybe(rng, 0.3, metadata={"labels": _map(rng, ["tier"])})},
        **maybe(
            rng,
            concurrencyPolicy=rng.choice(["Forbid", "Allow", "Replace"]),
            successfulJobsHistoryLimit=1,
            failedJobsHistoryLimit=rng.choice([0, 1]),
            timeZone="Etc/UTC",
        ),
    }


def _service(rng: Random) -> Json:
    ports = [
        {"name": "http", "port": 80, **maybe(rng, targetPort=rng.choice([8080, "http"]), protocol="TCP")},
        {"name": "metrics", "port": rng.choice([9090, 9091])},
        {"name": "dns", "port": 53, "protocol": "UDP", **maybe(rng, appProtocol="dns")},
    ]
    return {
        "selector": {**APP, **_map(rng, ["tier"])},
        "ports": [ports[0], *some(rng, ports[1:])],
        **maybe(
            rng,
            0.3,
            type=rng.choice(["ClusterIP", "NodePort"]),
            sessionAffinity=rng.choice(["None", "ClientIP"]),
            publishNotReadyAddresses=True,
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


def _autoscaler(rng: Random) -> Json:
    target = {"type": "Utilization", "averageUtilization": rng.choice([50, 80])}
    metric = {"type": "Resource", "resource": {"name": rng.choice(["cpu", "memory"]), "target": target}}
    down = maybe(rng, stabilizationWindowSeconds=60, selectPolicy="Min")
    return {
        "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "none"},
        "maxReplicas": rng.choice([3, 4]),
        **maybe(rng, minReplicas=rng.choice([1, 2]), metrics=[metric], behavior=maybe(rng, scaleDown=down, scaleUp={})),
    }


def _budget(rng: Random) -> Json:
    bound = rng.choice([{"maxUnavailable": rng.choice([1, "50%"])}, {"minAvailable": rng.choice([1, "50%"])}])
    return {"selector": {"matchLabels": {"no": "pod"}}, **bound, **maybe(rng, unhealthyPodEvictionPolicy="AlwaysAllow")}


def _route(rng: Random) -> Json:
    refs = [
        {"name": name, "port": 80, **maybe(rng, weight=rng.choice([1, 10]))} for name in ["web", *some(rng, ["canary"])]
    ]
    match = {"path": {"type": "PathPrefix", "value": rng.choice(["/", "/api"])}}
    rule = {"backendRefs": refs, **maybe(rng, matches=[match], timeouts={"request": "10s"}, name="main")}
    return {
        "parentRefs": [{"name": "none", **maybe(rng, sectionName="http", port=80)}],
        "rules": [rule, *some(rng, [{"backendRefs": refs[:1]}])],
        **maybe(rng, hostnames=some(rng, ["a.example", "b.example"])),
    }


def _network_policy(rng: Random) -> Json:
    peer = {"podSelector": {"matchLabels": _map(rng, ["tier"])}}
    return {
        "podSelector": {"matchLabels": APP},
        **maybe(
            rng,
            policyTypes=["Ingress"],
            ingress=some(rng, [{"from": [peer]}, {"ports": [{"port": 80, **maybe(rng, protocol="TCP")}]}]),
        ),
    }


Make = Callable[[Random], Json]
SPECS: dict[tuple[str, str], Make] = {
    ("apps/v1", "Deployment"): _deployment,
    ("apps/v1", "StatefulSet"): _stateful_set,
    ("batch/v1", "Job"): _job,
    ("batch/v1", "CronJob"): _cron_job,
    ("v1", "Service"): _service,
    ("networking.k8s.io/v1", "Ingress"): _ingress,
    ("networking.k8s.io/v1", "NetworkPolicy"): _network_policy,
    ("autoscaling/v2", "HorizontalPodAutoscaler"): _autoscaler,
    ("policy/v1", "PodDisruptionBudget"): _budget,
    ("gateway.networking.k8s.io/v1", "HTTPRoute"): _route,
}


def _config_map(rng: Random) -> Json:
    return maybe(rng, 0.8, data=_map(rng, ["a", "b", "c.ini"]), binaryData={"logo": base64.b64encode(b"logo").decode()})


def _secret(rng: Random) -> Json:
    known = {name: base64.b64encode(rng.choice(_WORDS).encode()).decode() for name in some(rng, ["a", "b"])}
    return {**maybe(rng, 0.7, data=known, type="Opaque"), **maybe(rng, 0.2, stringData=_map(rng, ["b", "c"]))}


def _service_account(rng: Random) -> Json:
    return maybe(
        rng, imagePullSecrets=some(rng, [{"name": "login"}, {"name": "b"}]), automountServiceAccountToken=False
    )


def _role(rng: Random) -> Json:
    rules = [{"apiGroups": [""], "resources": some(rng, ["pods", "secrets"]) or ["pods"], "verbs": ["get"]}]
    return {"rules": rules}


PLAIN: dict[tuple[str, str], Make] = {
    ("v1", "ConfigMap"): _config_map,
    ("v1", "Secret"): _secret,
    ("v1", "ServiceAccount"): _service_account,
    ("rbac.authorization.k8s.io/v1", "Role"): _role,
}
KINDS = [*SPECS, *PLAIN]


def manifest(rng: Random, kind: tuple[str, str], name: str) -> Json:
    """A whole manifest."""
    metadata: Json = {
        "name": name,
        **maybe(rng, labels=_map(rng, ["app", "tier", "part"]), annotations=_map(rng, ["note", "sum"])),
    }
    whole: Json = {"apiVersion": kind[0], "kind": kind[1], "metadata": metadata}
    return {**whole, "spec": SPECS[kind](rng)} if kind in SPECS else {**whole, **PLAIN[kind](rng)}
