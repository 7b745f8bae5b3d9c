"""How often a run came to what it is to cover: ways of writing and their outcomes, types of lists and maps by kind."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import combinations
from typing import Any

from fuzz.steps import APPLY, Kind, Sequence, Step
from fuzz.values import Json
from paasctl.embedded.kube.objects.fieldset import intersection
from paasctl.embedded.kube.objects.merge import element
from paasctl.embedded.kube.objects.schema import Type, loaded

FORMS = ("list by one key", "list by several keys", "set", "atomic list", "atomic map", "granular map")
_WAYS = (
    *("create", "replace", "delete", "scale", "apply", "merge-patch", "strategic-merge-patch", "json-patch"),
    *("whole", "part", "again", "less", "shared", "taken over", "handed over", "re-creation", "owners reset"),
    *("forced", "dry run", "status by apply", "status by merge-patch", "status by replace"),
)
_SEEN = ("shared ownership", "conflict", "invalid", "deletion that waits")


@dataclass
class Stats:
    """Counters."""

    sequences: Counter[str] = field(default_factory=Counter)
    """By kind."""
    ways: Counter[tuple[str, str]] = field(default_factory=Counter)
    """By what a step is, and what came of it."""
    seen: Counter[str] = field(default_factory=Counter)
    forms: Counter[tuple[str, str]] = field(default_factory=Counter)
    """By kind and type of list or map: steps that say one."""

    def count(self, sequence: Sequence, told: list[Any]) -> None:
        """Add one sequence and what it came to on the real server."""
        kind = sequence.kind[1]
        self.sequences[kind] += 1
        for step, came in zip(sequence.steps, told, strict=False):
            self.ways.update((way, _outcome(came)) for way in _ways(step))
            self.seen.update(_seen(came))
            self.forms.update((kind, form) for form in set(said(_type(sequence.kind), step.body)))

    def never(self) -> list[str]:
        """What was not hit, of all that there is to be hit."""
        good = {way for way, outcome in self.ways if outcome == "done"}
        missed = [it for it in _WAYS if it not in good] + [it for it in _SEEN if it not in self.seen]
        for kind in _kinds(self.sequences):
            there = set(reachable(_type(kind)))
            missed += [f"{kind[1]}: {form}" for form in FORMS if form in there and (kind[1], form) not in self.forms]
        return missed

    def lines(self) -> Iterator[str]:
        """A table of each."""
        outcomes = sorted({outcome for _, outcome in self.ways})
        yield _row("way", outcomes)
        for way in _WAYS:
            yield _row(way, [self.ways[way, outcome] for outcome in outcomes])
        yield from (f"{name}: {self.seen[name]}" for name in _SEEN)
        yield _row("kind", ["sequences", *FORMS])
        for kind in _kinds(self.sequences):
            there = set(reachable(_type(kind)))
            told = [self.forms[kind[1], form] if form in there else "-" for form in FORMS]
            yield _row(kind[1], [self.sequences[kind[1]], *told])
        yield f"never: {', '.join(self.never()) or 'nothing'}"


def _row(name: str, cells: list[Any]) -> str:
    return f"{name:24}" + "".join(f"{it!s:>21}" for it in cells)


def _kinds(counted: Counter[str]) -> list[Kind]:
    from fuzz.manifests import KINDS

    return [it for it in KINDS if counted[it[1]]]


def _type(kind: Kind) -> Type:
    group, _, version = kind[0].rpartition("/")
    return loaded().type_of(group, version, kind[1])


def _ways(step: Step) -> Iterator[str]:
    how = step.how.removeprefix("application/").partition("+")[0] if step.how != APPLY else "apply"
    yield f"status by {how}" if step.subresource == "status" else how
    if step.why:
        yield step.why
    if step.force:
        yield "forced"
    if step.dry_run:
        yield "dry run"


def _outcome(told: Json) -> str:
    return str(told["status"]) if "causes" in told else "done"


def _seen(told: Json) -> Iterator[str]:
    causes = told.get("causes") or []
    if any(it.get("reason") == "FieldManagerConflict" for it in causes):
        yield "conflict"
    if told.get("reason") == "Invalid":
        yield "invalid"
    metadata = told.get("metadata") or {}
    if "deletionTimestamp" in metadata:
        yield "deletion that waits"
    fields = [it["fieldsV1"] for it in metadata.get("managedFields") or () if it["operation"] == "Apply"]
    if any(intersection(*two) for two in combinations(fields, 2)):
        yield "shared ownership"


def _form(kind: Type) -> str:
    if kind.form == "list":
        several = "list by one key" if len(kind.keys) == 1 else "list by several keys"
        return {"map": several, "set": "set"}.get(kind.relation, "atomic list")
    if kind.atomic:
        return "atomic map"
    return "granular map" if kind.form == "map" else ""


def said(kind: Type, value: Any) -> Iterator[str]:
    """The types of all lists and maps in a body; what lies in an atomic one is its own matter."""
    if isinstance(value, (dict, list)) and value:
        if form := _form(kind):
            yield form
        if isinstance(value, dict):
            for name, it in value.items():
                yield from said(element(kind, name), it)
        elif kind.element is not None:
            for it in value:
                yield from said(kind.element, it)


def reachable(kind: Type, seen: frozenset[str] = frozenset()) -> Iterator[str]:
    """The types of all lists and maps that an object of a kind may have, but for its managedFields."""
    if kind.name in seen:
        return
    if form := _form(kind):
        yield form
    deeper = seen | {kind.name} if kind.name else seen
    for name, it in kind.fields.items():
        if name != "managedFields":
            yield from reachable(it.type, deeper)
    if kind.element is not None and kind.element is not kind:
        yield from reachable(kind.element, deeper)
