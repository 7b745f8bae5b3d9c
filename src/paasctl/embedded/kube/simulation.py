"""The simulated cluster as a whole: store, API over HTTPS, controllers. `start` it, or use it `with simulate()`."""

from __future__ import annotations

import base64
import json
import os
import secrets
import ssl
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from paasctl.embedded.http.faults import Fault, Faults
from paasctl.embedded.http.server import Server
from paasctl.embedded.kube.api.access import Access, User
from paasctl.embedded.kube.api.server import Api
from paasctl.embedded.kube.clock import RealClock
from paasctl.embedded.kube.controllers.pull import Pull
from paasctl.embedded.kube.controllers.running import Running, run
from paasctl.embedded.kube.controllers.scripts import Script, Told
from paasctl.embedded.kube.model import Clock, Object, Refusal
from paasctl.embedded.kube.objects.schema import loaded
from paasctl.embedded.kube.store.furniture import furnish
from paasctl.embedded.kube.store.journal import FolderJournal
from paasctl.embedded.kube.store.shelf import Shelf
from paasctl.embedded.kube.store.store import Store

CONTEXT = "paasctl-sim"
ADMIN = User("kubernetes-admin", ("system:masters", "system:authenticated"))


@dataclass(eq=False)
class Simulation:
    """A running one. `url` and `token` are what a client needs, with the `authority` where it speaks TLS."""

    store: Store
    api: Api
    server: Server
    token: str
    authority: bytes = b""
    """PEM; empty: plain HTTP."""
    controllers: Running | None = None
    _journal: FolderJournal | None = field(default=None, repr=False)

    @property
    def url(self) -> str:
        """Its address on loopback."""
        return self.server.url

    @property
    def faults(self) -> Faults:
        """What is to go wrong."""
        return self.server.faults

    @property
    def access(self) -> Access:
        """Tokens and rights."""
        return self.api.access

    def kubeconfig(self, token: str | None = None) -> Object:
        """A kubeconfig with the one context `paasctl-sim`, for JSON or YAML."""
        cluster: dict[str, Any] = {"server": self.url}
        if self.authority:
            cluster["certificate-authority-data"] = base64.b64encode(self.authority).decode()
        user = {"token": self.token if token is None else token}
        return {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": CONTEXT,
            "clusters": [{"name": CONTEXT, "cluster": cluster}],
            "users": [{"name": CONTEXT, "user": user}],
            "contexts": [{"name": CONTEXT, "context": {"cluster": CONTEXT, "user": CONTEXT}}],
        }

    def write_kubeconfig(self, path: Path) -> None:
        """Write it, readable by its owner only."""
        path.unlink(missing_ok=True)
        with os.fdopen(os.open(path, os.O_CREAT | os.O_WRONLY | os.O_EXCL, 0o600), "w") as file:
            json.dump(self.kubeconfig(), file, indent=2)

    def stop(self) -> None:
        """End it; what a folder keeps stays."""
        self.api.over.set()
        if self.controllers:
            self.controllers.stop()
        self.store.shelf.end()
        self.server.stop()
        if self._journal:
            with self.store.shelf.lock:  # a thread that pulls an image, or answers, may still be about to write
                self._journal.close()


def start(  # noqa: PLR0913 - each by name
    *,
    state: Path | None = None,
    clock: Clock | None = None,
    tls: bool = True,
    port: int = 0,
    faults: Sequence[Fault] = (),
    scripts: Sequence[Script | Told] = (),
    pull: Pull | None = None,
    fill: Callable[[Store], None] | None = None,
) -> Simulation:
    """Start one; `state` is a folder that keeps it over restarts. Raises `FolderBusyError`, `OSError`.

    `scripts` say how pods behave, `pull` whether their images can be had (None: always). `fill` puts a live cluster's
    objects into the store before the controllers look for the first time.

    Plain HTTP is for tests: client-go sends no token over it.
    """
    time = clock or RealClock()
    with ExitStack() as undo:
        journal = FolderJournal(state) if state else None
        if journal:
            undo.callback(journal.close)
        shelf = Shelf(journal.version, journal.objects) if journal else Shelf()
        shelf.journal = journal
        authority, context = _tls(state) if tls else (b"", None)
        store = Store(loaded(), time, shelf, authority.decode())
        furnish(store, store.schemas, store.stamp())
        if fill:
            fill(store)
        shelf.forget()
        token = _token(state)
        api = Api(store, Access({token: ADMIN}))
        server = Server(api, Faults(faults), api.names, context, admits=lambda it: _is_admitted(api, it.headers))
        undo.callback(shelf.end)
        running = run(store, time, scripts=scripts, pull=pull)
        undo.callback(running.stop)
        api.logs = running.logs
        server.start(port)
        undo.pop_all()
    return Simulation(store, api, server, token, authority, running, journal)


def _tls(state: Path | None) -> tuple[bytes, ssl.SSLContext]:
    """The authority's certificate (PEM) and the server's side of TLS, by the clock that its clients go by."""
    from paasctl.embedded.http import certificates  # noqa: PLC0415 - plain HTTP does without its library

    now = RealClock().utc()
    made = certificates.kept(state, now) if state else certificates.make(now)
    return made.authority, made.context()


def _is_admitted(api: Api, headers: Any) -> bool:
    try:
        api.access.user(headers)
    except Refusal:
        return False
    return True


@contextmanager
def simulate(**how: Any) -> Iterator[Simulation]:
    """`start`, ended at the end."""
    made = start(**how)
    try:
        yield made
    finally:
        made.stop()


def _token(state: Path | None) -> str:
    """A folder keeps its token, so that a kubeconfig stays good."""
    if state is None:
        return secrets.token_urlsafe(32)
    path, fresh = state / "token", state / "token.new"
    if not path.exists() or not path.read_text():  # an empty one would let everybody in
        fresh.unlink(missing_ok=True)
        with os.fdopen(os.open(fresh, os.O_CREAT | os.O_WRONLY | os.O_EXCL, 0o600), "w") as file:
            file.write(secrets.token_urlsafe(32))
        fresh.replace(path)
    return path.read_text()
