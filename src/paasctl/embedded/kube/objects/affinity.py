"""What the server refuses of where a pod wants to be."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from paasctl.embedded.kube.objects import names
from paasctl.embedded.kube.objects.causes import Causes

Json = Mapping[str, Any]
_MUST, _MAY = "requiredDuringSchedulingIgnoredDuringExecution", "preferredDuringSchedulingIgnoredDuringExecution"


def check(told: Causes, field: str, affinity: Json) -> None:
    """Add what is wrong with an affinity."""
    _nodes(told, f"{field}.nodeAffinity.{_MUST}", (affinity.get("nodeAffinity") or {}).get(_MUST))
    for name in ("podAffinity", "podAntiAffinity"):
        for place, term in _terms(f"{field}.{name}", affinity.get(name) or {}):
            names.check_selector(told, f"{place}.labelSelector", term.get("labelSelector"))
            if not term.get("topologyKey"):
                told.required(f"{place}.topologyKey", "can not be empty")


def _nodes(told: Causes, field: str, wanted: Json | None) -> None:
    if wanted is None:
        return
    terms = wanted.get("nodeSelectorTerms") or []
    if not terms:
        told.required(f"{field}.nodeSelectorTerms", "must have at least one node selector term")
    for index, term in enumerate(terms):
        for at, it in enumerate(term.get("matchExpressions") or []):
            if it.get("operator") in ("In", "NotIn") and not it.get("values"):
                place = f"{field}.nodeSelectorTerms[{index}].matchExpressions[{at}].values"
                told.required(place, "must be specified when `operator` is 'In' or 'NotIn'")


def _terms(field: str, affinity: Json) -> Iterator[tuple[str, Json]]:
    for index, term in enumerate(affinity.get(_MUST) or []):
        yield f"{field}.{_MUST}[{index}]", term
    for index, weighted in enumerate(affinity.get(_MAY) or []):
        yield f"{field}.{_MAY}[{index}].podAffinityTerm", weighted.get("podAffinityTerm") or {}
