"""Carry out the steps on images where they lie: open both ends, look once more at what was planned for, act, tell."""

from __future__ import annotations

from typing import Protocol, assert_never

from paasctl.engine.images.squash import squash_image
from paasctl.errors import StalePlan
from paasctl.model.between import BetweenStep, CopyTo, RebaseTo, SquashTo
from paasctl.model.event import Emit, Progress, Warned
from paasctl.model.image import Descriptor
from paasctl.model.location import InRegistry, Location
from paasctl.model.squashing import Squashed
from paasctl.ports.cancel import Cancel
from paasctl.ports.images import ImageSource
from paasctl.ports.world import World


class Needs(Protocol):
    """What it needs of a run."""

    @property
    def world(self) -> World:
        """Ports, writing halves included."""
        ...

    @property
    def emit(self) -> Emit:
        """Where events go."""
        ...

    @property
    def cancel(self) -> Cancel:
        """The request to stop."""
        ...

    @property
    def facts(self) -> dict[str, str]:
        """Named results of the run so far."""
        ...


def take_between(step: BetweenStep, index: int, run: Needs) -> None:
    """Do what the step says. `StalePlan` where something else lies at the source by now."""
    source = run.world.source(step.source)
    if source.root().digest != step.root.digest:
        raise StalePlan(
            f"reading {step.source}: it was {step.root.digest} when this plan was made, now it is"
            f" {source.root().digest}",
            hint="run the command again to see the new plan",
        )
    match step:
        case SquashTo():
            _squash(step, source, index, run)
        case CopyTo() | RebaseTo():
            raise NotImplementedError
        case _:
            assert_never(step)


def _squash(step: SquashTo, source: ImageSource, index: int, run: Needs) -> None:
    target = run.world.target(step.destination)
    made = squash_image(
        source,
        target,
        step.wish,
        codecs=run.world.codecs,
        warn=lambda text: run.emit(Warned(text)),
        progress=lambda done, total: run.emit(Progress(index, str(step.source), done, total, "bytes")),
        cancel=run.cancel,
        previous=run.world.source(step.previous) if step.previous else None,
    )
    run.cancel.check()
    target.finish(made.root, made.content, move=step.move)
    run.facts.update(_told(made), **_where(step.destination, made.root))


def _told(made: Squashed) -> dict[str, str]:
    return {
        "layers.before": str(made.layers_before),
        "layers.after": str(made.layers_after),
        "bytes.before": str(made.bytes_before),
        "bytes.after": str(made.bytes_after),
        "dead.bytes": str(made.dead_bytes),
        "proof": made.proof,
        **{f"left.{number}": text for number, text in enumerate(made.left_out, 1)},
    }


def _where(target: Location, root: Descriptor) -> dict[str, str]:
    """What names the result: its digest, and in a registry the whole name."""
    named = {"image": str(target.reference.repository.pinned(root.digest))} if isinstance(target, InRegistry) else {}
    return {"digest": root.digest, **named}
