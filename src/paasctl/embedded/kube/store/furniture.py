"""What every cluster has before anybody comes, and every namespace from its first moment."""

from __future__ import annotations

from collections.abc import Iterable

from paasctl.embedded.kube.model import By, Object, Objects, Place, Refusal, Resource
from paasctl.embedded.kube.objects.schema import Schemas

NAMESPACES = ("default", "kube-system", "kube-public", "kube-node-lease")
NODE = "sim"
_BY = By("kube-apiserver")
_CONTROLLER = By("kube-controller-manager")
_ABOUT = (
    "Contains a CA bundle that can be used to verify the kube-apiserver when using internal endpoints such as the "
    "internal service IP or kubernetes.default.svc. No other usage is guaranteed across distributions of Kubernetes "
    "clusters."
)


def furnish_namespace(objects: Objects, namespace: str, authority: str) -> None:
    """What a real cluster's controllers put into a new namespace."""
    told = {"kubernetes.io/description": _ABOUT}
    account = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "default"}}
    bundle = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "kube-root-ca.crt", "annotations": told},
        "data": {"ca.crt": authority},
    }
    objects.create(Place("", "serviceaccounts", namespace, "default"), account, _CONTROLLER)
    objects.create(Place("", "configmaps", namespace, "kube-root-ca.crt"), bundle, _CONTROLLER)


def furnish(objects: Objects, schemas: Schemas, now: str) -> None:
    """What is missing of it: namespaces, a node, definitions of the custom kinds known here. `now` is a stamp."""
    for name in NAMESPACES:
        _have(objects, Place("", "namespaces", "", name), {"apiVersion": "v1", "kind": "Namespace"})
    node = Place("", "nodes", "", NODE)
    _have(objects, node, _node(now, schemas.git_version))
    for group in dict.fromkeys(it.group for it in schemas.resources if schemas.is_custom(it)):
        for definition in definitions(schemas, group):
            place = Place("apiextensions.k8s.io", "customresourcedefinitions", "", definition["metadata"]["name"])
            _have(objects, place, definition)


def _have(objects: Objects, place: Place, body: Object) -> None:
    if objects.get(place) is not None:
        return
    metadata = {**body.get("metadata", {}), "name": place.name}
    objects.create(place, {**body, "metadata": metadata}, _BY)
    if "status" in body:
        live = objects.get(place)
        if live is not None:
            objects.update(place, {**live, "status": body["status"]}, By(_BY.manager, subresource="status"))


def _node(now: str, version: str) -> Object:
    size = {"cpu": "4", "memory": "8Gi", "pods": "110", "ephemeral-storage": "64Gi"}
    ready = {
        "type": "Ready",
        "status": "True",
        "reason": "KubeletReady",
        "message": "kubelet is posting ready status",
        "lastHeartbeatTime": now,
        "lastTransitionTime": now,
    }
    labels = {"kubernetes.io/hostname": NODE, "kubernetes.io/os": "linux", "kubernetes.io/arch": "amd64"}
    status = {
        "capacity": size,
        "allocatable": size,
        "conditions": [ready],
        "addresses": [{"type": "InternalIP", "address": "127.0.0.1"}, {"type": "Hostname", "address": NODE}],
        "nodeInfo": {**_INFO, "kubeletVersion": version},
    }
    return {"apiVersion": "v1", "kind": "Node", "metadata": {"labels": labels}, "spec": {}, "status": status}


_INFO = {
    "machineID": "",
    "systemUUID": "",
    "bootID": "",
    "kernelVersion": "simulated",
    "osImage": "simulated",
    "containerRuntimeVersion": "simulated://1",
    "kubeProxyVersion": "",
    "operatingSystem": "linux",
    "architecture": "amd64",
}


def definitions(schemas: Schemas, group: str) -> Iterable[Object]:
    """CustomResourceDefinitions of a known group; their schema is the one that is known here."""
    kinds: dict[str, list[Resource]] = {}
    for it in schemas.resources:
        if it.group == group:
            kinds.setdefault(it.plural, []).append(it)
    return [_definition(its) for its in kinds.values()]


def _definition(versions: list[Resource]) -> Object:
    it = versions[0]
    names = {"plural": it.plural, "singular": it.singular, "kind": it.kind, "listKind": f"{it.kind}List"}
    names |= {"shortNames": list(it.short_names), "categories": list(it.categories)}  # type: ignore[dict-item]
    accepted = {name: said for name, said in names.items() if said}
    schema = {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}}
    served = [
        {
            "name": each.version,
            "served": True,
            "storage": each is it,
            "schema": schema,
            "subresources": {"status": {}} if "status" in each.subresources else {},
        }
        for each in versions
    ]
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{it.plural}.{it.group}"},
        "spec": {
            "group": it.group,
            "names": accepted,
            "scope": "Namespaced" if it.namespaced else "Cluster",
            "versions": served,
            "conversion": {"strategy": "None"},
        },
    }


def established(schemas: Schemas, body: Object, now: str) -> Object:
    """A new CustomResourceDefinition as it is a moment later. Raises 501 for kinds that aren't known here."""
    spec = body.get("spec") or {}
    group, names = spec.get("group", ""), spec.get("names") or {}
    plural = names.get("plural", "")
    numbers = [it["name"] for it in spec.get("versions") or () if schemas.resource(group, it["name"], plural)]
    if not numbers:
        message = f"the simulated API server can't serve {plural}.{group}: its kinds are fixed"
        raise Refusal(501, "NotImplemented", message)
    return {**body, "status": _accepted(names, numbers[0], now)}


def _accepted(names: Object, version: str, now: str) -> Object:
    told = (
        ("NamesAccepted", "NoConflicts", "no conflicts found"),
        ("Established", "InitialNamesAccepted", "the initial names have been accepted"),
    )
    conditions = [
        {"type": kind, "status": "True", "lastTransitionTime": now, "reason": reason, "message": message}
        for kind, reason, message in told
    ]
    return {"conditions": conditions, "acceptedNames": names, "storedVersions": [version]}
