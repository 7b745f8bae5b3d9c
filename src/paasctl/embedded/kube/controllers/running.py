"""All controllers on one desk: which change concerns whom, and the thread that does the work."""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from paasctl.embedded.kube.clock import DrivenClock
from paasctl.embedded.kube.controllers import deployments, jobs, replicasets, services, statefulsets
from paasctl.embedded.kube.controllers.desk import Desk, Key
from paasctl.embedded.kube.controllers.node.pods import Node
from paasctl.embedded.kube.controllers.pull import Pull
from paasctl.embedded.kube.controllers.scripts import Script, Told
from paasctl.embedded.kube.controllers.shapes import controller_of, labels, meta, part
from paasctl.embedded.kube.model import Change, Clock, Object, Objects, Place, Refusal
from paasctl.embedded.kube.objects.selectors import matches

_log = logging.getLogger(__name__)
_OWN = frozenset({"deployments", "replicasets", "statefulsets", "daemonsets", "jobs", "cronjobs", "pods", "services"})
_ALSO = {"poddisruptionbudgets": "budgets", "horizontalpodautoscalers": "scalers", "persistentvolumeclaims": "claims"}
_GROUPS = {
    "Deployment": ("deployments", "apps"), "ReplicaSet": ("replicasets", "apps"),
    "StatefulSet": ("statefulsets", "apps"),
    "DaemonSet": ("daemonsets", "apps"), "Job": ("jobs", "batch"), "CronJob": ("cronjobs", "batch"),
}  # fmt: skip
_WANTED_BY = {"pods": "replicasets", "replicasets": "deployments"}
_MOST = 200_000
"""Looks without a pause, after which controllers are taken to run in circles."""


@dataclass(eq=False)
class Running:
    """Controllers at work."""

    desk: Desk
    node: Node
    _over: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None
    _read: int = 0
    _lock: threading.RLock = field(default_factory=threading.RLock)
    _came: queue.SimpleQueue[None] = field(default_factory=queue.SimpleQueue)

    def stop(self) -> None:
        """End; what is stored stays."""
        self._over.set()
        if isinstance(self.desk.clock, DrivenClock):
            self.desk.clock.detach(self)
        elif self._thread:
            self._came.put(None)
            self._thread.join(5)

    def logs(  # noqa: PLR0913 - as `api.pods.Logs`
        self,
        namespace: str,
        pod: str,
        container: str,
        *,
        previous: bool = False,
        tail: int | None = None,
        since_seconds: float | None = None,
        timestamps: bool = False,
        follow: bool = False,
    ) -> Iterator[bytes]:
        """As `api.pods.Logs`."""
        how = {"previous": previous, "tail": tail, "since_seconds": since_seconds, "timestamps": timestamps}
        with self._lock:
            found = list(self.node.logs(self.desk, namespace, pod, container, how))
            goes_on = follow and not previous
            told = len(list(self.node.logs(self.desk, namespace, pod, container, {}))) if goes_on else 0
        return self._followed(namespace, pod, container, (found, told)) if goes_on else iter(found)

    def _followed(self, namespace: str, pod: str, container: str, so_far: tuple[list[bytes], int]) -> Iterator[bytes]:
        """What was found, then what comes after so many lines, until the container ends."""
        found, told = so_far
        yield from found
        is_running = True
        while is_running and not self._over.wait(0.1):
            try:
                with self._lock:
                    now = list(self.node.logs(self.desk, namespace, pod, container, {}))
                    is_running = self.node.is_running(self.desk, namespace, pod, container)
            except Refusal:
                return
            if len(now) < told:
                return  # another instance
            yield from now[told:] or [b""]
            told = len(now)

    # --- clock.Mover ---

    def settle(self) -> None:
        """Do all there is to do now."""
        with self._lock:
            for _ in range(_MOST):
                self._catch_up()
                key = self.desk.next()
                if key is None:
                    return
                self._look(key)
        raise RuntimeError("the controllers run in circles")

    def due(self) -> float | None:
        """When there is something to do again."""
        return self.desk.due()

    def _catch_up(self) -> None:
        """Read the log as far as it has grown."""
        if self._read >= self.desk.objects.version():
            return
        with self.desk.objects.changes(self._read) as changes:
            for change in changes:
                if change is not None:
                    self.take(change)
                if change is None or self._read >= self.desk.objects.version():
                    return

    def take(self, change: Change) -> None:
        """What the log says."""
        self._read = max(self._read, change.version)
        self.desk.seen.take(change)
        for key in _concerned(self.desk, change):
            self.desk.look(key)
        if change.type == "DELETED" and change.place[:2] == ("", "pods"):
            self.node.forget(meta(change.body).get("uid", ""))

    def _look(self, key: Key) -> None:
        sync = _SYNCS.get(key.controller) or self.node.sync
        try:
            sync(self.desk, key.place)
        except (Refusal, OSError) as error:  # a write that is refused, or a full disk: tried again, as real ones do
            _log.info("%s %s: %s", key.controller, key.place, error)
            self.desk.later(self.desk.now + 1.0, key)
        except Exception:  # a bug, which whoever runs us tells of; it is not to be the last look at it
            self.desk.later(self.desk.now + 10.0, key)
            raise

    # --- real time ---

    def start(self) -> None:
        """Work in threads of its own: one reads the log, one does the rest."""
        came = self._came
        threading.Thread(target=self._listen, args=(came,), daemon=True, name="controllers' ears").start()
        self._thread = threading.Thread(target=self._work, args=(came,), daemon=True, name="controllers")
        self._thread.start()

    def _listen(self, came: queue.SimpleQueue[None]) -> None:
        with self.desk.objects.changes() as changes:
            for change in changes:
                if self._over.is_set():
                    return
                if change is not None:
                    came.put(None)

    def _work(self, came: queue.SimpleQueue[None]) -> None:
        told = ""
        while not self._over.is_set():
            try:
                self.settle()
            except OSError as error:  # a full disk: it is tried again, and told once
                if str(error) != told:
                    _log.warning("controllers can't write: %s", error)
                told = str(error)
            except Exception:  # noqa: BLE001 - a controller's bug must not end the others
                _log.exception("a controller failed")
            due = self.due()
            wait = 1.0 if due is None else min(1.0, max(0.0, due - time.time()))
            try:
                came.get(timeout=wait or 0.001)
                while not came.empty():
                    came.get_nowait()
            except queue.Empty:
                continue


