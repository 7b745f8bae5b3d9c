"""Manifests and tags: what a name is now, and writing one so that it is whole, there, and what we meant."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

from paasctl.adapters.registry.answers import codes, said
from paasctl.adapters.registry.blobs import has_blob
from paasctl.adapters.registry.names import Access, brief, located
from paasctl.adapters.registry.session import Session
from paasctl.adapters.registry.wire import Answer, Body, Call
from paasctl.errors import Unavailable, WouldClobber
from paasctl.model.image import Descriptor, Pinned, Reference, Repository, Tagged

# All of them in every request: distribution 2.8.2 answers 404 for an OCI manifest that was not asked for by type.
_TYPES = (
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.v2+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
    "application/vnd.oci.artifact.manifest.v1+json",
)
_NEXT = re.compile(r'<([^>]*)>\s*;[^,]*\brel="?next"?')
_PAGE = 1000
_LOOKERS = 8


def resolve(session: Session, reference: Reference, access: Access | None = None) -> Descriptor | None:
    """What the reference is now, by HEAD; None: proved absent. A GET where the registry's HEAD says too little."""
    answer = session.ask(_call("HEAD", reference, access), 200, 404, 405)
    if answer.status == 404:
        return None
    digest = answer.headers.get("Docker-Content-Digest", "")
    size = answer.headers.get("Content-Length", "")
    told = answer.status == 200 and digest.startswith("sha256:") and size.isdigit()
    if told and (isinstance(reference, Tagged) or reference.digest == digest):
        return Descriptor(_type(answer), digest, int(size))
    found = read(session, reference, access)
    return found[0] if found else None


def read(session: Session, reference: Reference, access: Access | None = None) -> tuple[Descriptor, bytes] | None:
    """The manifest's bytes and what they are: the digest is computed from them, never taken on trust (row P9)."""
    call = _call("GET", reference, access)
    answer = session.ask(call, 200, 404)
    if answer.status == 404:
        return None
    digest = digest_of(answer.body)
    claimed = reference.digest if isinstance(reference, Pinned) else answer.headers.get("Docker-Content-Digest", digest)
    if claimed.startswith("sha256:") and claimed != digest:
        raise Unavailable(
            f"{call.doing}: the bytes are {digest}, they should be {claimed}",
            hint="the registry or something before it alters content: don't use it until that is found",
            code="digest-mismatch",
        )
    return Descriptor(_type(answer), digest, len(answer.body)), answer.body


def tags(session: Session, repository: Repository) -> tuple[str, ...]:
    """All tags, page by page, each once, in the registry's order; none where there is no such repository."""
    found = dict.fromkeys(tag for page in _pages(session, repository) for tag in page)
    return tuple(found)


def digest_of(content: bytes) -> str:
    """`sha256:…` of the bytes."""
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def _pages(session: Session, repository: Repository) -> Iterator[list[str]]:
    first = f"/v2/{repository.path}/tags/list?{urlencode({'n': _PAGE})}"
    url: str | None = first
    asked = set[str]()
    while url and url not in asked:
        asked.add(url)
        call = Call(method="GET", url=url, doing=f"listing tags of {repository}", access=Access.pull(repository.path))
        answer = session.ask(call, 200, 404)
        page = _names(answer, call.doing) if answer.status == 200 else []
        yield page
        url = _next(answer, page, first)


def _next(answer: Answer, page: list[str], first: str) -> str | None:
    """The next page: what `Link` says, else `last=` after a full page (distribution-spec, *Listing Tags*)."""
    if found := _NEXT.search(answer.headers.get("Link", "")):
        return located(answer.url, found[1])
    return f"{first}&{urlencode({'last': page[-1]})}" if len(page) == _PAGE else None


def _names(answer: Answer, doing: str) -> list[str]:
    try:
        return [str(tag) for tag in json.loads(answer.body)["tags"] or ()]
    except (ValueError, KeyError, TypeError) as error:
        raise Unavailable(f"{doing}: the answer is not a list of tags") from error


def _call(method: str, reference: Reference, access: Access | None) -> Call:
    name = reference.tag if isinstance(reference, Tagged) else reference.digest
    path = reference.repository.path
    return Call(
        method=method,
        url=f"/v2/{path}/manifests/{name}",
        doing=f"reading {reference}",
        access=access or Access.pull(path),
        headers={"Accept": ", ".join(_TYPES)},
    )


def _type(answer: Answer) -> str:
    """The media type: the header's, without parameters, else what the manifest says of itself."""
    named = answer.headers.get("Content-Type", "").partition(";")[0].strip()
    if named and named not in ("application/json", "application/octet-stream"):
        return named
    try:
        return str(json.loads(answer.body)["mediaType"])
    except (ValueError, KeyError, TypeError):
        return named


class Manifests:
    """Writes manifests into one registry, and remembers which it has seen whole, to look at none twice."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._whole = set[tuple[str, str]]()

    def put(self, target: Reference, descriptor: Descriptor, content: bytes, *, move: bool) -> None:
        """Make `target` this manifest, unless it is (row P10); see it there, with all that it names (row P13)."""
        access = Access.push(target.repository.path)
        before = resolve(self._session, target, access)
        if before and before.digest == descriptor.digest:
            return
        if before and not move:
            raise _clobber(target, before.digest, descriptor.digest)
        self._write(target, descriptor, content, before)
        self._read_back(target, descriptor, content, access)
        self._check_whole(target.repository, descriptor, content, access)

    def _write(self, target: Reference, wanted: Descriptor, content: bytes, before: Descriptor | None) -> None:
        call = replace(
            _call("PUT", target, Access.push(target.repository.path)),
            doing=f"writing {target}",
            headers={"Content-Type": wanted.media_type},
            body=Body.of(content),
        )
        answer = self._session.ask(call, 200, 201, 202, 400, 403, 404, 409, 412)
        if answer.status < 400:
            return
        if {"MANIFEST_BLOB_UNKNOWN", "BLOB_UNKNOWN"} & set(codes(answer)):
            why = f"{call.doing}: blobs that it names are not there ({said(answer)})"
            raise Unavailable(why, hint="push again", code="blob-missing")
        now = resolve(self._session, target) if isinstance(target, Tagged) and answer.status != 404 else None
        if now and now.digest == wanted.digest:
            return  # an immutable tag, won by a twin of this run (row P10)
        if now is None or (now == before and answer.status == 403):
            raise self._session.refusal(call, answer)
        raise _clobber(target, now.digest, wanted.digest, said(answer))

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
        manifests, blobs = _named(content)
        with ThreadPoolExecutor(_LOOKERS, thread_name_prefix="look") as pool:
            there = [
                *pool.map(lambda it: resolve(self._session, repository.pinned(it), access) is not None, manifests),
                *pool.map(lambda it: has_blob(self._session, repository, it, access), blobs),
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
