"""Sending a blob: mounted if it can be, in one piece if it may be, else in chunks, from where the last try broke off.

Row P8; distribution-spec, *Pushing blobs*. The `Location` changes with every answer: only the latest one is good.
"""

from __future__ import annotations

import re
from contextlib import closing
from dataclasses import replace
from urllib.parse import urlencode

from paasctl.adapters.registry.answers import codes, said
from paasctl.adapters.registry.blobs import has_blob
from paasctl.adapters.registry.cursor import Cursor
from paasctl.adapters.registry.names import Access, brief, located, with_query
from paasctl.adapters.registry.retry import Broken, Fault
from paasctl.adapters.registry.session import Session
from paasctl.adapters.registry.wire import Answer, Body, Call
from paasctl.errors import Forbidden, PaasError, Unavailable
from paasctl.model.image import Descriptor, Repository
from paasctl.ports.images import Blobs, Moved, Pushed
from paasctl.values import dataclass

_PART = 32 << 20  # some registries want big parts, some refuse very big ones: 16 to 64 MiB suit most
_SMALLEST = 256 << 10  # what is in front of a registry may take less than it does, but not less than this
_MOUNT_PATIENCE = 30.0  # seconds; there is always the upload
_OCTETS = {"Content-Type": "application/octet-stream"}
_RANGE = re.compile(r"(?:bytes=)?0-(\d+)")


@dataclass(frozen=True, slots=True)
class Opened:
    """An upload that the registry has opened. `at`: bytes it holds; `least`: the smallest chunk it takes."""

    url: str
    at: int = 0
    least: int = 0


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
    """Make the blob be there: HEAD, mount, else upload, and HEAD again to believe it."""
    if _is_there(session, cargo):
        return "exists"
    opened: Opened | None = None
    for source in mount_from:
        if source.host != session.host or source == cargo.repository:
            continue
        if opened:
            _drop(session, cargo, opened)
        answer = _mount(session, cargo, source)
        if answer and answer.status == 201 and _is_there(session, cargo):
            return "mounted"
        opened = _opened(answer) if answer and answer.status == 202 else None
    _Push(session, cargo, opened).run()
    if not _is_there(session, cargo):
        raise Unavailable(f"{cargo.doing}: the registry took it, and it is not there", code="blob-missing")
    return "uploaded"


def _is_there(session: Session, cargo: Cargo) -> bool:
    # Asked with the right to push, so that one token serves the whole push.
    return has_blob(session, cargo.repository, cargo.descriptor.digest, Access.push(cargo.repository.path))


def _mount(session: Session, cargo: Cargo, source: Repository) -> Answer | None:
    """201: mounted. 202: it wasn't, and an upload is open instead. None: this source is of no use; that's no error."""
    access = Access.push(cargo.repository.path, source.path)
    query = urlencode({"mount": cargo.descriptor.digest, "from": source.path}, safe="/:")
    call = cargo.call("POST", f"{cargo.start}?{query}", access)
    try:
        return session.ask(call, 201, 202, 400, 404, 405, at_most=_MOUNT_PATIENCE)
    except (Forbidden, Unavailable):
        return None


def _drop(session: Session, cargo: Cargo, opened: Opened) -> None:
    """Close an upload nobody will use. What it answers doesn't matter: registries sweep such leftovers anyway."""
    try:
        session.once(cargo.call("DELETE", opened.url), session.attempts(cargo.doing), 200, 202, 204, 400, 404, 405)
    except (Broken, PaasError):
        return


def _opened(answer: Answer, at: int = 0, least: int = 0) -> Opened:
    """The upload as the latest answer has it."""
    url = located(answer.url, answer.headers.get("Location", answer.url))
    told = answer.headers.get("OCI-Chunk-Min-Length", "")
    return Opened(url, at, int(told) if told.isdigit() else least)


