"""The scale subresource: an autoscaling/v1 Scale of Deployments, ReplicaSets and StatefulSets."""

from __future__ import annotations

from typing import Any

from paasctl.embedded.kube.model import Object, Refusal, Resource
from paasctl.embedded.kube.objects import owners as owning
from paasctl.embedded.kube.objects.defaults import defaulted
from paasctl.embedded.kube.objects.fieldset import Fields, difference, intersection
from paasctl.embedded.kube.objects.owners import Held, Owners
from paasctl.embedded.kube.objects.write import Write, bare, with_owners
from paasctl.embedded.kube.objects.writing import finished

_REPLICAS: Fields = {"f:spec": {"f:replicas": {}}}
_SAME = ("name", "namespace", "uid", "resourceVersion", "creationTimestamp")


def scale_of(resource: Resource, live: Object) -> Object:
    """The Scale that a GET answers with."""
    del resource
    spec, status = live.get("spec") or {}, live.get("status") or {}
    said: Object = {"replicas": status.get("replicas", 0)}
    if chosen := _selector(spec.get("selector") or {}):
        said["selector"] = chosen
    return {
        "kind": "Scale",
        "apiVersion": "autoscaling/v1",
        "metadata": {name: live["metadata"][name] for name in _SAME if name in live["metadata"]},
        "spec": {"replicas": spec["replicas"]} if spec.get("replicas") else {},
        "status": said,
    }


def _selector(selector: Object) -> str:
    labels = sorted((selector.get("matchLabels") or {}).items())
    return ",".join([f"{name}={value}" for name, value in labels] + sorted(_expressions(selector)))


def _expressions(selector: Object) -> list[str]:
    found = []
    for it in selector.get("matchExpressions") or []:
        values = ",".join(sorted(it.get("values") or []))
        words = {"In": f"{it['key']} in ({values})", "NotIn": f"{it['key']} notin ({values})"}
        words |= {"Exists": it["key"], "DoesNotExist": f"!{it['key']}"}
        found.append(words[it["operator"]])
    return found


def scaled(write: Write, live: Object, scale: Object) -> Object:
    """The object with that Scale put to it; `live` where it changes nothing. Raises 422.

    Who keeps `replicas` by an update has them in an entry of their own from then on: the real server takes a Scale's
    owners for others than the object's.
    """
    replicas: Any = (scale.get("spec") or {}).get("replicas", 0)
    if not isinstance(replicas, int) or isinstance(replicas, bool):
        why = "json: cannot unmarshal string into Go struct field ScaleSpec.spec.replicas of type int32"
        raise Refusal(400, "BadRequest", f'Scale in version "v1" cannot be handled as a Scale: {why}')
    if replicas < 0:
        _refuse(live, replicas)
    spec = {**(live.get("spec") or {}), "replicas": replicas}
    owners, moved = owning.decoded(live), {}
    is_owned = any(map(_has_replicas, owners.values()))
    if live["spec"].get("replicas") != replicas and is_owned:
        owners = _without_replicas(owners, owners)
        who = owning.owner(write.by.manager, "Update", write.resource.api_version, "scale")
        before = owning.decoded(live).get(who)
        if replicas:  # a Scale doesn't carry a zero, and so nobody owns one
            # the real server gives a new entry of scale no time
            owners[who] = Held(_REPLICAS, write.resource.api_version, before.time if before else "")
    else:
        moved = {who: held for who, held in owners.items() if who.operation == "Update" and _has_replicas(held)}
        owners = _without_replicas(owners, moved)
    apart = {who: Held(_REPLICAS, held.version, "") for who, held in moved.items()}
    body = with_owners(bare({**live, "spec": spec}), owning.encoded(owners, apart))
    return finished(write, live, defaulted(write, body, live))


def _has_replicas(held: Held) -> bool:
    return bool(intersection(held.fields, _REPLICAS))


def _without_replicas(owners: Owners, chosen: Owners) -> Owners:
    """The owners where the chosen ones don't have `replicas`."""
    left = {
        who: held._replace(fields=difference(held.fields, _REPLICAS)) if who in chosen else held
        for who, held in owners.items()
    }
    return {who: held for who, held in left.items() if held.fields}


def _refuse(live: Object, replicas: int) -> None:
    name = live["metadata"]["name"]
    said = f"Invalid value: {replicas}: must be greater than or equal to 0"
    causes = [{"reason": "FieldValueInvalid", "message": said, "field": "spec.replicas"}]
    details = {"name": name, "group": "autoscaling", "kind": "Scale", "causes": causes}
    raise Refusal(422, "Invalid", f'Scale.autoscaling "{name}" is invalid: spec.replicas: {said}', details=details)
