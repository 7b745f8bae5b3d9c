"""A base as its registry has it (failure row B4): how many layers it has, and for which platform it is."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from paasctl.adapters.docker.base import SCRATCH, Base, by_digest, resolved
from paasctl.errors import Missing, PaasError, Unavailable
from paasctl.model.image import Platform, Reference, full_name, parse_reference
from paasctl.oci.documents.manifest import Json, choose, descriptor_from, parse_document, same_platform
from paasctl.ports.images import RegistryReads
from paasctl.values import dataclass

Registry = Callable[[str], RegistryReads]


@dataclass(frozen=True, slots=True)
class Found:
    """A base, as far as it is known."""

    base: Base
    foreign: str = ""
    """The platform it is for, where that is another: BuildKit takes a base that is no index as it is."""


@dataclass(frozen=True, slots=True)
class Bases:
    """Finds bases. `must`: the number of layers is needed, so a registry that does not answer is an error."""

    registry: Registry
    must: bool

    def find(self, name: str | None, steps: Sequence[str], platform: Platform, diff_ids: Sequence[str]) -> Found:
        """The base `name` of an image. `steps`: names of the build's steps, which tell digests that BuildKit found."""
        if name is None:
            return Found(Base())
        if name == SCRATCH:
            return Found(Base(layers=0))
        reference, digest = resolved(name, steps)
        config = self._config(full_name(by_digest(reference, digest)), platform) if digest else None
        if config is None:
            return Found(Base(name=reference, digest=digest))
        theirs = (config.get("rootfs") or {}).get("diff_ids") or []
        fits = list(diff_ids[: len(theirs)]) == theirs
        return Found(
            Base(name=reference, digest=digest, layers=len(theirs) if fits else None), _other(config, platform)
        )

    def _config(self, name: str, platform: Platform) -> Json | None:
        """The configuration of a pinned image; None: could not be found out, and need not be."""
        try:
            reference = parse_reference(name)
            return _config(self.registry(reference.repository.host), reference, platform)
        except (PaasError, ValueError) as error:
            if not self.must:
                return None
            if isinstance(error, PaasError):
                raise
            raise Unavailable(f"looking for the layers of the base {name}: {error}") from error


def _other(config: Json, wanted: Platform) -> str:
    found = Platform(*(str(config.get(it) or "") for it in ("os", "architecture", "variant")))
    return "" if not found.os or same_platform(found, wanted) else str(found)


def _config(reads: RegistryReads, reference: Reference, platform: Platform) -> Json:
    what = str(reference)
    manifest = _manifest(reads, reference)
    if "manifests" in manifest:
        child = choose(manifest, platform, what)
        if child is None:
            raise Unavailable(f"reading {what}: it has nothing for {platform}")
        manifest = _manifest(reads, reference.repository.pinned(child.digest))
    config = descriptor_from(manifest.get("config"), what)
    with reads.open_blob(reference.repository, config) as chunks:
        return parse_document(b"".join(chunks), what)


def _manifest(reads: RegistryReads, reference: Reference) -> Json:
    found = reads.manifest(reference)
    if found is None:
        raise Missing(f"reading {reference}: it is not there", code="image-not-found")
    return parse_document(found[1], str(reference))
