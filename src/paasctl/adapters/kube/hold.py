"""Holding a target: take its Lease, let a thread renew it, stop writing well before it could expire, give it back.

Kubernetes cannot check a Lease inside another write. So every write asks `time_left` first, and has a precondition of
its own (`writes.py`). All durations are this process's monotonic seconds (row D35).
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from types import TracebackType

from paasctl.adapters.kube.holder import is_dead
from paasctl.adapters.kube.lease import Claim, Lease, Terms
from paasctl.adapters.kube.request import Request
from paasctl.adapters.kube.wire import Wire
from paasctl.errors import Locked, PaasError
from paasctl.model.kube import Holder
from paasctl.ports.cancel import Clock


class Leases:
    """Leases over the wire."""

    def __init__(self, wire: Wire, clock: Clock) -> None:
        """Reads and writes over `wire`."""
        self._wire = wire
        self._clock = clock

    def read(self, claim: Claim) -> Lease | None:
        """The target's Lease; None: there is none."""
        request = self._request("GET", claim, f"reading the lock of {claim.target}")
        answer = self._wire.send(replace(request, handles=frozenset({404})))
        return Lease(answer.body, answer.served_at) if answer.is_good else None

    def make(self, claim: Claim) -> Lease | None:
        """Make it ours where there is none; None: somebody was faster."""
        body = claim.body(self._clock.utc())
        request = self._request("POST", claim, f"locking {claim.target}")
        answer = self._wire.send(replace(request, body=body, handles=frozenset({409})))
        return Lease(answer.body, answer.served_at) if answer.is_good else None

    def take(self, claim: Claim, over: Lease) -> Lease | None:
        """Make it ours in place of `over`; None: it changed meanwhile."""
        body = claim.body(self._clock.utc(), epoch=over.epoch + 1, over=over)
        return self._replace(claim, body, "locking", alone=False)

    def renew(self, claim: Claim, lease: Lease) -> Lease | None:
        """Ours for another while; None: it is no longer as we left it."""
        acquired = str(lease.spec.get("acquireTime") or "")
        body = claim.body(self._clock.utc(), acquired=acquired, epoch=lease.epoch, over=lease)
        return self._replace(claim, body, "keeping the lock of")

    def give_back(self, claim: Claim, lease: Lease) -> None:
        """Nobody's; no matter where it is not ours any more."""
        self._replace(claim, claim.given_back(lease), "unlocking")

    def _replace(self, claim: Claim, body: dict[str, object], doing: str, *, alone: bool = True) -> Lease | None:
        """Sent twice does no harm: the second meets a conflict, and whoever reads the Lease knows its own name."""
        request = self._request("PUT", claim, f"{doing} {claim.target}")
        answer = self._wire.send(replace(request, body=body, alone=alone, handles=frozenset({404, 409, 422})))
        return Lease(answer.body, answer.served_at) if answer.is_good else None

    def _request(self, method: str, claim: Claim, doing: str) -> Request:
        return Request(
            method=method,
            path=claim.path if method == "POST" else f"{claim.path}/{claim.name}",
            query=() if method == "GET" else (("fieldManager", "paasctl"),),
            resource="leases",
            doing=doing,
            timeout=max(1.0, min(10.0, claim.terms.renew / 2)),
        )


@dataclass
class Watch:
    """What we have seen of somebody else's lease, since when, by our own clock."""

    first: str = ""
    version: str = ""
    since: float = 0.0

    def look(self, lease: Lease, now: float) -> None:
        """Take note of one look."""
        self.first = self.first or lease.version
        if lease.version != self.version:
            self.version, self.since = lease.version, now

    def renewed(self) -> bool:
        """Whether it changed while we watched."""
        return self.version != self.first


