"""What of a live cluster is copied, in which version, and what is masked on the way. Pure."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping
from typing import Any

from paasctl.model.config import Config
from paasctl.model.copying import Copy
from paasctl.model.counting import count
from paasctl.model.event import Noted, Warned
from paasctl.model.kube import Body, Kind, Live, Served
from paasctl.values import dataclass

NAMESPACE, NODE = Kind("", "Namespace"), Kind("", "Node")
GATEWAY = Kind("gateway.networking.k8s.io", "Gateway")
SYSTEM = frozenset({"kube-system", "kube-public", "kube-node-lease"})
_OF_THE_CLUSTER = (
    Kind("networking.k8s.io", "IngressClass"),
    Kind("storage.k8s.io", "StorageClass"),
    Kind("gateway.networking.k8s.io", "GatewayClass"),
)
_TWICE = frozenset({Kind("events.k8s.io", "Event")})
"""The same objects under another name."""
_MADE_ANEW = "endpointslice-controller.k8s.io"
_MANAGED_BY = "endpointslice.kubernetes.io/managed-by"
_LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
_NAMED = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """The lists to read: of each namespace, of the cluster; and kinds of which it is asked whether there are any."""

    inside: tuple[Served, ...]
    outside: tuple[Served, ...]
    unheld: tuple[Served, ...]


def choose(kinds: Iterable[Served], held: frozenset[Served]) -> Chosen:
    """Of each kind the first version that a copy can hold, which is the preferred one where that is held."""
    inside: dict[Kind, Served] = {}
    outside: dict[Kind, Served] = {}
    unheld: dict[Kind, Served] = {}
    for it in kinds:
        if it.kind in _TWICE:
            continue
        if it not in held:
            unheld.setdefault(it.kind, it)
        elif it.namespaced:
            inside.setdefault(it.kind, it)
        elif it.kind in (NAMESPACE, NODE, *_OF_THE_CLUSTER):
            outside.setdefault(it.kind, it)
    if gateway := inside.get(GATEWAY):
        outside[GATEWAY] = gateway  # routes hang on those of other namespaces
    return Chosen(
        inside=tuple(inside.values()),
        outside=tuple(outside.values()),
        unheld=tuple(it for it in unheld.values() if it.namespaced and it.kind not in inside),
    )


def is_kept(live: Live) -> bool:
    """Whether it is copied: what a Service's endpoints are, the copy's own controllers say."""
    labels = live.body["metadata"].get("labels") or {}
    return live.key.kind != "EndpointSlice" or labels.get(_MANAGED_BY) != _MADE_ANEW


def masked(live: Live) -> Live:
    """A Secret with placeholders of the same length for its values; everything else as it is."""
    if live.key.kind != "Secret" or live.key.group:
        return live
    body: dict[str, Any] = dict(live.body)
    body["data"] = {name: _placeholder(str(it)) for name, it in (live.body.get("data") or {}).items()}
    notes = live.body["metadata"].get("annotations") or {}
    if _LAST_APPLIED in notes:  # the values stand there in plain sight
        kept = {name: it for name, it in notes.items() if name != _LAST_APPLIED}
        body["metadata"] = {**live.body["metadata"], "annotations": kept}
    return Live(live.key, body)


def _placeholder(value: str) -> str:
    return base64.b64encode(b"*" * len(base64.b64decode(value))).decode()


def nodes_of(objects: Iterable[Live]) -> frozenset[str]:
    """Names of the nodes that pods are on."""
    pods = (it.body for it in objects if it.key.kind == "Pod")
    return frozenset(_node(it) for it in pods) - {""}


def _node(pod: Body) -> str:
    spec: Mapping[str, Any] = pod.get("spec") or {}
    return str(spec.get("nodeName") or "")


def namespaces_of(config: Config, context: str) -> tuple[str, ...]:
    """Namespaces of the environments that run on this context; of all of them, where none says so."""
    here = {name for name, it in config.clusters.items() if it.context == context}
    every = list(config.environments.values())
    chosen = [it for it in every if here & set(it.clusters)] or every
    return tuple(dict.fromkeys(it.namespace for it in chosen))


def told(copy: Copy) -> tuple[Noted | Warned, ...]:
    """What was copied and what was not, aloud."""
    inside = sum(it.key.namespace in copy.namespaces for it in copy.objects)
    around = len(copy.objects) - inside
    said = f"copied from {copy.cluster}: {count(inside, 'object')} of {_spaces(copy.namespaces)}, {around} around them"
    lines: list[Noted | Warned] = [Noted(said)]
    if copy.absent:
        lines.append(Noted(f"{copy.cluster} has no namespace {', '.join(copy.absent)} yet"))
    if copy.masked:
        said = f"the values of {count(copy.masked, 'Secret')} stayed there: placeholders as long stand for them"
        lines.append(Warned(said, hint="--with-secrets copies them, too"))
    if copy.unread:
        lines.append(Warned(f"not copied, since you may not read them: {_kinds(copy.unread)}"))
    if copy.unheld:
        lines.append(Warned(f"not copied, since the simulation can't hold them: {_kinds(copy.unheld)}"))
    return tuple(lines)


def _spaces(names: tuple[str, ...]) -> str:
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return ", ".join(names[:_NAMED]) + more or "no namespace"


def _kinds(kinds: tuple[Kind, ...]) -> str:
    return ", ".join(map(str, kinds))
