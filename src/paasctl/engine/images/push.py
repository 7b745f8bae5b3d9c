"""Push what lies at a place: blobs, biggest first, several at once; the configuration; then the manifest by digest.

Resume is pushing again: what the registry has is not sent twice. No tag is written here.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from paasctl.engine.images.together import Meter, Told, together
from paasctl.errors import Refused, Unavailable
from paasctl.model.image import Descriptor, Pinned, Repository, parse_reference
from paasctl.model.plan import Push
from paasctl.oci.documents import manifest as documents
from paasctl.oci.documents.manifest import Json
from paasctl.ports.cancel import Cancel
from paasctl.ports.images import Layout, Registry
from paasctl.values import dataclass

_WORKERS = 4


@dataclass(frozen=True, slots=True)
class _Manifest:
    """One manifest to push. `children` come first; `layers` before `config`, `config` before itself.

    `vouchers`, what says of it what is in it and how it was built, come after it: they name it by its digest.
    """

    descriptor: Descriptor
    content: bytes
    children: tuple[_Manifest, ...] = ()
    layers: tuple[Descriptor, ...] = ()
    config: Descriptor | None = None
    base: tuple[Repository, ...] = ()
    """Where its layers may be mounted from."""
    vouchers: tuple[_Manifest, ...] = ()


def push_place(step: Push, layout: Layout, registry: Registry, *, progress: Told, cancel: Cancel) -> Pinned:
    """The image in its repository, by digest, as it lay at the place. `progress` counts bytes of blobs, in all."""
    found = layout.place(step.name)
    if found is None:
        raise Unavailable(f"pushing {step.name}: nothing was built in this run", hint="build the image first")
    root = _read(layout, found, step)
    every = tuple(_leaves_first(root))
    configs = [it.config for it in every if it.config]
    layers = {blob.digest: (blob, it.base) for it in every for blob in it.layers}
    blobs = sorted(layers.values(), key=lambda it: (-it[0].size, it[0].digest))
    meter = Meter(progress, cancel, sum(it.size for it, _ in blobs) + sum(it.size for it in configs))
    meter.check()
    there = _There(step.repository, registry, layout, meter)
    together([partial(there.blob, blob, base) for blob, base in blobs], _WORKERS, meter)
    together([partial(there.blob, it, ()) for it in configs], _WORKERS, meter)
    for it in every:
        meter.check()
        registry.put_manifest(step.repository, it.descriptor.media_type, it.content)
    meter.finish()
    return step.repository.pinned(found.digest)


@dataclass(frozen=True, slots=True)
class _There:
    repository: Repository
    registry: Registry
    layout: Layout
    meter: Meter

    def blob(self, descriptor: Descriptor, base: tuple[Repository, ...]) -> None:
        """Make one blob be there. Bytes that need not move count as moved."""
        self.meter.check()
        how = self.registry.push_blob(self.repository, descriptor, self.layout, mount_from=base, moved=self.meter.moved)
        if how != "uploaded":
            self.meter.moved(descriptor.size)


def _read(layout: Layout, found: Descriptor, step: Push) -> _Manifest:
    content = layout.read(found)
    document = documents.parse_document(content, step.name)
    if documents.is_index(found.media_type):
        children = [documents.descriptor_from(it, step.name) for it in document.get("manifests") or ()]
        read = tuple(_read(layout, it, step) for it in children)
        return _Manifest(found, content, read, vouchers=_vouchers(layout, found, step))
    layers = tuple(documents.descriptor_from(it, step.name) for it in document.get("layers") or ())
    for layer in layers:
        if documents.is_foreign(layer.media_type) and not layout.has(layer.digest):
            raise Refused(
                f"pushing {step.name}: its layer {layer.digest} may not be distributed, and lies elsewhere",
                hint="build it on another base",
                code="layer-unsupported",
            )
    return _Manifest(
        found,
        content,
        layers=layers,
        config=documents.descriptor_from(document.get("config"), step.name),
        base=_base(document, step.repository),
        vouchers=_vouchers(layout, found, step),
    )


def _vouchers(layout: Layout, found: Descriptor, step: Push) -> tuple[_Manifest, ...]:
    return tuple(_read(layout, it, step) for _, it in layout.referrers(found.digest))


def _leaves_first(it: _Manifest) -> Iterator[_Manifest]:
    for child in it.children:
        yield from _leaves_first(child)
    yield it
    for voucher in it.vouchers:
        yield from _leaves_first(voucher)


def _base(document: Json, target: Repository) -> tuple[Repository, ...]:
    """The base image's repository, where it is on the same registry: its layers need not be sent."""
    name = str((document.get("annotations") or {}).get(documents.BASE_NAME, ""))
    try:
        found = parse_reference(name).repository
    except ValueError:
        return ()
    return (found,) if found.host == target.host and found != target else ()
