"""Promotions over real registries: a world in memory whose registries are the embedded ones, spoken to over HTTP."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from paasctl.adapters.registry import RegistryClient
from paasctl.errors import Exit
from paasctl.model.event import Event, Outcome, Planned
from paasctl.model.image import Descriptor, Pinned
from paasctl.model.promoting import PROMOTION_TYPE
from paasctl.verbs.promotion.along import Along
from paasctl.verbs.promotion.onward import Onward
from paasctl.verbs.promotion.promote import Promote, PromoteTyped
from paasctl.verbs.release import Release
from support.conducted import go
from support.registry import Registry
from support.registry_client import ThreadsClock
from support.world import FakeWorld

VERSION = "0.1.0"


@dataclass
class WiredWorld(FakeWorld):
    """Its registries are wherever their hosts are."""

    clients: dict[str, RegistryClient] = field(default_factory=dict)
    environ: dict[str, str] = field(default_factory=lambda: {"HOME": "/nonexistent"})

    def registry(self, host: str) -> RegistryClient:  # type: ignore[override]  # the real one
        if host not in self.clients:
            self.clients[host] = RegistryClient(host, clock=ThreadsClock(), environ=self.environ)
        return self.clients[host]

    def afresh(self) -> WiredWorld:
        """The same for another run: nothing is remembered. What runs in its clusters runs on."""
        world = WiredWorld(self.project)
        world.git, world.only_cluster, world.other_clusters = self.git, self.only_cluster, self.other_clusters
        return world


@dataclass
class Stops:
    """The stops of a path, with a release at the first."""

    world: WiredWorld
    here: Registry
    there: Registry
    seconds: float = 0.0
    """What the clock of the next word says."""

    def promote(self, *versions: str, to: str = "rc", dry_run: bool = False, **typed: Any) -> tuple[Exit, list[Event]]:
        """Another run, with clients of its own."""
        world = self.world.afresh()
        world.clock.time = self.seconds
        try:
            named = versions or (() if typed.get("every") else (VERSION,))
            asked = PromoteTyped(versions=named, to=to, **typed)
            return go(Promote(asked=asked), world, dry_run=dry_run)
        finally:
            for it in world.clients.values():
                it.close()

    def along(self, *versions: str, to: str, onward: bool = False, **how: Any) -> tuple[Exit, list[Event]]:
        """The same to several goals, named with blanks between. `how`: as `go` takes it, or as it is typed."""
        world = self.world.afresh()
        world.clock.time = self.seconds
        world.only_cluster = self.world.only_cluster
        went = {name: how.pop(name) for name in ("dry_run", "exit_code", "agreed", "stops_at") if name in how}
        clusters = how.pop("clusters", ())
        try:
            named = versions or (() if how.get("every") else (VERSION,))
            asked = PromoteTyped(versions=named, **how)
            makes = (lambda it: Onward(asked=it, clusters=clusters)) if onward else None
            return go(Along(asked=asked, to=tuple(to.split()), onward=makes, clusters=clusters), world, **went)
        finally:
            for it in world.clients.values():
                it.close()

    def release(self, subject: str = "feat: more") -> None:
        """One more."""
        self.world.git.commit(subject)
        self.world.git.publish("origin")
        assert go(Release(), self.world)[0] is Exit.OK

    def forget(self) -> None:
        """Count requests from here."""
        self.here.forget_requests()
        self.there.forget_requests()

    def digest(self, tag: str = VERSION, path: str = "shop/web") -> str:
        """What a tag is at the first stop."""
        return self.here.tags[path][tag]

    def image(self, path: str = "shop/web", tag: str = VERSION) -> Descriptor:
        """An image of the release, at the first stop."""
        digest = self.digest(tag, path)
        media_type, content = self.here.manifests[path][digest]
        return Descriptor(media_type, digest, len(content))

    def manifest(self, registry: Registry, path: str, digest: str) -> dict[str, Any]:
        """One of a registry's manifests."""
        found: dict[str, Any] = json.loads(registry.manifests[path][digest][1])
        return found

    def promotions(self, path: str = "shop") -> list[dict[str, Any]]:
        """The promotion records that are attached to the release record at the second stop."""
        client = self.world.afresh().registry(self.there.host)
        record = Pinned(self.there.repository(path), self.digest(path="shop"))
        found = client.referrers(record.repository, record.digest)
        client.close()
        manifests = [self.manifest(self.there, path, it.digest) for it in found]
        return [it for it in manifests if it["artifactType"] == PROMOTION_TYPE]


