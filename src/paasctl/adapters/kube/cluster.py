"""The `Cluster` port. Every part of it lies in a file of its own; nothing is opened or read before it is asked for."""

from __future__ import annotations

import os
import shlex
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from paasctl.adapters.kube.connect import IN_CLUSTER, Where, open_access
from paasctl.adapters.kube.discovery import Discovery
from paasctl.adapters.kube.freezes import Freezes
from paasctl.adapters.kube.history import Ending, History
from paasctl.adapters.kube.hold import Hold, Leases, Watch, is_free
from paasctl.adapters.kube.lease import Claim, Terms
from paasctl.adapters.kube.objects import Objects
from paasctl.adapters.kube.questions import Questions
from paasctl.adapters.kube.wire import Wire
from paasctl.adapters.kube.writes import Writes
from paasctl.model.answer import HistoryEntry
from paasctl.model.freeze import Freeze
from paasctl.model.kube import (
    OWNER_LABEL,
    Holder,
    Identity,
    Key,
    Kind,
    Live,
    Manifest,
    Offers,
    Rejection,
    Served,
    Target,
)
from paasctl.model.plan import DeployHead
from paasctl.model.verdict import Cause
from paasctl.ports.cancel import Clock
from paasctl.ports.cluster import Held

_NOBODY = Holder(person="", host="", boot="", pid_namespace="", pid=0, started=0, verb="")


