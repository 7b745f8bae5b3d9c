"""`ports.rehearsal`: simulated clusters in the place of live ones. A place that joins, like `wiring.py`."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from paasctl.adapters.kube.cluster import KubeCluster
from paasctl.adapters.kube.connect import Where
from paasctl.adapters.registry import RegistryClient
from paasctl.cli import conduct
from paasctl.cli.copies import Copies, OnCopy, ReadThrough
from paasctl.cli.embedding import temporary, translated
from paasctl.cli.filling import Filling, holds
from paasctl.cli.wiring import Outside
from paasctl.embedded.http.faults import Fault
from paasctl.embedded.http.witness import Witness, strikes
from paasctl.embedded.kube.controllers.pull import AskRegistry
from paasctl.embedded.kube.controllers.scripts import Script
from paasctl.embedded.kube.simulation import CONTEXT, Simulation, start
from paasctl.embedded.registry import serving
from paasctl.errors import PaasError
from paasctl.model.answer import Answer, FaultTold
from paasctl.model.copying import Copy
from paasctl.model.event import Event, Outcome, Planned
from paasctl.model.image import parse_reference
from paasctl.model.kube import Served
from paasctl.model.plan import Plan
from paasctl.ports.images import Registry
from paasctl.ports.rehearsal import Rehearsed


@dataclass
class Stage:
    """One rehearsal's copies. `how` is how the run itself is conducted."""

    outside: Outside
    how: conduct.Conduct
    rules: Sequence[Fault] = ()
    scripts: Sequence[Script] = ()
    _running: dict[str, Simulation] = field(default_factory=dict)
    _witnesses: dict[str, Witness] = field(default_factory=dict)
    _registry: serving.Running | None = None
    _folder: Path | None = None
    _ask: AskRegistry = field(default_factory=AskRegistry)
    _making: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        self.how.cancel.free = False  # a signal must not leave copies running: they end on the way out
        self._world = Copies(self.outside, self._overlaid)

    def holds(self) -> frozenset[Served]:
        """As the port says."""
        return holds()

    def copy(self, copy: Copy) -> None:
        """As the port says."""
        filling = Filling(copy, None, self.outside.clock.utc())
        place = self._place() / f"{copy.cluster}.kubeconfig"
        with translated(f"copying {copy.cluster}", "a free port"):
            running = start(fill=filling.fill, scripts=(*filling.scripts(), *self.scripts), pull=self._pull)
            self._running[copy.cluster] = running
            witness = self._witnesses[copy.cluster] = Witness(self.rules)
            running.server.faults = witness
            running.write_kubeconfig(place)
        where = Where(context=CONTEXT, kubeconfig=str(place), environ={})
        copied = KubeCluster(copy.cluster, where, self.outside.clock)
        self._world.clusters[copy.cluster] = OnCopy(copied, self.outside.cluster(copy.cluster))

    def act(self, verb: Any, *, dry_run: bool = False) -> Rehearsed:
        """As the port says."""
        heard = _Heard(self.how, tells=not dry_run)
        conduct.act(
            verb,
            replace(
                self.how,
                reads=self._world,
                world=self._world,
                emit=heard,
                agreed=lambda _: True,
                dry_run=dry_run,
                exit_code=False,
            ),
        )
        if heard.outcome is None:
            raise AssertionError("every run ends with an outcome")
        return Rehearsed(outcome=heard.outcome, plans=tuple(heard.plans.values()))

    def ask(self, question: Any) -> Answer:
        """As the port says."""
        answer: Answer = question.answer(self._world, lambda _: None, self.how.cancel)[0]
        return answer

    def faults(self) -> tuple[FaultTold, ...]:
        """As the port says."""
        return tuple(
            _told(cluster, fault, hits, witness)
            for cluster, witness in self._witnesses.items()
            for fault, hits in witness.rules()
        )

    def calm(self) -> None:
        """As the port says."""
        for it in self._witnesses.values():
            it.clear()

    def close(self) -> None:
        """As the port says."""
        with ExitStack() as undo:  # whatever one of them says, the others end, too
            if self._folder:
                undo.callback(shutil.rmtree, self._folder, ignore_errors=True)
            for it in (self._registry, *self._running.values()):
                if it:
                    undo.callback(it.stop)

    def _place(self) -> Path:
        if self._folder is None:
            self._folder = temporary("paasctl-rehearse-")
        return self._folder

    def _overlaid(self, host: str) -> Registry:
        """The live registry to read from; what is pushed goes to one of our own, and is found there first."""
        return ReadThrough(self.outside.registry(host), self._own)

    def _own(self, *, make: bool) -> Registry | None:
        with self._making:  # several pushes begin at once
            if self._registry is None:
                if not make:
                    return None
                with translated("keeping what is pushed", "a free port"):
                    self._registry = serving.start(self._place() / "registry")
        return RegistryClient(self._registry.host, clock=self.outside.clock, insecure=True)

    def _pull(self, image: str, secrets: Sequence[Mapping[str, Any]]) -> str:
        """Whether a node could have it: what was pushed here, what its registry gives to a node, or to the caller."""
        try:
            reference = parse_reference(image)
        except ValueError:
            return self._ask(image, secrets)
        own = self._own(make=False)
        try:
            if own and own.resolve(reference):
                return ""
            why = self._ask(image, secrets)
            if not why or why.endswith("not found"):
                return why
            return "" if self.outside.registry(reference.repository.host).resolve(reference) else why
        except PaasError:
            return self._ask(image, secrets)


@dataclass
class _Heard:
    """What a run on the stage says: its plans and its end are kept for the report, the rest is shown."""

    how: conduct.Conduct
    tells: bool
    plans: dict[int, Plan] = field(default_factory=dict)
    outcome: Outcome | None = None

    def __call__(self, event: Event) -> None:
        match event:
            case Planned(plan, number):
                self.plans[number] = plan  # one that was made anew under the lock replaces the first
            case Outcome():
                self.outcome = event
            case _ if self.tells:
                self.how.emit(event)
            case _:
                pass


def _told(cluster: str, fault: Fault, hits: int, witness: Witness) -> FaultTold:
    found = strikes(witness.came, fault)
    return FaultTold(
        cluster=cluster,
        rule=str(fault),
        hits=hits,
        requests=found.requests,
        waits=found.waits,
        given_up=found.given_up,
    )
