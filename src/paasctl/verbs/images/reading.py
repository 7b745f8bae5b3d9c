"""What all verbs on images read: a location from a word, and the images that lie there, one for each platform."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from paasctl.errors import Refused, UsageError
from paasctl.model.event import Emit, Warned
from paasctl.model.image import Descriptor, Platform
from paasctl.model.location import InEngine, Location, parse_location
from paasctl.oci.documents import manifest as documents
from paasctl.oci.documents.config import unpacked_ids
from paasctl.oci.documents.manifest import Json
from paasctl.ports.images import ImageSource
from paasctl.ports.world import Reads
from paasctl.values import dataclass


@dataclass(frozen=True, slots=True)
class OneImage:
    """The image for one platform, its documents as they are."""

    descriptor: Descriptor
    manifest: Json
    config: Json
    platform: Platform
    layers: tuple[Descriptor, ...]
    diff_ids: tuple[str, ...]

    @property
    def size(self) -> int:
        """Bytes of its packed layers."""
        return sum(it.size for it in self.layers)


@dataclass(frozen=True, slots=True)
class Found:
    """What lies at a location."""

    source: ImageSource
    root: Descriptor
    index: Json
    """The index as it is; empty where a single image lies there."""
    images: tuple[OneImage, ...]
    twins: tuple[Descriptor, ...] = ()
    """All images for the platform that was asked for, where they are several: the first counts."""


def located(text: str, what: str) -> Location:
    """A location as it was typed. `UsageError` says what is missing."""
    try:
        return parse_location(text)
    except ValueError as error:
        raise UsageError(f"reading {what}: {error}") from None


def wanted_platform(text: str) -> Platform | None:
    """`--platform`, where it was given."""
    try:
        return Platform.parse(text) if text else None
    except ValueError as error:
        raise UsageError(f"reading --platform: {error}", hint="--platform linux/amd64") from None


def find(source: ImageSource, platform: Platform | None = None) -> Found:
    """The images at a location, or the one for `platform`. `Refused` where there is none for it, or it is no image."""
    root = source.root()
    content = documents.parse_document(source.read(root), source.name)
    if not documents.is_index(root.media_type):
        image = _image(source, root, content)
        if platform and not documents.same_platform(image.platform, platform):
            raise _no_platform(source.name, platform, [image.platform])
        return Found(source, root, {}, (image,))
    children = tuple(_children(source, content))
    fitting = fits(children, platform) if platform else children
    if platform and not fitting:
        raise _no_platform(source.name, platform, [it.platform for it in children if it.platform])
    chosen = fitting[:1] if platform else fitting
    documented = [(it, documents.parse_document(source.read(it), source.name)) for it in chosen]
    images = tuple(_image(source, it, manifest) for it, manifest in documented)
    return Found(source, root, content, images, fitting if platform else ())


def fits(children: Iterable[Descriptor], platform: Platform) -> tuple[Descriptor, ...]:
    """Those for a platform, in order, each once: whoever runs it takes the first, as containerd does."""
    images = [it for it in children if it.platform and not documents.is_attestation(it)]
    found = {it.digest: it for it in images if it.platform and documents.same_platform(it.platform, platform)}
    return tuple(found.values())


def warn_of_twins(emit: Emit, name: str, fitting: Sequence[Descriptor]) -> None:
    """Say which of several images for one platform is taken."""
    if len(fitting) > 1:
        taken, *others = fitting
        left = " and ".join(it.digest for it in others) + (" is not" if len(others) == 1 else " are not")
        emit(
            Warned(
                f"{name}: several images of its index are for {taken.platform}:"
                f" {taken.digest} comes first and is taken, {left}",
                hint="name another by its digest",
            )
        )


def kept_platform(reads: Reads, target: Location, source: ImageSource) -> Platform | None:
    """The platform of an index that a target keeps: the local engine its own, as when it pulls. None: all there is."""
    if not isinstance(target, InEngine) or not documents.is_index(source.root().media_type):
        return None
    found = reads.engine_platform()
    if found is None:
        raise Refused(
            f"reading {source.name}: it is an index, and the engine keeps one of its images",
            hint="--platform linux/amd64",
        )
    return found


def _children(source: ImageSource, index: Json) -> Iterator[Descriptor]:
    """The images of an index, in order; indexes in it are opened, each once: a few may name one another very often."""
    todo, opened = _listed(source, index), set[str]()
    while todo:
        child = todo.pop()
        if documents.is_index(child.media_type):
            if child.digest not in opened:
                opened.add(child.digest)
                todo += _listed(source, documents.parse_document(source.read(child), source.name))
        elif not documents.is_attestation(child):
            yield child


def _listed(source: ImageSource, index: Json) -> list[Descriptor]:
    """What an index lists, the last first."""
    return [documents.descriptor_from(it, source.name) for it in index.get("manifests") or ()][::-1]


def _image(source: ImageSource, found: Descriptor, manifest: Json) -> OneImage:
    documents.check_image(manifest, found.media_type, source.name)
    config = documents.parse_document(
        source.read(documents.descriptor_from(manifest["config"], source.name)), source.name
    )
    layers = tuple(documents.descriptor_from(it, source.name) for it in manifest.get("layers") or ())
    unpacked = unpacked_ids(config, layers, source.name)
    return OneImage(found, manifest, config, _platform(found, config), layers, unpacked)


def _platform(found: Descriptor, config: Json) -> Platform:
    said = Platform(*(str(config.get(it) or "") for it in ("os", "architecture", "variant")))
    return found.platform or said


def _no_platform(name: str, platform: Platform, there: list[Platform]) -> Refused:
    listed = ", ".join(dict.fromkeys(map(str, there))) or "none"
    return Refused(
        f"reading {name}: there is nothing for {platform} (there is: {listed})",
        hint=f"--platform {there[0]}" if there else "",
        code="platform-missing",
    )
