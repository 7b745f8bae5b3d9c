"""Random writes to one object, as values: who, how, and what."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from random import Random
from typing import Any

from fuzz.manifests import manifest
from fuzz.patches import json_patch, merge_patch, strategic_patch
from fuzz.smaller import KEPT, without_one
from fuzz.statuses import STATUSES
from fuzz.values import Json

MANAGERS = ("alice", "bob", "carol", "kubectl")
APPLY = "application/apply-patch+yaml"
MERGE = "application/merge-patch+json"
STRATEGIC = "application/strategic-merge-patch+json"
JSON_PATCH = "application/json-patch+json"
_SCALED = ("Deployment", "StatefulSet")
_WATCHED = (*_SCALED, "DaemonSet", "Job", "HorizontalPodAutoscaler", "PodDisruptionBudget")
"""Kinds whose status a controller of the testbed writes, in its own time; it owns a field then, for owners to begin."""
Kind = tuple[str, str]


@dataclass(frozen=True)
class Step:
    """One write. `how` is ``create``, ``replace``, ``scale``, ``delete``, or a patch's media type."""

    how: str
    manager: str
    body: Any
    force: bool = False
    subresource: str = ""
    dry_run: bool = False
    why: str = ""
    """What it is there for, for the statistics."""

    def __str__(self) -> str:
        options = [name for name, is_on in (("--force", self.force), ("--dry-run", self.dry_run)) if is_on]
        said = " ".join([self.how, "by", self.manager, *options, self.subresource, f"({self.why})" if self.why else ""])
        return f"{said}\n    {self.body}"


@dataclass(frozen=True)
class Sequence:
    """Writes to one object of one kind, in their order."""

    kind: Kind
    steps: tuple[Step, ...]


def sequence(rng: Random, kind: Kind, name: str) -> Sequence:
    """A random one: a whole manifest first, then parts, other managers, patches, deletions."""
    return _Writer(rng, kind, name).sequence()


