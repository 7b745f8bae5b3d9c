"""What the server refuses of an object that is about to be stored."""

from __future__ import annotations

from collections.abc import Callable

from paasctl.embedded.kube.model import Object
from paasctl.embedded.kube.objects import custom, names, networks, others, pods, workloads
from paasctl.embedded.kube.objects.causes import Cause, Causes
from paasctl.embedded.kube.objects.write import Write

Check = Callable[[Causes, Object, Object | None], None]


def _pod(told: Causes, made: Object, live: Object | None) -> None:
    pods.check_spec(told, "spec", made.get("spec") or {})
    if live is not None:
        pods.check_change(told, made, live)


_CHECKS: dict[tuple[str, str], Check] = {
    ("", "pods"): _pod,
    ("", "configmaps"): others.config_map,
    ("", "secrets"): others.secret,
    ("", "services"): networks.service,
    ("", "persistentvolumeclaims"): others.claim,
    ("apps", "deployments"): workloads.deployment,
    ("apps", "replicasets"): workloads.replica_set,
    ("apps", "statefulsets"): workloads.stateful_set,
    ("apps", "daemonsets"): workloads.daemon_set,
    ("batch", "jobs"): workloads.job,
    ("batch", "cronjobs"): workloads.cron_job,
    ("autoscaling", "horizontalpodautoscalers"): others.autoscaler,
    ("policy", "poddisruptionbudgets"): others.budget,
    ("networking.k8s.io", "ingresses"): networks.ingress,
    ("networking.k8s.io", "networkpolicies"): networks.network_policy,
    ("rbac.authorization.k8s.io", "roles"): others.role,
    ("rbac.authorization.k8s.io", "clusterroles"): others.role,
    ("rbac.authorization.k8s.io", "rolebindings"): others.binding,
    ("rbac.authorization.k8s.io", "clusterrolebindings"): others.binding,
}
_AS_LABEL = {("", "namespaces")}
_AS_OLD_LABEL = {("", "services")}
_AS_SEGMENT = "rbac.authorization.k8s.io"


def causes(write: Write, made: Object, live: Object | None) -> list[Cause]:
    """Everything that is wrong with it; `live` is what it replaces."""
    told = Causes()
    _metadata(told, write, made, live)
    if write.by.subresource == "status":
        if write.kind == ("", "services"):
            networks.service_status(told, made)
        return told
    if write.is_custom:
        custom.refused(told, write.type, {name: it for name, it in made.items() if name != "metadata"})
    elif (check := _CHECKS.get(write.kind)) is not None:
        check(told, made, live)
    return told


def _metadata(told: Causes, write: Write, made: Object, live: Object | None) -> None:
    metadata = made["metadata"]
    if live is None:
        _name(told, write, metadata.get("name", ""))
    names.check_labels(told, "metadata.labels", metadata.get("labels"))
    names.check_annotations(told, "metadata.annotations", metadata.get("annotations"))
    for it in metadata.get("ownerReferences") or []:
        _reference(told, it)
    if live is not None and "deletionTimestamp" in live["metadata"]:
        known = live["metadata"].get("finalizers") or []
        if new := [it for it in metadata.get("finalizers") or [] if it not in known]:
            said = f"no new finalizers can be added if the object is being deleted, found new finalizers {_go(new)}"
            told.forbidden("metadata.finalizers", said)
            told.forbidden("metadata.finalizers", said)  # the real server checks these for all kinds, then for each


def _reference(told: Causes, reference: Object) -> None:
    if not reference.get("apiVersion", "").rpartition("/")[2]:
        told.invalid(
            "metadata.ownerReferences.apiVersion", reference.get("apiVersion", ""), "version must not be empty"
        )
    for name in ("kind", "name", "uid"):
        if not reference.get(name):
            told.invalid(f"metadata.ownerReferences.{name}", "", "must not be empty")


def _go(values: list[str]) -> str:
    return "[]string{" + ", ".join(f'"{it}"' for it in values) + "}"


def _name(told: Causes, write: Write, name: str) -> None:
    if not name:
        told.required("metadata.name", "name or generateName is required")
    elif write.resource.group == _AS_SEGMENT:
        told.each_invalid("metadata.name", name, [f"may not contain '{it}'" for it in "/%" if it in name])
    elif write.kind in _AS_LABEL:
        told.each_invalid("metadata.name", name, names.label(name))
    elif write.kind in _AS_OLD_LABEL:
        told.each_invalid("metadata.name", name, names.old_label(name))
    else:
        told.each_invalid("metadata.name", name, names.subdomain(name))
