"""`image inspect`: what its layers hold, what of it is dead, and what a squash would save."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import Any

from paasctl.errors import Exit, Forbidden, PaasError, Refused, Unavailable
from paasctl.model.counting import count
from paasctl.model.event import Emit, Noted
from paasctl.model.imageanswer import InspectAnswer, LayerShown, Saving, TwinsShown, WasteShown
from paasctl.oci.report.waste import account
from paasctl.oci.tar.names import show
from paasctl.oci.tree.partition import best_count
from paasctl.oci.tree.uncollected import uncollected
from paasctl.ports.cancel import Cancel
from paasctl.ports.world import Reads
from paasctl.values import dataclass
from paasctl.verbs.images.base import find_cut
from paasctl.verbs.images.indexing import Indexing
from paasctl.verbs.images.one import choose_one
from paasctl.verbs.images.reading import Found, OneImage, find, located, wanted_platform, warn_of_twins

_KIND = "inspect"
_FORMAT = 1
_SHOWN = ("Entrypoint", "Cmd", "User", "WorkingDir", "Env", "ExposedPorts", "Volumes", "Labels", "StopSignal")


@dataclass(frozen=True, slots=True, kw_only=True)
class AskInspect:
    """One image, or the one for `platform` of an index. `base`: what it stands on, where the image does not say."""

    source: str
    platform: str = ""
    base: str = ""
    draws = True
    """It has a picture, too."""

    def answer(self, reads: Reads, emit: Emit, cancel: Cancel) -> tuple[InspectAnswer, Exit]:
        """Documents are read each time; what its layers hold only where no run before has seen this digest."""
        found = find(reads.source(located(self.source, "SRC")), wanted_platform(self.platform))
        warn_of_twins(emit, found.source.name, found.twins)
        image = choose_one(found)
        depth, by = _base(reads, found, image, self.base)
        layers = _Layers.of(reads, found, image, (emit, cancel))
        return _answer(found, image, layers, (depth, by)), Exit.OK


@dataclass(frozen=True, slots=True, kw_only=True)
class _Layers:
    """What is found out once for each digest."""

    weights: tuple[tuple[int, int, int, int], ...]
    """Live, dead, members, whiteouts."""
    wastes: tuple[WasteShown, ...]
    twins: tuple[TwinsShown, ...]
    twin_bytes: int
    entries: int
    ambiguities: tuple[str, ...]

    @classmethod
    def of(cls, reads: Reads, found: Found, image: OneImage, heard: tuple[Emit, Cancel]) -> _Layers:
        """From what an earlier run kept, else from the layers themselves."""
        key = image.descriptor.digest
        if (kept := reads.kept.get(_KIND, key)) and (known := _known(kept)):
            return known
        emit, cancel = heard
        emit(Noted(f"reading {count(len(image.layers), 'layer')} of {found.source.name}"))
        made = _read(Indexing(reads, cancel, reads.kept, quick=True), found, image)
        reads.kept.put(_KIND, key, json.dumps({"format": _FORMAT, **asdict(made)}).encode())
        return made


def _read(indexing: Indexing, found: Found, image: OneImage) -> _Layers:
    with uncollected():
        stacked = indexing.stack(found, image)
        told = account(stacked)
    return _Layers(
        weights=tuple((it.live, it.dead, it.members, it.whiteouts) for it in told.layers),
        wastes=tuple(
            WasteShown(path=show(it.path), layer=it.layer + 1, bytes=it.bytes, files=it.files, why=it.why, by=it.by + 1)
            for it in told.wastes
        ),
        twins=tuple(TwinsShown(path=show(it.path), copies=it.copies, bytes=it.bytes) for it in told.twins),
        twin_bytes=told.twin_bytes,
        entries=told.entries,
        ambiguities=tuple(f"{it.text} (layer {it.layer[:19]})" for it in stacked.warnings),
    )


def _known(content: bytes) -> _Layers | None:
    """What was kept; None: it is of another format."""
    try:
        said = json.loads(content)
        if said.pop("format") != _FORMAT:
            return None
        return _Layers(
            weights=tuple((live, dead, members, marks) for live, dead, members, marks in said["weights"]),
            wastes=tuple(WasteShown(**it) for it in said["wastes"]),
            twins=tuple(TwinsShown(**it) for it in said["twins"]),
            twin_bytes=said["twin_bytes"],
            entries=said["entries"],
            ambiguities=tuple(said["ambiguities"]),
        )
    except (ValueError, KeyError, TypeError, AttributeError):
        return None


def _base(reads: Reads, found: Found, image: OneImage, said: str) -> tuple[int | None, str]:
    """How many layers are the base's, and who says so. Not knowing is an answer here, unless the caller named one."""
    try:
        cut = find_cut(reads, found, image, said)
    except (Refused, Unavailable, Forbidden) as error:
        if said:
            raise
        return None, _why(error)
    return cut.layers, cut.by


def _why(error: PaasError) -> str:
    return error.message.rpartition(": ")[2] if error.code == "base-unknown" else error.message


def _answer(found: Found, image: OneImage, layers: _Layers, base: tuple[int | None, str]) -> InspectAnswer:
    depth, by = base
    shown = tuple(_shown(image, layers, depth or 0))
    savings = [_saving(shown, 0)]
    if depth:
        savings.insert(0, _saving(shown, depth))
    inner: Mapping[str, Any] = image.config.get("config") or {}
    return InspectAnswer(
        name=found.source.name,
        digest=image.descriptor.digest,
        media_type=image.descriptor.media_type,
        platform=str(image.platform),
        platforms=tuple(str(it.platform) for it in found.images),
        created=str(image.config.get("created") or ""),
        config={key: inner[key] for key in _SHOWN if inner.get(key)},
        base=depth,
        base_by=by,
        packed=image.size,
        entries=layers.entries,
        layers=shown,
        wastes=layers.wastes,
        twins=layers.twins,
        twin_bytes=layers.twin_bytes,
        savings=tuple(savings),
        ambiguities=layers.ambiguities,
    )


def _shown(image: OneImage, layers: _Layers, base: int) -> Iterator[LayerShown]:
    commands = _commands(image)
    for number, (layer, (live, dead, members, marks)) in enumerate(zip(image.layers, layers.weights, strict=True), 1):
        yield LayerShown(
            number=number,
            digest=layer.digest,
            media_type=layer.media_type,
            packed=layer.size,
            live=live,
            dead=dead,
            members=members,
            whiteouts=marks,
            made_by=commands[number - 1] if commands else "",
            base=number <= base,
        )


def _commands(image: OneImage) -> list[str]:
    """What made each layer; nothing where the history does not match the layers."""
    said = [it for it in image.config.get("history") or () if isinstance(it, dict) and not it.get("empty_layer")]
    return [str(it.get("created_by") or "") for it in said] if len(said) == len(image.layers) else []


def _saving(layers: tuple[LayerShown, ...], kept: int) -> Saving:
    below, above = layers[:kept], layers[kept:]
    live = sum(it.packed * it.live // max(1, it.live + it.dead) for it in above)
    base = sum(it.packed for it in below)
    count = best_count(live, sum(it.live for it in above), sum(it.members for it in above))
    return Saving(
        how="keep-base" if kept else "all",
        layers=kept + min(len(above), count),
        bytes=base + live,
        saved=sum(it.packed for it in above) - live,
        shared=0 if kept else sum(it.packed for it in layers if it.base),
    )
