"""What a run of BuildKit's writes, brought into the layout: manifests with what we know of the image, and its place."""

from __future__ import annotations

from collections.abc import Sequence

from paasctl.adapters.buildkit.run import Run
from paasctl.adapters.buildkit.unpack import Unpacked, unpack
from paasctl.adapters.docker.archive import Saved
from paasctl.adapters.docker.dockerfile import base_of
from paasctl.adapters.docker.failure import wrong_platform
from paasctl.adapters.docker.laying import write_index, write_manifest
from paasctl.adapters.docker.looked_up import Bases, Registry
from paasctl.errors import BuildFailed
from paasctl.model.counting import count
from paasctl.model.image import Descriptor, Platform
from paasctl.oci.documents.manifest import same_platform
from paasctl.ports.images import Layout
from paasctl.values import dataclass


@dataclass(frozen=True, slots=True)
class Laying:
    """What a run writes, brought into the layout."""

    run: Run
    registry: Registry
    into: Layout

    def laid(self, argv: Sequence[str]) -> Descriptor:
        """Run this, and lay what comes out at the image's place."""
        step = self.run.asked.step
        found = self._unpacked(argv)
        if found.left_out:
            self.run.progress.tell(f"left out: {count(found.left_out, 'attestation')} of BuildKit, for other digests")
        images = [self._manifest(platform, self._of(platform, found)) for platform in step.image.platforms]
        laid = images[0] if len(step.image.platforms) == 1 else write_index(step, images, self.into)
        self.into.lay(step.image.name, laid)
        return laid

    def _unpacked(self, argv: Sequence[str]) -> Unpacked:
        found: list[Unpacked] = []
        what = f"image {self.run.source.image.name}"
        self.run.solve(argv, lambda stream: found.append(unpack(stream, self.into, what)))
        return found[0]

    def _of(self, platform: Platform, found: Unpacked) -> Saved:
        fitting = [saved for its, saved in found.images if same_platform(its, platform)]
        if not fitting:
            there = ", ".join(str(its) for its, _ in found.images)
            raise BuildFailed(
                f"building image {self.run.source.image.name}: BuildKit made it for {there}, and not for {platform}",
                code="image-unreadable",
            )
        return fitting[0]

    def _manifest(self, platform: Platform, saved: Saved) -> Descriptor:
        image, source = self.run.source.image, self.run.source
        name = base_of(source.text, image.target, image.args)
        keeps = image.squash is not None and image.squash.base == "keep"
        bases = Bases(self.registry, must=keeps)
        found = bases.find(name, self.run.progress.names, platform, saved.diff_ids)
        if found.foreign:
            raise wrong_platform(source, found.base.name, f"is for {found.foreign}, the image for {platform}")
        return write_manifest(self.run.asked.step, platform, saved, found.base, self.into)