@dataclass
class _Writer:
    """Makes steps, and remembers who applied what."""

    rng: Random
    kind: Kind
    name: str
    applied: dict[str, Json] = field(default_factory=dict)

    def sequence(self) -> Sequence:
        how = self.rng.choice(["create", APPLY, APPLY])
        steps = [self._kept(Step(how, self._manager(), self._whole()))]
        wanted = self.rng.randint(3, 8)
        while len(steps) < wanted:
            steps += [self._kept(self._maybe_dry(it)) for it in self._some()]
        return Sequence(self.kind, tuple(steps))

    def _maybe_dry(self, step: Step) -> Step:
        return replace(step, dry_run=self.rng.random() < 0.1)

    def _kept(self, step: Step) -> Step:
        if step.how == APPLY and not step.subresource:
            self.applied[step.manager] = step.body
        return step

    def _manager(self) -> str:
        return self.rng.choice(MANAGERS)

    def _whole(self) -> Json:
        return manifest(self.rng, self.kind, self.name)

    def _some(self) -> list[Step]:
        ways: list[tuple[int, Callable[[], list[Step]]]] = [
            (18, self._apply_whole),
            (12, self._apply_part),
            (5, self._apply_again),
            (10, self._apply_less),
            (10, self._share),
            (6, self._hand_over),
            (8, self._replace),
            (8, self._merge),
            (6, self._json_patch),
            (6, self._delete),
        ]
        if self.kind[1] != "HTTPRoute":  # no strategic patches of custom kinds
            ways.append((10, self._strategic))
        if self.kind[1] not in _WATCHED:
            ways.append((4, self._reset))
        if self.kind[1] in _SCALED:
            ways.append((8, self._scale))
        if self.kind[1] in STATUSES:
            ways.append((10, self._status))
        weights = [weight for weight, _ in ways]
        return self.rng.choices([way for _, way in ways], weights)[0]()

    def _apply(self, manager: str, body: Json, why: str, chance: float = 0.4) -> Step:
        return Step(APPLY, manager, body, force=self.rng.random() < chance, why=why)

    def _apply_whole(self) -> list[Step]:
        return [self._apply(self._manager(), self._whole(), "whole")]

    def _apply_part(self) -> list[Step]:
        return [self._apply(self._manager(), part(self.rng, self._whole()), "part")]

    def _apply_again(self) -> list[Step]:
        """What one has applied already, in another order of fields."""
        manager, body = self._earlier()
        return [self._apply(manager, dict(reversed(body.items())), "again")]

    def _apply_less(self) -> list[Step]:
        manager, body = self._earlier()
        return [self._apply(manager, less(self.rng, body), "less")]

    def _share(self) -> list[Step]:
        _, body = self._earlier()
        shared = body if self.rng.random() < 0.5 else less(self.rng, body)
        return [self._apply(self._manager(), shared, "shared", 0.2)]

    def _hand_over(self) -> list[Step]:
        """Somebody takes over what another applied, who then applies less."""
        manager, body = self._earlier()
        heir = self.rng.choice([it for it in MANAGERS if it != manager])
        return [self._apply(heir, body, "taken over"), self._apply(manager, least(body), "handed over")]

    def _earlier(self) -> tuple[str, Json]:
        if not self.applied:
            return self._manager(), self._whole()
        manager = self.rng.choice(sorted(self.applied))
        return manager, self.applied[manager]

    def _replace(self) -> list[Step]:
        return [Step("replace", self._manager(), self._whole())]

    def _merge(self) -> list[Step]:
        return [Step(MERGE, self._manager(), merge_patch(self.rng, part(self.rng, self._whole())))]

    def _strategic(self) -> list[Step]:
        return [Step(STRATEGIC, self._manager(), strategic_patch(self.rng, part(self.rng, self._whole())))]

    def _json_patch(self) -> list[Step]:
        return [Step(JSON_PATCH, self._manager(), json_patch(self.rng))]

    def _scale(self) -> list[Step]:
        said = {"spec": {"replicas": self.rng.choice([0, 1, 2, 5])}}
        return [Step("scale", self._manager(), said, subresource="scale")]

    def _status(self) -> list[Step]:
        status = STATUSES[self.kind[1]](self.rng)
        how = self.rng.choice([MERGE, APPLY, APPLY, "replace"])
        labels = {"labels": {"part": "s"}} if self.rng.random() < 0.3 else {}
        body: Json = {"metadata": labels, "status": status}
        if how == APPLY:
            body = {"apiVersion": self.kind[0], "kind": self.kind[1], **body, "metadata": {"name": self.name, **labels}}
        if how == "replace":
            body = {**self._whole(), "status": status}
        return [Step(how, self._manager(), body, force=how == APPLY and self.rng.random() < 0.5, subresource="status")]

    def _delete(self) -> list[Step]:
        """Then somebody makes it anew, or writes to what isn't there."""
        gone = Step("delete", self._manager(), None)
        anew = Step(self.rng.choice(["create", APPLY, APPLY]), self._manager(), self._whole(), why="re-creation")
        return [gone, anew] if self.rng.random() < 0.7 else [gone]

    def _reset(self) -> list[Step]:
        """Nobody owns anything from here on."""
        return [Step(MERGE, self._manager(), {"metadata": {"managedFields": [{}]}}, why="owners reset")]


def part(rng: Random, whole: Json) -> Json:
    """What a second manager applies: its own label, and little else."""
    said: Json = {name: whole[name] for name in ("apiVersion", "kind")}
    said["metadata"] = {"name": whole["metadata"]["name"], "labels": {rng.choice(["app", "tier"]): rng.choice("ab")}}
    spec = whole.get("spec")
    if spec is not None:
        names = [it for it in spec if it in KEPT or rng.random() < 0.3]
        return {**said, "spec": {name: spec[name] for name in names}} if names else said
    return {**said, **{name: it for name, it in whole.items() if name not in said and rng.random() < 0.5}}


def less(rng: Random, body: Json) -> Json:
    """The body without a few fields or items, small and big ones."""
    for _ in range(rng.randint(1, 4)):
        found = list(without_one(body))
        if found:
            body = rng.choice(found[:12] if rng.random() < 0.3 else found)
    return body


def least(body: Json) -> Json:
    """The body with nothing but what has to stay."""
    said: Json = {name: body[name] for name in ("apiVersion", "kind")}
    said["metadata"] = {"name": body["metadata"]["name"]}
    kept = {name: it for name, it in (body.get("spec") or {}).items() if name in KEPT}
    return {**said, "spec": kept} if kept else said
