"""One step, taken. The union is closed: a step without an executor fails the type check.

Executors are imported by the step that needs one: a deploy pays for no squash, a copy for neither.
"""

from __future__ import annotations

from typing import assert_never

from paasctl.engine.needs import Needs
from paasctl.model.approving import Approve
from paasctl.model.between import CopyTo, RebaseTo, SquashTo
from paasctl.model.boxing import ExportRelease
from paasctl.model.cleanup import CloseSweep, DeleteManifests, NoteSweep
from paasctl.model.event import LogLine, Noted, Progress, Warned
from paasctl.model.freeze import SetFreeze
from paasctl.model.plan import (
    Apply,
    AwaitReady,
    Build,
    Delete,
    Push,
    Record,
    ReleaseStep,
    RunHook,
    Sign,
    SquashImage,
    Step,
    TagCommit,
    TagImage,
    WriteFile,
)
from paasctl.model.promoting import Attest, CarryOver, NotePromotion, PromoteStep, TagRecord


def take(step: Step, index: int, run: Needs) -> None:
    """Do what the step says, or raise a `PaasError`; then it is not done."""
    match step:
        case Build() | SquashImage() | Push():
            _image(step, index, run)
        case SquashTo() | CopyTo() | RebaseTo():
            from paasctl.engine.images.between import take_between  # noqa: PLC0415

            take_between(step, index, run)
        case RunHook() | TagCommit() | Record() | TagImage() | Sign():
            _release(step, index, run)
        case CarryOver() | NotePromotion() | TagRecord() | Attest() | Approve():
            _promote(step, index, run)
        case NoteSweep() | DeleteManifests() | CloseSweep():
            from paasctl.engine.cleanup import take_cleanup  # noqa: PLC0415

            take_cleanup(step, index, run)
        case WriteFile() | ExportRelease():
            _file(step, index, run)
        case Apply() | Delete() | AwaitReady() | SetFreeze():
            _cluster(step, index, run)
        case _:
            assert_never(step)


def _file(step: WriteFile | ExportRelease, index: int, run: Needs) -> None:
    if isinstance(step, WriteFile):
        run.world.write_file(step.path, step.content, step.before)
        return
    from paasctl.engine.export import export_release  # noqa: PLC0415

    export_release(step, index, run)


def _image(step: Build | SquashImage | Push, index: int, run: Needs) -> None:
    world = run.world

    def progress(done: int, total: int | None) -> None:
        run.emit(Progress(index, _what(step), done, total, "bytes"))

    match step:
        case Build():
            made = world.builder(step).build(
                step,
                world.project,
                world.layout,
                log=lambda text: run.emit(LogLine(step.image.name, text, index)),
                cancel=run.cancel,
            )
            run.facts[f"digest.{step.image.name}"] = made.digest
        case SquashImage():
            from paasctl.engine.images.place import squash_place  # noqa: PLC0415

            made = squash_place(
                step,
                world.layout,
                codecs=world.codecs,
                warn=lambda text: run.emit(Warned(text)),
                progress=progress,
                cancel=run.cancel,
                note=lambda text: run.emit(Noted(text, index)),
            )
            run.facts[f"digest.{step.image.name}"] = made.digest
        case Push():
            from paasctl.engine.images.push import push_place  # noqa: PLC0415
            from paasctl.engine.release import PUSHED  # noqa: PLC0415

            pinned = push_place(
                step, world.layout, world.registry(step.repository.host), progress=progress, cancel=run.cancel
            )
            run.facts[PUSHED.format(step.name)] = str(pinned)


def _release(step: ReleaseStep, index: int, run: Needs) -> None:
    from paasctl.engine import release  # noqa: PLC0415

    match step:
        case RunHook():
            from paasctl.engine.hooks import run_hook  # noqa: PLC0415

            run_hook(step, index, run)
        case TagCommit():
            release.tag_commit(step, run)
            run.facts["tag"] = step.tag
        case Record():
            run.facts["record"] = str(release.record(step, run.world, run.facts))
        case TagImage():
            release.tag_image(step, run.world, run.facts)
        case Sign():
            from paasctl.engine.signing import sign  # noqa: PLC0415

            sign(step, run.world, run.facts)


def _promote(step: PromoteStep, index: int, run: Needs) -> None:
    from paasctl.engine.promote import attest, carry_over, note_promotion  # noqa: PLC0415
    from paasctl.engine.record import tag_record  # noqa: PLC0415

    match step:
        case CarryOver():
            carry_over(step, index, run)
        case NotePromotion():
            note_promotion(step, run)
        case TagRecord():
            tag_record(step, index, run)
        case Attest():
            attest(step, run)
        case Approve():
            from paasctl.engine.approve import approve  # noqa: PLC0415

            approve(step, run.world)


def _what(step: Build | SquashImage | Push) -> str:
    return step.name if isinstance(step, Push) else step.image.name


def _cluster(step: Apply | Delete | AwaitReady | SetFreeze, index: int, run: Needs) -> None:
    from paasctl.engine.cluster import apply_one, await_ready, delete_one  # noqa: PLC0415

    cluster = run.world.cluster(step.target.cluster)
    match step:
        case Apply():
            apply_one(step, cluster)
        case Delete():
            delete_one(step, cluster)
        case AwaitReady():
            await_ready(step, cluster, clock=run.world.clock, cancel=run.cancel, emit=run.emit, index=index)
        case SetFreeze():
            from paasctl.engine.freeze import set_freeze  # noqa: PLC0415

            set_freeze(step, run)
