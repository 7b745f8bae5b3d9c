"""Carry out the steps on images where they lie: open both ends, act, name the result, tell.

Each executor is imported by the step that needs it: a copy within one registry takes less time than squash's imports.
"""

from __future__ import annotations

from typing import Protocol, assert_never

from paasctl.engine.images.together import Told
from paasctl.engine.images.vouchers import vouchers
from paasctl.engine.needs import Needs
from paasctl.model.between import BetweenStep, CopyTo, RebaseTo, SquashTo
from paasctl.model.event import Noted, Progress, Warned
from paasctl.model.image import Descriptor
from paasctl.model.location import InEngine, InLayout, InRegistry, Location
from paasctl.model.squashing import Squashed
from paasctl.oci.documents.saved import image_ids
from paasctl.ports.images import CopySource


def take_between(step: BetweenStep, index: int, run: Needs) -> None:
    """Do what the step says, with the very image that the plan was made for: a run reads a place once."""
    source = run.world.source(step.source)
    match step:
        case SquashTo():
            _squash(step, source, index, run)
        case CopyTo():
            _copy(step, source, index, run)
        case RebaseTo():
            _rebase(step, source, index, run)
        case _:
            assert_never(step)


def _squash(step: SquashTo, source: CopySource, index: int, run: Needs) -> None:
    from paasctl.engine.images.squash import squash_image  # noqa: PLC0415

    target = run.world.target(step.destination)
    made = squash_image(
        source,
        target,
        step.wish,
        codecs=run.world.codecs,
        warn=lambda text: run.emit(Warned(text)),
        progress=_progress(step, index, run),
        cancel=run.cancel,
        previous=run.world.source(step.previous) if step.previous else None,
        note=lambda text: run.emit(Noted(text, index)),
    )
    run.cancel.check()
    target.finish(made.root, made.content, move=step.move)
    run.facts.update(_told(made), **_where(step.destination, made.root, made.content))
    if not made.changed and _home(step.source) != _home(step.destination):
        _say_staying(source, made.root, run)


def _home(location: Location) -> str:
    """Where what vouches for an image lies with it."""
    match location:
        case InRegistry(reference):
            return str(reference.repository)
        case InLayout(folder):
            return folder
        case _:
            return str(location)


def _say_staying(source: CopySource, root: Descriptor, run: Needs) -> None:
    """The image went as it was, and what vouches for it, still true of it, did not."""
    kinds = sorted({it.kind for it in vouchers(source, root)})
    if kinds:
        text = f"{source.name}: there was nothing to squash; what vouches for it stays there ({', '.join(kinds)})"
        run.emit(Warned(text, hint="paasctl image copy SRC DST brings it along"))


def _copy(step: CopyTo, source: CopySource, index: int, run: Needs) -> None:
    from paasctl.engine.images.copy import CopyWish, copy_image  # noqa: PLC0415

    made = copy_image(
        source,
        run.world.target(step.destination),
        CopyWish(platform=step.platform, referrers=step.referrers, move=step.move),
        progress=_progress(step, index, run),
        warn=lambda text: run.emit(Warned(text)),
        cancel=run.cancel,
    )
    run.facts.update(
        {
            "blobs.there": str(made.exists),
            "blobs.mounted": str(made.mounted),
            "blobs.sent": str(made.streamed),
            "bytes.sent": str(made.bytes_streamed),
            "manifests": str(made.manifests),
            "vouchers": str(made.vouchers),
            **_left(made.left),
        },
        **_where(step.destination, made.root, source.read(made.root)),
    )


def _rebase(step: RebaseTo, source: CopySource, index: int, run: Needs) -> None:
    from paasctl.engine.images.rebase import Bases, Rebasing, rebase_image  # noqa: PLC0415

    target = run.world.target(step.destination)
    olds = tuple(map(run.world.source, step.old_bases))
    bases = Bases(olds=olds, new=run.world.source(step.new_base), place=step.new_base)
    job = Rebasing(
        source=source,
        target=target,
        bases=bases,
        progress=_progress(step, index, run),
        cancel=run.cancel,
        warn=lambda text: run.emit(Warned(text)),
    )
    made = rebase_image(job, step.platform)
    run.cancel.check()
    target.finish(made.root, made.content, move=step.move)
    run.facts.update(_sizes(made), **_left(made.left_out), **_where(step.destination, made.root, made.content))


def _progress(step: BetweenStep, index: int, run: Needs) -> Told:
    return lambda done, total: run.emit(Progress(index, str(step.source), done, total, "bytes"))


def _left(sentences: tuple[str, ...]) -> dict[str, str]:
    return {f"left.{number}": text for number, text in enumerate(sentences, 1)}


class _Sized(Protocol):
    """What became of layers, and of their packed bytes."""

    @property
    def layers_before(self) -> int: ...

    @property
    def layers_after(self) -> int: ...

    @property
    def bytes_before(self) -> int: ...

    @property
    def bytes_after(self) -> int: ...


def _sizes(made: _Sized) -> dict[str, str]:
    return {
        "layers.before": str(made.layers_before),
        "layers.after": str(made.layers_after),
        "bytes.before": str(made.bytes_before),
        "bytes.after": str(made.bytes_after),
    }


def _told(made: Squashed) -> dict[str, str]:
    return {**_sizes(made), "dead.bytes": str(made.dead_bytes), "proof": made.proof, **_left(made.left_out)}


def _where(destination: Location, root: Descriptor, content: bytes) -> dict[str, str]:
    """What names the result: its digest, in a registry the whole name, in an engine its id there."""
    match destination:
        case InRegistry(reference):
            return {"digest": root.digest, "image": str(reference.repository.pinned(root.digest))}
        case InEngine():
            return {"digest": root.digest, "image": image_ids(root, content)[-1]}
        case _:
            return {"digest": root.digest}
