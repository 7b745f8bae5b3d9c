"""Executor of signatures: one more beside those that are there, unless this key has signed it already."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from paasctl.errors import WouldClobber
from paasctl.model.image import Descriptor, Pinned, Repository, parse_reference
from paasctl.model.plan import Sign
from paasctl.oci.documents.record import MANIFEST_TYPE
from paasctl.oci.documents.signature import is_signed, payload, signature_artifact, signature_place
from paasctl.ports.images import Registry
from paasctl.ports.world import World
from paasctl.values import dataclass

_TRIES = 5
"""Several may sign at once, and a registry knows no *add*: who finds the place changed looks again."""


def sign(step: Sign, world: World, facts: Mapping[str, str]) -> None:
    """Sign what the step pins, or what this run made."""
    pinned = step.pinned or _made(step, facts)
    key, registry = world.key(step.key), world.registry(pinned.repository.host)
    place = signature_place(pinned)
    for left in reversed(range(_TRIES)):
        if is_signed(pinned, registry.manifest, lambda at, it: _blob(registry, at, it), key.verifies):
            return
        before = registry.manifest(place)
        content = payload(pinned)
        artifact = signature_artifact(content, key.sign(content), before[1] if before else None)
        for descriptor, blob in artifact.blobs:
            registry.push_blob(pinned.repository, descriptor, _One(blob))
        try:
            registry.put_manifest(
                pinned.repository, MANIFEST_TYPE, artifact.manifest, tag=place.tag, move=before is not None
            )
        except WouldClobber:
            if not left:
                raise
        else:
            return


def _made(step: Sign, facts: Mapping[str, str]) -> Pinned:
    found = parse_reference(facts[f"image.{step.name}" if step.name else "record"])
    assert isinstance(found, Pinned)  # noqa: S101 - a plan signs only what it has pushed
    return found


def _blob(registry: Registry, repository: Repository, descriptor: Descriptor) -> bytes:
    with registry.open_blob(repository, descriptor) as chunks:
        return b"".join(chunks)


@dataclass(frozen=True, slots=True)
class _One:
    """A blob in memory."""

    content: bytes

    @contextmanager
    def open(self, descriptor: Descriptor) -> Iterator[Iterator[bytes]]:
        """All of it at once."""
        del descriptor
        yield iter([self.content])
