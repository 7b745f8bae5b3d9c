"""An image opened for a squash: its documents, whether it can be squashed at all, and where its base ends."""

from __future__ import annotations

from paasctl.errors import Missing, PaasError, Refused, Unavailable
from paasctl.model.counting import count
from paasctl.model.image import Descriptor, Platform
from paasctl.model.squashing import SquashWish
from paasctl.oci.documents import manifest as documents
from paasctl.oci.documents.bases import counted
from paasctl.oci.documents.config import unpacked_ids
from paasctl.oci.documents.manifest import Json
from paasctl.ports.images import ImageSource
from paasctl.values import dataclass

_ABSENT = ("blob-missing", "image-not-found")


@dataclass(frozen=True, slots=True)
class Opened:
    """An image's documents."""

    name: str
    descriptor: Descriptor
    content: bytes
    manifest: Json
    config: Json
    layers: tuple[Descriptor, ...]
    diff_ids: tuple[str, ...]

    @property
    def platform(self) -> Platform:
        """What it runs on, as its configuration says."""
        said = (str(self.config.get(it) or "") for it in ("os", "architecture", "variant"))
        return Platform(*said)

    @property
    def bytes(self) -> int:
        """Of its layers, as they are packed."""
        return sum(it.size for it in self.layers)


def open_image(source: ImageSource, found: Descriptor) -> Opened:
    """The documents of one image. `Refused` where it is none, `BuildFailed` where they contradict each other."""
    name = source.name
    content = source.read(found)
    manifest = documents.parse_document(content, name)
    documents.check_image(manifest, found.media_type, name)
    config = documents.parse_document(source.read(documents.descriptor_from(manifest.get("config"), name)), name)
    documents.check_config(config, name)
    layers = tuple(documents.descriptor_from(it, name) for it in manifest.get("layers") or ())
    return Opened(name, found, content, manifest, config, layers, unpacked_ids(config, layers, name))


def base_depth(image: Opened, wish: SquashWish, source: ImageSource, base: ImageSource | None) -> int:
    """How many layers, from the bottom, stay (decision 16).

    None of them, as many as the caller says or as the given base has, or what an annotation tells: the number, or the
    digest of a base whose manifest lies beside the image.
    """
    if wish.base == "squash":
        return 0
    if wish.base_layers is not None:
        return _within(image, wish.base_layers)
    if base is not None:
        return _over(image, base)
    said = image.manifest.get("annotations") or {}
    if (layers := counted(str(said.get(documents.BASE_LAYERS, "")))) is not None:
        return _within(image, layers)
    if (digest := said.get(documents.BASE_DIGEST)) and (depth := _beside(image, str(digest), source)):
        return depth
    raise Refused(
        f"squashing {image.name} above its base: nothing tells which layers are the base's",
        hint="name the base with --base, or squash all with --all",
        code="base-unknown",
    )


def _within(image: Opened, depth: int) -> int:
    if depth <= len(image.layers):
        return depth
    raise Refused(
        f"squashing {image.name} above its base: the base has {count(depth, 'layer')}, the image {len(image.layers)}",
        code="base-unknown",
    )


def _over(image: Opened, base: ImageSource) -> int:
    """The layers of a base that is given. `Refused` where the image does not stand on it."""
    found: Descriptor | None = base.root()
    if found and documents.is_index(found.media_type):
        found = documents.choose(documents.parse_document(base.read(found), base.name), image.platform, base.name)
    theirs = open_image(base, found).diff_ids if found else ()
    if not theirs or image.diff_ids[: len(theirs)] != theirs:
        raise Refused(
            f"squashing {image.name} above {base.name}: its first layers are not those of {base.name}",
            hint="name the base it was built on, by digest; or squash all with --all",
            code="base-unknown",
        )
    return len(theirs)


def _beside(image: Opened, digest: str, source: ImageSource) -> int:
    """The layers of a base whose manifest lies beside the image; 0: it does not, or the image has others."""
    try:
        content = source.read(Descriptor(documents.OCI_MANIFEST, digest, -1))
    except (Missing, Unavailable) as error:
        if _is_absent(error):
            return 0
        raise
    base = documents.parse_document(content, f"the base of {image.name}")
    theirs = [it["digest"] for it in base.get("layers") or ()]
    return len(theirs) if theirs == [it.digest for it in image.layers[: len(theirs)]] else 0


def _is_absent(error: PaasError) -> bool:
    return error.code in _ABSENT
