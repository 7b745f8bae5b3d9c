"""The Table that `kubectl get` asks for: the real server's columns (recorded), and cells as its printers fill them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from paasctl.embedded.kube.model import Object, Resource
from paasctl.embedded.kube.objects import cells, cells_core, cells_pods
from paasctl.embedded.kube.objects.ages import since
from paasctl.embedded.kube.objects.schema import Schemas

_CELLS: dict[tuple[str, str], cells.Cells] = {**cells.CELLS, **cells_core.CELLS, **cells_pods.CELLS}
_SCALE = (("Name", "string"), ("Desired", "integer"), ("Available", "integer"), ("Age", "string"))
_ENDED = {"Succeeded": "The pod has completed successfully.", "Failed": "The pod failed."}


def table(schemas: Schemas, resource: Resource, items: Sequence[Object], now: float) -> Object:
    """A meta.k8s.io/v1 Table of these objects; rows carry PartialObjectMetadata. List metadata is the caller's."""
    fill = _CELLS.get((resource.group, resource.plural), _plain)
    return {
        "kind": "Table",
        "apiVersion": "meta.k8s.io/v1",
        "metadata": {},
        "columnDefinitions": schemas.columns(resource),
        "rows": [_row(resource, it, [it["metadata"].get("name", ""), *fill(it, now)]) for it in items],
    }


def scale_table(scale: Object, now: float) -> Object:
    """The Table of a Scale."""
    columns = [{"name": name, "type": kind, "format": "", "description": "", "priority": 0} for name, kind in _SCALE]
    counts = [scale["spec"].get("replicas", 0), scale["status"]["replicas"]]
    row = {"cells": [scale["metadata"]["name"], *counts, *_plain(scale, now)], "object": _partial(scale)}
    return {"kind": "Table", "apiVersion": "meta.k8s.io/v1", "columnDefinitions": columns, "rows": [row]}


def _row(resource: Resource, body: Object, filled: list[Any]) -> Object:
    if resource.plural == "events":
        del filled[0]  # an event's name comes last
    row: Object = {"cells": filled, "object": _partial(body)}
    phase = (body.get("status") or {}).get("phase")
    if resource.plural == "pods" and phase in _ENDED:
        said = {"type": "Completed", "status": "True", "reason": phase, "message": _ENDED[phase]}
        row["conditions"] = [said]
    return row


def _partial(body: Object) -> Object:
    return {"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": body["metadata"]}


def _plain(body: Object, now: float) -> list[Any]:
    return [since(body["metadata"].get("creationTimestamp"), now)]
