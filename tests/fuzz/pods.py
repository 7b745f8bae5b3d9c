"""Random pod templates."""

from __future__ import annotations

from random import Random
from typing import Any

from fuzz.values import APP, WORDS, Json, maybe, selector, some, words

_QUANTITIES = ("100m", "0.5", "1", "64Mi", "1Gi", "1024Mi")


def _resources(rng: Random) -> Json:
    sides = {"requests": _QUANTITIES, "limits": ("2", "2000m", "2Gi", "2048Mi")}
    return {
        side: {
            name: rng.choice([it for it in sides[side] if it.endswith("i") == (name == "memory")])
            for name in some(rng, ["cpu", "memory"])
        }
        for side in some(rng, list(sides))
    }


def _probe(rng: Random) -> Json:
    headers = some(rng, [{"name": "Host", "value": "a.example"}, {"name": "X-Why", "value": "probe"}])
    how = rng.choice(
        [
            {"httpGet": {"port": "http", **maybe(rng, path="/up", scheme="HTTP", httpHeaders=headers)}},
            {"tcpSocket": {"port": 8080}},
            {"grpc": {"port": 8080, **maybe(rng, service="up")}},
            {"exec": {"command": ["/bin/true"]}},
        ]
    )
    return {**how, **maybe(rng, periodSeconds=rng.choice([3, 10]), timeoutSeconds=2, failureThreshold=4)}


def _env(rng: Random) -> list[Json]:
    known: list[Json] = [
        {"name": "LOG", "value": rng.choice(WORDS)},
        {"name": "MODE", "value": rng.choice(WORDS)},
        {"name": "POD", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}},
        {"name": "CPU", "valueFrom": {"resourceFieldRef": {"resource": "limits.cpu", **maybe(rng, divisor="1m")}}},
        {"name": "KEY", "valueFrom": {"secretKeyRef": {"name": "keys", "key": "key", **maybe(rng, optional=True)}}},
    ]
    return some(rng, known)


def _env_from(rng: Random) -> list[Json]:
    return some(rng, [{"configMapRef": {"name": "a"}}, {"secretRef": {"name": "b"}, **maybe(rng, prefix="B_")}])


def _ports(rng: Random) -> list[Json]:
    known = [
        {"name": "http", "containerPort": 8080, **maybe(rng, protocol="TCP")},
        {"name": "metrics", "containerPort": rng.choice([9090, 9091])},
        {"name": "dns", "containerPort": 53, "protocol": "UDP"},
        {"name": "dns-tcp", "containerPort": 53, "protocol": "TCP"},
    ]
    return some(rng, known)


def _mounts(rng: Random) -> list[Json]:
    data = {"name": "data", "mountPath": "/data", **maybe(rng, readOnly=True, subPath="sub")}
    return some(rng, [data, {"name": "tmp", "mountPath": "/tmp"}, {"name": "tmp", "mountPath": "/var/tmp"}])


def _security(rng: Random) -> Json:
    drop, add = some(rng, ["ALL"]), some(rng, ["NET_BIND_SERVICE"])
    plain = maybe(rng, readOnlyRootFilesystem=True, runAsNonRoot=True, allowPrivilegeEscalation=False)
    return {**plain, **maybe(rng, capabilities=maybe(rng, drop=drop, add=add))}


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
            envFrom=_env_from(rng),
            ports=_ports(rng),
            resources=_resources(rng),
            args=some(rng, ["--a", "--b"]),
            command=["/bin/web"],
            volumeMounts=_mounts(rng),
            securityContext=_security(rng),
            imagePullPolicy=rng.choice(["Always", "IfNotPresent"]),
        ),
        **({} if name == "init" else _serving(rng)),
    }


def _serving(rng: Random) -> Json:
    return maybe(
        rng,
        0.3,
        readinessProbe=_probe(rng),
        livenessProbe=_probe(rng),
        startupProbe=_probe(rng),
        lifecycle={"preStop": rng.choice([{"sleep": {"seconds": 5}}, {"exec": {"command": ["/bin/sleep", "5"]}}])},
    )


def _volumes(rng: Random) -> list[Json]:
    keys = some(rng, [{"key": "a", "path": "a"}, {"key": "b", "path": "b", "mode": 0o400}])
    token = {"serviceAccountToken": {"path": "token", **maybe(rng, expirationSeconds=3600)}}
    kinds: list[Json] = [
        {},
        {"emptyDir": maybe(rng, medium="Memory", sizeLimit="1Gi")},
        {"configMap": {"name": "conf", **maybe(rng, items=keys, defaultMode=0o400)}},
        {"secret": {"secretName": "keys", **maybe(rng, items=keys)}},
        {"projected": {"sources": [token, *some(rng, [{"configMap": {"name": "conf"}}])]}},
    ]
    return [{"name": "data", **rng.choice(kinds)}, {"name": "tmp", "emptyDir": {}}]


def _spread(rng: Random) -> list[Json]:
    places = [("kubernetes.io/hostname", "ScheduleAnyway"), ("zone", "ScheduleAnyway"), ("zone", "DoNotSchedule")]
    return [
        {"maxSkew": rng.choice([1, 2]), "topologyKey": key, "whenUnsatisfiable": how, "labelSelector": selector(rng)}
        for key, how in some(rng, places)
    ]


def _affinity(rng: Random) -> Json:
    term = {"labelSelector": selector(rng), "topologyKey": "kubernetes.io/hostname"}
    arm = {"matchExpressions": [{"key": "arch", "operator": "In", "values": ["arm64"]}]}
    return maybe(
        rng,
        podAntiAffinity={
            "preferredDuringSchedulingIgnoredDuringExecution": [
                {"weight": rng.choice([1, 100]), "podAffinityTerm": term}
            ]
        },
        nodeAffinity={"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [arm]}},
    )


def _aliases(rng: Random) -> list[Json]:
    return some(rng, [{"ip": "10.9.9.1", "hostnames": some(rng, ["a", "b"])}, {"ip": "10.9.9.2", "hostnames": ["c"]}])


def _settings(rng: Random) -> Json:
    """Fields of a PodSpec that are rarer than its containers."""
    tolerations = [{"key": "a", "operator": "Exists"}, {"key": "b", "value": "c", "effect": "NoSchedule"}]
    return maybe(
        rng,
        0.35,
        serviceAccountName=rng.choice(["web", "other"]),
        enableServiceLinks=False,
        terminationGracePeriodSeconds=rng.choice([30, 35]),
        imagePullSecrets=some(rng, [{"name": "login"}, {"name": "other"}]),
        initContainers=[_container(rng, "init")],
        nodeSelector=words(rng, ["disk", "zone"]),
        tolerations=some(rng, tolerations),
        securityContext=maybe(rng, runAsUser=1000, fsGroup=1000, supplementalGroups=some(rng, [1, 2])),
        hostAliases=_aliases(rng),
        affinity=_affinity(rng),
        topologySpreadConstraints=_spread(rng),
        dnsConfig={"searches": ["a.example"], **maybe(rng, options=[{"name": "ndots", "value": "1"}])},
        priorityClassName="",
    )


def pod(rng: Random, **more: Any) -> Json:
    """A pod template."""
    names = ["web", *some(rng, ["sidecar", "agent"])]
    rng.shuffle(names)
    return {
        "metadata": {
            "labels": {**APP, **words(rng, ["tier", "part"])},
            **maybe(rng, annotations=words(rng, ["note", "sum"])),
        },
        "spec": {
            "containers": [_container(rng, name) for name in names],
            "volumes": _volumes(rng),
            **_settings(rng),
            **more,
        },
    }
