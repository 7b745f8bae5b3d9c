"""Which kind a service becomes, which templates that takes, and where the pods of a kind are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from paasctl.model.config import Service

SERVING = frozenset({"Deployment", "StatefulSet"})
"""Workloads that stay on."""
_POD_PATHS: dict[str, tuple[str, ...]] = {
    "CronJob": ("spec", "jobTemplate", "spec", "template"),
    "DaemonSet": ("spec", "template"),
    "Deployment": ("spec", "template"),
    "Job": ("spec", "template"),
    "Pod": (),
    "ReplicaSet": ("spec", "template"),
    "ReplicationController": ("spec", "template"),
    "StatefulSet": ("spec", "template"),
}
_ORDER = (
    "ServiceAccount",
    "Role",
    "RoleBinding",
    "NetworkPolicy",
    "LimitRange",
    "ResourceQuota",
    "ConfigMap",
    "Secret",
    "PersistentVolumeClaim",
    "Service",
    "StatefulSet",
    "Deployment",
    "DaemonSet",
    "Job",
    "CronJob",
    "HorizontalPodAutoscaler",
    "PodDisruptionBudget",
    "Ingress",
    "HTTPRoute",
)
CLUSTER_SCOPED = frozenset(
    {
        ("", "Namespace"),
        ("", "Node"),
        ("", "PersistentVolume"),
        ("admissionregistration.k8s.io", "MutatingAdmissionPolicy"),
        ("admissionregistration.k8s.io", "MutatingAdmissionPolicyBinding"),
        ("admissionregistration.k8s.io", "MutatingWebhookConfiguration"),
        ("admissionregistration.k8s.io", "ValidatingAdmissionPolicy"),
        ("admissionregistration.k8s.io", "ValidatingAdmissionPolicyBinding"),
        ("admissionregistration.k8s.io", "ValidatingWebhookConfiguration"),
        ("apiextensions.k8s.io", "CustomResourceDefinition"),
        ("apiregistration.k8s.io", "APIService"),
        ("certificates.k8s.io", "CertificateSigningRequest"),
        ("cert-manager.io", "ClusterIssuer"),
        ("flowcontrol.apiserver.k8s.io", "FlowSchema"),
        ("flowcontrol.apiserver.k8s.io", "PriorityLevelConfiguration"),
        ("gateway.networking.k8s.io", "GatewayClass"),
        ("networking.k8s.io", "IngressClass"),
        ("networking.k8s.io", "IPAddress"),
        ("networking.k8s.io", "ServiceCIDR"),
        ("node.k8s.io", "RuntimeClass"),
        ("rbac.authorization.k8s.io", "ClusterRole"),
        ("rbac.authorization.k8s.io", "ClusterRoleBinding"),
        ("resource.k8s.io", "DeviceClass"),
        ("resource.k8s.io", "ResourceSlice"),
        ("scheduling.k8s.io", "PriorityClass"),
        ("storage.k8s.io", "CSIDriver"),
        ("storage.k8s.io", "CSINode"),
        ("storage.k8s.io", "StorageClass"),
        ("storage.k8s.io", "VolumeAttachment"),
        ("storage.k8s.io", "VolumeAttributesClass"),
    }
)
"""Kinds of Kubernetes 1.34 (and two well-known others) that belong to no namespace, hence to no target."""


def workload_kind(service: Service) -> str:
    """The kind of a service's workload."""
    if service.schedule:
        return "CronJob"
    if service.run:
        return "Job"
    return "StatefulSet" if any(it.claim for it in service.volumes) else "Deployment"


def rank(kind: str) -> int:
    """Where a kind stands in the output: what others mention comes before them."""
    return _ORDER.index(kind) if kind in _ORDER else len(_ORDER)


def has_pods(kind: str) -> bool:
    """Whether objects of this kind make pods from a template (or are one)."""
    return kind in _POD_PATHS


def pod_of(body: Mapping[str, Any]) -> dict[str, Any]:
    """The PodSpec in an object that was found sound; empty where the kind has none."""
    found: dict[str, Any] = (pod_template(body) or {}).get("spec") or {}
    return found


def pod_template(body: Mapping[str, Any]) -> dict[str, Any] | None:
    """The part of an object that has the pod's `metadata` and `spec`; None: this kind has no pods."""
    if (path := _POD_PATHS.get(str(body.get("kind")))) is None:
        return None
    found: Any = body
    for step in path:
        found = found.get(step) if isinstance(found, Mapping) else None
    return found if isinstance(found, dict) else None
