"""What the server makes of fields: probes by dry runs, observed per type, and told as rules and vanishing zeros.

An observation is one object of a type: what was sent, what came back. A rule says which field comes from nowhere, and
under which condition on its siblings; the condition is the simplest that separates all observations.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from paasctl.embedded.kube.objects.defaults import holds
from paasctl.embedded.kube.objects.schema import ANY, NOTHING, Rule, Type, written

Json = dict[str, Any]
Send = Callable[[Json], "Json | None"]
"""An object to what a dry run of its creation answers; None: it is refused."""
_CORE, _BATCH = "io.k8s.api.core.v1.", "io.k8s.api.batch.v1."
_ELSEWHERE = {
    *((f"{_CORE}{it}", "imagePullPolicy") for it in ("Container", "EphemeralContainer")),
    *((f"{_CORE}Pod.spec", it) for it in ("priority", "preemptionPolicy", "tolerations", "volumes")),
    *((f"{_CORE}PodTemplateSpec.spec", it) for it in ("serviceAccount", "serviceAccountName")),
    *((f"{_CORE}Pod.spec", it) for it in ("serviceAccount", "serviceAccountName")),
    *((f"{_CORE}ServiceSpec", it) for it in ("clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy")),
    *((f"{_CORE}ServiceSpec", it) for it in ("healthCheckNodePort", "externalTrafficPolicy", "internalTrafficPolicy")),
    (f"{_CORE}ServiceSpec", "allocateLoadBalancerNodePorts"),
    *((f"{_CORE}ServicePort", it) for it in ("nodePort", "targetPort")),
    *((f"{_CORE}Volume", it) for it in ("emptyDir", "projected")),
    *((f"{_CORE}LimitRangeItem", it) for it in ("default", "defaultRequest")),
    (f"{_CORE}Container", "volumeMounts"),
    (f"{_CORE}ContainerPort", "hostPort"),
    (f"{_CORE}ResourceRequirements", "requests"),
    (f"{_CORE}NamespaceSpec", "finalizers"),
    (f"{_CORE}Namespace", "spec"),
    (f"{_CORE}Node", "spec"),
    (f"{_CORE}Pod", "status"),
    (f"{_CORE}NodeSpec", "taints"),
    *((f"{_CORE}PodStatus", it) for it in ("conditions", "qosClass")),
    ("io.k8s.api.rbac.v1.Subject", "apiGroup"),
    *((f"{_BATCH}Job.spec", it) for it in ("selector", "completions", "parallelism")),
    ("io.k8s.api.networking.v1.IngressSpec", "ingressClassName"),
    ("io.k8s.api.autoscaling.v2.HorizontalPodAutoscalerSpec", "metrics"),
}
"""Not defaults of a type: rules in code, other controllers' and admission's doing."""
_ENOUGH = 3
_BY_PLACE = {
    *(f"{_CORE}{it}.spec" for it in ("Pod", "PodTemplateSpec")),
    *(f"{_BATCH}{it}.spec" for it in ("Job", "JobTemplateSpec")),
    *(f"io.k8s.api.autoscaling.v2.HorizontalPodAutoscalerBehavior.{it}" for it in ("scaleUp", "scaleDown")),
}
"""Fields whose type has other defaults elsewhere: they are told by type and field."""
_META = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"


@dataclass
class Seen:
    """Everything that was observed, by type name."""

    objects: dict[str, list[tuple[Json, Json]]] = field(default_factory=lambda: defaultdict(list))
    zeros: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))

    def note(self, kind: Type, sent: Any, got: Any, place: str = "") -> None:
        """Remember every object below, where both sides have it."""
        if isinstance(sent, dict) and isinstance(got, dict):
            if kind.form == "struct" and kind.name and kind.name != _META:
                self.objects[place if place in _BY_PLACE else kind.name].append((sent, got))
            for name, it in sent.items():
                below = kind.fields[name].type if name in kind.fields else (kind.element or ANY)
                self.note(below, it, got.get(name), f"{kind.name}.{name}")
        elif isinstance(sent, list) and isinstance(got, list) and len(sent) == len(got):
            for ours, theirs in zip(sent, got, strict=True):
                self.note(kind.element or ANY, ours, theirs)


def places(kind: Type, value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[tuple[Any, ...], Type]]:
    """Every struct in an object: its path and its type."""
    if isinstance(value, dict):
        if kind.form == "struct":
            yield path, kind
        for name, it in value.items():
            below = kind.fields[name].type if name in kind.fields else (kind.element or ANY)
            yield from places(below, it, (*path, name))
    elif isinstance(value, list):
        for index, it in enumerate(value):
            yield from places(kind.element or ANY, it, (*path, index))


def put(value: Any, path: tuple[Any, ...], new: Any) -> Any:
    """A copy with `new` at that path; `NOTHING` there takes it away."""
    if not path:
        return new
    copy = dict(value) if isinstance(value, dict) else list(value)
    if new is NOTHING and len(path) == 1:
        copy.pop(path[0], None) if isinstance(copy, dict) else copy.pop(path[0])
        return copy
    there = copy.get(path[0]) if isinstance(copy, dict) else copy[path[0]]
    copy[path[0]] = put(there, path[1:], new)
    return copy


def at(value: Any, path: tuple[Any, ...]) -> Any:
    """What lies there."""
    for step in path:
        value = value[step]
    return value


_ZEROS: Mapping[str, Any] = {"string": "", "integer": 0, "number": 0, "boolean": False}


def zero(kind: Type) -> Any:
    """The value of a type that Go might leave out."""
    match kind.form:
        case "list":
            return []
        case "map":
            return {}
        case "struct":
            return {}
        case _:
            return _ZEROS.get(kind.scalar, NOTHING)


def minimal(kind: Type, depth: int = 0) -> Any:
    """A value of a type that the server may accept: required fields only."""
    match kind.form:
        case "struct":
            if depth > 4:
                return {}
            return {name: minimal(kind.fields[name].type, depth + 1) for name in kind.required if name in kind.fields}
        case "list":
            return [minimal(kind.element or ANY, depth + 1)]
        case "map":
            return {}
        case _ if kind.format == "date-time":
            return "2026-01-01T00:00:00Z"
        case _:
            return kind.enum[0] if kind.enum else {"integer": 1, "number": 1, "boolean": True}.get(kind.scalar, "a")


@dataclass
class Explorer:
    """Sends samples, and each again with every field of every type in it: empty, and with as little as it takes."""

    send: Send
    kind: Type
    seen: Seen
    tries: dict[tuple[str, str], int]
    """Type and field -> how often it was refused; `_ENOUGH` once it was taken."""
    status: bool = False
    """Whether only the status is explored, or all but the status."""

    def explore(self, sample: Json) -> None:
        """Send it, and what grows out of it."""
        got = self.send(sample)
        assert got is not None, f"the server refuses the sample {sample}"
        self.seen.note(self.kind, sample, got)
        waiting = [sample]
        while waiting:
            whole = waiting.pop(0)
            for path, of in list(places(self.kind, whole)):
                if (path[:1] == ("status",)) == self.status:
                    waiting += self._grown(whole, path, of)

    def _grown(self, whole: Json, path: tuple[Any, ...], of: Type) -> Iterator[Json]:
        for name, it in of.fields.items():
            key = (of.name, name)
            if not of.name or self.tries.get(key, 0) >= _ENOUGH:
                continue
            if not path and name in ("metadata", "apiVersion", "kind", "status"):
                continue
            known = self._try_zero(whole, (*path, name), of)
            self.tries[key] = _ENOUGH if known else self.tries.get(key, 0) + 1
            if name in at(whole, path):
                continue
            grown = put(whole, (*path, name), minimal(it.type))
            if of.name != _META and it.type.form in ("struct", "list") and (answer := self.send(grown)) is not None:
                self.seen.note(self.kind, grown, answer)
                yield grown

    def _try_zero(self, whole: Json, path: tuple[Any, ...], of: Type) -> bool:
        """Whether the server takes it; if it makes of it what it makes of nothing, it vanishes."""
        name = path[-1]
        empty = zero(of.fields[name].type)
        answer = None if empty is NOTHING else self.send(put(whole, path, empty))
        if answer is None:
            return False
        absent = put(whole, path, NOTHING)
        usual = self.send(absent)
        if usual is not None:
            self.seen.note(self.kind, absent, usual)
        there = _there(answer, path)
        if there != empty and there == _there(usual, path):
            self.seen.zeros[of.name].add(name)
        return True


def _there(answer: Any, path: tuple[Any, ...]) -> Any:
    try:
        return at(answer, path)
    except (KeyError, IndexError, TypeError):
        return NOTHING


def silent(seen: Seen, types: Mapping[str, Type]) -> dict[str, list[str]]:
    """Type name -> fields that Go might always write, and doesn't."""
    found = {}
    for name, observed in sorted(seen.objects.items()):
        guessed = written(types[name]) if name in types else {}
        if missing := sorted(it for it in guessed if any(it not in got for _, got in observed)):
            found[name] = missing
    return found


