"""Build an image of layers: find, place, look what is there from before, pack the rest. Same input, same digest.

Nothing of this machine gets in: no names, clocks, umask or order of directories. The base comes from a registry or
from an OCI layout on disk (`base.py`); its layers are taken as they are.
"""

from __future__ import annotations

import gc
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from paasctl.adapters.layers.base import Base, Fetching, fetch_base
from paasctl.adapters.layers.found import Found, Ground
from paasctl.adapters.layers.kept import Kept
from paasctl.adapters.layers.kinds import find
from paasctl.adapters.layers.sources import Context, open_context
from paasctl.adapters.layers.writing import PACKING, write_layer
from paasctl.adapters.layout import read_layout
from paasctl.errors import ConfigError
from paasctl.model.config import ImageConfig
from paasctl.model.counting import count
from paasctl.model.image import Descriptor, Platform
from paasctl.model.plan import Build
from paasctl.oci.building.attest import PREDICATE_TYPE, attach
from paasctl.oci.building.built import base_annotations, built_index, built_manifest, labelled
from paasctl.oci.building.compose import Entry, compose, layer_key
from paasctl.oci.building.cut import cut
from paasctl.oci.building.provenance import IN_TOTO, PREDICATE, provenance
from paasctl.oci.building.spdx import SPDX, sbom
from paasctl.oci.documents.config import built_config, rfc3339, with_layer
from paasctl.oci.documents.manifest import OCI_CONFIG, OCI_INDEX, OCI_MANIFEST, as_oci, canonical, descriptor_json
from paasctl.ports.cancel import Cancel
from paasctl.ports.codecs import Codecs
from paasctl.ports.images import Layout, RegistryReads

Log = Callable[[str], None]
_EPOCH = 1
"""The time of every file in a layer, in seconds: an unchanged layer keeps its digest from commit to commit, and is sent
once. Not 0, which some programs take for "unknown". The commit's time is in the configuration."""
_WORKERS = min(4, os.cpu_count() or 1)


@dataclass(frozen=True, slots=True)
class LayersBuilder:
    """Builds images that say `layers:`. `registry` is asked for the host of a base; `cache` is a folder of our own."""

    registry: Callable[[str], RegistryReads]
    codecs: Codecs
    cache: Path

    def build(self, step: Build, context: Path, into: Layout, *, log: Log, cancel: Cancel) -> Descriptor:
        """The manifest (or the index, for several platforms), laid at `step.image.name`.

        `context` is the project's folder; the image's own is below it.
        """
        image = step.image
        kept = Kept(self.cache, read_layout(into.root))
        kept.clear_up()
        hashes = kept.hashes(image.name)
        files = open_context(context / image.context, hashes, cancel)
        fetching = Fetching(context, self.registry, into, kept, self.codecs, cancel)
        making = _Making(step, files, fetching, log)
        with _no_collector():
            made = [_image(platform, making) for platform in image.platforms]
        hashes.save()
        laid = made[0] if len(made) == 1 else _index(made, making)
        into.lay(image.name, laid)
        return laid


