"""Lists that Kubernetes merges by key, and the words for a place inside an object.

The table is the `+listType=map` / `+listMapKey` markers of k8s.io/api (core/v1, apps/v1, autoscaling/v2; v0.34). A list
that is not in it is atomic, unless an owner entry in `managedFields` says otherwise.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from paasctl.values import dataclass

MERGE_KEYS: Final[Mapping[str, tuple[tuple[str, ...], ...]]] = {
    "claims": (("name",),),
    "conditions": (("type",),),
    "containers": (("name",),),
    "env": (("name",),),
    "ephemeralContainers": (("name",),),
    "hostAliases": (("ip",),),
    "imagePullSecrets": (("name",),),
    "initContainers": (("name",),),
    "ownerReferences": (("uid",),),
    "ports": (("containerPort", "protocol"), ("port", "protocol")),
    "resourceClaims": (("name",),),
    "secrets": (("name",),),
    "topologySpreadConstraints": (("topologyKey", "whenUnsatisfiable"),),
    "volumeDevices": (("devicePath",),),
    "volumeMounts": (("mountPath",),),
    "volumes": (("name",),),
}
"""Name of the list -> the keys it may be merged by; the first that all its elements have is used."""

_DEFAULTS: Final = {"protocol": "TCP"}
"""Merge keys that may be left out (`Protocol` in core/v1)."""


@dataclass(frozen=True, slots=True)
class Item:
    """The element of a keyed list that has these values: `[name="web"]`."""

    keys: tuple[tuple[str, Any], ...]

    def __str__(self) -> str:
        inner = ",".join(f'{key}="{value}"' if isinstance(value, str) else f"{key}={value}" for key, value in self.keys)
        return f"[{inner}]"


Segment = str | int | Item
Path = tuple[Segment, ...]


def by_key(name: Segment, *lists: Sequence[Any]) -> tuple[dict[Item, Any], ...] | None:
    """Each list as elements by identity, all by the same key; None where the list has no key that fits them all.

    Duplicates (failure row D12) have no identity: such a list is compared as a whole.
    """
    for keys in MERGE_KEYS.get(name, ()) if isinstance(name, str) else ():
        found = tuple(_identified(elements, keys) for elements in lists)
        if all(it is not None for it in found):
            return tuple(it for it in found if it is not None)
    return None


def _identified(elements: Sequence[Any], keys: tuple[str, ...]) -> dict[Item, Any] | None:
    found: dict[Item, Any] = {}
    for element in elements:
        item = _item(element, keys)
        if item is None or item in found:
            return None
        found[item] = element
    return found


def _item(element: Any, keys: tuple[str, ...]) -> Item | None:
    if not isinstance(element, Mapping):
        return None
    values = tuple((key, element.get(key, _DEFAULTS.get(key))) for key in keys)
    return Item(values) if all(isinstance(value, str | int) for _, value in values) else None