class KubeCluster:
    """`ports.Cluster` over HTTP. Safe to share between threads."""

    def __init__(
        self, name: str, where: Where, clock: Clock, terms: Terms | None = None, *, until: float | None = None
    ) -> None:
        """`name` is the cluster's in `paas.yaml`; `terms` are the lock's, shorter in tests; `until` is `Wire`'s."""
        self._name = name
        self._where = where
        self._clock = clock
        self._terms = terms or Terms()
        self._wire = Wire(lambda: open_access(where), clock, until)
        self._discovery = Discovery(self._wire)
        self._objects = Objects(self._wire, self._discovery)
        self._writes = Writes(self._wire, self._discovery, self._objects)
        self._questions = Questions(self._wire, self._discovery, self._objects)
        self._history = History(self._wire, self._objects)
        self._freezes = Freezes(self._wire, self._objects)
        self._leases = Leases(self._wire, clock)
        self._held: dict[Target, Hold] = {}
        self._holding = threading.Lock()

    @property
    def name(self) -> str:
        """Its name in `paas.yaml`."""
        return self._name

    @property
    def kubectl(self) -> str:
        """As in the port."""
        named = {"kubeconfig": self._where.kubeconfig, "context": self._where.context}
        said = (f"--{name} {shlex.quote(it)}" for name, it in named.items() if it and it != IN_CLUSTER)
        return " ".join(("kubectl", *said))

    @property
    def requests(self) -> Counter[tuple[str, str]]:
        """How many requests were sent, by method and resource, repeated ones included."""
        return self._wire.requests

    def hurried(self, seconds: float) -> KubeCluster:
        """As in the port, over connections of its own."""
        return KubeCluster(self._name, self._where, self._clock, self._terms, until=self._clock.now() + seconds)

    def identity(self) -> Identity:
        """As in the port."""
        return self._questions.identity()

    def offers(self) -> Offers:
        """As in the port."""
        return self._questions.offers()

    def namespace_exists(self, name: str) -> bool:
        """As in the port."""
        return self._questions.namespace_exists(name)

    def owned(self, target: Target) -> tuple[Live, ...]:
        """As in the port."""
        return self._objects.owned(target)

    def seen(self, keys: Sequence[Key]) -> tuple[Live, ...]:
        """As in the port."""
        return self._objects.seen(keys)

    def preview(self, manifest: Manifest) -> Live | Rejection:
        """As in the port."""
        return self._objects.preview(manifest)

    def snapshot(self, namespace: str, kinds: Sequence[Kind], app: str) -> tuple[Live, ...]:
        """As in the port: what carries the owner label, which pods have from their template."""
        return self._objects.of_kinds(namespace, kinds, f"{OWNER_LABEL}={app}")

    def autoscalers(self, namespace: str) -> tuple[Live, ...]:
        """As in the port."""
        return self._objects.of_kinds(namespace, (Kind("autoscaling", "HorizontalPodAutoscaler"),))

    def kinds(self) -> tuple[Served, ...]:
        """As in the port."""
        listable = (it for it in self._discovery.served().resources if "list" in it.verbs)
        return tuple(Served(it.kind, it.version, it.namespaced) for it in listable)

    def everything(self, served: Served, namespace: str, *, most: int = 0) -> tuple[Live, ...]:
        """As in the port."""
        resource = self._discovery.need(served.kind, served.version)
        if most:
            return self._objects.some_of(resource, namespace, most)
        return self._objects.all_of(resource, namespace)

    def events(self, namespace: str) -> tuple[dict[str, Any], ...]:
        """As in the port."""
        return self._questions.events(namespace)

    def logs(self, namespace: str, cause: Cause, lines: int) -> tuple[str, ...]:
        """As in the port."""
        return self._questions.logs(namespace, cause, lines)

    def may(self, verb: str, kind: Kind, namespace: str) -> bool:
        """As in the port."""
        return self._questions.may(verb, kind, namespace)

    def holder(self, target: Target) -> Holder | None:
        """As in the port. One look: expired is what the API server's own clock says (row D35)."""
        lease = self._leases.read(self._claim(target, _NOBODY))
        if lease is None or is_free(lease, Watch(), self._clock.now(), self._terms):
            return None
        return lease.holder

    def history(self, target: Target) -> tuple[HistoryEntry, ...]:
        """As in the port."""
        return self._history.entries(target)

    def freeze(self, target: Target) -> Freeze | None:
        """As in the port."""
        return self._freezes.read(target)

    def set_freeze(self, target: Target, freeze: Freeze) -> None:
        """As in the port."""
        self._freezes.write(target, freeze)

    def ensure_namespace(self, target: Target) -> None:
        """As in the port."""
        self._questions.ensure_namespace(target.namespace)

    def apply(self, target: Target, manifest: Manifest, *, uid: str | None) -> Live:
        """As in the port. Without the lock it is a bug: `AssertionError`."""
        return self._writes.apply(manifest, uid=uid, guard=self._guard(target))

    def delete(self, target: Target, key: Key, *, uid: str) -> None:
        """As in the port. Without the lock it is a bug: `AssertionError`."""
        self._writes.delete(key, uid=uid, guard=self._guard(target))

    def hold(self, target: Target, holder: Holder, *, wait: float, seen: Callable[[Holder], None]) -> Held:
        """As in the port. A `wait` of about one lease's length ends early at a holder that is seen renewing."""
        return self._hold(Hold(self._leases, self._claim(target, holder), self._clock, wait, seen), target)

    def open_record(self, head: DeployHead, by: Holder, began: str) -> int:
        """As in the port. Only under the lock: what else is open then was left by a run that is dead."""
        self._guard(head.target)()
        return self._history.open(head, by, began)

    def close_record(  # noqa: PLR0913 - the port's signature
        self, target: Target, number: int, *, outcome: str, ended: str, message: str, evidence: tuple[str, ...]
    ) -> None:
        """As in the port; tried for some seconds even after a request to stop."""
        self._history.close(target, number, Ending(outcome=outcome, ended=ended, message=message, evidence=evidence))

    @contextmanager
    def _hold(self, hold: Hold, target: Target) -> Iterator[None]:
        with hold:
            with self._holding:
                self._held[target] = hold
            try:
                yield
            finally:
                with self._holding:
                    del self._held[target]

    def _guard(self, target: Target) -> Callable[[], float]:
        with self._holding:
            hold = self._held.get(target)
        if hold is None:
            raise AssertionError(f"a write to {target} without its lock")
        return hold.time_left

    def _claim(self, target: Target, holder: Holder) -> Claim:
        identity = f"{holder.person}@{holder.host}/{holder.pid}/{os.urandom(4).hex()}"
        return Claim(target=target, holder=holder, identity=identity, terms=self._terms)
