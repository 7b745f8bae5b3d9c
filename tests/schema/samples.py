"""Small valid objects that the generator starts from; it grows them field by field."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]
LABELS = {"app": "a"}
CONTAINER = {"name": "c", "image": "example.com/a:1"}
NOWHERE = {"schedulerName": "nobody"}
"""Pods that stay where they are."""


def _template(**spec: Any) -> Json:
    return {"metadata": {"labels": LABELS}, "spec": {"containers": [CONTAINER], **spec}}


def _object(api_version: str, kind: str, **rest: Any) -> Json:
    return {"apiVersion": api_version, "kind": kind, "metadata": {"name": "sample"}, **rest}


_SELECTOR = {"matchLabels": LABELS}
_JOB = {"template": _template(restartPolicy="Never"), "suspend": True}
_BACKEND = {"service": {"name": "a", "port": {"number": 80}}}
_VOLUMES: tuple[Json, ...] = (
    {},
    {"emptyDir": {}},
    {"secret": {"secretName": "a"}},
    {"configMap": {"name": "a"}},
    {"hostPath": {"path": "/a"}},
    {"persistentVolumeClaim": {"claimName": "a"}},
    {"downwardAPI": {"items": [{"path": "a", "fieldRef": {"fieldPath": "metadata.name"}}]}},
    {
        "projected": {
            "sources": [
                {"secret": {"name": "a"}},
                {"configMap": {"name": "a"}},
                {"serviceAccountToken": {"path": "a"}},
                {"downwardAPI": {"items": [{"path": "b", "fieldRef": {"fieldPath": "metadata.name"}}]}},
            ]
        }
    },
)
_PROBES: tuple[Json, ...] = (
    {"httpGet": {"port": 80}},
    {"tcpSocket": {"port": "http"}},
    {"exec": {"command": ["a"]}},
    {"grpc": {"port": 80}},
)
_TERM = {"topologyKey": "a", "labelSelector": _SELECTOR}
_NODES = {"matchExpressions": [{"key": "a", "operator": "Exists"}]}
RICH_POD: Json = _template(
    initContainers=[{**CONTAINER, "name": "i", "restartPolicy": "Always"}],
    volumes=[{"name": f"v{index}", **it} for index, it in enumerate(_VOLUMES)],
    imagePullSecrets=[{"name": "a"}],
    securityContext={"sysctls": [], "seccompProfile": {"type": "RuntimeDefault"}, "fsGroup": 1, "runAsUser": 1},
    tolerations=[{"key": "a", "operator": "Exists"}],
    hostAliases=[{"ip": "1.2.3.4", "hostnames": ["a"]}],
    dnsConfig={"options": [{"name": "a"}]},
    topologySpreadConstraints=[
        {"maxSkew": 1, "topologyKey": "a", "whenUnsatisfiable": "ScheduleAnyway", "labelSelector": _SELECTOR}
    ],
    affinity={
        "nodeAffinity": {
            "requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [_NODES]},
            "preferredDuringSchedulingIgnoredDuringExecution": [{"weight": 1, "preference": _NODES}],
        },
        "podAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": [{"weight": 1, "podAffinityTerm": _TERM}]},
        "podAntiAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [_TERM]},
    },
    containers=[
        {
            **CONTAINER,
            "ports": [{"containerPort": 80, "name": "http"}],
            "env": [
                {"name": "a"},
                {"name": "b", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}},
                {"name": "c", "valueFrom": {"secretKeyRef": {"name": "a", "key": "b"}}},
                {"name": "d", "valueFrom": {"configMapKeyRef": {"name": "a", "key": "b"}}},
                {"name": "e", "valueFrom": {"resourceFieldRef": {"resource": "limits.cpu"}}},
            ],
            "envFrom": [{"secretRef": {"name": "a"}}, {"configMapRef": {"name": "b"}}],
            "volumeMounts": [{"name": "v0", "mountPath": "/a"}],
            "livenessProbe": _PROBES[0],
            "readinessProbe": _PROBES[1],
            "startupProbe": _PROBES[2],
            "resources": {"limits": {"cpu": "1"}, "requests": {"cpu": "1"}},
            "securityContext": {"capabilities": {"drop": ["ALL"]}},
            "lifecycle": {"preStop": {"sleep": {"seconds": 1}}, "postStart": {"httpGet": {"port": 80, "path": "/"}}},
        },
        {**CONTAINER, "name": "d", "livenessProbe": _PROBES[3], "lifecycle": {"preStop": {"exec": {"command": ["a"]}}}},
    ],
)

_METRICS: list[Json] = [
    {"type": "Resource", "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 50}}},
    {"type": "Pods", "pods": {"metric": {"name": "a"}, "target": {"type": "AverageValue", "averageValue": "1"}}},
    {"type": "External", "external": {"metric": {"name": "a"}, "target": {"type": "Value", "value": "1"}}},
    {
        "type": "Object",
        "object": {
            "metric": {"name": "a"},
            "describedObject": {"kind": "Service", "name": "a", "apiVersion": "v1"},
            "target": {"type": "Value", "value": "1"},
        },
    },
    {
        "type": "ContainerResource",
        "containerResource": {
            "name": "cpu",
            "container": "c",
            "target": {"type": "Utilization", "averageUtilization": 1},
        },
    },
]
_SCALED = {"scaleTargetRef": {"kind": "Deployment", "name": "a", "apiVersion": "apps/v1"}, "maxReplicas": 3}
_POLICIES = [{"type": "Pods", "value": 1, "periodSeconds": 60}]
_HTTP = {"paths": [{"path": "/", "pathType": "Prefix", "backend": _BACKEND}]}
_PARENT = {"parentRefs": [{"name": "a"}]}
_DEPLOYED = {"selector": _SELECTOR, "template": _template(), "replicas": 0}
_CLAIM = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}
_SUBJECTS = [{"kind": "ServiceAccount", "name": "a", "namespace": "b"}, {"kind": "User", "name": "a"}]
_RULES = [{"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]}]
_ABOUT = {"kind": "Pod", "name": "a", "namespace": "objects-learn"}

SAMPLES: tuple[Json, ...] = (
    _object("v1", "Namespace"),
    _object("v1", "ConfigMap", data={"a": "b"}),
    _object("v1", "Secret", data={"a": "Yg=="}),
    _object("v1", "ServiceAccount", secrets=[{"name": "a"}], imagePullSecrets=[{"name": "b"}]),
    _object("v1", "Service", spec={"ports": [{"port": 80}], "selector": LABELS}),
    _object("v1", "Service", spec={"ports": [{"port": 80}], "selector": LABELS, "clusterIP": "None"}),
    _object("v1", "Service", spec={"ports": [{"port": 80}], "type": "NodePort"}),
    _object("v1", "Service", spec={"ports": [{"port": 80}], "type": "LoadBalancer"}),
    _object("v1", "Service", spec={"type": "ExternalName", "externalName": "a.b"}),
    _object("v1", "Service", spec={"ports": [{"port": 80, "targetPort": "http"}], "sessionAffinity": "ClientIP"}),
    _object("v1", "Service", spec={"selector": LABELS, "clusterIP": "None"}),
    _object("v1", "Pod", spec={"containers": [CONTAINER], "automountServiceAccountToken": False}),
    _object("v1", "Pod", spec={**RICH_POD["spec"], **NOWHERE, "automountServiceAccountToken": False}),
    _object("v1", "PersistentVolumeClaim", spec=_CLAIM),
    _object("v1", "Endpoints", subsets=[{"addresses": [{"ip": "10.0.0.1"}], "ports": [{"port": 80}]}]),
    _object("v1", "Event", involvedObject=_ABOUT, metadata={"name": "sample", "namespace": "objects-learn"}),
    _object("v1", "Node"),
    _object("v1", "ResourceQuota", spec={"hard": {"pods": "1"}}),
    _object("v1", "LimitRange", spec={"limits": [{"type": "Container", "max": {"cpu": "1"}}]}),
    _object("v1", "LimitRange", spec={"limits": [{"type": "Container", "default": {"cpu": "1"}}]}),
    _object("apps/v1", "Deployment", spec=_DEPLOYED),
    _object("apps/v1", "Deployment", spec={**_DEPLOYED, "template": RICH_POD, "strategy": {"type": "Recreate"}}),
    _object("apps/v1", "Deployment", spec={**_DEPLOYED, "strategy": {"rollingUpdate": {}}}),
    _object("apps/v1", "Deployment", spec={**_DEPLOYED, "strategy": {}}),
    _object("apps/v1", "Deployment", spec={it: _DEPLOYED[it] for it in ("selector", "template")}),
    _object("apps/v1", "ReplicaSet", spec=_DEPLOYED),
    _object("apps/v1", "ReplicaSet", spec={it: _DEPLOYED[it] for it in ("selector", "template")}),
    _object("apps/v1", "StatefulSet", spec=_DEPLOYED),
    _object(
        "apps/v1",
        "StatefulSet",
        spec={
            **{it: _DEPLOYED[it] for it in ("selector", "template")},
            "serviceName": "a",
            "updateStrategy": {"rollingUpdate": {}},
            "volumeClaimTemplates": [{"metadata": {"name": "a"}, "spec": _CLAIM}],
            "persistentVolumeClaimRetentionPolicy": {},
        },
    ),
    _object("apps/v1", "StatefulSet", spec={**_DEPLOYED, "updateStrategy": {"type": "OnDelete"}}),
    _object("apps/v1", "StatefulSet", spec={**_DEPLOYED, "updateStrategy": {}}),
    _object("apps/v1", "StatefulSet", spec={**_DEPLOYED, "updateStrategy": {"type": "RollingUpdate"}}),
    _object("apps/v1", "Deployment", spec={**_DEPLOYED, "strategy": {"type": "RollingUpdate"}}),
    _object("apps/v1", "DaemonSet", spec={it: _DEPLOYED[it] for it in ("selector", "template")}),
    _object(
        "apps/v1",
        "DaemonSet",
        spec={**{it: _DEPLOYED[it] for it in ("selector", "template")}, "updateStrategy": {"type": "OnDelete"}},
    ),
    _object("apps/v1", "ControllerRevision", revision=1, data={}),
    _object("batch/v1", "Job", spec=_JOB),
    _object("batch/v1", "Job", spec={"template": _template(restartPolicy="Never")}),
    _object("batch/v1", "Job", spec={**_JOB, "completions": 2}),
    _object("batch/v1", "Job", spec={**_JOB, "parallelism": 2}),
    _object("batch/v1", "Job", spec={**_JOB, "completionMode": "Indexed", "completions": 1}),
    *(
        _object(
            "batch/v1",
            "Job",
            spec={**_JOB, "completionMode": "Indexed", "completions": 1, "backoffLimitPerIndex": index},
        )
        for index in (1, 2)
    ),
    _object(
        "batch/v1",
        "Job",
        spec={
            **_JOB,
            "podFailurePolicy": {
                "rules": [
                    {"action": "Ignore", "onPodConditions": [{"type": "DisruptionTarget"}]},
                    {"action": "FailJob", "onExitCodes": {"operator": "In", "values": [1]}},
                ]
            },
        },
    ),
    _object("batch/v1", "CronJob", spec={"schedule": "@daily", "jobTemplate": {"spec": _JOB}, "suspend": True}),
    _object(
        "batch/v1", "CronJob", spec={"schedule": "@daily", "jobTemplate": {"spec": {"template": _JOB["template"]}}}
    ),
    _object("autoscaling/v2", "HorizontalPodAutoscaler", spec=_SCALED),
    _object("autoscaling/v2", "HorizontalPodAutoscaler", spec={**_SCALED, "metrics": _METRICS}),
    _object("autoscaling/v2", "HorizontalPodAutoscaler", spec={**_SCALED, "metrics": _METRICS[:1], "behavior": {}}),
    _object(
        "autoscaling/v2",
        "HorizontalPodAutoscaler",
        spec={**_SCALED, "behavior": {"scaleUp": {"policies": _POLICIES}, "scaleDown": {"policies": _POLICIES}}},
    ),
    _object(
        "autoscaling/v2",
        "HorizontalPodAutoscaler",
        spec={**_SCALED, "behavior": {"scaleDown": {"stabilizationWindowSeconds": 1}}},
    ),
    _object(
        "autoscaling/v2",
        "HorizontalPodAutoscaler",
        spec={**_SCALED, "behavior": {"scaleUp": {"stabilizationWindowSeconds": 1}}},
    ),
    _object("policy/v1", "PodDisruptionBudget", spec={"selector": _SELECTOR, "maxUnavailable": 1}),
    _object("networking.k8s.io/v1", "Ingress", spec={"rules": [{"host": "a.b", "http": _HTTP}], "tls": [{}]}),
    _object("networking.k8s.io/v1", "Ingress", spec={"defaultBackend": _BACKEND}),
    _object("networking.k8s.io/v1", "IngressClass", spec={"controller": "a.b/c"}),
    _object(
        "networking.k8s.io/v1",
        "NetworkPolicy",
        spec={
            "podSelector": {},
            "ingress": [{"from": [{"podSelector": {}}, {"ipBlock": {"cidr": "10.0.0.0/8"}}], "ports": [{"port": 80}]}],
        },
    ),
    _object("networking.k8s.io/v1", "NetworkPolicy", spec={"podSelector": {}}),
    _object(
        "networking.k8s.io/v1", "NetworkPolicy", spec={"podSelector": {}, "egress": [{"to": [{"podSelector": {}}]}]}
    ),
    _object("networking.k8s.io/v1", "NetworkPolicy", spec={"podSelector": {}, "egress": [{}], "ingress": [{}]}),
    _object("coordination.k8s.io/v1", "Lease", spec={"holderIdentity": "a", "leaseDurationSeconds": 1}),
    _object(
        "discovery.k8s.io/v1",
        "EndpointSlice",
        addressType="IPv4",
        endpoints=[{"addresses": ["10.0.0.1"]}],
        ports=[{"port": 80}],
    ),
    _object(
        "events.k8s.io/v1",
        "Event",
        metadata={"name": "sample", "namespace": "objects-learn"},
        eventTime="2026-01-01T00:00:00.000000Z",
        action="a",
        reason="b",
        type="Normal",
        regarding=_ABOUT,
        reportingController="a/b",
        reportingInstance="c",
    ),
    _object("storage.k8s.io/v1", "StorageClass", provisioner="a/b"),
    _object("rbac.authorization.k8s.io/v1", "Role", rules=_RULES),
    _object("rbac.authorization.k8s.io/v1", "ClusterRole", rules=_RULES),
    _object("rbac.authorization.k8s.io/v1", "RoleBinding", subjects=_SUBJECTS, roleRef={"kind": "Role", "name": "a"}),
    _object(
        "rbac.authorization.k8s.io/v1",
        "ClusterRoleBinding",
        subjects=_SUBJECTS,
        roleRef={"kind": "ClusterRole", "name": "a", "apiGroup": "rbac.authorization.k8s.io"},
    ),
    _object("gateway.networking.k8s.io/v1", "GatewayClass", spec={"controllerName": "a.b/c"}),
    _object(
        "gateway.networking.k8s.io/v1",
        "Gateway",
        spec={"gatewayClassName": "a", "listeners": [{"name": "a", "port": 80, "protocol": "HTTP"}]},
    ),
    _object(
        "gateway.networking.k8s.io/v1",
        "HTTPRoute",
        spec={**_PARENT, "rules": [{"backendRefs": [{"name": "a", "port": 80}]}]},
    ),
)

STATUSES: tuple[Json, ...] = (
    _object("v1", "Service", spec={"ports": [{"port": 80}]}),
    _object("v1", "Pod", spec={"containers": [CONTAINER], **NOWHERE}),
    _object("v1", "PersistentVolumeClaim", spec={**_CLAIM, "storageClassName": "none"}),
    _object("apps/v1", "Deployment", spec={**_DEPLOYED, "paused": True}),
    _object("apps/v1", "ReplicaSet", spec=_DEPLOYED),
    _object("apps/v1", "StatefulSet", spec=_DEPLOYED),
    _object("apps/v1", "DaemonSet", spec={"selector": _SELECTOR, "template": _template(nodeSelector={"no": "where"})}),
    _object("batch/v1", "Job", spec=_JOB),
    _object("batch/v1", "CronJob", spec={"schedule": "@yearly", "jobTemplate": {"spec": _JOB}, "suspend": True}),
    _object("autoscaling/v2", "HorizontalPodAutoscaler", spec=_SCALED),
    _object("policy/v1", "PodDisruptionBudget", spec={"selector": {"matchLabels": {"no": "pod"}}}),
    _object("networking.k8s.io/v1", "Ingress", spec={"defaultBackend": _BACKEND}),
)
"""Objects that are really made, for their status can't be sent with the first write."""
