"""What vouches for a manifest: the referrers API, and where a registry has none, the tag that stands for it.

distribution-spec, *Listing Referrers* and *Referrers Tag Schema*. That tag (`sha256-…`) is an index which clients keep
up to date themselves: read, add, write, and read again, because somebody else may have done the same in between.
"""

from __future__ import annotations

import json
import random
import threading
from collections import defaultdict
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from paasctl.adapters.registry.answers import check_json, codes
from paasctl.adapters.registry.manifests import resolve
from paasctl.adapters.registry.names import Access, brief
from paasctl.adapters.registry.pages import pages
from paasctl.adapters.registry.session import Session
from paasctl.adapters.registry.wire import Answer, Body, Call
from paasctl.errors import BuildFailed, Unavailable
from paasctl.model.image import Descriptor, Repository
from paasctl.oci.documents.companions import fallback_tag
from paasctl.oci.documents.manifest import OCI_INDEX, Json, canonical, descriptor_from, descriptor_json

_NO_API = (404, 405, 501)
_ROUNDS = 8
_QUIET = (0.4, 0.8)
"""Seconds after which whoever had read the tag before we wrote it has written it, too."""
Listing = Future[tuple[Json, str] | None]
"""The index that clients keep and its `ETag`, as `_kept` has them, when it is there."""
_jitter = random.Random()  # noqa: S311 - spreads clients that meet at one tag, protects nothing


