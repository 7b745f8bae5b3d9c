"""A registry with releases to clean up: a world in memory whose registry is the embedded one, spoken to over HTTP."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from paasctl.engine.cancel import Cancel
from paasctl.errors import Exit
from paasctl.model.cleanup import CleanupAnswer
from paasctl.model.event import Event
from paasctl.model.kube import Key, Live
from paasctl.verbs.cleanup.clean import AskCleanup, Cleanup
from paasctl.verbs.release import Release
from support.conducted import go
from support.promoting import WiredWorld, write_path
from support.registry import Registry

LATER = 100 * 86400.0
"""Seconds after the commits."""


@dataclass
class Dump:
    """A registry, and what a cleanup makes of it."""

    world: WiredWorld
    registry: Registry
    seconds: float = LATER

    def release(self, content: str = "") -> None:
        """One more; with a content the image is another, too."""
        if content:
            (self.world.project / "site" / "run").write_text(content)
        self.world.git.commit("feat: more")
        self.world.git.publish("origin")
        assert go(Release(), self.world)[0] is Exit.OK

    def afresh(self) -> WiredWorld:
        """For another run: nothing is remembered but the cluster."""
        world = self.world.afresh()
        world.only_cluster = self.world.only_cluster
        world.clock.time = self.seconds
        return world

    def ask(self, **asked: Any) -> Any:
        """What would go."""
        world = self.afresh()
        try:
            return AskCleanup(registry="dev", **asked).answer(world, lambda _: None, Cancel())[0]
        finally:
            close(world)

    def plan(self) -> bytes:
        """The plan as it would be saved."""
        kept: list[bytes] = []

        def save(content: bytes) -> str:
            kept.append(content)
            return "plan.json"

        self.ask(save=save)
        return kept[0]

    def clean(self, *, agreed: Any = lambda _: True, heard: Any = None, **asked: Any) -> tuple[Exit, list[Event]]:
        """Another run, with clients of its own."""
        world = self.afresh()
        try:
            return go(Cleanup(registry="dev", **asked), world, agreed=agreed, stops_at=heard)
        finally:
            close(world)

    def keep(self, rules: str) -> None:
        """Other rules."""
        paas = self.world.project / "paas.yaml"
        head, _, rest = paas.read_text().partition("keep: {")
        paas.write_text(f"{head}keep: {{{rules}}}{rest[rest.index('}') + 1 :]}")

    def run(self, kind: str, name: str, **body: Any) -> None:
        """Something of nobody's we know, in the cluster."""
        group, _, plain = kind.rpartition("/")
        key = Key(group, plain, "elsewhere", name)
        whole = {"apiVersion": f"{group}/v1".lstrip("/"), "kind": plain, **body}
        whole["metadata"] = {"name": name, "namespace": "elsewhere", "generation": 1, **body.get("metadata", {})}
        self.world.only_cluster.put(Live(key, whole))

    @property
    def names(self) -> dict[str, set[str]]:
        """Tags of each repository, without those that vouch."""
        return {path: {tag for tag in it if not tag.startswith("sha256-")} for path, it in self.registry.tags.items()}

    @property
    def state(self) -> dict[str, Any]:
        """What lies there: manifests and tags."""
        tags = {path: dict(it) for path, it in self.registry.tags.items() if it}
        held = {path: sorted(it) for path, it in self.registry.manifests.items() if it}
        return {"tags": tags, "manifests": held}

    @property
    def wanted(self) -> dict[str, Any]:
        """The state that the plan of now leads to."""
        gone = {(it.at.repository.path, it.at.digest) for it in self.ask().doomed}
        state = self.state
        tags = {
            path: {tag: digest for tag, digest in it.items() if (path, digest) not in gone}
            for path, it in state["tags"].items()
        }
        held = {path: [it for it in them if (path, it) not in gone] for path, them in state["manifests"].items()}
        return {
            "tags": {path: it for path, it in tags.items() if it},
            "manifests": {path: it for path, it in held.items() if it},
        }

    def image(self, version: str) -> str:
        """A release's image, as a workload names it."""
        return f"{self.registry.host}/shop/web@{self.registry.tags['shop/web'][version]}"

    def whole(self) -> None:
        """Whatever has a name has all that it leads to."""
        for path, held in self.registry.manifests.items():
            for digest in held:
                said = json.loads(held[digest][1])
                for child in said.get("manifests") or ():
                    is_listed_only = any(tag.startswith("sha256-") for tag in self.registry.tags[path])
                    assert child["digest"] in held or is_listed_only, f"{path}@{digest} leads to nothing"


def pod(image: str) -> dict[str, Any]:
    """A pod's spec."""
    return {"containers": [{"name": "web", "image": image}]}


def close(world: WiredWorld) -> None:
    """Let go of its connections."""
    for it in world.clients.values():
        it.close()


def answer(found: Any) -> CleanupAnswer:
    """Of the type it is."""
    assert isinstance(found, CleanupAnswer)
    return found


@contextmanager
def dump_in(
    folder: Path, *, releases: int = 3, keep: str = "releases: 1, snapshots: 0", api: bool = True
) -> Iterator[Dump]:
    """So many releases, each with an image of its own; of the newest one nothing goes."""
    with Registry() as registry:
        registry.rules.referrers = api
        world = WiredWorld.make(folder)
        assert isinstance(world, WiredWorld)
        write_path(folder, ("dev", f"{registry.host}/shop"))
        paas = folder / "paas.yaml"
        paas.write_text(paas.read_text().replace('/shop"}', f'/shop", keep: {{{keep}}}}}', 1))
        dump = Dump(world, registry)
        assert go(Release(), world)[0] is Exit.OK
        for number in range(1, releases):
            dump.release(f"content {number}\n")
        registry.forget_requests()
        yield dump
        close(world)