def rules(seen: Seen) -> dict[str, list[list[Any]]]:
    """Type name -> ``[field, value, condition]``, unconditional ones first."""
    found = {name: _rules(name, observed) for name, observed in sorted(seen.objects.items())}
    return {name: it for name, it in found.items() if it}


def _rules(name: str, observed: list[tuple[Json, Json]]) -> list[list[Any]]:
    fields = sorted({it for sent, got in observed for it in got.keys() - sent.keys() if (name, it) not in _ELSEWHERE})
    made = [rule for it in fields for rule in _rules_of(it, observed)]
    return sorted(made, key=lambda rule: len(rule[2]))


def _rules_of(name: str, observed: list[tuple[Json, Json]]) -> list[list[Any]]:
    cases = [((sent, got), got.get(name, NOTHING)) for sent, got in observed if name not in sent]
    values = []
    for _, value in cases:
        if value is not NOTHING and value not in values:
            values.append(value)
    made = []
    for value in values:
        yes = [case for case, it in cases if it is not NOTHING and it == value]
        no = [case for case, it in cases if it is NOTHING or it != value]
        condition = _condition(name, yes, no)
        if condition is None:
            print("cannot tell when", name, "is", value, "of", len(yes), len(no))  # noqa: T201
            continue
        made.append([name, value, condition])
    return made


