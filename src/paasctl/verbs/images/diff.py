"""`image diff`: what changed between two images, by layer, by file and by setting."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from paasctl.errors import Exit
from paasctl.model.event import Emit, Noted
from paasctl.model.imageanswer import FileCompared, ImageDiff, LayerCompared, SettingCompared
from paasctl.oci.report.treediff import tree_changes
from paasctl.oci.tar.names import show
from paasctl.ports.cancel import Cancel
from paasctl.ports.world import Reads
from paasctl.values import dataclass
from paasctl.verbs.images.indexing import Indexing
from paasctl.verbs.images.one import choose_one
from paasctl.verbs.images.reading import OneImage, find, located, wanted_platform, warn_of_twins

_MAPS = ("Labels", "ExposedPorts", "Volumes")
"""Settings that are told key by key; so is the environment."""
_UNTOLD = frozenset(("Image", "Hostname"))
"""What old engines wrote of the container that an image was made from."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AskImageDiff:
    """From `before` to `after`, on one platform."""

    before: str
    after: str
    platform: str = ""
    exit_code: bool = False
    limit: int = 20

    def answer(self, reads: Reads, emit: Emit, cancel: Cancel) -> tuple[ImageDiff, Exit]:
        """Layers that both have are read once, or not at all where an earlier run has seen them."""
        platform = wanted_platform(self.platform)
        old = find(reads.source(located(self.before, "A")), platform)
        one = choose_one(old)
        new = find(reads.source(located(self.after, "B")), platform or (one.platform if len(old.images) > 1 else None))
        other = choose_one(new)
        for it in (old, new) if platform else ():
            warn_of_twins(emit, it.source.name, it.twins)
        files: tuple[FileCompared, ...] = ()
        if one.diff_ids != other.diff_ids:
            emit(Noted(f"reading the layers of {old.source.name} and {new.source.name}"))
            indexing = Indexing(reads, cancel, reads.kept)
            trees = indexing.stack(old, one).top, indexing.stack(new, other).top
            files = tuple(
                FileCompared(show(it.path), it.change, it.before, it.after, it.what) for it in tree_changes(*trees)
            )
        answer = ImageDiff(
            before=old.source.name,
            after=new.source.name,
            platform=str(one.platform),
            layers=tuple(_layers(one, other)),
            files=files,
            settings=tuple(_settings(one, other)),
            limit=self.limit,
        )
        differs = answer.files or answer.settings or any(it.before is None or it.after is None for it in answer.layers)
        return answer, Exit.CHANGES if self.exit_code and differs else Exit.OK


def _layers(one: OneImage, other: OneImage) -> Iterator[LayerCompared]:
    """Those of the first in their order, then what only the second has."""
    there = {it.digest: number for number, it in reversed([*enumerate(other.layers, 1)])}
    mine = {it.digest for it in one.layers}
    for number, it in enumerate(one.layers, 1):
        yield LayerCompared(digest=it.digest, packed=it.size, before=number, after=there.get(it.digest))
    for number, it in enumerate(other.layers, 1):
        if it.digest not in mine:
            yield LayerCompared(digest=it.digest, packed=it.size, before=None, after=number)


def _settings(one: OneImage, other: OneImage) -> Iterator[SettingCompared]:
    before, after = _flat(one.config), _flat(other.config)
    for key in sorted(before.keys() | after.keys()):
        if before.get(key) != after.get(key):
            yield SettingCompared(key=key, before=before.get(key), after=after.get(key))


def _flat(config: Mapping[str, Any]) -> dict[str, str]:
    """Every setting as a line: what an engine runs, and for what it was built."""
    inner: Mapping[str, Any] = config.get("config") or {}
    said = {key: str(config[key]) for key in ("os", "architecture", "variant", "author") if config.get(key)}
    for key, value in inner.items():
        if key == "Env" and isinstance(value, list):
            said |= {f"Env.{name}": rest for name, _, rest in (str(it).partition("=") for it in value)}
        elif key in _MAPS and isinstance(value, dict):
            said |= {f"{key}.{name}": str(it) if isinstance(it, str) else "" for name, it in value.items()}
        elif value not in (None, "", [], {}, False) and key not in _UNTOLD:
            said[key] = _line(value)
    return said


def _line(value: Any) -> str:
    return " ".join(map(str, value)) if isinstance(value, list) else str(value)
