"""The fault matrix of a copy: what registries do wrong, and how a copy ends then.

In every case: the outcome is the right one, it comes within the patience that a run has (on a clock that only counts),
memory stays small, a failed copy shows no tag, and no upload is left open.
"""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from email.utils import formatdate
from typing import Any

import pytest

from paasctl.adapters.images.registry import RegistrySource, RegistryTarget
from paasctl.adapters.registry import RegistryClient
from paasctl.embedded.http.message import Request
from paasctl.engine.images.copy import CopyWish, copy_image
from paasctl.errors import PaasError
from paasctl.model.image import Repository
from paasctl.model.location import InRegistry
from support.clock import FakeCancel
from support.endless import Endless
from support.registry import MANIFEST, Registry, describe, manifest_of
from support.registry_client import CountingClock

LAYERS = tuple(bytes([number]) * 300_000 for number in range(3))
WHOLE = 130.0
"""Seconds on the counting clock: one piece of work may take 120."""
MEMORY = 96 << 20
AMPLE = 10_000


@dataclass
class Scene:
    """Two registries, and a copy from the one to the other."""

    here: Registry
    there: Registry
    clock: CountingClock = field(default_factory=CountingClock)
    elsewhere: Registry | None = None
    target: Registry | None = None
    """Where it goes, where that is not `there`."""

    def copy(self) -> None:
        clients = {
            it.host: RegistryClient(it.host, clock=self.clock, environ={"HOME": "/nonexistent"})
            for it in (self.here, self.there)
        }
        try:
            to = self.target or self.there
            copy_image(
                RegistrySource(InRegistry(self.here.repository("dev/web").tagged("1")), clients[self.here.host]),
                RegistryTarget(InRegistry(to.repository("prod/web").tagged("1")), clients[to.host]),
                CopyWish(),
                progress=lambda *_: None,
                warn=lambda _: None,
                cancel=FakeCancel(),
            )
        finally:
            for it in clients.values():
                it.close()


@pytest.fixture
def scene() -> Iterator[Scene]:
    with Registry() as here, Registry() as there, Registry() as elsewhere:
        here.put_image("dev/web", *LAYERS, tag="1")
        yield Scene(here, there, elsewhere=elsewhere)


Arrange = Callable[[Scene], None]


def at_source(on: str, **how: Any) -> Arrange:
    return lambda scene: scene.here.fault(on, **how)


def at_target(on: str, **how: Any) -> Arrange:
    return lambda scene: scene.there.fault(on, **how)


def rule(side: str, **rules: bool) -> Arrange:
    def arrange(scene: Scene) -> None:
        for name, value in rules.items():
            setattr((scene.here if side == "source" else scene.there).rules, name, value)

    return arrange


def all_of(*parts: Arrange) -> Arrange:
    def arrange(scene: Scene) -> None:
        for part in parts:
            part(scene)

    return arrange


def within_one_registry(scene: Scene) -> None:
    scene.target = scene.here
    scene.here.rules.mounts = False


def sent_on_to_another_host(scene: Scene) -> None:
    assert scene.elsewhere
    for digest, content in scene.here.blobs["dev/web"].items():
        scene.elsewhere.put_blob("dev/web", content)
        to = f"{scene.elsewhere.url}/v2/dev/web/blobs/{digest}"
        scene.here.fault(f"GET /v2/dev/web/blobs/{digest}", status=307, headers={"Location": to})


def somebody_else_takes_the_tag(scene: Scene) -> None:
    """Just after the last look at the tag, before it is written."""
    server, seen = scene.there.running.server, [0]
    before = server.names

    def names(request: Request) -> Any:
        if request.method == "PUT" and request.path == "/v2/prod/web/manifests/1":
            seen[0] += 1
        if request.method == "GET" and request.path == "/v2/prod/web/manifests/1" and seen[0] == 1:
            seen[0] += 1
            content = manifest_of(scene.there.put_blob("prod/web", b"{}"), [])
            scene.there.put_manifest("prod/web", content, MANIFEST, "1")
        return before(request)

    server.names = names