_SYNCS: Mapping[str, Callable[[Desk, Place], None]] = {
    "deployments": deployments.sync,
    "replicasets": replicasets.sync,
    "statefulsets": statefulsets.sync,
    "daemonsets": statefulsets.sync_daemon,
    "jobs": jobs.sync,
    "cronjobs": jobs.sync_cron,
    "services": services.sync,
    "budgets": services.sync_budget,
    "scalers": services.sync_scaler,
    "claims": services.sync_claim,
}


def _concerned(desk: Desk, change: Change) -> Iterator[Key]:
    """Who must look because of a change."""
    plural, namespace = change.place.plural, change.place.namespace
    if plural in _OWN or plural in _ALSO:
        yield Key(_ALSO.get(plural, plural), change.place)
    for owner in meta(change.body).get("ownerReferences") or ():
        if owner.get("kind") in _GROUPS:
            name, group = _GROUPS[owner["kind"]]
            yield Key(name, Place(group, name, namespace, owner["name"]))
    yield from _adopters(desk, change.place, change.body)
    if plural == "pods":
        for body in (change.body, change.before) if change.before else (change.body,):
            yield from _around(desk, namespace, body)
    if plural in ("deployments", "statefulsets"):
        scalers = ("autoscaling", "horizontalpodautoscalers", namespace)
        yield from (Key("scalers", Place(*scalers, meta(it)["name"])) for it in desk.seen.of(*scalers))
    if plural in ("secrets", "configmaps", "persistentvolumeclaims"):
        pods = (it for it in desk.seen.of("", "pods", namespace) if part(it, "status").get("phase") == "Pending")
        yield from (Key("pods", Place("", "pods", namespace, meta(it)["name"])) for it in pods)


def _adopters(desk: Desk, place: Place, orphan: Object) -> Iterator[Key]:
    """Who may take it up, if it is nobody's."""
    kind = _WANTED_BY.get(place.plural)
    if kind is None or controller_of(orphan):
        return
    for it in desk.seen.of("apps", kind, place.namespace):
        if matches(part(it, "spec", "selector"), labels(orphan)):
            yield Key(kind, Place("apps", kind, place.namespace, meta(it)["name"]))


def _around(desk: Desk, namespace: str, pod: Object) -> Iterator[Key]:
    for it in desk.seen.of("", "services", namespace):
        selector: Mapping[str, Any] = part(it, "spec").get("selector") or {}
        if selector and selector.items() <= labels(pod).items():
            yield Key("services", Place("", "services", namespace, meta(it)["name"]))
    for it in desk.seen.of("policy", "poddisruptionbudgets", namespace):
        if matches(part(it, "spec").get("selector"), labels(pod)):
            yield Key("budgets", Place("policy", "poddisruptionbudgets", namespace, meta(it)["name"]))


_WATCHED = (
    ("apps", "deployments"), ("apps", "replicasets"), ("apps", "statefulsets"), ("apps", "daemonsets"),
    ("apps", "controllerrevisions"), ("batch", "jobs"), ("batch", "cronjobs"), ("", "pods"), ("", "services"),
    ("", "events"), ("", "secrets"), ("", "configmaps"), ("", "persistentvolumeclaims"), ("", "endpoints"),
    ("discovery.k8s.io", "endpointslices"), ("policy", "poddisruptionbudgets"),
    ("autoscaling", "horizontalpodautoscalers"),
)  # fmt: skip


def run(objects: Objects, clock: Clock, *, scripts: Sequence[Script | Told] = (), pull: Pull | None = None) -> Running:
    """Controllers over a store: in a thread of their own in real time, or whenever a driven clock is advanced."""
    running = Running(Desk(objects, clock), Node(scripts, pull))
    running._read = objects.version()  # noqa: SLF001 - its own factory
    for group, plural in _WATCHED:
        for body in objects.list(group, plural):
            place = Place(group, plural, meta(body).get("namespace", ""), meta(body)["name"])
            running.take(Change("ADDED", place, body))
    running._read = max(running._read, objects.version())  # noqa: SLF001
    if isinstance(clock, DrivenClock):
        clock.attach(running)
    else:
        running.start()
    return running
