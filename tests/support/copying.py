"""Copies between two registries and a folder, as tests arrange them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from paasctl.adapters.images.layout import LayoutTarget, layout_source
from paasctl.adapters.images.registry import RegistrySource, RegistryTarget
from paasctl.adapters.registry import RegistryClient
from paasctl.engine.images.copy import CopyWish, copy_image
from paasctl.model.copied import Copied
from paasctl.model.image import Descriptor
from paasctl.model.location import InLayout, InRegistry, Location
from paasctl.ports.images import CopySource, CopyTarget
from support.clock import FakeCancel
from support.registry import CONFIG, INDEX, Registry, manifest_of
from support.registry_client import CountingClock
from support.registry_values import vouching

LAYERS = tuple(bytes([number]) * (10_000 + number) for number in range(5))
SIGNATURE = "application/vnd.example.signature"


@dataclass
class Bench:
    """Two registries, a folder, and everybody who speaks to them."""

    here: Registry
    there: Registry
    folder: Path
    warned: list[str] = field(default_factory=list)
    clients: dict[str, RegistryClient] = field(default_factory=dict)

    def client(self, host: str) -> RegistryClient:
        if host not in self.clients:
            self.clients[host] = RegistryClient(host, clock=CountingClock(), environ={"HOME": "/nonexistent"})
        return self.clients[host]

    def copy(self, source: Location, target: Location, wish: CopyWish | None = None) -> Copied:
        return copy_image(
            self.source(source),
            self.target(target),
            wish or CopyWish(),
            progress=lambda *_: None,
            warn=self.warned.append,
            cancel=FakeCancel(),
        )

    def source(self, location: Location) -> CopySource:
        if isinstance(location, InRegistry):
            return RegistrySource(location, self.client(location.reference.repository.host))
        assert isinstance(location, InLayout)
        return layout_source(location, self.folder / location.folder)

    def target(self, location: Location) -> CopyTarget:
        if isinstance(location, InRegistry):
            return RegistryTarget(location, self.client(location.reference.repository.host))
        assert isinstance(location, InLayout)
        return LayoutTarget(location, self.folder / location.folder)

    def close(self) -> None:
        for it in self.clients.values():
            it.close()


def at(registry: Registry, path: str, tag: str = "1") -> InRegistry:
    return InRegistry(registry.repository(path).tagged(tag))


def vouch(registry: Registry, path: str, subject: Descriptor, note: str = "") -> Descriptor:
    empty = registry.put_blob(path, b"{}", "application/vnd.oci.empty.v1+json")
    return registry.put_manifest(path, vouching(subject, empty, SIGNATURE, note))


def sign_by_tag(
    registry: Registry, path: str, subject: Descriptor, *signatures: bytes, suffix: str = ".sig"
) -> Descriptor:
    layers = [registry.put_blob(path, it, "application/vnd.dev.cosign.simplesigning.v1+json") for it in signatures]
    content = manifest_of(registry.put_blob(path, b"{}", CONFIG), layers)
    return registry.put_manifest(path, content, tag=f"{subject.digest.replace(':', '-')}{suffix}")


def put_index(registry: Registry, path: str, *children: tuple[Descriptor, str], tag: str = "1") -> Descriptor:
    listed = [
        {
            "mediaType": it.media_type,
            "digest": it.digest,
            "size": it.size,
            "platform": {"os": name.split("/")[0], "architecture": name.split("/")[1]},
        }
        for it, name in children
    ]
    content = json.dumps({"schemaVersion": 2, "mediaType": INDEX, "manifests": listed}).encode()
    return registry.put_manifest(path, content, INDEX, tag)


@contextmanager
def bench_in(folder: Path) -> Iterator[Bench]:
    """Two registries, and a folder beside them."""
    with Registry() as here, Registry() as there:
        found = Bench(here, there, folder)
        yield found
        found.close()