def date_in(seconds: float) -> str:
    """As RFC 9110 spells a date, after the counting clock's beginning."""
    return formatdate(1000.0 + seconds, usegmt=True)


DIGEST = "sha256:" + "0" * 64
DONE = "done"
CASES: dict[str, tuple[Arrange, str]] = {
    "202 instead of a mount": (within_one_registry, DONE),
    "401 in the middle of an upload": (
        at_target("PUT uploads", status=401, headers={"WWW-Authenticate": 'Basic realm="x"'}),
        DONE,
    ),
    "401 again and again": (
        at_target("PUT uploads", status=401, headers={"WWW-Authenticate": 'Basic realm="x"'}, times=AMPLE),
        "push-forbidden",
    ),
    "403 on the push": (at_target("POST uploads", status=403, times=AMPLE), "push-forbidden"),
    "403 on the manifest": (at_target("PUT manifests", status=403, times=AMPLE), "push-forbidden"),
    "a repository that must be made first": (rule("target", creates=False), "repository-missing"),
    "429, seconds": (at_target("POST uploads", status=429, headers={"Retry-After": "7"}), DONE),
    "429, a date": (
        at_target("POST uploads", status=429, headers={"Retry-After": date_in(7), "Date": date_in(0)}),
        DONE,
    ),
    "429 at the source": (at_source("GET blobs", status=429, headers={"Retry-After": "7"}, times=3), DONE),
    "429 for an hour": (
        at_target("POST uploads", status=429, headers={"Retry-After": "3600"}, times=AMPLE),
        "unavailable",
    ),
    "503 for a moment": (
        all_of(at_target("PUT uploads", status=503, times=2), at_source("GET blobs", status=502)),
        DONE,
    ),
    "503 for ever": (at_target("PUT uploads", status=503, times=AMPLE), "unavailable"),
    "500 for ever at the source": (at_source("GET blobs", status=500, times=AMPLE), "unavailable"),
    "cut before the first byte of a blob": (at_source("GET blobs", cut=0), DONE),
    "cut after the first byte of a blob": (at_source("GET blobs", cut=1), DONE),
    "cut in the middle of a blob": (at_source("GET blobs", cut=150_000, times=3), DONE),
    "cut before the last byte of a blob": (at_source("GET blobs", cut=299_999), DONE),
    "cut in the middle of a manifest": (at_source("GET manifests", cut=100), DONE),
    "an upload is cut, what came is kept": (at_target("PUT uploads", cut=150_000, keeps=True), DONE),
    "an upload is cut, what came is lost": (at_target("PUT uploads", cut=150_000, times=2), DONE),
    "an upload's answer is cut": (at_target("PUT uploads", mute=True), DONE),
    "a wrong byte in a blob": (at_source("GET blobs", flip=True), "digest-mismatch"),
    "a wrong byte in a manifest": (at_source("GET manifests", flip=True), "digest-mismatch"),
    "another digest in the header than in the bytes": (
        at_source("GET manifests", status=200, body=b"{}", headers={"Docker-Content-Digest": DIGEST}),
        "digest-mismatch",
    ),
    "other bytes arrived than were sent": (
        at_target("PUT uploads", status=400, body=b'{"errors": [{"code": "DIGEST_INVALID"}]}', times=AMPLE),
        "digest-mismatch",
    ),
    "no Docker-Content-Digest anywhere": (
        all_of(rule("source", digests=False), rule("target", digests=False)),
        DONE,
    ),
    "absolute Locations": (rule("target", absolute=True), DONE),
    "relative Locations": (rule("target", absolute=False), DONE),
    "chunks out of order are taken": (
        all_of(rule("target", ordered=False), at_target("PUT uploads", cut=150_000, keeps=True)),
        DONE,
    ),
    "blobs lie on another host": (sent_on_to_another_host, DONE),
    "somebody else takes the tag": (somebody_else_takes_the_tag, "would-clobber"),
    "a manifest that is no JSON": (
        at_source("GET manifests", status=200, body=b"<html>", headers={"Content-Type": MANIFEST}),
        "image-unreadable",
    ),
    "a manifest of brackets": (
        at_source("GET manifests", status=200, body=b"[" * 200_000, headers={"Content-Type": MANIFEST}),
        "image-unreadable",
    ),
    "a list of referrers that is no JSON": (at_source("GET referrers", status=200, body=b"<html>"), "unavailable"),
    "a manifest that never ends, as far as anybody would read": (
        at_source("GET manifests", status=200, body=b" " * (33 << 20)),
        "unavailable",
    ),
    "an error that never ends": (at_source("GET manifests", status=500, body=b" " * (33 << 20)), "unavailable"),
}