def record_again(stops: Stops, digest: str) -> None:
    """The same release, of another image under its tag."""
    manifest = stops.manifest(stops.here, "shop", stops.digest(path="shop"))
    document = json.loads(stops.here.blobs["shop"][manifest["layers"][0]["digest"]])
    document["images"]["web"]["digest"] = digest
    made = stops.here.put_blob("shop", json.dumps(document).encode(), manifest["layers"][0]["mediaType"])
    manifest["layers"][0] = {"mediaType": made.media_type, "digest": made.digest, "size": made.size}
    stops.here.put_manifest("shop", json.dumps(manifest).encode(), tag=VERSION)
    stops.here.tags["shop/web"][VERSION] = digest


@dataclass
class Wide(Stops):
    """A path of four: dev, rc, eu, us, the last two in registries of their own. Each takes from the one before."""

    eu: Registry = field(kw_only=True)
    us: Registry = field(kw_only=True)

    def names(self) -> dict[str, set[str]]:
        """Versions that have a record, by stop."""
        them = {"rc": self.there, "eu": self.eu, "us": self.us}
        return {name: set(it.tags.get("shop", {})) for name, it in them.items()}

    def environments(self, words: str) -> None:
        """More of them."""
        paas = self.world.project / "paas.yaml"
        paas.write_text(paas.read_text().replace("environments: {", f"environments: {{{words}, "))


@contextmanager
def wide_path(folder: Path) -> Iterator[Wide]:
    """A release at the first of four stops."""
    with path_in(folder) as two, Registry() as eu, Registry() as us:
        paas = folder / "paas.yaml"
        old = f'rc: {{repository: "{two.there.host}/shop"}}'
        text = paas.read_text()
        assert old in text
        more = "".join(f', {name}: {{repository: "{it.host}/shop"}}' for name, it in (("eu", eu), ("us", us)))
        paas.write_text(text.replace(old, old + more))
        yield Wide(two.world, two.here, two.there, eu=eu, us=us)


def table(events: list[Event]) -> dict[str, str]:
    """`0.1.0 rc` -> what became of it there."""
    return {f"{it.version} {it.goal}": it.word for it in outcome(events).rows}


def outcome(events: list[Event]) -> Outcome:
    """The last one."""
    assert isinstance(events[-1], Outcome)
    return events[-1]


def facts(events: list[Event]) -> dict[str, str]:
    """Named results."""
    return dict(outcome(events).facts)


def plan(events: list[Event]) -> Any:
    """The first one."""
    return next(it.plan for it in events if isinstance(it, Planned))


def write_path(project: Path, *stops: tuple[str, str]) -> None:
    """Registries in the order of the path, by name."""
    paas = project / "paas.yaml"
    named = ", ".join(f'{name}: {{repository: "{repository}"}}' for name, repository in stops)
    old = 'registries: {dev: {repository: "registry.example/shop"}}'
    assert old in paas.read_text()
    paas.write_text(paas.read_text().replace(old, f"registries: {{{named}}}"))


@contextmanager
def path_in(folder: Path, second: str = "shop", *, one: bool = False) -> Iterator[Stops]:
    """A release at the first stop; the second is in a registry of its own, or in the same `one`."""
    with Registry() as here, Registry() as other:
        there = here if one else other
        world = WiredWorld.make(folder)
        assert isinstance(world, WiredWorld)
        write_path(folder, ("dev", f"{here.host}/shop"), ("rc", f"{there.host}/{second}"))
        assert go(Release(), world)[0] is Exit.OK
        path = Stops(world, here, there)
        path.forget()
        yield path
        for it in world.clients.values():
            it.close()
