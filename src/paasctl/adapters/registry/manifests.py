"""Manifests and tags, read: what a name is now, and what names there are."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import replace
from urllib.parse import urlencode

from paasctl.adapters.registry.answers import check_json, said
from paasctl.adapters.registry.names import Access, with_query
from paasctl.adapters.registry.pages import pages
from paasctl.adapters.registry.retry import Broken
from paasctl.adapters.registry.session import Session
from paasctl.adapters.registry.wire import Answer, Call
from paasctl.errors import Cancelled, PaasError, Refused, Unavailable
from paasctl.model.image import Descriptor, Pinned, Reference, Repository, Tagged

# All of them in every request: distribution 2.8.2 answers 404 for an OCI manifest that was not asked for by type.
_TYPES = (
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.v2+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
    "application/vnd.oci.artifact.manifest.v1+json",
)
_PAGE = 1000
_UNSUPPORTED = (405, 501)


def resolve(session: Session, reference: Reference, access: Access | None = None) -> Descriptor | None:
    """What the reference is now, by HEAD; None: proved absent. A GET where the registry's HEAD says too little."""
    answer = session.ask(manifest_call("HEAD", reference, access), 200, 404, 405)
    if answer.status == 404:
        if isinstance(reference, Pinned):
            session.lacking.add((reference.repository.path, reference.digest))
        return None
    digest = answer.headers.get("Docker-Content-Digest", "")
    size = answer.headers.get("Content-Length", "")
    told = answer.status == 200 and digest.startswith("sha256:") and size.isdecimal()
    if told and (isinstance(reference, Tagged) or reference.digest == digest):
        return Descriptor(_type(answer), digest, int(size))
    found = read(session, reference, access)
    return found[0] if found else None


def read(session: Session, reference: Reference, access: Access | None = None) -> tuple[Descriptor, bytes] | None:
    """The manifest's bytes and what they are: the digest is computed from them, never taken on trust (row P9)."""
    call = manifest_call("GET", reference, access)
    if isinstance(reference, Pinned) and access is None:
        for mirror in session.mirrors():
            if found := _mirrored(session, mirror, call, reference):
                return found
    answer = session.ask(call, 200, 404)
    return _verified(call, reference, answer) if answer.status == 200 else None


def _mirrored(session: Session, mirror: Session, call: Call, pinned: Pinned) -> tuple[Descriptor, bytes] | None:
    """What a mirror has under a digest; None: nothing that is any good."""
    url = with_query(call.url, urlencode({"ns": session.host}))
    try:
        answer = mirror.once(replace(call, url=url), mirror.attempts(call.doing), 200, 404)
        return _verified(call, pinned, answer) if answer.status == 200 else None
    except Cancelled:
        raise
    except (Broken, PaasError):
        mirror.is_down = True
        return None


def _verified(call: Call, reference: Reference, answer: Answer) -> tuple[Descriptor, bytes]:
    if _type(answer) not in _TYPES:
        check_json(answer, call.doing)
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
    call = Call(method="GET", url=first, doing=f"listing tags of {repository}", access=Access.pull(repository.path))

    def rest(answer: Answer) -> str:
        """After a full page without a `Link`: what comes after its last tag."""
        page = _names(answer, call.doing) if answer.status == 200 else []
        return f"{first}&{urlencode({'last': page[-1]})}" if len(page) == _PAGE else ""

    for answer in pages(session, call, (200, 404, *_UNSUPPORTED), rest):
        if answer.status in _UNSUPPORTED:
            raise Refused(
                f"{call.doing}: this registry lists no tags ({said(answer)})",
                hint=f"ask an admin of {repository.host} whether listing can be switched on",
                code="listing-unsupported",
            )
        yield _names(answer, call.doing) if answer.status == 200 else []


def _names(answer: Answer, doing: str) -> list[str]:
    check_json(answer, doing)
    try:
        return [str(tag) for tag in json.loads(answer.body)["tags"] or ()]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise Unavailable(f"{doing}: the answer is not a list of tags") from error


def manifest_call(method: str, reference: Reference, access: Access | None = None, *, doing: str = "") -> Call:
    """A request about a manifest, whatever its type."""
    name = reference.tag if isinstance(reference, Tagged) else reference.digest
    path = reference.repository.path
    return Call(
        method=method,
        url=f"/v2/{path}/manifests/{name}",
        doing=doing or f"reading {reference}",
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
    except (ValueError, KeyError, TypeError, RecursionError):
        return named
