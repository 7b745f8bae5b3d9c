"""Runs of the engine whose steps are files, their writing scripted: `plan("a b", "c")` is two stages."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from paasctl.engine.cancel import Cancel
from paasctl.engine.run import Run, carry_out
from paasctl.errors import PaasError
from paasctl.model.event import Ended, Event, Started
from paasctl.model.kube import Target
from paasctl.model.plan import NOTHING, DeployHead, Plan, Step, WriteFile
from paasctl.model.rounds import Rounds
from paasctl.planning.deploy import same_writes
from support.clock import FakeClock
from support.cluster import FakeCluster
from support.make import HOLDER

EU, US = Target("eu", "shop-dev", "shop"), Target("us", "shop-dev", "shop")
Script = Callable[[], None]


@dataclass
class RunWorld:
    """Two clusters, and files whose writing does what the script says."""

    script: Mapping[str, Script] = field(default_factory=dict)
    clock: FakeClock = field(default_factory=FakeClock)
    clusters: dict[str, FakeCluster] = field(default_factory=lambda: {it: FakeCluster(it) for it in ("eu", "us")})
    written: list[str] = field(default_factory=list)

    def write_file(self, path: str, content: bytes, before: bytes | None) -> None:
        del content, before
        self.script.get(path, lambda: None)()
        self.written.append(path)

    def cluster(self, name: str) -> FakeCluster:
        return self.clusters[name]


def files(names: str) -> tuple[Step, ...]:
    """`a b` -> two steps."""
    return tuple(WriteFile(path=it, content=b"") for it in names.split())


def plan(*stages: str, holds: tuple[Target, ...] = (), heads: tuple[Target, ...] = ()) -> Plan:
    """`plan("a b", "c")`: two stages, the first with two steps."""
    return Plan(
        verb="write",
        subject="it",
        stages=tuple(map(files, stages)),
        holds=holds,
        heads=tuple(
            DeployHead(target=it, environment="dev", version="2", before="1", commit="c", images=()) for it in heads
        ),
    )


@dataclass
class RunCase:
    """Carry out plans, one a round."""

    plans: tuple[Plan, ...]
    world: RunWorld = field(default_factory=RunWorld)
    cancel: Cancel = field(default_factory=Cancel)
    jobs: int = 8
    events: list[Event] = field(default_factory=list)
    again: Callable[[Rounds], Plan] | None = None
    facts: dict[str, str] = field(default_factory=dict)

    def go(self) -> Rounds:
        return carry_out(
            self.plans[0],
            self.again or (lambda rounds: self.plans[len(rounds)] if len(rounds) < len(self.plans) else NOTHING),
            Run(
                world=self.world,  # type: ignore[arg-type]  # only files and clusters are written here
                emit=self.events.append,
                cancel=self.cancel,
                holder=HOLDER,
                same=same_writes,
                jobs=self.jobs,
                facts=self.facts,
            ),
        )

    @property
    def told(self) -> list[str]:
        """`+0 -0`: which step began and ended, in order."""
        marks = {Started: "+", Ended: "-"}
        return [f"{marks[type(it)]}{it.index}" for it in self.events if isinstance(it, Started | Ended)]


def names(steps: tuple[Step, ...]) -> list[str]:
    return [it.path for it in steps if isinstance(it, WriteFile)]


def fails(error: PaasError) -> Script:
    def script() -> None:
        raise error

    return script


def void(_: Any) -> None:
    """A script gives nothing."""
