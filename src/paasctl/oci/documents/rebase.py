"""Put an image on another base: its own layers over the new base's, and what it inherited becomes the new base's.

No layer is opened: the image's files lie over the new base as they lay over the old one. A field of the configuration
counts as inherited where it is as the old base has it; what the image set itself stays.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from paasctl.errors import Refused
from paasctl.model.image import Platform, Tagged
from paasctl.model.location import InRegistry, Location
from paasctl.oci.documents.bases import starts_with
from paasctl.oci.documents.config import diff_ids
from paasctl.oci.documents.manifest import (
    BASE_DIGEST,
    BASE_LAYERS,
    BASE_NAME,
    DOCKER_LAYER,
    OCI_CONFIG,
    OCI_LAYER,
    OCI_MANIFEST,
    Json,
    as_oci,
    canonical,
    digest_of,
    same_platform,
)
from paasctl.values import dataclass

_STALE = ("container", "container_config", "parent")
_OF_PARENT = ("Image", "Hostname", "Domainname")
"""What the classic builder wrote of the container that made the layers."""
_KEYED = ("Labels", "ExposedPorts", "Volumes")
_TO_DOCKER = {OCI_LAYER: DOCKER_LAYER, "application/vnd.oci.image.layer.v1.tar": DOCKER_LAYER.removesuffix(".gzip")}
_UNKNOWN = {"created_by": "(unknown)"}


@dataclass(frozen=True, slots=True)
class Documents:
    """An image's manifest and configuration."""

    manifest: Json
    config: Json

    @property
    def platform(self) -> Platform:
        """What it runs on."""
        return Platform(*(str(self.config.get(it) or "") for it in ("os", "architecture", "variant")))


@dataclass(frozen=True, slots=True)
class NewBase:
    """What annotations say of the new base."""

    name: str
    digest: str


def named(base: Location, digest: str) -> NewBase:
    """What is said of a base that lies there: a name only where others can read it, too."""
    tagged = isinstance(base, InRegistry) and isinstance(base.reference, Tagged)
    return NewBase(str(base) if tagged else "", digest)


@dataclass(frozen=True, slots=True)
class Moved:
    """A field that becomes another; "" is not set."""

    name: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Rebased:
    """The new documents, and what changes in them for a container."""

    manifest: bytes
    media_type: str
    config: bytes
    config_type: str
    moved: tuple[Moved, ...]


def rebased(image: Documents, old: Documents, new: Documents, base: NewBase, what: str) -> Rebased:
    """The image over `new` in the place of `old`. `Refused` where it does not stand on `old`, or platforms differ."""
    ids, olds, news = (diff_ids(it.config, what) for it in (image, old, new))
    if not starts_with(ids, olds):
        raise Refused(
            f"rebasing {what}: its first layers are not those of the old base ({image.platform})",
            hint="--old-base REF, by the digest that it was built on",
            code="base-unknown",
        )
    if not same_platform(image.platform, new.platform):
        raise Refused(
            f"rebasing {what}: it is for {image.platform}, the new base for {new.platform}", code="platform-missing"
        )
    depth = len(olds)
    config = {key: it for key, it in image.config.items() if key not in _STALE}
    config["rootfs"] = {**(image.config.get("rootfs") or {}), "diff_ids": [*news, *ids[depth:]]}
    config["history"] = [*_matched(new.config, len(news)), *_own(image.config, old.config, len(ids), depth)]
    inner = dict(_inherited(*((it.config.get("config") or {}) for it in (image, old, new))))
    config["config"] = _relabelled(inner, base)
    content = canonical(config)
    manifest = _manifest(image, new, depth, base)
    manifest["config"] = {**manifest["config"], "digest": digest_of(content), "size": len(content)}
    return Rebased(
        manifest=canonical(manifest),
        media_type=str(manifest.get("mediaType") or OCI_MANIFEST),
        config=content,
        config_type=str(manifest["config"]["mediaType"]),
        moved=tuple(_moved(image.config.get("config") or {}, config["config"])),
    )


# --- history --------------------------------------------------------------------------------------------------------


def _matched(config: Json, layers: int) -> list[Json]:
    """The history, if it fits to the layers; else an entry for each that says nothing."""
    history = list(config.get("history") or ())
    return history if _filled(history) == layers else [_UNKNOWN] * layers


def _own(image: Json, old: Json, layers: int, depth: int) -> list[Json]:
    """The entries of the image's own layers: what follows the base's."""
    history = list(image.get("history") or ())
    if _filled(history) != layers:
        return [_UNKNOWN] * (layers - depth)
    theirs = list(old.get("history") or ())
    if _filled(theirs) == depth and history[: len(theirs)] == theirs:
        return history[len(theirs) :]
    seen = 0
    for at, it in enumerate(history):
        if seen == depth:
            return history[at:]
        seen += not it.get("empty_layer")
    return []


