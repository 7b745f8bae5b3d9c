"""Sending a blob: mounted if it can be, in one piece if it may be, else in chunks, from where the last try broke off.

Row P8; distribution-spec, *Pushing blobs*.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, closing
from dataclasses import replace
from urllib.parse import urlencode

from paasctl.adapters.registry.blobs import has_blob
from paasctl.adapters.registry.cursor import Cursor
from paasctl.adapters.registry.names import Access, brief, with_query
from paasctl.adapters.registry.opened import (
    OCTETS,
    Opened,
    TooLarge,
    check_grown,
    closing_call,
    held_by,
    opened_by,
    reopened,
    setback,
)
from paasctl.adapters.registry.retry import Broken, Fault
from paasctl.adapters.registry.session import Session
from paasctl.adapters.registry.wire import CHUNK, Answer, Body, Call
from paasctl.errors import Forbidden, Unavailable
from paasctl.model.image import Descriptor, Repository
from paasctl.ports.images import Blobs, Moved, Pushed
from paasctl.values import dataclass

_PART = 32 << 20  # some registries want big parts, some refuse very big ones: 16 to 64 MiB suit most
_MOUNT_PATIENCE = 30.0  # seconds; there is always the upload


@dataclass(frozen=True, slots=True)
class Cargo:
    """What is sent where, and how it is asked for."""

    repository: Repository
    descriptor: Descriptor
    content: Blobs
    moved: Moved | None = None

    @property
    def doing(self) -> str:
        """The start of every message."""
        return f"pushing {brief(self.descriptor.digest)} to {self.repository}"

    def call(self, method: str, url: str, access: Access | None = None) -> Call:
        """A request about it."""
        return Call(method=method, url=url, doing=self.doing, access=access or Access.push(self.repository.path))

    @property
    def start(self) -> str:
        """Where uploads begin."""
        return f"/v2/{self.repository.path}/blobs/uploads/"


def push(session: Session, cargo: Cargo, mount_from: tuple[Repository, ...]) -> Pushed:
    """Make the blob be there: HEAD, mount, else upload.

    A 201 is believed where it names the digest, else after another HEAD.
    """
    key = (cargo.repository.path, cargo.descriptor.digest)
    if key not in session.lacking and _is_there(session, cargo):
        return "exists"
    session.lacking.discard(key)
    is_mounted, opened = _mounted(session, cargo, mount_from)
    if is_mounted:
        return "mounted"
    is_named = _Push(session, cargo, opened).run()
    if not is_named and not _is_there(session, cargo):
        raise Unavailable(f"{cargo.doing}: the registry took it, and it is not there", code="blob-missing")
    return "uploaded"


def mount(session: Session, repository: Repository, digest: str, sources: tuple[Repository, ...]) -> bool:
    """Mount a blob; whether it was there before, it doesn't say. False: nothing changed.

    A 201 is believed where it names the digest, else after a HEAD.
    """
    cargo = Cargo(repository, Descriptor("", digest, 0), _Nothing())
    is_mounted, opened = _mounted(session, cargo, sources)
    _close(session, cargo, opened)
    return is_mounted


def check(session: Session, repository: Repository) -> None:
    """Whether a push may begin: open an upload and end it. Raises why not; nothing is left there."""
    call = Call(
        method="POST",
        url=f"/v2/{repository.path}/blobs/uploads/",
        doing=f"asking whether {repository} may be pushed to",
        access=Access.push(repository.path),
    )
    opened = opened_by(session.ask(call, 202))
    session.dismiss(closing_call(call, opened))


def _mounted(session: Session, cargo: Cargo, sources: tuple[Repository, ...]) -> tuple[bool, Opened | None]:
    """Whether a source gave it; if none did, the upload that the last answer opened in its stead."""
    opened: Opened | None = None
    for source in sources:
        if source.host != session.host or source == cargo.repository:
            continue
        _close(session, cargo, opened)
        answer = _mount(session, cargo, source)
        if answer and answer.status == 201 and (_is_named(session, cargo, answer) or _is_there(session, cargo)):
            return True, None
        opened = opened_by(answer) if answer and answer.status == 202 else None
    return False, opened


def _is_named(session: Session, cargo: Cargo, answer: Answer) -> bool:
    """Whether the registry says which blob it has now. A bare 201 may come from anything that stands before it."""
    digest = cargo.descriptor.digest
    is_named = answer.headers.get("Docker-Content-Digest") == digest
    if is_named:
        session.held.add((cargo.repository.path, digest))
    return is_named


def _close(session: Session, cargo: Cargo, opened: Opened | None) -> None:
    if opened:
        session.dismiss(closing_call(cargo.call("GET", opened.url), opened))


def _is_there(session: Session, cargo: Cargo) -> bool:
    # Asked with the right to push, so that one token serves the whole push.
    path, digest = cargo.repository.path, cargo.descriptor.digest
    is_there = has_blob(session, cargo.repository, digest, Access.push(path))
    if is_there:
        session.held.add((path, digest))
    return is_there


def _mount(session: Session, cargo: Cargo, source: Repository) -> Answer | None:
    """201: mounted. 202: it wasn't, and an upload is open instead. None: this source is of no use; that's no error."""
    access = Access.push(cargo.repository.path, source.path)
    query = urlencode({"mount": cargo.descriptor.digest, "from": source.path}, safe="/:")
    call = cargo.call("POST", f"{cargo.start}?{query}", access)
    try:
        return session.ask(call, 201, 202, 400, 404, 405, at_most=_MOUNT_PATIENCE)
    except (Forbidden, Unavailable):
        return None


class _Nothing:
    """Content that is never asked for."""

    def open(self, descriptor: Descriptor) -> AbstractContextManager[Iterator[bytes]]:
        """Nobody does."""
        raise AssertionError(descriptor)


class _Push:
    """One blob on its way to the registry: knows how far it is and what to try next."""

    def __init__(self, session: Session, cargo: Cargo, opened: Opened | None) -> None:
        self._session = session
        self._cargo = cargo
        self._opened = opened
        self._attempts = session.attempts(cargo.doing)
        self._cursor = Cursor(cargo.content, cargo.descriptor, cargo.doing, self._told)
        self._part = 0  # bytes of a part; 0: all in one
        self._untold = 0
        self._named = False

    def run(self) -> bool:
        """Send it. Returns when the registry says that it has it; whether it named the digest."""
        try:
            self._persist()
            self._tell()
        except BaseException:
            _close(self._session, self._cargo, self._opened)
            raise
        return self._named

    def _persist(self) -> None:
        with closing(self._cursor):
            while not self._is_sent():
                if self._opened is None:
                    continue
                ask = self._cargo.call("GET", self._opened.url)
                self._opened = self._checked(reopened(self._session, ask, self._opened.least))
                if self._opened is None and _is_there(self._session, self._cargo):
                    return  # only the answer got lost

    def _checked(self, opened: Opened | None) -> Opened | None:
        """Nothing can be taken back from an upload that holds too much (distribution 2.8.2 appends what it gets)."""
        if opened and opened.at > self._cargo.descriptor.size:
            _close(self._session, self._cargo, opened)
            return None
        return opened

    def _told(self, moved: int) -> None:
        self._session.clock.pause(0)
        self._attempts.progressed()
        self._untold += moved
        if self._untold >= CHUNK:
            self._tell()

    def _tell(self) -> None:
        """Say how much moved: not for every piece, which would cost more than moving it."""
        if self._cargo.moved and self._untold:
            self._cargo.moved(self._untold)
        self._untold = 0

    def _is_sent(self) -> bool:
        """One try; False: it broke off somewhere and may go on."""
        try:
            self._send(self._opened or self._begun())
        except Broken as broken:
            self._attempts.failed(broken.fault)
            self._part = broken.smaller if isinstance(broken, TooLarge) else self._part
            return False
        return True

    def _begun(self) -> Opened:
        return opened_by(self._session.ask(self._cargo.call("POST", self._cargo.start), 202))

    def _send(self, opened: Opened) -> None:
        """What is missing in chunks, if need be, then the PUT that names the digest, with what is still missing."""
        size = self._cargo.descriptor.size
        part = self._part or (_PART if opened.at else 0)
        self._opened = opened
        while part and opened.at < size:
            stop = min(size, opened.at + max(part, opened.least))
            answer = self._sent("PATCH", opened, stop)
            before, opened = opened, opened_by(answer, held_by(answer) or stop, opened.least)
            self._opened = opened
            check_grown(before, opened)
            if opened.at > size:
                raise Broken(Fault("the registry holds more than was sent"))
        self._named = _is_named(self._session, self._cargo, self._sent("PUT", opened, size))

    def _sent(self, method: str, opened: Opened, stop: int) -> Answer:
        digest = urlencode({"digest": self._cargo.descriptor.digest}, safe=":")
        call = replace(
            self._cargo.call(method, with_query(opened.url, digest) if method == "PUT" else opened.url),
            headers=OCTETS | ({"Content-Range": f"{opened.at}-{stop - 1}"} if method == "PATCH" else {}),
            body=Body(stop - opened.at, lambda: self._cursor.span(opened.at, stop)),
        )
        answer = self._session.once(call, self._attempts, 201, 202, 204, 400, 404, 413, 416)
        if answer.status < 400:
            return answer
        raise setback(self._session, call, answer, stop - opened.at)
