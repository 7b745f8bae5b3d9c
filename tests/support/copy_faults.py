"""The fault matrix of a copy: what registries do wrong, by name, and how a copy ends then."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from email.utils import formatdate
from typing import Any, Protocol

from paasctl.adapters.images.registry import RegistrySource, RegistryTarget
from paasctl.adapters.registry import RegistryClient
from paasctl.embedded.http.message import Request
from paasctl.engine.images.copy import CopyWish, copy_image
from paasctl.errors import PaasError
from paasctl.model.image import Repository
from paasctl.model.location import InRegistry
from support.clock import FakeCancel
from support.registry import MANIFEST, Registry, manifest_of
from support.registry_client import ThreadsClock

LAYERS = tuple(bytes([number]) * 300_000 for number in range(3))
WHOLE = 120.0
"""Seconds: what one piece of work may take; others go on beside it, and what comes later is not begun."""
MEMORY = 96 << 20
AMPLE = 10_000
DIGEST = "sha256:" + "0" * 64
DONE = "done"


class Side(Protocol):
    """A registry, or what stands before it."""

    @property
    def host(self) -> str: ...


@dataclass
class Scene:
    """Two registries, and a copy from the one to the other."""

    here: Side
    there: Side
    clock: ThreadsClock = field(default_factory=ThreadsClock)
    source: str = "dev/web"
    target: str = "prod/web"
    login: dict[str, str] = field(default_factory=lambda: {"HOME": "/nonexistent"})

    def client(self, host: str) -> RegistryClient:
        return RegistryClient(host, clock=self.clock, environ=self.login)

    def copy(self) -> None:
        clients = {it: self.client(it) for it in (self.here.host, self.there.host)}
        source, target = Repository(self.here.host, self.source), Repository(self.there.host, self.target)
        try:
            copy_image(
                RegistrySource(InRegistry(source.tagged("1")), clients[source.host]),
                RegistryTarget(InRegistry(target.tagged("1")), clients[target.host]),
                CopyWish(),
                progress=lambda *_: None,
                warn=lambda _: None,
                cancel=FakeCancel(),
            )
        finally:
            for it in clients.values():
                it.close()

    def ended(self) -> str:
        """How the copy ends: `DONE`, or an error's code."""
        try:
            self.copy()
        except PaasError as error:
            return error.code
        return DONE


@dataclass
class Own(Scene):
    """Both are embedded ones, and a third beside them."""

    here: Registry
    there: Registry
    elsewhere: Registry | None = None


Arrange = Callable[[Any], None]


def at_source(on: str, **how: Any) -> Arrange:
    return lambda scene: scene.here.fault(on, **how)


def at_target(on: str, **how: Any) -> Arrange:
    return lambda scene: scene.there.fault(on, **how)


def rule(side: str, **rules: bool) -> Arrange:
    def arrange(scene: Own) -> None:
        for name, value in rules.items():
            setattr((scene.here if side == "source" else scene.there).rules, name, value)

    return arrange


def all_of(*parts: Arrange) -> Arrange:
    def arrange(scene: Own) -> None:
        for part in parts:
            part(scene)

    return arrange


def within_one_registry(scene: Own) -> None:
    scene.there = scene.here
    scene.here.rules.mounts = False


def sent_on_to_another_host(scene: Own) -> None:
    assert scene.elsewhere
    for digest, content in scene.here.blobs["dev/web"].items():
        scene.elsewhere.put_blob("dev/web", content)
        to = f"{scene.elsewhere.url}/v2/dev/web/blobs/{digest}"
        scene.here.fault(f"GET /v2/dev/web/blobs/{digest}", status=307, headers={"Location": to})


def somebody_else_takes_the_tag(scene: Own) -> None:
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


Cases = dict[str, tuple[Arrange, str]]
BY_FAULT: Cases = {
    "401 in the middle of an upload": (
        at_target("PUT uploads", status=401, headers={"WWW-Authenticate": 'Basic realm="x"'}),
        DONE,
    ),
    "401 again and again": (
        at_target("PUT uploads", status=401, headers={"WWW-Authenticate": 'Basic realm="x"'}, times=AMPLE),
        "push-forbidden",
    ),
    "403 on the push": (at_target("POST uploads", status=403, times=AMPLE), "push-forbidden"),
    "403 on a look at the target": (at_target("HEAD blobs", status=403, times=AMPLE), "forbidden"),
    "403 on the manifest": (at_target("PUT manifests", status=403, times=AMPLE), "push-forbidden"),
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
    "a manifest that is no JSON": (
        at_source("GET manifests", status=200, body=b"<html>", headers={"Content-Type": MANIFEST}),
        "image-unreadable",
    ),
    "a manifest of brackets": (
        at_source("GET manifests", status=200, body=b"[" * 200_000, headers={"Content-Type": MANIFEST}),
        "image-unreadable",
    ),
    "a list of referrers that is no JSON": (at_source("GET referrers", status=200, body=b"<html>"), "not-a-registry"),
    "a manifest that never ends, as far as anybody would read": (
        at_source("GET manifests", status=200, body=b" " * (33 << 20)),
        "unavailable",
    ),
    "an error that never ends": (at_source("GET manifests", status=500, body=b" " * (33 << 20)), "unavailable"),
}
"""What anybody can do who stands before a registry."""
BY_RULE: Cases = {
    "202 instead of a mount": (within_one_registry, DONE),
    "a repository that must be made first": (rule("target", creates=False), "repository-missing"),
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
}
"""What only a registry itself does."""