class Hold:
    """A context in which the target is ours. `time_left` guards every write inside."""

    def __init__(self, leases: Leases, claim: Claim, clock: Clock, wait: float, seen: Callable[[Holder], None]) -> None:
        """Waits at most `wait` seconds; a wait no longer than a lease ends at a holder that is seen renewing."""
        self._leases = leases
        self._claim = claim
        self._clock = clock
        self._wait = wait
        self._seen = seen
        self._lease: Lease | None = None
        self._renewed = self._renewed_utc = 0.0
        self._lost = ""
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._keep, name=f"lock {claim.target}", daemon=True)

    @property
    def epoch(self) -> int:
        """How often this lock changed hands."""
        return self._lease.epoch if self._lease else 0

    def time_left(self) -> float:
        """Seconds a write that starts now may take; raises `Locked` where none may start."""
        terms = self._claim.terms
        # a machine that was suspended finds its monotonic clock where it left it; the wall's shows the gap
        elapsed = max(self._clock.now() - self._renewed, self._clock.utc() - self._renewed_utc)
        if self._lost or elapsed >= terms.duration - terms.reserve:
            why = self._lost or f"it could not be renewed for {elapsed:.0f} s"
            hint = "run the command again: it goes on from what is true now"
            raise Locked(f"writing to {self._claim.target}: the lock was lost: {why}", hint=hint, code="lock-lost")
        return terms.duration - elapsed - terms.reserve / 4

    def __enter__(self) -> None:
        self._acquire()
        self._thread.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join()
        if self._lease is None or self._lost:
            return
        try:
            self._leases.give_back(self._claim, self._lease)
        except PaasError:  # then it expires; what went wrong inside matters more
            return

    def _acquire(self) -> None:
        began, watch, told = self._clock.now(), Watch(), ""
        while True:
            now = self._clock.now()
            lease = self._leases.read(self._claim)
            if self._got(lease, watch, now):
                return
            if lease is None or is_free(lease, watch, now, self._claim.terms):
                continue  # somebody was faster: look again
            if lease.identity != told:
                told = lease.identity
                self._seen(lease.holder)
            self._give_up_or_wait(lease, watch, began)

    def _got(self, lease: Lease | None, watch: Watch, now: float) -> bool:
        """Try where nobody stands in the way. `now` is from before, so that the lease lasts as long as we think."""
        if lease is not None:
            watch.look(lease, now)
        if lease is None:
            self._lease = self._leases.make(self._claim)
        elif lease.identity == self._claim.identity:
            self._lease = lease  # the answer to our own attempt was lost
        elif is_free(lease, watch, now, self._claim.terms):
            self._lease = self._leases.take(self._claim, lease)
        self._renewed, self._renewed_utc = now, self._clock.utc()
        return self._lease is not None

    def _give_up_or_wait(self, lease: Lease, watch: Watch, began: float) -> None:
        waited, terms = self._clock.now() - began, self._claim.terms
        alive = watch.renewed() and self._wait <= terms.duration * 1.5
        if alive or waited >= self._wait:
            raise Locked(
                f"locking {self._claim.target}: {lease.holder} holds it" + (" and is alive" if watch.renewed() else ""),
                hint="wait for it: --wait-lock 15m",
            )
        self._clock.pause(min(1.0, terms.duration / 20, self._wait - waited))

    def _keep(self) -> None:
        """The renewing thread: soon again after a failure, until the lease is over or given back."""
        terms = self._claim.terms
        pause = terms.renew
        while not self._stop.wait(pause) and not self._lost:
            pause = terms.renew if self._renew() else min(2.0, terms.renew / 4)

    def _renew(self) -> bool:
        before, before_utc = self._clock.now(), self._clock.utc()
        try:
            renewed = self._leases.renew(self._claim, self._lease) if self._lease else None
            found = renewed or self._leases.read(self._claim)
        except PaasError:
            return False
        if found is None or found.identity != self._claim.identity:
            self._lost = f"{found.holder} took it" if found and found.identity else "its Lease was removed"
            return False
        self._lease = found
        if renewed:
            self._renewed, self._renewed_utc = before, before_utc
        return renewed is not None


def is_free(lease: Lease, watch: Watch, now: float, terms: Terms) -> bool:
    """Whether it may be taken: given back, provably dead, long expired for the server, or unchanged under our eyes."""
    if not lease.identity or is_dead(lease.holder):
        return True
    if lease.age is not None and lease.age > lease.duration + terms.margin:
        return True
    return watch.version == lease.version and now - watch.since >= lease.duration
