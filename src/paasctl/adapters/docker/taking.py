"""An image that a Docker Engine has, taken out of it: blobs, base and manifest into the layout; then it is let go."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from paasctl.adapters.docker.archive import Saved, save_into
from paasctl.adapters.docker.base import Base, by_digest, find_base
from paasctl.adapters.docker.dockerfile import base_of
from paasctl.adapters.docker.engine import Engine
from paasctl.adapters.docker.failure import Source, wrong_platform
from paasctl.adapters.docker.laying import write_manifest
from paasctl.adapters.docker.looked_up import Bases, Found, Registry
from paasctl.adapters.docker.pull import pull
from paasctl.errors import BuildFailed, Unavailable
from paasctl.model.image import Descriptor, Platform
from paasctl.model.plan import Build
from paasctl.oci.documents.manifest import same_platform
from paasctl.ports.cancel import Cancel
from paasctl.ports.images import Layout
from paasctl.values import dataclass

_SNATCHED = 5
"""How often an image is built that is gone when it shall be taken."""


@dataclass(frozen=True, slots=True)
class Built:
    """An image in the engine. `steps`: names of the build's steps, which tell the base's digest.

    `has_cache`: the engine's build cache is apart from its images, so this one may go.
    """

    image: str
    steps: Sequence[str]
    has_cache: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Taking:
    """One image to be taken, and all that this needs."""

    step: Build
    source: Source
    engine: Engine
    environ: Mapping[str, str]
    log: Callable[[str], None]
    cancel: Cancel
    registry: Registry | None = None
    """Asked for the base; None: the engine alone is."""

    def take(self, build: Callable[[], Built], into: Layout) -> Descriptor:
        """Build and take it out; again, from the cache, where another build of the same removed it meanwhile."""
        for _ in range(_SNATCHED):
            built = build()
            try:
                return self._taken(built, into)
            except (BuildFailed, Unavailable):
                if self.engine.json(f"/images/{built.image}/json") is not None:
                    raise
                self.log("another build of the same image has removed it from the engine: building it again")
        raise Unavailable(
            f"taking image {self.step.image.name} from the Docker engine at {self.engine.name}: it is gone each time",
            hint="run again when no other build of the same image runs",
        )

    def _taken(self, built: Built, into: Layout) -> Descriptor:
        """The manifest, laid at the image's place."""
        saved = self._saved(built.image, into)
        base = self._base(built.steps, saved)
        if built.has_cache:
            self._clear(built.image)
        laid = write_manifest(self.step, self.step.image.platform, saved, base, into)
        into.lay(self.step.image.name, laid)
        return laid

    def _saved(self, image: str, into: Layout) -> Saved:
        """What is squashed as a whole needs no compression before."""
        squash = self.step.image.squash
        whole = squash is not None and squash.base == "squash"
        with self.engine.download(f"/images/{image}/get", cancel=self.cancel) as chunks:
            return save_into(chunks, into, f"image {self.step.image.name}", pack=not whole)

    def _base(self, steps: Sequence[str], saved: Saved) -> Base:
        """What it stands on. The number of the base's layers is looked for where a squash must keep them."""
        image = self.step.image
        name = base_of(self.source.text, image.target, image.args)
        looked_up = self._looked_up(name, steps, saved)
        base = find_base(name, steps, saved.diff_ids, self.engine)
        base = looked_up if base.layers is None and looked_up.layers is not None else base
        keeps = image.squash is not None and image.squash.base == "keep"
        if keeps and base.layers is None and base.digest:
            pull(self.engine, by_digest(base.name, base.digest), self.environ, self.cancel)
            base = find_base(name, steps, saved.diff_ids, self.engine)
        return base

    def _looked_up(self, name: str | None, steps: Sequence[str], saved: Saved) -> Base:
        """The base as its registry has it, where that can be asked. One for another platform is refused.

        One that is no index is taken by engines as it is: the classic builder says so in the image, BuildKit does not.
        """
        wanted, built = self.step.image.platform, _platform(saved.document)
        bases = Bases(self.registry, must=False) if self.registry else None
        found = bases.find(name, steps, wanted, saved.diff_ids) if bases else Found(Base())
        foreign = found.foreign or ("" if same_platform(built, wanted) else str(built))
        if foreign:
            raise wrong_platform(self.source, name or "", f"is for {foreign}, the image for {wanted}")
        return found.base

    def _clear(self, image: str) -> None:
        """Remove what we have taken. One with a name stays: the same build by hand gives the same id."""
        said = self.engine.json(f"/images/{image}/json")
        if said is not None and not said.get("RepoTags"):
            self.engine.delete(f"/images/{image}")


def _platform(said: Mapping[str, object]) -> Platform:
    return Platform(*(str(said.get(it) or "") for it in ("os", "architecture", "variant")))
