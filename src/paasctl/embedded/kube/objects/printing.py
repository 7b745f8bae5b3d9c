"""The Table that `kubectl get` asks for."""

from __future__ import annotations

from collections.abc import Sequence

from paasctl.embedded.kube.model import Object, Resource
from paasctl.embedded.kube.objects.schema import Schemas


def table(schemas: Schemas, resource: Resource, items: Sequence[Object], now: float) -> Object:
    """A meta.k8s.io/v1 Table of these objects; rows carry PartialObjectMetadata. List metadata is the caller's."""
    del now
    return {
        "kind": "Table",
        "apiVersion": "meta.k8s.io/v1",
        "metadata": {},
        "columnDefinitions": schemas.columns(resource),
        "rows": [{"cells": [it["metadata"]["name"]], "object": it} for it in items],
    }
