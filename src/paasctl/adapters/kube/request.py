"""One request and its answer, as values."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import field
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlencode

from paasctl.values import dataclass

APPLY = "application/apply-patch+yaml"
"""The media type of server-side apply; JSON is YAML."""
CONNECT_TIMEOUT = 5.0
READ_TIMEOUT = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What to send. `doing` and `resource` are for messages and counts: `reading Deployment/web in shop-dev`."""

    method: str
    path: str
    resource: str
    doing: str
    query: tuple[tuple[str, str], ...] = ()
    body: Mapping[str, Any] | None = field(default=None, repr=False)
    media: str = "application/json"
    accept: str = "application/json"
    repeatable: bool = True
    """Whether sending it twice does no harm: only then is it sent again after it may have arrived (row D5)."""
    handles: frozenset[int] = frozenset()
    """Statuses the caller understands itself; any other error is raised."""
    timeout: float = READ_TIMEOUT
    """Seconds to wait for each part of the answer (row D9)."""
    guard: Callable[[], float] | None = field(default=None, repr=False)
    """Asked before every attempt of a write: seconds it may take; raises `Locked` once the lock is gone."""
    alone: bool = False
    """The lock's own requests: one attempt, outside of the queue, never paused."""
    closing: bool = False
    """The end of a record: tried for some seconds even when the run was asked to stop."""

    @property
    def url(self) -> str:
        """Path and query."""
        return f"{self.path}?{urlencode(self.query)}" if self.query else self.path


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came back. `sent` counts the attempts that may have arrived."""

    status: int
    headers: Mapping[str, str]
    content: bytes = field(repr=False)
    sent: int = 1

    @property
    def body(self) -> Any:
        """The parsed JSON; an empty mapping where it is none."""
        try:
            return json.loads(self.content)
        except ValueError:
            return {}

    @property
    def is_good(self) -> bool:
        """Whether the server did what was asked."""
        return self.status < 400

    def answers(self, request: Request) -> bool:
        """Whether an API server said it: a login page, a proxy's own 404 prove nothing about the cluster.

        It answers in JSON, but for an API group that it does not serve at all; proxies use the same words for that.
        """
        if "json" not in request.accept:
            return True
        if self.status == 404:
            unserved = request.path.startswith("/apis/") and self.content.startswith(b"404 page not found")
            return bool(self.failure) or unserved
        try:
            return not self.is_good or isinstance(json.loads(self.content), dict)
        except ValueError:
            return False

    @property
    def failure(self) -> Mapping[str, Any]:
        """The `Status` object of a refusal; empty where something other than an API server answered."""
        body = self.body
        return body if isinstance(body, dict) and body.get("kind") == "Status" else {}

    @property
    def message(self) -> str:
        """The server's own words, or the first line of whatever came."""
        text = str(self.failure.get("message") or "") or self.content[:500].decode("utf-8", "replace")
        return text.strip() or f"HTTP {self.status}"

    @property
    def reason(self) -> str:
        """Kubernetes' StatusReason; empty where there is none."""
        return str(self.failure.get("reason") or "")

    @property
    def causes(self) -> tuple[Mapping[str, Any], ...]:
        """`details.causes`."""
        return tuple((self.failure.get("details") or {}).get("causes") or ())

    @property
    def details_kind(self) -> str:
        """`details.kind`: the resource the server talks about."""
        return str((self.failure.get("details") or {}).get("kind") or "")

    @property
    def served_at(self) -> float | None:
        """The server's clock when it answered, in seconds since the epoch; None where it says nothing."""
        date = self.headers.get("Date")
        try:
            return parsedate_to_datetime(date).timestamp() if date else None
        except ValueError:
            return None
