"""A real API server, asked for raw JSON: `PAASCTL_TEST_KUBECONFIG` names it."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from paasctl.adapters.kube.connect import Where, open_access
from paasctl.adapters.kube.request import Answer, Request
from paasctl.adapters.kube.wire import Wire

JSON = "application/json"
_ALL = frozenset(range(100, 600))


@dataclass
class _Clock:
    """Real time."""

    def now(self) -> float:
        return time.monotonic()

    def utc(self) -> float:
        return time.time()

    def pause(self, seconds: float) -> None:
        threading.Event().wait(seconds)


@dataclass
class Server:
    """One API server."""

    kubeconfig: Path
    wire: Wire = field(init=False)

    def __post_init__(self) -> None:
        where = Where(context="", kubeconfig=str(self.kubeconfig))
        self.wire = Wire(lambda: open_access(where), _Clock())

    def ask(
        self, method: str, path: str, body: Any = None, *, media: str = JSON, accept: str = JSON, **query: str
    ) -> Answer:
        """Whatever it answers; refusals too."""
        request = Request(
            method=method,
            path=path,
            resource="raw",
            doing=f"{method} {path}",
            body=body,
            media=media,
            accept=accept,
            query=tuple(query.items()),
            handles=_ALL,
            repeatable=False,
        )
        return self.wire.send(request)

    def get(self, path: str, accept: str = JSON) -> Any:
        """What lies there; anything else is an error of the caller."""
        answer = self.ask("GET", path, accept=accept)
        assert answer.is_good, f"{path}: {answer.message}"
        return answer.body
