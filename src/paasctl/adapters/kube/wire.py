"""Requests to one API server: pooled, counted, timed, retried where that is safe, translated. Shared by threads."""

from __future__ import annotations

import json
import re
import ssl
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar
from urllib.parse import urlsplit

import urllib3
from urllib3 import exceptions

from paasctl.adapters.kube.connect import Access
from paasctl.adapters.kube.gate import Gate
from paasctl.adapters.kube.refusals import problem
from paasctl.adapters.kube.request import CONNECT_TIMEOUT, Answer, Request
from paasctl.adapters.kube.retry import Attempt, Broken, next_try
from paasctl.errors import ConfigError, Unavailable
from paasctl.model.masked import revealed
from paasctl.ports.cancel import Clock

CONNECTIONS = 8
_CUT = (ssl.SSLEOFError, ssl.SSLZeroReturnError)
"""Nothing is wrong with anybody's certificate: a server that restarts, a balancer without one."""
_OBJECT = re.compile(r"^HTTPS?Connection(Pool)?\([^)]*\): ")
_LATE = re.compile(r"\((?:read|connect) timeout=(?P<seconds>[0-9.]+)\)")
Given = TypeVar("Given")
Made = TypeVar("Made")
_NEVER_SENT = (exceptions.NewConnectionError, exceptions.ConnectTimeoutError, exceptions.ProxyError)


class Wire:
    """The one way requests leave. Nothing is opened before the first of them."""

    def __init__(self, enter: Callable[[], Access], clock: Clock, until: float | None = None) -> None:
        """`enter` gives a way in with fresh credentials; it is asked again once when they are refused.

        `until`: when, by the clock, nobody waits any more; each request is then sent once only.
        """
        self._enter = enter
        self._clock = clock
        self._until = until
        self._access: Access | None = None
        self._pool: urllib3.PoolManager | None = None
        self._opening = threading.Lock()
        self._gate = Gate(CONNECTIONS)
        self._met = False
        self._never = threading.Event()
        self._counting = threading.Lock()
        self.requests: Counter[tuple[str, str]] = Counter()

    @property
    def access(self) -> Access:
        """The way in, opened when first asked for."""
        return self._opened()[0]

    def send(self, request: Request) -> Answer:
        """The answer: a good one, or one of `request.handles`. All else raises a `PaasError`."""
        answer = self._send_authorized(request)
        if not answer.answers(request):
            raise self._foreign(answer, request)
        if not answer.is_good and answer.status not in request.handles:
            raise problem(answer, request.doing, secret=request.resource == "secrets")
        return answer

    def _foreign(self, answer: Answer, request: Request) -> Unavailable:
        said = " ".join(answer.message.split())[:80]
        return Unavailable(
            f"{request.doing}: what {self.access.host} answers ({self.access.who}) is not from an API server: {said}",
            hint="compare `server` of the kubeconfig with the cluster's address; a proxy or login page may be between",
            code="not-an-api-server",
        )

    def each(self, work: Callable[[Given], Made], given: Iterable[Given]) -> tuple[Made, ...]:
        """`work` done on all of them, some at once, results in order. The first error is raised, the rest dropped."""
        todo = tuple(given)
        if len(todo) < 2:
            return tuple(work(one) for one in todo)
        pool = ThreadPoolExecutor(max_workers=min(CONNECTIONS, len(todo)))
        try:
            return tuple(pool.map(work, todo))
        finally:
            pool.shutdown(wait=True, cancel_futures=True)

    def _send_authorized(self, request: Request) -> Answer:
        """With credentials made afresh once, when the server says 401 (row D7)."""
        access, pool = self._opened()
        answer = self._send_patiently(request, access, pool)
        if answer.status != 401:
            return answer
        access, pool = self._reopened(access)
        return self._send_patiently(request, access, pool)

    def _send_patiently(self, request: Request, access: Access, pool: urllib3.PoolManager) -> Answer:
        began, sent = self._clock.now(), 0
        for number, outcome in enumerate(self._attempts(request, access, pool), start=1):
            sent += 0 if isinstance(outcome, Broken) and not outcome.arrived else 1
            attempt = Attempt(
                outcome=outcome,
                number=number,
                elapsed=self._clock.now() - began,
                repeatable=request.repeatable,
                met=self._met,
                closing=request.closing,
            )
            wait = None if request.alone or self._until is not None else next_try(attempt)
            if wait is not None:
                self._pause(wait, closing=request.closing)
            elif isinstance(outcome, Broken):
                raise Unavailable(f"{request.doing}: {access.host} does not answer ({access.who}): {outcome.why}")
            else:
                return Answer(status=outcome.status, headers=outcome.headers, content=outcome.content, sent=sent)
        raise AssertionError("attempts never end by themselves")

    def _attempts(self, request: Request, access: Access, pool: urllib3.PoolManager) -> Iterator[Answer | Broken]:
        while True:
            timeout = request.timeout
            if request.guard is not None:
                timeout = min(timeout, request.guard())
            if self._until is not None:
                timeout = min(timeout, self._until - self._clock.now())
                if timeout <= 0:
                    raise Unavailable(f"{request.doing}: {access.host} took too long ({access.who})")
            if request.alone:
                yield self._once(request, access, pool, timeout)
            else:
                with self._gate.inside():
                    outcome = self._once(request, access, pool, timeout)
                self._gate.heard(throttled=isinstance(outcome, Answer) and outcome.status == 429)
                yield outcome

    def _pause(self, seconds: float, *, closing: bool) -> None:
        if closing:
            self._never.wait(seconds)
        else:
            self._clock.pause(seconds)

    def _once(self, request: Request, access: Access, pool: urllib3.PoolManager, timeout: float) -> Answer | Broken:
        with self._counting:
            self.requests[request.method, request.resource] += 1
        try:
            response = pool.request(
                request.method,
                access.host + request.url,
                body=None if request.body is None else json.dumps(revealed(request.body), separators=(",", ":")),
                headers=_headers(request, access),
                timeout=urllib3.Timeout(connect=min(CONNECT_TIMEOUT, timeout), read=timeout),
                retries=False,
                redirect=False,
            )
        except exceptions.SSLError as error:
            if error.args and isinstance(error.args[0], _CUT):
                return Broken("the connection broke off in its TLS", arrived=True)
            raise Unavailable(
                f"{request.doing}: no trusted connection to {access.host} ({access.who}): {error}",
                hint="compare certificate-authority-data of the kubeconfig with the cluster's",
                code="tls-failed",
            ) from error
        except _NEVER_SENT as error:
            return Broken(_why(error), arrived=False)
        except exceptions.LocationParseError as error:
            raise ConfigError(f"connecting to {access.host!r} ({access.who}): {error}") from error
        except exceptions.HTTPError as error:
            return Broken(_why(error), arrived=True)
        self._met = True
        return Answer(status=response.status, headers=response.headers, content=response.data)

    def _opened(self) -> tuple[Access, urllib3.PoolManager]:
        with self._opening:
            if self._access is None or self._pool is None:
                self._access = self._enter()
                self._pool = _new_pool(self._access)
            return self._access, self._pool

    def _reopened(self, refused: Access) -> tuple[Access, urllib3.PoolManager]:
        """With fresh credentials, unless another thread has just made them."""
        with self._opening:
            if self._access is refused:
                self._access = None
        return self._opened()


