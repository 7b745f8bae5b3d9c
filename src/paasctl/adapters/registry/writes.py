"""Writing manifests and tags: whole, there, what we meant, and listed under what they vouch for."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

from paasctl.adapters.registry.answers import codes, said
from paasctl.adapters.registry.blobs import has_blob
from paasctl.adapters.registry.manifests import manifest_call, read, resolve
from paasctl.adapters.registry.names import Access, brief
from paasctl.adapters.registry.referrers import Referrers, described
from paasctl.adapters.registry.session import Session
from paasctl.adapters.registry.wire import Answer, Body
from paasctl.errors import Unavailable, WouldClobber
from paasctl.model.image import Descriptor, Pinned, Reference, Repository, Tagged
from paasctl.oci.documents.companions import subject_of

_LOOKERS = 8
_ANSWERS = (200, 201, 202, 400, 403, 404, 409, 412)
_LOOKS, _WAIT = 3, 0.2
"""How often, and after how many seconds, a manifest is written again whose blobs are said not to be there.

docker-registry rewrites the link of a blob that two upload at once, and for that moment it has none.
"""


class Manifests:
    """Writes manifests into one registry, and remembers which it has seen whole, to look at none twice."""

    def __init__(self, session: Session, referrers: Referrers) -> None:
        self._session = session
        self._referrers = referrers
        self._whole = set[tuple[str, str]]()

    def put(self, target: Reference, descriptor: Descriptor, content: bytes, *, move: bool) -> None:
        """Make `target` this manifest, unless it is (row P10); see it there, with all that it names (row P13)."""
        access = Access.push(target.repository.path)
        key = (target.repository.path, descriptor.digest)
        about = subject_of(json.loads(content))
        # Whoever put a digest there since this run has looked for it put the same.
        is_lacking = isinstance(target, Pinned) and key in self._session.lacking
        before = None if is_lacking else resolve(self._session, target, access)
        self._session.lacking.discard(key)
        if before and before.digest == descriptor.digest:
            if about:
                self._referrers.ensure(target.repository, about, described(descriptor, content))
            return
        if before and not move:
            raise _clobber(target, before.digest, descriptor.digest)
        listed = self._write(target, descriptor, content, before)
        with self._session.ending():  # it is there: a run that is stopped now must not call it left
            if not about or listed == about:
                self._seen_whole(target, descriptor, content, access)
                return
            with self._referrers.looked_up(target.repository, about) as found:
                self._seen_whole(target, descriptor, content, access)
                self._referrers.record(target.repository, about, described(descriptor, content), found)

    def _write(self, target: Reference, wanted: Descriptor, content: bytes, before: Descriptor | None) -> str:
        """Have the registry take it; the digest of the subject under which it says that it lists it."""
        call = replace(
            manifest_call("PUT", target, Access.push(target.repository.path)),
            doing=f"writing {target}",
            headers={"Content-Type": wanted.media_type},
            body=Body.of(content),
        )
        answer = self._session.ask(call, *_ANSWERS)
        for _ in range(_LOOKS):
            if not _lacks_blobs(answer):
                break
            self._session.clock.pause(_WAIT)
            answer = self._session.ask(call, *_ANSWERS)
        if answer.status < 400:
            return answer.headers.get("OCI-Subject", "").strip()
        if _lacks_blobs(answer):
            why = f"{call.doing}: blobs that it names are not there ({said(answer)})"
            raise Unavailable(why, hint="push again", code="blob-missing")
        now = resolve(self._session, target) if isinstance(target, Tagged) and answer.status != 404 else None
        if now and now.digest == wanted.digest:
            return ""  # an immutable tag, won by a twin of this run (row P10)
        if now is None or (now == before and answer.status == 403):
            raise self._session.refusal(call, answer)
        raise _clobber(target, now.digest, wanted.digest, said(answer))

    def _seen_whole(self, target: Reference, descriptor: Descriptor, content: bytes, access: Access) -> None:
        self._read_back(target, descriptor, content, access)
        self._check_whole(target.repository, descriptor, content, access)

    def _read_back(self, target: Reference, descriptor: Descriptor, content: bytes, access: Access) -> None:
        found = read(self._session, target, access)
        if found is None:
            raise Unavailable(f"writing {target}: the registry took it, and it is not there", hint="push again")
        if found[1] != content:
            raise _clobber(target, found[0].digest, descriptor.digest, "somebody moved it meanwhile")

    def _check_whole(self, repository: Repository, descriptor: Descriptor, content: bytes, access: Access) -> None:
        key = (repository.path, descriptor.digest)
        if key in self._whole:
            return
        manifests, named = _named(content)
        blobs = [it for it in named if (repository.path, it) not in self._session.held]
        with ThreadPoolExecutor(_LOOKERS, thread_name_prefix="look") as pool:
            there = [
                *pool.map(lambda it: self._has_manifest(repository, it, access), manifests),
                *pool.map(lambda it: self._has_blob(repository, it, access), blobs),
            ]
        if lost := [it for it, is_there in zip((*manifests, *blobs), there, strict=True) if not is_there]:
            raise Unavailable(
                f"writing {repository}@{brief(descriptor.digest)}: the registry took it, but of what it names"
                f" this is not there: {', '.join(map(brief, lost))}",
                hint="push again",
                evidence=tuple(lost),
                code="blob-missing",
            )
        self._whole.add(key)

    def _has_manifest(self, repository: Repository, digest: str, access: Access) -> bool:
        with self._session.ending():
            return resolve(self._session, repository.pinned(digest), access) is not None

    def _has_blob(self, repository: Repository, digest: str, access: Access) -> bool:
        with self._session.ending():
            return has_blob(self._session, repository, digest, access)


def _lacks_blobs(answer: Answer) -> bool:
    return answer.status >= 400 and bool({"MANIFEST_BLOB_UNKNOWN", "BLOB_UNKNOWN"} & set(codes(answer)))


def _named(content: bytes) -> tuple[list[str], list[str]]:
    """Digests of the manifests and of the blobs that a manifest names, each once; those kept elsewhere left out."""
    document: dict[str, Any] = json.loads(content)
    blobs = [it for it in (document.get("config"), *(document.get("layers") or ())) if it and not it.get("urls")]
    return _digests(document.get("manifests") or ()), _digests(blobs)


def _digests(descriptors: Any) -> list[str]:
    return list(dict.fromkeys(str(it["digest"]) for it in descriptors))


def _clobber(target: Reference, now: str, wanted: str, why: str = "") -> WouldClobber:
    return WouldClobber(
        f"writing {target}: it is {now} already, not {wanted}{f' ({why})' if why else ''}",
        hint="give this content another tag, or move the tag with --allow-tag-move",
    )
