"""A value with less in it: what shrinks a sequence, and what a manager does who gives something up."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

_PARKED = {"paused", "suspend", "ingressClassName"}
"""Without these a controller takes the object up."""
_NEEDED = {
    *("selector", "template", "containers", "image", "scaleTargetRef", "maxReplicas", "target", "metric", "roleRef"),
    *(
        "schedule",
        "jobTemplate",
        "verbs",
        "resources",
        "restartPolicy",
        "volumes",
        "operator",
        "parentRef",
        "key",
        "type",
    ),
    *("targetRef", "uid", "rules", "limits", "port", "apiGroups", "resource"),
    *("fieldPath", "path", "configMapRef", "secretRef", "serviceAccountToken", "fieldRef", "values"),
    *("weight", "podAffinityTerm", "topologyKey", "requestHeaderModifier", "cidr"),
}
"""Without these an object is mostly invalid, which would hide everything else."""
KEPT = {"apiVersion", "kind", "name", "metadata", *_PARKED}


def without_one(value: Any) -> Iterator[Any]:  # noqa: C901 - a walk over JSON
    """The value without one field or item: big ones first."""
    if isinstance(value, dict):
        for name, it in value.items():
            if name not in KEPT | _NEEDED and not (isinstance(it, dict) and (_PARKED | _NEEDED) & it.keys()):
                yield {key: it for key, it in value.items() if key != name}
        for name, it in value.items():
            for smaller in without_one(it):
                yield {**value, name: smaller}
    elif isinstance(value, list):
        for index in range(len(value)):
            yield value[:index] + value[index + 1 :]
        for index, it in enumerate(value):
            for smaller in without_one(it):
                yield [*value[:index], smaller, *value[index + 1 :]]