def _filled(history: Sequence[Json]) -> int:
    return sum(not it.get("empty_layer") for it in history)


# --- configuration --------------------------------------------------------------------------------------------------


def _inherited(image: Json, old: Json, new: Json) -> Iterator[tuple[str, Any]]:
    for key in dict.fromkeys((*image, *new)):
        if key in _OF_PARENT:
            continue
        mine, was, now = image.get(key), old.get(key), new.get(key)
        if key == "Env":
            found: Any = _environment(mine or (), was or (), now or ())
        elif key in _KEYED and all(isinstance(it or {}, Mapping) for it in (mine, was, now)):
            found = _merged(mine or {}, was or {}, now or {})
        else:
            found = now if mine == was else mine
        if found or key in image:
            yield key, found


def _environment(mine: Sequence[str], was: Sequence[str], now: Sequence[str]) -> list[str]:
    pairs = [dict(str(it).partition("=")[::2] for it in env) for env in (mine, was, now)]
    return [f"{name}={value}" for name, value in _merged(*pairs).items()]


def _merged(mine: Mapping[str, Any], was: Mapping[str, Any], now: Mapping[str, Any]) -> dict[str, Any]:
    """Key by key, in the new base's order: what the image has from the old base goes with it."""
    own = {key: it for key, it in mine.items() if key not in was or was[key] != it}
    gone = {key for key in was if key not in mine}
    return {**{key: it for key, it in now.items() if key not in gone}, **own}


def _relabelled(inner: Json, base: NewBase) -> Json:
    labels = inner.get("Labels")
    if not isinstance(labels, dict) or not {BASE_NAME, BASE_DIGEST} & set(labels):
        return inner
    return {**inner, "Labels": _annotated(labels, base)}


def _moved(before: Json, after: Json) -> Iterator[Moved]:
    for key in dict.fromkeys((*before, *after)):
        was, now = before.get(key), after.get(key)
        if was == now or key in _OF_PARENT:
            continue
        if key == "Env":
            was, now = (dict(str(it).partition("=")[::2] for it in env or ()) for env in (was, now))
        if isinstance(was or {}, dict) and isinstance(now or {}, dict):
            was, now = was or {}, now or {}
            yield from (
                Moved(f"{key}.{name}", _text(was.get(name)), _text(now.get(name)))
                for name in dict.fromkeys((*was, *now))
                if was.get(name) != now.get(name) and name not in (BASE_NAME, BASE_DIGEST)
            )
        else:
            yield Moved(key, _text(was), _text(now))


def _text(value: Any) -> str:
    if value in (None, ""):
        return ""
    return value if isinstance(value, str) else canonical({"": value})[4:-1].decode()


# --- manifest -------------------------------------------------------------------------------------------------------


def _manifest(image: Documents, new: Documents, depth: int, base: NewBase) -> Json:
    """The new base's layers, and the image's own; all of one family."""
    layers = [*new.manifest["layers"], *image.manifest["layers"][depth:]]
    is_oci = image.manifest["config"].get("mediaType") == OCI_CONFIG or any("+zstd" in it["mediaType"] for it in layers)
    manifest = {
        **image.manifest,
        "layers": [{**it, "mediaType": _type(str(it["mediaType"]), is_oci=is_oci)} for it in layers],
        "annotations": _annotated(image.manifest.get("annotations") or {}, base, len(new.manifest["layers"])),
    }
    if is_oci:
        manifest |= {"mediaType": OCI_MANIFEST, "config": {**image.manifest["config"], "mediaType": OCI_CONFIG}}
    return manifest


def _type(media_type: str, *, is_oci: bool) -> str:
    return as_oci(media_type) if is_oci else _TO_DOCKER.get(media_type, media_type)


def _annotated(said: Json, base: NewBase, layers: int | None = None) -> Json:
    """What is said of the base is true again."""
    kept = {key: it for key, it in said.items() if key not in (BASE_NAME, BASE_DIGEST)}
    kept |= {BASE_LAYERS: str(layers)} if layers is not None and BASE_LAYERS in said else {}
    return {**kept, **({BASE_NAME: base.name} if base.name else {}), BASE_DIGEST: base.digest}


def rebased_index(index: Json, children: Mapping[str, Json], base: NewBase) -> Json:
    """The index with each image in its new form, in the same order; what speaks of the old ones is left out."""
    kept = [{**it, **children[it["digest"]]} for it in index.get("manifests") or () if it["digest"] in children]
    said = index.get("annotations") or {}
    annotations = {"annotations": _annotated(said, base)} if {BASE_NAME, BASE_DIGEST} & set(said) else {}
    return {**index, "manifests": kept, **annotations}