@contextmanager
def _no_collector() -> Iterator[None]:
    """Objects are made here by the ten thousand, and none in circles: looking for those takes a third of the time."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


@dataclass(frozen=True, slots=True)
class _Making:
    step: Build
    files: Context
    by: Fetching
    log: Log


@dataclass(slots=True)
class _Layer:
    """One layer of the image: what is in it, then what it became."""

    name: str
    dest: str
    entries: Sequence[Entry]
    key: str
    descriptor: Descriptor | None = None
    diff_id: str = ""


@dataclass(slots=True)
class _Planned:
    """All that goes over the base."""

    layers: list[_Layer] = field(default_factory=list)
    found: list[Found] = field(default_factory=list)


def _image(platform: Platform, making: _Making) -> Descriptor:
    """The manifest for one platform."""
    base = fetch_base(making.step.image, platform, making.by)
    if base.digest:
        making.log(f"base {base.name or making.step.image.base} is {base.digest}")
    planned = _planned(platform, base, making)
    _write(planned.layers, making)
    return _manifest(platform, base, planned, making)


def _planned(platform: Platform, base: Base, making: _Making) -> _Planned:
    image = making.step.image
    config = (base.config or {}).get("config") or {}
    environ = {**dict(it.partition("=")[::2] for it in config.get("Env") or ()), **image.config.env}
    name = image.base or "scratch"
    ground = Ground(making.files, platform, base.shape, environ, name)
    packing = making.by.codecs.identity(PACKING)
    planned = _Planned()
    for number, layer in enumerate(image.layers):
        try:
            found = find(layer, ground)
            parts = [(it, part) for it in found.pieces for part in cut(compose(it, ground.shape, _EPOCH))]
        except ConfigError as error:
            error.where = error.where or f"images.{image.name}.layers[{number}]"
            raise
        planned.found.append(found)
        planned.layers += [_Layer(it.name, it.dest, part, layer_key(part, packing)) for it, part in parts]
    return planned


def _write(layers: Sequence[_Layer], making: _Making) -> None:
    """Give every layer its blob: the one from before, or a new one. Several are packed at once."""
    by = making.by
    new = []
    for it in layers:
        if known := by.kept.layer(it.key):
            it.descriptor, it.diff_id = known
        else:
            new.append(it)
    with ThreadPoolExecutor(max_workers=_WORKERS, thread_name_prefix="layer") as pool:
        made = pool.map(lambda it: write_layer(it.entries, by.into, by.codecs, by.cancel), new)
        for it, (descriptor, diff_id) in zip(new, made, strict=True):
            it.descriptor, it.diff_id = descriptor, diff_id
            by.kept.keep_layer(it.key, descriptor, diff_id)
    fresh = {id(it) for it in new}
    for it in layers:
        how = count(it.descriptor.size, "byte") if it.descriptor and id(it) in fresh else "as before"
        making.log(f"{it.name} -> {it.dest}: {it.descriptor.digest if it.descriptor else ''} ({how})")


def _manifest(platform: Platform, base: Base, planned: _Planned, making: _Making) -> Descriptor:
    step, into = making.step, making.by.into
    config = labelled(built_config(base.config, platform, _wanted(planned, step.image.config), step.epoch), step)
    layers = [{**it, "mediaType": as_oci(it["mediaType"])} for it in base.layers]
    for it in planned.layers:
        assert it.descriptor  # noqa: S101 - `_write` gave every layer its blob
        layers.append(descriptor_json(it.descriptor))
        config = with_layer(config, it.diff_id, f"paasctl layer {it.name} -> {it.dest}")
    written = into.put(OCI_CONFIG, canonical(config))
    manifest = built_manifest(step, base_annotations(base.name, base.digest), written, layers)
    found = into.put(OCI_MANIFEST, canonical(manifest))
    made = Descriptor(OCI_MANIFEST, found.digest, found.size, platform=platform)
    _vouch(made, platform, base, planned, making)
    return made


def _vouch(made: Descriptor, platform: Platform, base: Base, planned: _Planned, making: _Making) -> None:
    """Lay what the image is made of, and how it was built, beside it; what an earlier build laid there goes."""
    step, into = making.step, making.by.into
    under = {"name": base.name, "digest": base.digest}
    packages = [it for found in planned.found for it in found.packages]
    materials = [it for found in planned.found for it in found.materials]
    created = {"org.opencontainers.image.created": rfc3339(step.epoch)}
    place = f"{step.image.name}.{str(platform).replace('/', '-')}"
    bill = attach(made, SPDX, sbom(step, under, packages), created, into.put)
    into.lay(f"{place}.sbom", bill)
    statement = provenance(step, platform, made, under, materials)
    how = attach(made, IN_TOTO, statement, {**created, PREDICATE_TYPE: PREDICATE}, into.put)
    into.lay(f"{place}.provenance", how)


def _wanted(planned: _Planned, said: ImageConfig) -> ImageConfig:
    """The image's configuration: the project's own words, and where they are silent, the kinds'."""
    programs = [it.entrypoint for it in planned.found if it.entrypoint]
    env = {name: value for it in planned.found for name, value in it.env.items()}
    entrypoint = said.entrypoint or (programs[-1] if programs and not said.cmd else ())
    return replace(said, entrypoint=entrypoint, env={**env, **said.env})


def _index(children: Sequence[Descriptor], making: _Making) -> Descriptor:
    image = making.step.image
    base = image.base if "/" in image.base and not image.base.startswith("oci:") else ""
    return making.by.into.put(OCI_INDEX, canonical(built_index(making.step, children, base)))