@pytest.mark.parametrize(("arrange", "outcome"), CASES.values(), ids=CASES)
def test_a_copy_ends_as_it_should(scene: Scene, arrange: Arrange, outcome: str) -> None:
    arrange(scene)
    tracemalloc.start()
    try:
        ended = _ended(scene)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    to = scene.target or scene.there
    shown = to.tags["prod/web"].get("1")
    assert ended == outcome
    assert (shown == scene.here.tags["dev/web"]["1"]) == (outcome == DONE)
    assert shown is None or outcome in (DONE, "would-clobber")
    assert to.uploads == {}
    assert scene.clock.time - 1000.0 <= WHOLE
    assert peak < MEMORY


def _ended(scene: Scene) -> str:
    try:
        scene.copy()
    except PaasError as error:
        return error.code
    return DONE


def test_what_a_registry_asks_for_is_waited_for_by_all(scene: Scene) -> None:
    scene.there.fault("POST uploads", status=429, headers={"Retry-After": "7"})
    scene.copy()
    assert scene.clock.time >= 1007.0


def test_no_credentials_go_to_another_host(scene: Scene) -> None:
    sent_on_to_another_host(scene)
    scene.copy()
    assert scene.elsewhere
    assert scene.elsewhere.requests["GET blobs"] == 4
    assert [it for it in scene.elsewhere.log if "Authorization" in it.headers] == []


# --- bodies without end ---


@pytest.mark.parametrize("chunked", [True, False])
@pytest.mark.parametrize("status", [200, 401, 404, 429, 500])
def test_an_answer_without_end_is_not_read_to_its_end(status: int, chunked: bool) -> None:
    with Endless({"/v2/web/": status} if status != 404 else {"/v2/web/": 400}, chunked=chunked) as server:
        client = RegistryClient(server.host, clock=CountingClock(), environ={"HOME": "/nonexistent"})
        web = Repository(server.host, "web")
        for ask in (
            lambda: client.manifest(web.tagged("1")),
            lambda: client.tags(web),
            lambda: client.referrers(web, DIGEST),
        ):
            with pytest.raises(PaasError):
                ask()
        client.close()
        assert server.sent < 300


def test_a_blob_without_end_is_left_after_its_size() -> None:
    with Endless({"/v2/web/": 200}) as server:
        client = RegistryClient(server.host, clock=CountingClock(), environ={"HOME": "/nonexistent"})
        with client.open_blob(Repository(server.host, "web"), describe(b"x" * 5)) as chunks:
            with pytest.raises(PaasError) as caught:
                list(chunks)
            assert caught.value.code == "digest-mismatch"
        client.close()
        assert server.sent < 100


def test_the_cases_are_those_of_the_issue() -> None:
    """Nobody takes one out without noticing."""
    wanted = (
        *("202", "401 in the middle", "403", "repository", "429, seconds", "429, a date", "503", "cut", "wrong byte"),
        *("no Docker-Content-Digest", "absolute", "relative", "out of order", "another host", "takes the tag"),
        *("no JSON", "never ends"),
    )
    assert [it for it in wanted if not any(it in name for name in CASES)] == []