def _headers(request: Request, access: Access) -> dict[str, str]:
    headers = {"Accept": request.accept, "Content-Type": request.media, "User-Agent": "paasctl"}
    if access.authorization:
        headers["Authorization"] = access.authorization
    return headers


def _new_pool(access: Access) -> urllib3.PoolManager:
    """One connection more than the gate lets through: the lock's renewal never waits for a free one."""
    wanted: dict[str, object] = {"num_pools": 2, "maxsize": CONNECTIONS + 1}
    if access.tls is not None:
        wanted |= {"ssl_context": access.tls, "assert_hostname": None if access.tls.check_hostname else False}
    if access.server_name:
        wanted |= {"server_hostname": access.server_name, "assert_hostname": access.server_name}
    if access.tls is not None and not access.tls.check_hostname:  # the kubeconfig says so; once is enough
        urllib3.disable_warnings(exceptions.InsecureRequestWarning)
    if not access.proxy:
        return urllib3.PoolManager(**wanted)  # type: ignore[arg-type]  # the options of its connection pools
    if urlsplit(access.proxy).scheme.startswith("socks"):
        raise ConfigError(f"connecting to {access.host} through {access.proxy}: SOCKS proxies are not supported")
    return urllib3.ProxyManager(access.proxy, **wanted)  # type: ignore[arg-type]  # the same


def _why(error: exceptions.HTTPError) -> str:
    """The cause at the bottom: urllib3 wraps the operating system's words in its own."""
    if found := _LATE.search(str(error)):
        return f"no answer within {max(1, round(float(found['seconds'])))} s"
    text = str(error.args[-1] if error.args else error)
    return _OBJECT.sub("", text.rpartition(">: ")[2]) or type(error).__name__