_Case = tuple[Json, Json]


def _condition(name: str, yes: list[_Case], no: list[_Case]) -> Json | None:
    if not no:
        return {}
    choices: list[Json] = []
    for other in sorted({it for _, got in yes + no for it in got if it != name}):
        here = yes[0][1].get(other, NOTHING)
        if other not in yes[0][0]:
            choices.append({f"~{other}": True})
        if here is NOTHING:
            choices.append({f"!{other}": True})
        else:
            choices += (
                [{other: here}, {f"?{other}": True}] if not isinstance(here, (dict, list)) else [{f"?{other}": True}]
            )
    alone = [it for it in choices if all(_holds(it, got) for got in yes) and not any(_holds(it, got) for got in no)]
    if alone:
        return min(alone, key=lambda it: ("?!~".find(next(iter(it))[0]), str(it)))
    good = [it for it in choices if all(_holds(it, got) for got in yes)]
    whole: Json = {}
    for it in good:
        if any(_holds(whole, got) and not _holds(it, got) for got in no):
            whole |= it
    return whole if not any(_holds(whole, got) for got in no) else None


def _holds(condition: Json, case: _Case) -> bool:
    sent, got = case
    rules_ = (Rule("", None, {name: wanted}) for name, wanted in condition.items())
    return all(holds(rule, got, sent) for rule in rules_)
