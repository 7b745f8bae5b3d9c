"""The sentences about images that go from one place to another: steps, what a plan tells of them, what came of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import assert_never

from paasctl.model.between import BetweenStep, CopyTo, RebaseTo, Seen, SquashTo
from paasctl.model.copied import CopyObject, Doing
from paasctl.model.counting import count
from paasctl.model.event import Outcome
from paasctl.model.image import Platform
from paasctl.views.amounts import size
from paasctl.views.clean import clean

_DOING: dict[Doing, str] = {"exists": "there already", "mount": "to mount, no bytes", "stream": "to send"}


def say_between(step: BetweenStep) -> str:
    """What a step does, in the infinitive."""
    return clean(_said(step))


def _said(step: BetweenStep) -> str:
    to = "" if step.destination == step.source else f" to {step.destination}"
    match step:
        case SquashTo():
            return f"squash {step.source}{_only(step.wish.platform)}{to or ' in place'}"
        case CopyTo():
            return f"copy {step.source}{_only(step.platform)}{to}"
        case RebaseTo():
            return f"rebase {step.source}{_only(step.platform)} onto {step.new_base}{to or ', in place'}"
        case _:
            assert_never(step)


def detail_between(step: BetweenStep) -> Iterator[str]:
    """What a plan tells of it below its line: the digest it starts from, and each platform's image."""
    yield step.root.digest  # alone, it fits into 80 columns
    match step:
        case SquashTo():
            yield from (f"{_image(it)}; {_squashed(it, step)}" for it in step.images)
            if step.wish.base == "keep" and step.base:
                yield f"the base by {clean(step.base)}"
        case CopyTo():
            yield from (_image(it) for it in step.images)
            yield from say_moved(step.plan.objects) if step.plan else ()
            yield from (f"left behind: {clean(it)}" for it in step.plan.left) if step.plan else ()
        case RebaseTo():
            yield from (f"{_image(it)}; {step.new_base}'s layers instead of the base's {it.kept}" for it in step.images)
            yield from (f"~ {it.platform} {it.name}: {_value(it.before)} → {_value(it.after)}" for it in step.fields)
        case _:
            assert_never(step)


def say_moved(objects: Sequence[CopyObject]) -> Iterator[str]:
    """What becomes of blobs and of manifests, in one line each."""
    for noun, is_blob in (("blobs", True), ("manifests", False)):
        kind = [it for it in objects if it.is_blob == is_blob]
        told = [(doing, [it.descriptor.size for it in kind if it.doing == doing]) for doing in _DOING]
        parts = [f"{len(them)} {_DOING[doing]} ({size(sum(them))})" for doing, them in told if them]
        if parts:
            yield f"{noun}: {', '.join(parts)}"
    yield from (f"{it.what} {it.descriptor.digest} {it.why}" for it in objects if it.doing == "skip")


def _only(platform: Platform | None) -> str:
    return f" for {platform}" if platform else ""


def phase_between(step: BetweenStep) -> str:
    """Which part of a run it is, in a word."""
    return {SquashTo: "squash", CopyTo: "copy", RebaseTo: "rebase"}[type(step)]


def _value(text: str) -> str:
    return clean(text) or "(not set)"


def _image(seen: Seen) -> str:
    is_bare = not (seen.layers or seen.platform)
    about = f"{count(seen.layers, 'layer')}, {size(seen.bytes)}" if seen.layers or is_bare else ""
    return ": ".join(filter(None, (seen.platform, about)))


def _squashed(seen: Seen, step: SquashTo) -> str:
    kept = seen.kept or 0
    above = seen.layers - kept
    stay = f"{kept} of the base stay{'s' if kept == 1 else ''}, " if kept else ""
    if above <= 1:
        return f"{stay}there is nothing to squash" if above else f"{stay}there is none above it"
    few = "few" if step.wish.layers == "auto" else f"{step.wish.layers} at most"
    return f"{stay}{above} ({size(seen.bytes - seen.kept_bytes)}) become {few}"


def say_written(outcome: Outcome) -> Iterator[str]:
    """What is true of the image now, from the named results of the run."""
    facts = dict(outcome.facts)
    if "layers.before" in facts:
        before, after = facts["layers.before"], facts["layers.after"]
        packed = f"{size(int(facts['bytes.before']))} → {size(int(facts['bytes.after']))}"
        yield f"layers {before} → {after}, bytes {packed}"
    if "blobs.there" in facts:
        yield from _copied(facts)
    if facts.get("dead.bytes", "0") != "0":
        yield f"{size(int(facts['dead.bytes']))} of the files were hidden by upper layers, and are gone"
    if facts.get("proof"):
        yield f"proof: {clean(facts['proof'])}"
    elif any(isinstance(it, SquashTo) and not it.wish.verify for it in outcome.done):
        yield "not proved, as you wished"
    yield from (f"left out: {clean(it)}" for name, it in outcome.facts if name.startswith("left."))


def _copied(facts: Mapping[str, str]) -> Iterator[str]:
    """What a copy took; what there was none of is not told."""
    told = (
        (facts["blobs.there"], "there already"),
        (facts["blobs.mounted"], "mounted"),
        (facts["blobs.sent"], f"sent ({size(int(facts['bytes.sent']))})"),
    )
    yield f"blobs: {', '.join(f'{number} {how}' for number, how in told if number != '0') or 'none'}"
    vouchers = int(facts["vouchers"])
    vouch = f"; {vouchers} of those there vouch{'es' if vouchers == 1 else ''} for the image" if vouchers else ""
    yield f"manifests: {facts['manifests'] if facts['manifests'] != '0' else 'none'} written{vouch}"
