"""A blob that grows on its way to the registry: its digest is known at its end only, and nothing lies on a disk.

At most two parts are in memory: one that is being sent, and hashed before, and one that is being filled. What was
sent and acknowledged is gone from here, so an upload that the registry loses can only be begun again by who writes it.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from urllib.parse import urlencode

from paasctl.adapters.registry.blobs import has_blob
from paasctl.adapters.registry.names import Access, with_query
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
from paasctl.adapters.registry.retry import Broken
from paasctl.adapters.registry.session import Session
from paasctl.adapters.registry.wire import Answer, Body, Call
from paasctl.errors import Cancelled, Unavailable
from paasctl.model.image import Descriptor, Repository
from paasctl.ports.images import BlobWriter

PART = 16 << 20
_LARGEST_PART = 128 << 20
_PIECE = 256 << 10


@contextmanager
def growing(session: Session, repository: Repository) -> Iterator[BlobWriter]:
    """Write one blob; the repository holds it when `commit` returns. An upload that was not committed is ended."""
    writer = _Growing(session, repository)
    try:
        yield writer
    finally:
        writer.close()


class _Part:
    """Bytes `start` to before `stop` of the blob, in the chunks they were written in."""

    def __init__(self, start: int = 0) -> None:
        self.start = start
        self.stop = start
        self._chunks: list[bytes] = []

    def add(self, chunk: bytes) -> None:
        self._chunks.append(chunk)
        self.stop += len(chunk)

    def span(self, start: int, stop: int) -> Iterator[memoryview]:
        """The bytes from `start` to before `stop`, in small pieces."""
        at = self.start
        for chunk in self._chunks:
            view = memoryview(chunk)[max(0, start - at) : max(0, stop - at)]
            at += len(chunk)
            for begin in range(0, len(view), _PIECE):
                yield view[begin : begin + _PIECE]


class _Growing:
    """`ports.images.BlobWriter`. One thread writes; parts are sent by another one, in order."""

    def __init__(self, session: Session, repository: Repository) -> None:
        self._sender = _Sender(session, repository)
        self._part = _Part()
        self._pool: ThreadPoolExecutor | None = None
        self._sending: Future[None] | None = None

    def write(self, chunk: bytes) -> None:
        """Append. Raises what went wrong with what was written before."""
        self._part.add(bytes(chunk))
        size = self._part.stop - self._part.start
        if size >= PART and size >= self._sender.begin():
            self._await()
            self._pool = self._pool or ThreadPoolExecutor(1, thread_name_prefix="upload")
            self._sending = self._pool.submit(self._sender.send, self._part)
            self._part = _Part(self._part.stop)

    def commit(self, media_type: str) -> Descriptor:
        """Send what is left, name the digest, and see it there."""
        self._await()
        return Descriptor(media_type, self._sender.finish(self._part), self._part.stop)

    def close(self) -> None:
        """End it, whole or not."""
        self._sender.halted.set()
        if self._pool:
            self._pool.shutdown()
        self._sender.close()

    def _await(self) -> None:
        if self._sending:
            self._sending.result()
            self._sending = None


class _Sender:
    """Sends parts until the registry has them."""

    def __init__(self, session: Session, repository: Repository) -> None:
        self.halted = threading.Event()
        self._session = session
        self._repository = repository
        self._opened: Opened | None = None
        self._digest = hashlib.sha256()
        self._doing = f"pushing a blob to {repository}"
        self._attempts = session.attempts(self._doing)
        self._least: int | None = None
        self._furthest = 0
        self._most = 0  # bytes of a request, where the registry takes no more; 0: as many as there are

    def begin(self) -> int:
        """Have the registry open an upload, once; bytes of the smallest part it takes."""
        if self._least is None:
            opened = self._opened = self._begun()
            self._least = opened.least
        return self._least

    def send(self, part: _Part) -> None:
        """Have the registry take a part."""
        self._hash(part)
        self._persist(part, "")

    def finish(self, part: _Part) -> str:
        """Have it take the last one and make all of it a blob; its digest."""
        self._hash(part)
        digest = f"sha256:{self._digest.hexdigest()}"
        self._doing = f"pushing {digest[:19]} to {self._repository}"
        if self._opened is None and self._is_there(digest):
            return digest
        self._persist(part, digest)
        self._opened = None
        if not self._is_there(digest):
            raise Unavailable(f"{self._doing}: the registry took it, and it is not there", code="blob-missing")
        return digest

    def close(self) -> None:
        """End the upload, where one is open."""
        if self._opened:
            self._session.dismiss(closing_call(self._call("GET", self._opened.url), self._opened))
            self._opened = None

    def _hash(self, part: _Part) -> None:
        for piece in part.span(part.start, part.stop):
            self._digest.update(piece)

    def _persist(self, part: _Part, digest: str) -> None:
        while True:
            try:
                return self._send(part, digest)
            except Broken as broken:
                self._attempts.failed(broken.fault)
                self._most = broken.smaller if isinstance(broken, TooLarge) else self._most
            if self._opened:
                self._opened = reopened(self._session, self._call("GET", self._opened.url), self._opened.least)
                if self._opened is None and digest and self._is_there(digest):
                    return None  # only the answer got lost
            self._check_place(part)

    def _check_place(self, part: _Part) -> None:
        """Whether we can go on from where the registry is: what it doesn't hold must still be here."""
        at = self._opened.at if self._opened else 0
        if not part.start <= at <= part.stop:
            raise Unavailable(
                f"{self._doing}: the registry lost the upload after {part.start} bytes (it holds {at})",
                hint="run the command again",
                code="upload-lost",
            )

    def _send(self, part: _Part, digest: str) -> None:
        """PATCHes up to the part's end; with a digest, a PUT instead of the last of them."""
        opened = self._opened = self._opened or self._begun()
        while opened.at < part.stop or digest:
            stop = self._stop(opened, part)
            is_last = bool(digest) and stop == part.stop
            answer = self._sent("PUT" if is_last else "PATCH", opened, part, (stop, digest))
            if is_last:
                return
            before, opened = opened, opened_by(answer, held_by(answer) or stop, opened.least)
            self._opened = opened
            self._check_place(part)
            check_grown(before, opened)

    def _stop(self, opened: Opened, part: _Part) -> int:
        stop = min(part.stop, opened.at + self._most) if self._most else part.stop
        return stop if part.stop - stop >= opened.least else part.stop

    def _sent(self, method: str, opened: Opened, part: _Part, until: tuple[int, str]) -> Answer:
        stop, digest = until
        url = with_query(opened.url, urlencode({"digest": digest}, safe=":")) if method == "PUT" else opened.url
        call = replace(
            self._call(method, url),
            headers=OCTETS | ({"Content-Range": f"{opened.at}-{stop - 1}"} if method == "PATCH" else {}),
            body=Body(stop - opened.at, lambda: self._pieces(part, opened.at, stop)),
        )
        answer = self._session.once(call, self._attempts, 201, 202, 204, 400, 404, 413, 416)
        if answer.status < 400:
            return answer
        raise setback(self._session, call, answer, stop - opened.at)

    def _pieces(self, part: _Part, start: int, stop: int) -> Iterator[memoryview]:
        at = start
        for piece in part.span(start, stop):
            if self.halted.is_set():
                raise Cancelled(f"{self._doing}: stopped, because it will not be finished")
            self._session.clock.pause(0)
            yield piece
            at += len(piece)
            if at > self._furthest:
                self._furthest = at
                self._attempts.progressed()

    def _begun(self) -> Opened:
        opened = opened_by(self._session.ask(self._call("POST", f"/v2/{self._repository.path}/blobs/uploads/"), 202))
        if opened.least > _LARGEST_PART:
            self._session.dismiss(closing_call(self._call("GET", opened.url), opened))
            raise Unavailable(
                f"{self._doing}: {self._session.host} takes parts of {opened.least} bytes at least;"
                f" no more than {_LARGEST_PART >> 20} MiB are kept in memory"
            )
        return opened

    def _call(self, method: str, url: str) -> Call:
        return Call(method=method, url=url, doing=self._doing, access=Access.push(self._repository.path))

    def _is_there(self, digest: str) -> bool:
        path = self._repository.path
        is_there = has_blob(self._session, self._repository, digest, Access.push(path))
        if is_there:
            self._session.held.add((path, digest))
        return is_there
