"""HTTP for the small API server: keep-alive, one thread per connection, faults in place of answers."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any, Protocol
from urllib.parse import parse_qsl, urlsplit

from support.apistore import Body, Refusal


@dataclass
class Fault:
    """What happens instead of (or, with `after`, after) the ordinary answer, `times` times, to requests that match."""

    method: str = ""
    path: str = ""
    status: int = 0
    body: Body | str = ""
    headers: dict[str, str] = field(default_factory=dict)
    reset: bool = False
    slow: float = 0.0
    after: bool = False
    """The request is carried out, and only its answer is lost."""
    times: int = 1

    def takes(self, method: str, path: str) -> bool:
        if self.times < 1 or self.method not in ("", method) or self.path not in path:
            return False
        self.times -= 1
        return True


class Answers(Protocol):
    """What the handler needs of the server."""

    @property
    def delay(self) -> float: ...

    def arrived(self, method: str, path: str) -> Fault | None: ...

    def left(self) -> None: ...

    def answer(
        self, method: str, path: str, query: dict[str, str], sent: Any, headers: Mapping[str, str]
    ) -> tuple[int, Body | str]: ...


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    api: Answers

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class's name
        """Say nothing."""

    def handle(self) -> None:
        with suppress(ConnectionError):  # clients may leave
            super().handle()

    def _serve(self) -> None:
        api, url = self.api, urlsplit(self.path)
        length = int(self.headers.get("Content-Length") or 0)
        sent = json.loads(self.rfile.read(length)) if length else None
        fault = api.arrived(self.command, self.path)
        try:
            if fault is None:
                return self._say(*self._ordinary(url.path, dict(parse_qsl(url.query)), sent))
            if fault.after:
                self._ordinary(url.path, dict(parse_qsl(url.query)), sent)
            return self._fail(fault)
        finally:
            api.left()

    def _ordinary(self, path: str, query: dict[str, str], sent: Any) -> tuple[int, Body | str]:
        if self.api.delay:
            time.sleep(self.api.delay)  # noqa: TID251 - a slow server
        try:
            return self.api.answer(self.command, path, query, sent, dict(self.headers))
        except Refusal as refusal:
            return refusal.code, {
                "kind": "Status",
                "status": "Failure",
                "message": refusal.message,
                "code": refusal.code,
                **({"reason": refusal.reason} if refusal.reason else {}),
                "details": refusal.details,
            }

    def _fail(self, fault: Fault) -> None:
        if fault.slow:
            time.sleep(fault.slow)  # noqa: TID251 - a slow server
        if fault.reset or fault.slow:
            self.close_connection = True
            return
        self._say(fault.status, fault.body, fault.headers)

    def _say(self, status: int, body: Body | str, headers: dict[str, str] | None = None) -> None:
        content = body.encode() if isinstance(body, str) else json.dumps(body).encode()
        self.send_response(status)
        for name, of in {"Content-Length": str(len(content)), **(headers or {})}.items():
            self.send_header(name, of)
        self.end_headers()
        self.wfile.write(content)
        self.wfile.flush()

    do_GET = _serve  # noqa: N815 - the base class's names
    do_POST = _serve  # noqa: N815
    do_PUT = _serve  # noqa: N815
    do_PATCH = _serve  # noqa: N815
    do_DELETE = _serve  # noqa: N815