class _Push:
    """One blob on its way to the registry: knows how far it is and what to try next."""

    def __init__(self, session: Session, cargo: Cargo, opened: Opened | None) -> None:
        self._session = session
        self._cargo = cargo
        self._opened = opened
        self._attempts = session.attempts(cargo.doing)
        self._cursor = Cursor(cargo.content, cargo.descriptor, cargo.doing, self._told)
        self._part = 0  # bytes of a part; 0: all in one

    def run(self) -> None:
        """Send it. Returns when the registry says that it has it."""
        with closing(self._cursor):
            while not self._is_sent():
                if self._opened is None:
                    continue
                self._opened = self._resumed(self._opened)
                if self._opened is None and _is_there(self._session, self._cargo):
                    return  # only the answer got lost

    def _told(self, moved: int) -> None:
        self._session.clock.pause(0)
        self._attempts.progressed()
        if self._cargo.moved:
            self._cargo.moved(moved)

    def _is_sent(self) -> bool:
        """One try; False: it broke off somewhere and may go on."""
        try:
            self._send(self._opened or self._begun())
        except Broken as broken:
            self._attempts.failed(broken.fault)
            return False
        return True

    def _begun(self) -> Opened:
        return _opened(self._session.ask(self._cargo.call("POST", self._cargo.start), 202))

    def _send(self, opened: Opened) -> None:
        """What is missing in chunks, if need be, then the PUT that names the digest, with what is still missing."""
        size = self._cargo.descriptor.size
        part = self._part or (_PART if opened.at else 0)
        self._opened = opened
        while part and opened.at < size:
            stop = min(size, opened.at + max(part, opened.least))
            answer = self._sent("PATCH", opened, stop)
            held = _RANGE.fullmatch(answer.headers.get("Range", ""))
            self._opened = opened = _opened(answer, int(held[1]) + 1 if held else stop, opened.least)
        self._sent("PUT", opened, size)

    def _sent(self, method: str, opened: Opened, stop: int) -> Answer:
        digest = urlencode({"digest": self._cargo.descriptor.digest}, safe=":")
        call = replace(
            self._cargo.call(method, with_query(opened.url, digest) if method == "PUT" else opened.url),
            headers=_OCTETS | ({"Content-Range": f"{opened.at}-{stop - 1}"} if method == "PATCH" else {}),
            body=Body(stop - opened.at, lambda: self._cursor.span(opened.at, stop)),
        )
        answer = self._session.once(call, self._attempts, 201, 202, 204, 400, 404, 413, 416)
        if answer.status < 400:
            return answer
        raise self._setback(call, answer, stop - opened.at)

    def _setback(self, call: Call, answer: Answer, sent: int) -> Exception:
        """What a refused part means: send smaller parts, start again, or give up."""
        if answer.status == 413 and sent > _SMALLEST:
            self._part = next(it for it in (_PART, _PART >> 2, _PART >> 4, _PART >> 6, _SMALLEST) if it < sent)
            return Broken(Fault("the registry wants it in smaller parts"))
        if answer.status in (404, 416):
            return Broken(Fault(f"the registry lost the upload ({said(answer)})"))
        if "DIGEST_INVALID" in codes(answer):
            why = f"{call.doing}: other bytes arrived than were sent ({said(answer)})"
            return Unavailable(why, code="digest-mismatch")
        return self._session.refusal(call, answer)

    def _resumed(self, opened: Opened) -> Opened | None:
        """The upload as the registry holds it now; None: it doesn't, so begin another.

        distribution 2.8.2 answers 404 after every part that broke off, PUT or PATCH: the place it gave before tells an
        offset that its file has left behind. Others go on.
        """
        answer = self._session.ask(self._cargo.call("GET", opened.url), 200, 204, 400, 404, 405, 416)
        held = _RANGE.fullmatch(answer.headers.get("Range", ""))
        if answer.status != 204 or not held:
            return None
        now = _opened(answer, int(held[1]) + 1, opened.least)
        if now.at > 1:
            return now
        _drop(self._session, self._cargo, now)  # "0-0" is said of an empty upload and of a single byte alike
        return None
