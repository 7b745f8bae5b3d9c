"""Blobs: whether one is there, and reading one to its verified end, whatever the connection does meanwhile."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Generator, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from itertools import chain
from urllib.parse import urlencode

from paasctl.adapters.registry.names import Access, brief, with_query
from paasctl.adapters.registry.retry import Attempts, Broken
from paasctl.adapters.registry.session import Session, ranged
from paasctl.adapters.registry.wire import Answer, Call
from paasctl.errors import Cancelled, PaasError, Unavailable
from paasctl.model.counting import count
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
    is_there = session.ask(call, 200, 404).status == 200
    if not is_there:
        session.lacking.add((repository.path, digest))
    return is_there


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
    with closing(_verified(_Download(session, call, descriptor.size), descriptor)) as chunks:
        yield chunks


def _verified(download: _Download, descriptor: Descriptor) -> Generator[bytes]:
    """The chunks, each held back until the next one came, so that no reader ever sees a wrong blob whole."""
    seen, held = hashlib.sha256(), b""
    for chunk in download.chunks():
        seen.update(chunk)
        if held:
            yield held
        held = chunk
    if (digest := f"sha256:{seen.hexdigest()}") != descriptor.digest:
        raise _mismatch(download.doing, f"the bytes are {digest}, they should be {descriptor.digest}")
    if held:
        yield held


@dataclass
class _Download:
    """One blob on its way to us. `at` counts its bytes over every seam."""

    session: Session
    call: Call
    size: int
    at: int = 0
    mirrors: list[str] = field(default_factory=list)
    """Hosts of those that gave a part of it."""
    attempts: Attempts = field(init=False)

    @property
    def doing(self) -> str:
        """The start of every message."""
        of = f", of its mirror {', '.join(self.mirrors)}" if self.mirrors else ""
        return f"{self.call.doing}{of}"

    def __post_init__(self) -> None:
        self.attempts = self.session.attempts(self.call.doing)

    def chunks(self) -> Generator[bytes]:
        """Everything, from as many connections as it takes, and from mirrors as far as they go."""
        for mirror in self.session.mirrors():
            yield from self._mirrored(mirror)
        ended = self.at == self.size
        while not ended:
            try:
                yield from self._passage()
                ended = True
            except Broken as broken:
                self.attempts.failed(broken.fault)
        if self.at != self.size:
            raise _mismatch(self.doing, f"it ends after {self.at} of {self.size} bytes")

    def _mirrored(self, mirror: Session) -> Generator[bytes]:
        """What a mirror gives of the rest. Whatever is wrong with it: the next one, or the registry, goes on there."""
        if self.at == self.size:
            return
        url = with_query(self.call.url, urlencode({"ns": self.session.host}))
        call = replace(self.call, url=url, doing=f"{self.call.doing}, of its mirror {mirror.host}")
        try:
            answer = mirror.once(ranged(call, self.at), mirror.attempts(call.doing), 200, 206, 404)
            if answer.status == 404:
                return
            with closing(answer.chunks()) as pieces:
                for chunk in _from(self.at, answer, pieces, call.doing):
                    self.session.clock.pause(0)
                    if self.at + len(chunk) > self.size:
                        break
                    self.at += len(chunk)
                    self.mirrors = list(dict.fromkeys((*self.mirrors, mirror.host)))
                    yield chunk
        except Cancelled:
            raise
        except (Broken, PaasError):
            mirror.is_down = True

    def _passage(self) -> Generator[bytes]:
        answer = self.session.once(ranged(self.call, self.at), self.attempts, 200, 206, 404)
        if answer.status == 404:
            raise Unavailable(f"{self.call.doing}: it is not there", code="blob-missing")
        with closing(answer.chunks()) as pieces:
            for chunk in _from(self.at, answer, pieces, self.call.doing):
                self.session.clock.pause(0)
                self.at += len(chunk)
                if self.at > self.size:
                    raise _mismatch(self.doing, f"it goes on after its {count(self.size, 'byte')}")
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
