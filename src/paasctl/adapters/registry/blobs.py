"""Blobs: whether one is there, and reading one to its verified end, whatever the connection does meanwhile."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Generator, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from itertools import chain

from paasctl.adapters.registry.names import Access, brief
from paasctl.adapters.registry.retry import Attempts, Broken
from paasctl.adapters.registry.session import Session, ranged
from paasctl.adapters.registry.wire import Answer, Call
from paasctl.errors import Unavailable
from paasctl.model.image import Descriptor, Repository

_CONTENT_RANGE = re.compile(r"bytes (\d+)-(\d+)/(\d+|\*)")


def has_blob(session: Session, repository: Repository, digest: str, access: Access | None = None) -> bool:
    """HEAD of a blob."""
    call = Call(
        method="HEAD",
        url=f"/v2/{repository.path}/blobs/{digest}",
        doing=f"looking for {brief(digest)} in {repository}",
        access=access or Access.pull(repository.path),
    )
    return session.ask(call, 200, 404).status == 200


@contextmanager
def open_blob(session: Session, repository: Repository, descriptor: Descriptor) -> Iterator[Iterator[bytes]]:
    """The blob's bytes in chunks of at most 1 MiB. The last one is only given out when size and digest are right.

    Missing: `Unavailable` with code `blob-missing`; other bytes: `digest-mismatch`, never asked for again (row P9).
    """
    call = Call(
        method="GET",
        url=f"/v2/{repository.path}/blobs/{descriptor.digest}",
        doing=f"reading {brief(descriptor.digest)} from {repository}",
        access=Access.pull(repository.path),
        stream=True,
    )
    with closing(_verified(_Download(session, call, descriptor.size).chunks(), call.doing, descriptor)) as chunks:
        yield chunks


def _verified(chunks: Iterator[bytes], doing: str, descriptor: Descriptor) -> Generator[bytes]:
    """The chunks, each held back until the next one came, so that no reader ever sees a wrong blob whole."""
    seen, held = hashlib.sha256(), b""
    for chunk in chunks:
        seen.update(chunk)
        if held:
            yield held
        held = chunk
    if (digest := f"sha256:{seen.hexdigest()}") != descriptor.digest:
        raise _mismatch(doing, f"the bytes are {digest}, they should be {descriptor.digest}")
    if held:
        yield held


@dataclass
class _Download:
    """One blob on its way to us. `at` counts its bytes over every seam."""

    session: Session
    call: Call
    size: int
    at: int = 0
    attempts: Attempts = field(init=False)

    def __post_init__(self) -> None:
        self.attempts = self.session.attempts(self.call.doing)

    def chunks(self) -> Generator[bytes]:
        """Everything, from as many connections as it takes."""
        ended = self.size == 0
        while not ended:
            try:
                yield from self._passage()
                ended = True
            except Broken as broken:
                self.attempts.failed(broken.fault)
        if self.at != self.size:
            raise _mismatch(self.call.doing, f"it ends after {self.at} of {self.size} bytes")

    def _passage(self) -> Generator[bytes]:
        answer = self.session.once(ranged(self.call, self.at), self.attempts, 200, 206, 404)
        if answer.status == 404:
            raise Unavailable(f"{self.call.doing}: it is not there", code="blob-missing")
        with closing(answer.chunks()) as pieces:
            for chunk in _from(self.at, answer, pieces, self.call.doing):
                self.session.clock.pause(0)
                self.at += len(chunk)
                if self.at > self.size:
                    raise _mismatch(self.call.doing, f"it goes on after its {self.size} bytes")
                self.attempts.progressed()
                yield chunk


def _from(start: int, answer: Answer, pieces: Iterator[bytes], doing: str) -> Iterator[bytes]:
    """What the answer holds from byte `start` on, whether it kept to the range or sent all again."""
    if answer.status == 206:
        found = _CONTENT_RANGE.fullmatch(answer.headers.get("Content-Range", "").strip())
        if not found or int(found[1]) != start:
            raise Unavailable(f"{doing}: asked for bytes from {start}, got {answer.headers.get('Content-Range')!r}")
        return pieces
    return _after(start, pieces)


def _after(start: int, pieces: Iterator[bytes]) -> Iterator[bytes]:
    passed = 0
    for piece in pieces:
        passed += len(piece)
        if passed > start:
            yield from chain((piece[max(0, start - passed + len(piece)) :],), pieces)
            return


def _mismatch(doing: str, why: str) -> Unavailable:
    return Unavailable(
        f"{doing}: {why}",
        hint="the registry or something before it alters content: don't use it until that is found",
        code="digest-mismatch",
    )
