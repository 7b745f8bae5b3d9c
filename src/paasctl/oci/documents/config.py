"""Image configurations as raw JSON objects. Fields we do not know (Docker's own too) survive every edit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from paasctl.errors import BuildFailed
from paasctl.model.config import ImageConfig
from paasctl.model.counting import count
from paasctl.model.image import Descriptor, Platform
from paasctl.model.squashing import SquashWish
from paasctl.oci.documents.manifest import Json

_STALE = ("container", "parent")
"""What names the container and the image that the replaced layers came from; so does `Image` of a configuration."""
_LEFT_OUT = "(left out)"
SQUASHED = "paasctl squash "
"""What made a squashed layer; the digest of the image before follows."""


def diff_ids(config: Json, what: str) -> list[str]:
    """Digests of the uncompressed layers. `BuildFailed` where there are none to be found."""
    found = (config.get("rootfs") or {}).get("diff_ids")
    if not isinstance(found, list) or not all(isinstance(it, str) for it in found):
        raise BuildFailed(f"reading {what}: its configuration lists no diff_ids", code="image-unreadable")
    return found


def unpacked_ids(config: Json, layers: Sequence[Descriptor], what: str) -> tuple[str, ...]:
    """The digest of each layer's uncompressed bytes. `BuildFailed` where it does not say one thing of each."""
    found = tuple(diff_ids(config, what))
    if len(found) != len(layers):
        raise BuildFailed(
            f"reading {what}: its manifest lists {count(len(layers), 'layer')}, the configuration {len(found)}",
            code="image-unreadable",
        )
    if len(set(zip((it.digest for it in layers), found, strict=True))) != len({it.digest for it in layers}):
        raise BuildFailed(f"reading {what}: its configuration says two things of one layer", code="image-unreadable")
    return found


def squashed_config(config: Json, kept: int, made: Sequence[str], old: str, wish: SquashWish = SquashWish()) -> Json:  # noqa: B008 - a value
    """The configuration after a squash above `kept` layers into those with the diff_ids `made`.

    `created` stays, or is `SOURCE_DATE_EPOCH`, so that the same input gives the same digest. `old` is the digest of the
    image it was.
    """
    before = list((config.get("rootfs") or {}).get("diff_ids") or ())
    edited = {key: value for key, value in config.items() if key not in _STALE}
    if wish.epoch is not None:
        edited["created"] = rfc3339(wish.epoch)
    for inner in ("config", "container_config"):
        if isinstance(edited.get(inner), dict):
            edited[inner] = {key: value for key, value in edited[inner].items() if key != "Image"}
    edited["rootfs"] = {**(config.get("rootfs") or {}), "diff_ids": [*before[:kept], *made]}
    entry = _entry(edited, old, len(before) - kept, len(made))
    last = [entry] * len(made) if made else [{**entry, "empty_layer": True}]
    if wish.drop_history:
        edited.pop("container_config", None)  # the last command, which may name build arguments, too
        edited["history"] = [*({"created_by": _LEFT_OUT} for _ in range(kept)), *last]
    elif "history" in config:
        edited["history"] = [*_emptied(config.get("history") or [], kept, len(before)), *last]
    return edited


def tells_commands(config: Json) -> bool:
    """Whether its history says more than a squash that left the commands out would."""
    said = [str(it.get("created_by", "")) for it in config.get("history") or ()]
    return "container_config" in config or any(it != _LEFT_OUT and not it.startswith(SQUASHED) for it in said)


def _emptied(history: Sequence[Json], kept: int, layers: int) -> list[Json]:
    """The old entries; of those that made layers only the first `kept` still do."""
    filled = sum(not it.get("empty_layer") for it in history)
    if filled != layers:  # it never matched: say so rather than guess which entry made which layer
        unknown = [{"created_by": "(unknown)"} for _ in range(kept)]
        return unknown + [{**it, "empty_layer": True} for it in history]
    said, seen = [], 0
    for it in history:
        seen += not it.get("empty_layer")
        said.append(it if it.get("empty_layer") or seen <= kept else {**it, "empty_layer": True})
    return said


def _entry(config: Json, old: str, squashed: int, made: int) -> Json:
    created = {"created": config["created"]} if "created" in config else {}
    comment = f"{count(squashed, 'layer')} became {made}"
    return {**created, "created_by": f"{SQUASHED}{old}", "comment": comment}


def rfc3339(seconds: int) -> str:
    """A time as image-spec wants it, UTC."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def built_config(base: Json | None, platform: Platform, wanted: ImageConfig, epoch: int) -> Json:
    """The configuration of a `layers:` build before its layers: the base's, with `wanted` merged over it.

    As with Docker, an entrypoint of one's own sets the base's command aside.
    """
    config: Json = {**(base or _blank(platform)), "created": rfc3339(epoch)}
    for key in (*_STALE, "container_config"):
        config.pop(key, None)
    inner: Json = dict(config.get("config") or {})
    if wanted.entrypoint:
        inner.pop("Cmd", None)
        inner["Entrypoint"] = list(wanted.entrypoint)
    plain: tuple[tuple[str, Any], ...] = (
        ("Cmd", list(wanted.cmd)),
        ("User", wanted.user),
        ("WorkingDir", wanted.workdir),
        ("StopSignal", wanted.stop_signal),
        ("Env", _environment(inner.get("Env") or (), wanted.env)),
        ("ExposedPorts", {**(inner.get("ExposedPorts") or {}), **{_port(it): {} for it in wanted.ports}}),
        ("Labels", {**(inner.get("Labels") or {}), **wanted.labels}),
    )
    config["config"] = {**inner, **{key: value for key, value in plain if value}}
    return config


def with_layer(config: Json, diff_id: str, made_by: str) -> Json:
    """The configuration with one more layer on top."""
    rootfs = {**(config.get("rootfs") or {"type": "layers"})}
    before = list(rootfs.get("diff_ids") or ())
    history = _matched(list(config.get("history") or ()), len(before))
    rootfs["diff_ids"] = [*before, diff_id]
    return {**config, "rootfs": rootfs, "history": [*history, {"created": config["created"], "created_by": made_by}]}


def _matched(history: list[Json], layers: int) -> list[Json]:
    filled = sum(not it.get("empty_layer") for it in history)
    return history if filled == layers else [{"created_by": "(unknown)"} for _ in range(layers)]


def _blank(platform: Platform) -> Json:
    variant = {"variant": platform.variant} if platform.variant else {}
    return {
        "architecture": platform.architecture,
        "os": platform.os,
        **variant,
        "rootfs": {"type": "layers", "diff_ids": []},
        "history": [],
    }


def _environment(before: Sequence[str], wanted: Mapping[str, str]) -> list[str]:
    merged = dict(it.partition("=")[::2] for it in before) | dict(wanted)
    return [f"{name}={value}" for name, value in merged.items()]


def _port(text: str) -> str:
    return text if "/" in text else f"{text}/tcp"
