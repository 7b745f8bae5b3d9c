"""A registry that listens: `with serve(folder) as running: …`, or `start` and `stop`."""

from __future__ import annotations

import ssl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from paasctl.embedded.http.faults import Fault, Faults
from paasctl.embedded.http.message import Request
from paasctl.embedded.http.server import Server
from paasctl.embedded.registry.api import Registry
from paasctl.embedded.registry.folder import Folder
from paasctl.embedded.registry.logins import Logins, RefusedError
from paasctl.embedded.registry.rules import Rules


@dataclass(eq=False)
class Running:
    """It, and what may be looked at and changed while it runs."""

    registry: Registry
    server: Server

    @property
    def host(self) -> str:
        """`127.0.0.1:PORT`."""
        return self.server.host

    @property
    def faults(self) -> Faults:
        """What is to go wrong."""
        return self.server.faults

    def stop(self) -> None:
        """End it; the folder stays."""
        self.server.stop()
        self.registry.folder.close()


def start(  # noqa: PLR0913 - each by name
    folder: Path,
    *,
    port: int = 0,
    logins: Logins | None = None,
    rules: Rules | None = None,
    faults: Sequence[Fault] = (),
    tls: ssl.SSLContext | None = None,
) -> Running:
    """Serve a layout on loopback. Raises `NoLayoutError`, and `OSError` where the port is taken."""
    held = Folder(folder)
    try:
        registry = Registry(held, logins or Logins(), rules or Rules())
        server = Server(registry, Faults(faults), registry.names, tls, admits=lambda it: _is_admitted(registry, it))
        registry.url = lambda: server.url
        server.start(port)
    except BaseException:
        held.close()
        raise
    return Running(registry, server)


def _is_admitted(registry: Registry, request: Request) -> bool:
    """Who may switch faults: whoever may push; with tokens nobody, since none is for that."""
    if registry.logins.how == "token":
        return False
    try:
        registry.logins.admit(request, "", "", "")
    except RefusedError:
        return False
    return True


@contextmanager
def serve(folder: Path, **how: object) -> Iterator[Running]:
    """`start`, ended at the end."""
    running = start(folder, **how)  # type: ignore[arg-type]
    try:
        yield running
    finally:
        running.stop()
