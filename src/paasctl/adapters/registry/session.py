"""A request asked until it is answered: logged in, sent on, tried again; and its refusals put into words."""

from __future__ import annotations

import math
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from urllib.parse import urlsplit

from paasctl.adapters.registry.answers import codes, said
from paasctl.adapters.registry.credentials import Credentials
from paasctl.adapters.registry.mirrors import is_plain, mirrors_of
from paasctl.adapters.registry.names import Access, base_url, located, origin
from paasctl.adapters.registry.retry import Attempts, Broken, Gate, Patience, is_passing, status_fault
from paasctl.adapters.registry.tokens import Tokens
from paasctl.adapters.registry.wire import Answer, Call, Wire
from paasctl.errors import Forbidden, PaasError, Unavailable
from paasctl.ports.cancel import Clock

_REDIRECTS = 5


class Session:
    """One registry host: its connections, its login, its patience. Safe to use from several threads."""

    def __init__(  # noqa: PLR0913 - how one host is to be talked to
        self,
        host: str,
        *,
        clock: Clock,
        insecure: bool | None,
        environ: Mapping[str, str],
        patience: Patience,
        asked: Callable[[], bool] | None = None,
    ) -> None:
        self.host = host
        said = True if insecure is None and is_plain(host, environ) else insecure
        self.base = base_url(host, said)
        self.is_down = False
        """Of a mirror: it failed, and is not asked again."""
        self.clock = clock
        self.held: set[tuple[str, str]] = set()
        """Path and digest of blobs that a push of this run has seen there: nobody needs to look for them again."""
        self.lacking: set[tuple[str, str]] = set()
        """Those that this run has looked for and not found, manifests too: the next push need not look again."""
        self._environ = environ
        self._mirrors: tuple[Session, ...] | None = None
        self._lock = threading.Lock()
        self._here = threading.local()
        self._patience = patience
        self._gate = Gate(clock)
        self._asked = asked
        self._wire = Wire(host, environ, patience, asked)
        self._tokens = Tokens(self.base, self._wire, Credentials(host, environ), self._gate, patience)

    @property
    def requests(self) -> Counter[str]:
        """How many requests went out, by method; those for tokens under `TOKEN`."""
        return self._wire.requests

    def mirrors(self) -> tuple[Session, ...]:
        """Where content may be had by digest before this registry is asked; those that failed are left out."""
        with self._lock:
            if self._mirrors is None:
                self._mirrors = tuple(map(self._mirror, mirrors_of(self.host, self._environ)))
            return tuple(it for it in self._mirrors if not it.is_down)

    def _mirror(self, address: str) -> Session:
        parts = urlsplit(address)
        return Session(
            parts.netloc,
            clock=self.clock,
            insecure=parts.scheme == "http",
            environ=self._environ,
            patience=replace(self._patience, connect=min(3.0, self._patience.connect)),
            asked=self._asked,
        )

    def close(self) -> None:
        """Let go of all idle connections."""
        self._wire.close()
        for it in self._mirrors or ():
            it.close()

    def attempts(self, doing: str, *, at_most: float = math.inf) -> Attempts:
        """A fresh patience for one piece of work, `at_most` in seconds."""
        patience = self._patience if at_most >= self._patience.total else replace(self._patience, total=at_most)
        return Attempts(doing, self._gate, patience, ends=getattr(self._here, "ends", False))

    @contextmanager
    def ending(self) -> Iterator[None]:
        """What this thread asks for meanwhile ends what was begun: it is asked though the run was told to stop."""
        before = getattr(self._here, "ends", False)
        self._here.ends = True
        try:
            yield
        finally:
            self._here.ends = before

    def ask(self, call: Call, *expected: int, at_most: float = math.inf) -> Answer:
        """The answer, with one of the expected statuses; any other is raised as what it means."""
        attempts = self.attempts(call.doing, at_most=at_most)
        while True:
            try:
                return self.once(call, attempts, *expected)
            except Broken as broken:
                attempts.failed(broken.fault)
            except PaasError:
                raise
            except BaseException as stopped:  # where somebody hangs up in the midst of a wait: what for?
                stopped.add_note(attempts.story)
                raise

    def once(self, call: Call, attempts: Attempts, *expected: int) -> Answer:
        """The same, tried once: what may work later is raised as `Broken`."""
        attempts.enter()
        answer = self._authorised(call)
        if answer.status in expected:
            return answer
        if is_passing(answer.status):
            raise Broken(status_fault(answer.status, answer.headers, self.clock.utc()))
        raise self.refusal(call, answer)

    def dismiss(self, call: Call) -> None:
        """Ask for something whose answer doesn't matter: once, also when it is time to stop, and never for long."""
        try:
            self._followed(replace(call, hurried=True), self._tokens.header(call.access))
        except (Broken, PaasError):
            return

    def refusal(self, call: Call, answer: Answer) -> PaasError:
        """The error that a status nobody expected stands for (rows P2, P4, P5)."""
        if answer.status in (401, 403):
            return self._forbidden(call, answer)
        if "NAME_UNKNOWN" in codes(answer) or (answer.status == 404 and call.access.writes):
            return Unavailable(
                f"{call.doing}: the repository {self.host}/{call.access.path} is missing ({said(answer)})",
                hint=f"create {call.access.path} in {self.host}; this registry doesn't do so by itself",
                code="repository-missing",
            )
        return Unavailable(f"{call.doing}: the registry answers {said(answer)}")

    def _authorised(self, call: Call) -> Answer:
        try:
            return self._opened(call)
        except Forbidden as error:
            if error.code == "forbidden" and call.access.writes and self._may_pull(call.access.path):
                raise self._not_pushing(call, error.message) from error
            raise

    def _opened(self, call: Call) -> Answer:
        used = self._tokens.header(call.access)
        answer = self._followed(call, used)
        if answer.status == 401 and origin(answer.url) == origin(self.base):
            return self._followed(call, self._tokens.renew(answer, call.access, used))
        return answer

    def _followed(self, call: Call, authorization: str) -> Answer:
        url = f"{self.base}{call.url}" if call.url.startswith("/") else located(f"{self.base}/", call.url)
        for _ in range(_REDIRECTS):
            # Credentials are for this registry alone; where it sends us they are nobody's business.
            at_home = url.startswith(f"{self.base}/") or origin(url) == origin(self.base)
            answer = self._wire.send(call, url, authorization if at_home else "")
            if not (further := _further(call, answer)):
                return answer
            url = located(url, further)
        raise Unavailable(f"{call.doing}: sent on {_REDIRECTS} times, last to {url}")

    def _forbidden(self, call: Call, answer: Answer) -> Forbidden:
        path = call.access.path
        source = self._tokens.source(path)
        asks = call.method in ("GET", "HEAD")  # also where a token for pushing carries it: reading was refused
        if not asks and call.access.writes and self._may_pull(path):
            return self._not_pushing(call, said(answer))
        need = "may neither pull nor push" if call.access.writes and not asks else f"may not read {self.host}/{path}"
        what = "not accepted" if answer.status == 401 else need
        return Forbidden(f"{call.doing}: {source}: {what} ({said(answer)})", hint=f"docker login {self.host}")

    def _not_pushing(self, call: Call, why: str) -> Forbidden:
        path = call.access.path
        who = self._tokens.source(path)
        act, at = ("delete", "delete there") if call.access.deletes else ("push", "push to it")
        return Forbidden(
            f"{call.doing}: {who}: may pull from {self.host}/{path}, may not {at} ({why})",
            hint=f"ask an admin of {self.host} for {act} access to {path}, or log in as somebody who has it",
            code=f"{act}-forbidden",
        )

    def _may_pull(self, path: str) -> bool:
        """Whether reading is allowed where writing was not: asked only for the sake of the message."""
        url = f"/v2/{path}/tags/list?n=1"
        probe = Call(method="GET", url=url, doing=f"reading {path}", access=Access.pull(path))
        try:
            return self._opened(probe).status in (200, 404)
        except (Broken, Forbidden, Unavailable):
            return False


def _further(call: Call, answer: Answer) -> str:
    """Where the answer sends us; empty: it is the last one. A body is only sent on where its method stays."""
    moved = answer.status in (307, 308) or (answer.status in (301, 302, 303) and call.method in ("GET", "HEAD"))
    return answer.headers.get("Location", "") if moved else ""


def ranged(call: Call, start: int) -> Call:
    """The same request for what comes from byte `start` on."""
    return replace(call, headers={**call.headers, "Range": f"bytes={start}-"}) if start else call
