"""What the server itself puts into an object before it is stored: the registry's strategies, kind by kind."""

from __future__ import annotations

from collections.abc import Callable

from paasctl.embedded.kube.model import Object
from paasctl.embedded.kube.objects.admission import admitted
from paasctl.embedded.kube.objects.allocate import job, service
from paasctl.embedded.kube.objects.defaults import normal
from paasctl.embedded.kube.objects.generation import counts, next_generation
from paasctl.embedded.kube.objects.special import TEMPLATE_GENERATION, labelled_by_template
from paasctl.embedded.kube.objects.write import Write

_KEPT = ("deletionTimestamp", "deletionGracePeriodSeconds")


def for_create(write: Write, body: Object, said: Object) -> Object:
    """The object without what a create can't say, with what the server adds; `said` is it before its defaults."""
    left_out = [*_KEPT, "resourceVersion", "selfLink"]
    if write.kind == ("batch", "jobs") and not said["metadata"].get("labels"):
        left_out.append("labels")  # the template's, which there is more to come to
    metadata = {name: it for name, it in body["metadata"].items() if name not in left_out}
    if counts(write):
        metadata["generation"] = 1
    made = {**body, "metadata": metadata}
    if "status" in write.resource.subresources and write.kind != ("", "nodes"):
        made = _with_status(write, made, None)
    special = _FIRST.get(write.kind)
    return special(made) if special is not None else made


def for_update(write: Write, live: Object, body: Object, said: Object) -> Object:
    """The object with what this write can't change as it is in `live`; `said` is what it was before its defaults."""
    if write.by.subresource == "status":
        made = _status_of(write, live, body)
    elif "status" in write.resource.subresources:
        made = _with_status(write, body, live)
    else:
        made = body
    if write.kind == ("", "namespaces") and write.by.subresource != "status":
        made = {**made, "spec": live.get("spec", {})}
    if write.kind == ("", "services") and write.by.subresource != "status":
        made = service(made, live)
    if write.kind == ("apps", "daemonsets") and write.by.subresource != "status":
        made = _counted(made, live)
    if write.kind == ("", "secrets") and not made.get("type"):
        made = {**made, "type": live.get("type", "Opaque")}
    return {**made, "metadata": _metadata(write, live, made, said)}


def _metadata(write: Write, live: Object, made: Object, said: Object) -> Object:
    before, metadata = live["metadata"], dict(made["metadata"])
    metadata.pop("selfLink", None)
    if generation := next_generation(write, live, made, said):
        metadata["generation"] = generation
    else:
        metadata.pop("generation", None)
    for name in ("name", "namespace", "uid"):
        if not metadata.get(name) and name in before:
            metadata[name] = before[name]
    for name in ("creationTimestamp", "resourceVersion", *_KEPT):
        metadata.pop(name, None)
        if name in before:
            metadata[name] = before[name]
    return metadata


def _with_status(write: Write, body: Object, live: Object | None) -> Object:
    kept = {name: it for name, it in body.items() if name != "status"}
    if live is not None:
        return {**kept, "status": live["status"]} if "status" in live else kept
    return kept if write.is_custom else {**kept, "status": _nothing(write)}


def _nothing(write: Write) -> Object:
    """The status of what has just been made."""
    field = write.type.fields.get("status")
    return normal(field.type, {}) if field is not None else {}


def _status_of(write: Write, live: Object, body: Object) -> Object:
    """`live` with the status, and the metadata that a status write may change."""
    if write.is_custom:
        made = {name: it for name, it in live.items() if name != "status"}
        owners = body["metadata"].get("managedFields")
        made["metadata"] = {**live["metadata"], **({"managedFields": owners} if owners else {})}
        return {**made, "status": body["status"]} if "status" in body else made
    made = {**body, "metadata": dict(body["metadata"])}
    kept = {("apps", "deployments"): ("labels",), ("", "pods"): ("ownerReferences",)}.get(write.kind, ())
    for name in kept:
        made["metadata"].pop(name, None)
        if name in live["metadata"]:
            made["metadata"][name] = live["metadata"][name]
    made.pop("spec", None)
    return {**made, "spec": live["spec"]} if "spec" in live else made


def _namespace(body: Object) -> Object:
    finalizers = (body.get("spec") or {}).get("finalizers") or []
    if "kubernetes" not in finalizers:
        finalizers = [*finalizers, "kubernetes"]
    return {**body, "spec": {"finalizers": finalizers}, "status": {"phase": "Active"}}


def _pod(body: Object) -> Object:
    return admitted({**body, "status": {"phase": "Pending", "qosClass": quality(body.get("spec") or {})}})


def quality(spec: Object) -> str:
    """A pod's QoS class, by what its containers ask for."""
    wanted = [it.get("resources") or {} for it in (spec.get("containers") or []) + (spec.get("initContainers") or [])]
    if not any(it.get("requests") or it.get("limits") for it in wanted):
        return "BestEffort"
    full = all(set(it.get("limits") or {}) >= {"cpu", "memory"} for it in wanted)
    same = all((it.get("requests") or it.get("limits")) == it.get("limits") for it in wanted)
    return "Guaranteed" if full and same else "Burstable"


def _service(body: Object) -> Object:
    return service(body, None)


def _job(body: Object) -> Object:
    return labelled_by_template(job(body))


def _daemon_set(body: Object) -> Object:
    return _with_count(body, 1)


def _counted(body: Object, live: Object) -> Object:
    """How often its template was changed."""
    before = int((live["metadata"].get("annotations") or {}).get(TEMPLATE_GENERATION, 0))
    return _with_count(body, before + (body["spec"].get("template") != live["spec"].get("template")))


def _with_count(body: Object, count: int) -> Object:
    annotations = {**(body["metadata"].get("annotations") or {}), TEMPLATE_GENERATION: str(count)}
    return {**body, "metadata": {**body["metadata"], "annotations": annotations}}


_FIRST: dict[tuple[str, str], Callable[[Object], Object]] = {
    ("", "namespaces"): _namespace,
    ("", "pods"): _pod,
    ("", "services"): _service,
    ("apps", "daemonsets"): _daemon_set,
    ("batch", "jobs"): _job,
}
