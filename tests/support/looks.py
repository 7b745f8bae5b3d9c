"""Looks at rollouts, told in a line: `state: text (code)`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from paasctl.model.kube import Key, Live
from paasctl.model.verdict import Verdict
from paasctl.planning.readiness import Look, Memory, Patience, judge
from support.make import have, key
from support.rollouts import Course, How, Rollout, deployment

Body = dict[str, Any]
WEB = key("Deployment/web")
POD = key("Pod/p")


def lives(bodies: Sequence[Body]) -> list[Live]:
    return [Live(Key.of(it), it) for it in bodies]


def line(verdict: Verdict) -> str:
    return f"{verdict.state}: {verdict.text}" + (f" ({verdict.cause.code})" if verdict.cause else "")


def one(of: Key, bodies: Sequence[Body], *, events: Sequence[Body] = (), elapsed: float = 0.0) -> str:
    (verdict,), _ = judge([of], Look.at(lives(bodies), events, elapsed))
    return line(verdict)


def cause(of: Key, bodies: Sequence[Body], events: Sequence[Body] = ()) -> str:
    (verdict,), _ = judge([of], Look.at(lives(bodies), events))
    assert verdict.cause
    return verdict.cause.message


def event(about: str, reason: str, message: str, kind: str = "Warning") -> Body:
    return {
        "involvedObject": {"uid": f"uid-{about}"},
        "reason": reason,
        "message": message,
        "type": kind,
        "metadata": {},
    }


def rollout(how: How = "ready", *, before: bool = False, done: bool = True) -> list[Body]:
    """The objects of a Deployment of two, at the end of its course; with an older release where `before`."""
    live = dict(have("Deployment/web").body)
    template = live["spec"]["template"]
    old = {**template, "spec": {"containers": [{"name": "web", "image": "old"}]}}
    course = Course(template, revision=2, age=int(done), before=old if before else None)
    return deployment(live, course, Rollout(how))


def edit(bodies: list[Body], kind: str, change: Any, at: int = 0) -> list[Body]:
    found = [it for it in bodies if it["kind"] == kind]
    change(found[at])
    return bodies


@dataclass
class Watch:
    """Looks one after the other, with what is remembered between them."""

    patience: Patience = field(default_factory=Patience)
    memory: Memory | None = None

    def look(self, bodies: Sequence[Body], elapsed: float, of: Key = WEB) -> tuple[str, str]:
        look = Look.at(lives(bodies), (), elapsed)
        (verdict,), self.memory = judge([of], look, self.memory, self.patience)
        return verdict.state, verdict.cause.code if verdict.cause else ""


def stand(bodies: Sequence[Body], times: Sequence[float]) -> list[tuple[str, str]]:
    watch = Watch()
    return [watch.look(bodies, it) for it in times]
