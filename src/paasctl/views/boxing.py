"""The sentences about a release that is written into a file."""

from __future__ import annotations

from collections.abc import Iterator

from paasctl.model.boxing import ExportRelease, Packed
from paasctl.model.counting import count
from paasctl.model.event import Outcome
from paasctl.views.amounts import size
from paasctl.views.clean import clean


def say_export(step: ExportRelease) -> str:
    """What the step does, in the infinitive."""
    return f"write {step.version} of {step.origin.name} into {clean(step.file)}"


def detail_export(step: ExportRelease) -> Iterator[str]:
    """What a plan tells of it below its line: each part, then the file."""
    yield from map(_part, step.parts)
    blobs = sum(it.content is None for it in step.pieces)
    yield f"in all {count(blobs, 'blob')}, each once: a file of {size(step.size)}"


def say_exported(outcome: Outcome) -> Iterator[str]:
    """What is in the file now, and the way on."""
    facts = dict(outcome.facts)
    if "file" not in facts:
        return
    if "bytes" in facts:
        images, vouchers = count(int(facts["images"]), "image"), int(facts["vouchers"])
        yield f"{size(int(facts['bytes']))}: the record, {images}, {vouchers} that vouch for them"
    yield f"paasctl release import {clean(facts['file'])} --to NAME   takes it in, elsewhere"


def _part(it: Packed) -> str:
    what = f"image {clean(it.name)}" if it.name else "the record"
    vouch = f", {it.vouchers} of them vouch for it" if it.vouchers else ""
    return f"{what}: {count(it.blobs, 'blob')} ({size(it.bytes)}), {count(it.manifests, 'manifest')}{vouch}"
