"""A registry behind something that misbehaves: requests go on to a real one, unless a fault is due."""

from __future__ import annotations

import http.client
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import closing
from typing import Any, Self

from paasctl.embedded.http.faults import Fault, Faults
from paasctl.embedded.http.message import Body, Request, Response
from paasctl.embedded.http.server import Server
from paasctl.embedded.registry.api import Registry as Embedded

_HOP = ("connection", "transfer-encoding", "keep-alive")


class Proxied:
    """`with Proxied("127.0.0.1:5000") as registry:` is reached at `registry.host`. It counts bytes of bodies."""

    def __init__(self, host: str) -> None:
        self._real = host
        self.up = 0
        self.down = 0
        self._server = Server(self._forward, Faults(()), lambda it: Embedded.names(None, it))  # type: ignore[arg-type]

    def __enter__(self) -> Self:
        self._server.start(0)
        return self

    def __exit__(self, *_: object) -> None:
        self._server.stop()

    @property
    def host(self) -> str:
        return self._server.host

    @property
    def requests(self) -> Counter[str]:
        return self._server.requests

    def fault(
        self, on: str, *, times: int = 1, status: int = 0, headers: Mapping[str, str] | None = None, **how: Any
    ) -> None:
        """As `support.registry.Registry.fault`. What was sent before a cut is the real one's to keep or forget."""
        up = on.split()[1] == "uploads"
        words = {it: how.get(it) for it in ("flip", "mute", "stall")} | {"cut-upload" if up else "cut": "cut" in how}
        word = str(status) if status else next(name for name, is_it in words.items() if is_it)
        self._server.faults.switch_on(
            Fault(
                on=on, word=word, times=times, at=how.get("cut", 0), headers=headers or {}, content=how.get("body", b"")
            )
        )

    def clear(self) -> None:
        """No fault any more."""
        self._server.faults.clear()

    def _forward(self, request: Request) -> Response:
        with closing(http.client.HTTPConnection(self._real, timeout=60)) as real:
            real.putrequest(request.method, request.target, skip_host=True, skip_accept_encoding=True)
            for name, value in request.headers.items():
                if name not in _HOP:
                    real.putheader(name, value)
            real.endheaders()
            for chunk in _chunks(request.body):
                self.up += len(chunk)
                real.send(chunk)
            answer = real.getresponse()
            content = answer.read()
            self.down += len(content)
            headers = {name: value for name, value in answer.getheaders() if name.lower() not in _HOP}
            length = int(headers.pop("Content-Length", len(content)))
            return Response(answer.status, content, headers, None if content else length)


def _chunks(body: Body) -> Iterator[bytes]:
    while chunk := body.read(1 << 16):
        yield chunk
