"""One consistent look at a target, indexed. Everything a verdict is made from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import field
from typing import Any

from paasctl.model.kube import Key, Live
from paasctl.values import dataclass

Event = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """Objects by key, by kind and by controller; warnings by the object they are about."""

    by_key: Mapping[Key, Live]
    by_kind: Mapping[str, tuple[Live, ...]]
    by_owner: Mapping[str, tuple[Live, ...]]
    events: Mapping[str, tuple[Event, ...]] = field(default_factory=dict)
    elapsed: float = 0.0
    """Seconds since the wait began, monotonic."""

    @classmethod
    def at(cls, objects: Iterable[Live], events: Sequence[Event] = (), elapsed: float = 0.0) -> Look:
        """Index a snapshot (`ClusterReads.snapshot`) and the namespace's events, oldest first."""
        by_kind: dict[str, list[Live]] = {}
        by_owner: dict[str, list[Live]] = {}
        by_key = {it.key: it for it in objects}
        for it in by_key.values():
            by_kind.setdefault(it.key.kind, []).append(it)
            for owner in it.body["metadata"].get("ownerReferences") or ():
                if owner.get("controller"):
                    by_owner.setdefault(str(owner.get("uid")), []).append(it)
        about: dict[str, list[Event]] = {}
        for event in events:
            about.setdefault(_about(event), []).append(event)
        return cls(
            by_key=by_key,
            by_kind={name: tuple(of) for name, of in by_kind.items()},
            by_owner={name: tuple(of) for name, of in by_owner.items()},
            events={name: tuple(of) for name, of in about.items()},
            elapsed=elapsed,
        )

    def children(self, owner: Live, kind: str) -> tuple[Live, ...]:
        """Objects of a kind that this very object controls."""
        return tuple(it for it in self.by_owner.get(owner.uid, ()) if it.key.kind == kind)

    def said(self, live: Live, *reasons: str, holding: str = "") -> str:
        """The newest event's message about an object, for one of these reasons and holding a text; "" for none."""
        found = (it for it in reversed(self.events.get(live.uid, ())) if it.get("reason") in reasons)
        messages = (str(it.get("message") or it.get("note") or "").strip() for it in found)
        return next((it for it in messages if holding in it), "")


def _about(event: Event) -> str:
    about = event.get("involvedObject") or event.get("regarding") or {}
    return str(about.get("uid", ""))


def part(body: Mapping[str, Any], *path: str) -> Mapping[str, Any]:
    """The mapping at a path; empty where there is none."""
    for name in path:
        found = body.get(name)
        body = found if isinstance(found, Mapping) else {}
    return body


def number(body: Mapping[str, Any], name: str, default: int = 0) -> int:
    """A count; the API leaves zeros out."""
    found = body.get(name)
    return default if found is None else int(found)


def condition(live: Live, kind: str) -> Mapping[str, Any]:
    """The condition of this type; empty where it was not published."""
    found = part(live.body, "status").get("conditions") or ()
    return next((it for it in found if it.get("type") == kind), {})


def holds(live: Live, kind: str) -> bool:
    """Whether a condition is published and true."""
    return condition(live, kind).get("status") == "True"


def is_going(live: Live) -> bool:
    """Whether it is being deleted."""
    return bool(live.body["metadata"].get("deletionTimestamp"))


def is_observed(live: Live) -> bool:
    """Whether its controller has seen the newest generation (D25)."""
    return number(part(live.body, "status"), "observedGeneration") >= live.generation


def selects(selector: Mapping[str, Any], labels: Mapping[str, Any]) -> bool:
    """Whether a plain selector (of a Service) matches these labels."""
    return bool(selector) and all(labels.get(name) == value for name, value in selector.items())
