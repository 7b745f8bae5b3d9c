"""Two clusters for the same cases: the embedded one, and the real one that `PAASCTL_TEST_KUBECONFIG` names."""

from __future__ import annotations

import base64
import json
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from paasctl.adapters.kube.cluster import KubeCluster
from paasctl.adapters.kube.connect import Where, open_access
from paasctl.adapters.kube.lease import Terms
from paasctl.adapters.kube.request import APPLY, Answer, Request
from paasctl.adapters.kube.wire import Wire
from paasctl.embedded.kube.api.access import Rule, User
from paasctl.embedded.kube.simulation import Simulation, simulate
from paasctl.errors import Cancelled
from paasctl.model.kube import OWNER_LABEL, Holder, Key, Manifest, Target

REAL = os.environ.get("PAASCTL_TEST_KUBECONFIG", "")
WORLDS = ("embedded", "real") if REAL else ("embedded",)
ANY_ERROR = frozenset(range(400, 600))


@dataclass
class Ticks:
    """A clock that jumps when somebody waits; real time goes on beside it when `real`."""

    real: bool = False
    stopped: bool = False
    """Whether somebody asked the run to stop: every pause raises."""
    skipped: float = 0.0
    pauses: list[float] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def now(self) -> float:
        return self.skipped + (time.monotonic() if self.real else 0.0)

    def utc(self) -> float:
        return time.time() if self.real else 1_800_000_000.0 + self.skipped

    def pause(self, seconds: float) -> None:
        if self.stopped:
            raise Cancelled("stopped at your request")
        with self._lock:
            self.pauses.append(seconds)
            if not self.real:
                self.skipped += seconds
        if self.real:
            threading.Event().wait(seconds)


def kubeconfig(path: Path, url: str, user: dict[str, Any] | None = None, **cluster: str) -> Where:
    """A kubeconfig with one context `here`, written to `path`."""
    whole = {
        "current-context": "here",
        "clusters": [{"name": "c", "cluster": {"server": url, **cluster}}],
        "contexts": [{"name": "here", "context": {"cluster": "c", "user": "jane"}}],
        "users": [{"name": "jane", "user": user or {}}],
    }
    path.write_text(json.dumps(whole))
    return Where(context="here", kubeconfig=str(path))


@dataclass
class ClusterWorld:
    """One cluster to try a case on, a namespace of its own, and an app that nobody else has."""

    where: Where
    nobody: Where
    """Credentials that are good for nothing."""
    namespace: str
    app: str
    api: Simulation | None = None
    """The embedded one; None: the cluster is real."""

    @property
    def target(self) -> Target:
        return Target("test", self.namespace, self.app)

    def cluster(self, terms: Terms | None = None) -> KubeCluster:
        return KubeCluster("test", self.where, Ticks(real=True), terms)

    def manifest(self, name: str = "a", *, kind: str = "ConfigMap", **data: Any) -> Manifest:
        """A ConfigMap with our label and this data."""
        metadata = {"name": f"{self.app}-{name}", "namespace": self.namespace, "labels": {OWNER_LABEL: self.app}}
        body = {"apiVersion": "v1", "kind": kind, "metadata": metadata, "data": data}
        return Manifest(Key.of(body), body)

    def path(self, plural: str, name: str = "", root: str = "/api/v1") -> str:
        whole = f"{self.app}-{name}" if name else ""
        return f"{root}/namespaces/{self.namespace}/{plural}/{whole}".rstrip("/")

    def raw(self, method: str, path: str, body: Any = None, manager: str = "kubectl") -> Answer:
        """A request as somebody else makes it."""
        request = Request(
            method=method,
            path=path,
            resource="raw",
            doing=f"arranging {path}",
            body=body,
            query=() if method in ("GET", "DELETE") else (("fieldManager", manager),),
            media=APPLY if method == "PATCH" else "application/json",
            handles=ANY_ERROR,
        )
        return Wire(lambda: open_access(self.where), Ticks(real=True)).send(request)

    def have(self, name: str = "a", manager: str = "kubectl", **data: Any) -> Answer:
        """A ConfigMap applied by somebody else."""
        body = dict(self.manifest(name, **data).body)
        answer = self.raw("PATCH", self.path("configmaps", name), body, manager)
        assert answer.is_good, answer.message
        return answer


def somebody(person: str = "jane", host: str = "elsewhere", **more: Any) -> Holder:
    """A holder of another machine."""
    known: dict[str, Any] = {"boot": "b", "pid_namespace": "n", "pid": 7, "started": 9, "verb": "deploy"}
    return Holder(person=person, host=host, **(known | more))


@contextmanager
def embedded_world(folder: Path, app: str, namespace: str = "tests") -> Iterator[ClusterWorld]:
    """A simulated cluster to itself, with a namespace in it."""
    with simulate() as api:
        api.access.tokens |= {"good": User("jane"), "nobody": User("nobody")}
        api.access.let(Rule(allows=False, user="nobody"), Rule(allows=True, user="nobody", resource="selfsubject*"))
        where, nobody = (kubeconfig_of(api, folder / token, {"token": token}) for token in ("good", "nobody"))
        world = ClusterWorld(where, nobody, namespace, app, api)
        named = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}}
        assert world.raw("POST", "/api/v1/namespaces", named).is_good
        yield world


def kubeconfig_of(api: Simulation, path: Path, user: dict[str, Any]) -> Where:
    """A kubeconfig for this user of the embedded cluster."""
    authority = base64.b64encode(api.authority).decode()
    return kubeconfig(path, api.url, user, **{"certificate-authority-data": authority})


@contextmanager
def real_world(folder: Path, namespace: str) -> Iterator[ClusterWorld]:
    """A namespace of a real cluster, removed at the end."""
    where = Where(context="", kubeconfig=REAL)
    world = ClusterWorld(where, where, namespace, "unset")
    named = {"apiVersion": "v1", "metadata": {"name": namespace}}
    assert world.raw("POST", "/api/v1/namespaces", {"kind": "Namespace", **named}).is_good
    try:
        world.nobody = _service_account(world, folder)
        yield world
    finally:
        world.raw("DELETE", f"/api/v1/namespaces/{namespace}")


def _service_account(world: ClusterWorld, folder: Path) -> Where:
    accounts = f"/api/v1/namespaces/{world.namespace}/serviceaccounts"
    world.raw("POST", accounts, {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "nobody"}})
    asked = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {}}
    token = world.raw("POST", f"{accounts}/nobody/token", asked).body["status"]["token"]
    whole = Wire(lambda: open_access(world.where), Ticks()).access.host
    return kubeconfig(folder / "nobody", whole, {"token": token}, **{"certificate-authority-data": _authority(world)})


def _authority(world: ClusterWorld) -> str:
    """The cluster's CA, which every namespace has in a ConfigMap for its pods."""
    path = f"/api/v1/namespaces/{world.namespace}/configmaps/kube-root-ca.crt"
    for _ in range(100):
        answer = world.raw("GET", path)
        if answer.is_good:
            return base64.b64encode(answer.body["data"]["ca.crt"].encode()).decode()
        threading.Event().wait(0.1)
    raise AssertionError("the namespace has no kube-root-ca.crt")


def until(ask: Callable[[], Any], seconds: float = 20.0) -> Any:
    """What `ask` answers as soon as it is something: real controllers take their time."""
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        if (found := ask()) is not None and found is not False:
            return found
        threading.Event().wait(0.05)
    raise AssertionError(f"nothing came of {ask} in {seconds} s")
