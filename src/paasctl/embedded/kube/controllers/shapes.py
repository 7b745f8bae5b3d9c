"""Pieces of objects: paths, times, conditions, owners. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from paasctl.embedded.kube.model import Object

_ALPHABET: Final = "bcdfghjklmnpqrstvwxz2456789"
"""What Kubernetes writes generated names with: no vowels, no bad words."""


def part(body: Mapping[str, Any], *path: str) -> Mapping[str, Any]:
    """The mapping at a path; empty where there is none."""
    for name in path:
        found = body.get(name)
        body = found if isinstance(found, Mapping) else {}
    return body


def meta(body: Mapping[str, Any]) -> Mapping[str, Any]:
    """Its metadata."""
    return part(body, "metadata")


def labels(body: Mapping[str, Any]) -> Mapping[str, str]:
    """Its labels."""
    return part(body, "metadata", "labels")


def notes(body: Mapping[str, Any]) -> Mapping[str, str]:
    """Its annotations."""
    return part(body, "metadata", "annotations")


def number(body: Mapping[str, Any], name: str, default: int = 0) -> int:
    """A count; the API leaves zeros out."""
    found = body.get(name)
    return default if found is None else int(found)


def stamp(utc: float) -> str:
    """As `metav1.Time` writes it: whole seconds."""
    return datetime.fromtimestamp(int(utc), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def nano(utc: float) -> str:
    """As a log line's time is written."""
    return datetime.fromtimestamp(utc, UTC).strftime("%Y-%m-%dT%H:%M:%S.%f") + "000Z"


def moment(text: Any) -> float:
    """Seconds since the epoch of a stamp; 0 for none."""
    return datetime.fromisoformat(str(text)).timestamp() if text else 0.0


def span(seconds: float) -> str:
    """As Go writes a duration of whole seconds: ``10s``, ``1m20s``, ``5m0s``."""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return (f"{hours}h" if hours else "") + (f"{minutes}m" if minutes or hours else "") + f"{rest}s"


def canonical(body: Any) -> str:
    """The same text for the same content."""
    return json.dumps(body, sort_keys=True, separators=(",", ":"))


def short_hash(text: str) -> str:
    """As Kubernetes shortens hashes: FNV-1a of 32 bits, in the alphabet of generated names."""
    found = 2166136261
    for byte in text.encode():
        found = ((found ^ byte) * 16777619) & 0xFFFFFFFF
    return "".join(_ALPHABET[ord(digit) % len(_ALPHABET)] for digit in str(found))


def generated(random_below: Any, length: int = 5) -> str:
    """The random end of a generated name; `random_below(n)` gives a number below n."""
    return "".join(_ALPHABET[random_below(len(_ALPHABET))] for _ in range(length))


def condition(body: Mapping[str, Any], kind: str) -> Mapping[str, Any]:
    """The condition of this type in its status; empty where there is none."""
    found: Iterable[Mapping[str, Any]] = part(body, "status").get("conditions") or ()
    return next((it for it in found if it.get("type") == kind), {})


def holds(body: Mapping[str, Any], kind: str) -> bool:
    """Whether a condition is there and true."""
    return condition(body, kind).get("status") == "True"


def is_going(body: Mapping[str, Any]) -> bool:
    """Whether it is being deleted."""
    return bool(meta(body).get("deletionTimestamp"))


def controller_of(body: Mapping[str, Any]) -> Mapping[str, Any]:
    """The reference to its controller; empty for an orphan."""
    owners: Iterable[Mapping[str, Any]] = meta(body).get("ownerReferences") or ()
    return next((it for it in owners if it.get("controller")), {})


def owned_by(owner: Object) -> list[Object]:
    """The `ownerReferences` of what it makes."""
    return [
        {
            "apiVersion": owner["apiVersion"],
            "kind": owner["kind"],
            "name": owner["metadata"]["name"],
            "uid": owner["metadata"]["uid"],
            "controller": True,
            "blockOwnerDeletion": True,
        }
    ]


def share(value: Any, of: int, *, up: bool) -> int:
    """A count that may be a percentage of another, rounded up or down."""
    if isinstance(value, str) and value.endswith("%"):
        whole, rest = divmod(int(value[:-1]) * of, 100)
        return whole + (1 if up and rest else 0)
    return int(value)


def repeated(container: Mapping[str, Any]) -> Object:
    """What the status of a container that is on its node repeats of its spec."""
    resources, mounts = part(container, "resources"), container.get("volumeMounts") or ()
    said = {
        "resources": resources,
        "allocatedResources": resources.get("requests"),
        "volumeMounts": [{**it, "recursiveReadOnly": "Disabled"} if it.get("readOnly") else it for it in mounts],
    }
    return {name: it for name, it in said.items() if it}