class Referrers:
    """What vouches for what, in one registry. Safe to use from several threads."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._has_api: dict[str, bool] = {}
        self._lock = threading.Lock()
        self._busy: defaultdict[tuple[str, str], threading.RLock] = defaultdict(threading.RLock)
        self._listed: defaultdict[tuple[str, str], dict[str, Descriptor]] = defaultdict(dict)
        """Repository and subject -> what we put on its tag, by digest."""

    def all_of(self, repository: Repository, digest: str) -> tuple[Descriptor, ...]:
        """Descriptors of the manifests whose `subject` it is, each once."""
        found = self._by_api(repository, digest)
        if found is None:
            kept = self._kept(repository, digest, Access.pull(repository.path))
            found = kept[0]["manifests"] if kept else []
        what = f"the referrers of {brief(digest)} in {repository}"
        return tuple({it.digest: it for it in _descriptors(found, what)}.values())

    def ensure(self, repository: Repository, subject: str, referrer: Descriptor) -> None:
        """Make sure a manifest that is there is listed, too: whoever pushed it may have been killed before."""
        if self._by_api(repository, subject) is None:
            self.record(repository, subject, referrer)

    @contextmanager
    def looked_up(self, repository: Repository, subject: str) -> Iterator[Listing]:
        """The tag of a subject, being read while what it shall list is looked at; nobody else here writes it then."""
        with self._alone(repository, subject), ThreadPoolExecutor(1, thread_name_prefix="list") as pool:
            yield pool.submit(self._ended, repository, subject)

    def record(
        self, repository: Repository, subject: str, referrer: Descriptor, listing: Listing | None = None
    ) -> None:
        """Add it to the tag of its subject, as a registry without the API leaves it to clients.

        What others add meanwhile stays: the tag is read again after every write, until both are in it. `listing`: the
        tag as it was looked up, if it was.
        """
        access = Access.push(repository.path)
        with self._alone(repository, subject):
            for number in range(_ROUNDS):
                found = listing.result() if listing else self._kept(repository, subject, access)
                listing = None
                kept, etag = found or ({"manifests": []}, "")
                if _lists(kept, referrer):
                    self._listed[repository.path, subject][referrer.digest] = referrer
                    return
                if number:
                    self._session.clock.pause(_jitter.uniform(0.05, 0.2) * number)
                self._add(repository, subject, (kept, referrer), etag)
        raise Unavailable(
            f"listing {brief(referrer.digest)} under {repository}:{fallback_tag(subject)}:"
            f" after {_ROUNDS} writes it is still not there; somebody else keeps writing that tag",
            hint="run the command again when nobody else pushes to it",
        )

    def settle(self, repository: Repository, subject: str) -> None:
        """Look once more, and put back what we had listed: who read the tag before that may have written it after.

        Few registries know a condition for a write (distribution 2 does not), so nothing else tells. Nothing is asked
        where the API lists.
        """
        for referrer in list(self._listed[repository.path, subject].values()):
            for _ in range(_ROUNDS):
                self._session.clock.pause(_jitter.uniform(*_QUIET))
                found = self._kept(repository, subject, Access.push(repository.path))
                if found and _lists(found[0], referrer):
                    break
                self.record(repository, subject, referrer)

    def _by_api(self, repository: Repository, digest: str) -> list[Json] | None:
        """What the API lists; None: there is none here."""
        if self._has_api.get(repository.path) is False:
            return None
        call = Call(
            method="GET",
            url=f"/v2/{repository.path}/referrers/{digest}",
            doing=f"listing what vouches for {brief(digest)} in {repository}",
            access=Access.pull(repository.path),
            headers={"Accept": OCI_INDEX},
        )
        found: list[Json] = []
        for answer in pages(self._session, call, (200, *_NO_API)):
            if answer.status != 200:
                # A repository that is not there is no reason to think that there will never be an answer.
                self._has_api[repository.path] = bool(codes(answer))
                return None
            found += _index(answer, call.doing)["manifests"]
        return found

    def _kept(self, repository: Repository, subject: str, access: Access) -> tuple[Json, str] | None:
        """The index that clients keep, and its `ETag`, if the registry gives one; None: nobody keeps one."""
        call = self._call("GET", repository, subject, access)
        answer = self._session.ask(call, 200, 404)
        return (_index(answer, call.doing), answer.headers.get("ETag", "")) if answer.status == 200 else None

    def _ended(self, repository: Repository, subject: str) -> tuple[Json, str] | None:
        with self._session.ending():  # for whoever waits for it: that is told by thread
            return self._kept(repository, subject, Access.push(repository.path))

    def _add(self, repository: Repository, subject: str, parts: tuple[Json, Descriptor], etag: str) -> None:
        kept, referrer = parts
        entries = [*kept["manifests"], descriptor_json(referrer)]
        answer = self._write(repository, subject, _listing(kept, entries), etag)
        if answer.status < 400 or answer.status == 412:
            return
        if {"MANIFEST_BLOB_UNKNOWN", "MANIFEST_UNKNOWN"} & set(codes(answer)):
            there = [it for it in entries if self._is_there(repository, str(it.get("digest", "")))]
            answer = self._write(repository, subject, _listing(kept, there), etag)
            if answer.status < 400 or answer.status == 412:
                return
        raise self._session.refusal(self._call("PUT", repository, subject, Access.push(repository.path)), answer)

    def _write(self, repository: Repository, subject: str, content: bytes, etag: str) -> Answer:
        call = self._call("PUT", repository, subject, Access.push(repository.path), content)
        headers = {**call.headers, **({"If-Match": etag} if etag else {})}
        return self._session.ask(replace(call, headers=headers), 200, 201, 202, 400, 404, 412)

    def _is_there(self, repository: Repository, digest: str) -> bool:
        return resolve(self._session, repository.pinned(digest), Access.push(repository.path)) is not None

    def _call(self, method: str, repository: Repository, subject: str, access: Access, content: bytes = b"") -> Call:
        tag = fallback_tag(subject)
        doing = f"{'writing' if content else 'reading'} {repository}:{tag}"
        kind = {"Content-Type": OCI_INDEX} if content else {"Accept": OCI_INDEX}
        url = f"/v2/{repository.path}/manifests/{tag}"
        body = Body.of(content) if content else None
        return Call(method=method, url=url, doing=doing, access=access, headers=kind, body=body)

    @contextmanager
    def _alone(self, repository: Repository, subject: str) -> Iterator[None]:
        with self._lock:
            busy = self._busy[repository.path, subject]
        with busy:
            yield


def described(referrer: Descriptor, content: bytes) -> Descriptor:
    """Its descriptor as a list of referrers has it: with what kind of thing it is, and its annotations."""
    said: Json = json.loads(content)
    kind = said.get("artifactType") or (said.get("config") or {}).get("mediaType", "")
    return replace(referrer, artifact_type=str(kind), annotations=dict(said.get("annotations") or {}))


def _lists(kept: Json, referrer: Descriptor) -> bool:
    return any(it.get("digest") == referrer.digest for it in kept["manifests"])


def _listing(kept: Json, entries: Sequence[Any]) -> bytes:
    return canonical({"schemaVersion": 2, "mediaType": OCI_INDEX, **kept, "manifests": list(entries)})


def _index(answer: Answer, doing: str) -> Json:
    check_json(answer, doing)
    try:
        said = json.loads(answer.body)
        entries = said["manifests"]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise Unavailable(f"{doing}: the answer is no index of manifests") from error
    if not isinstance(entries, list) or not all(isinstance(it, dict) for it in entries):
        raise Unavailable(f"{doing}: the answer is no index of manifests")
    return dict(said)


def _descriptors(entries: Sequence[Any], what: str) -> list[Descriptor]:
    try:
        return [descriptor_from(it, what) for it in entries]
    except BuildFailed as error:
        raise Unavailable(error.message) from error
