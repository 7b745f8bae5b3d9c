"""Executors of a promotion's steps: copy by digest, write down who did it; `record.py` names the record last."""

from __future__ import annotations

from paasctl.engine.images.copy import CopyWish, copy_image
from paasctl.engine.needs import Needs
from paasctl.engine.saying import attach
from paasctl.errors import Cancelled, PaasError, TimedOut
from paasctl.model.copied import Copied
from paasctl.model.event import Progress, Warned
from paasctl.model.location import InRegistry
from paasctl.model.promoting import CARRIED, Attest, CarryOver, NotePromotion
from paasctl.oci.documents.manifest import OCI_MANIFEST
from paasctl.oci.documents.promotion import promotion_manifest
from paasctl.oci.documents.squashed import EMPTY, EMPTY_TYPE
from paasctl.oci.documents.statement import statement_manifest


def carry_over(step: CarryOver, index: int, run: Needs) -> None:
    """Have it there by digest, and note what it took."""
    made = copy_over(step, index, run)
    counts = {
        "blobs.there": made.exists,
        "blobs.mounted": made.mounted,
        "blobs.sent": made.streamed,
        "bytes.sent": made.bytes_streamed,
        "manifests": made.manifests,
        "vouchers": made.vouchers,
    }
    left = {f"left.{number}": it for number, it in enumerate(made.left)}
    told = {**{name: str(it) for name, it in counts.items()}, **left}
    run.facts.update({f"{CARRIED}{step.version} {step.name} {name}": it for name, it in told.items()})


def copy_over(step: CarryOver, index: int, run: Needs) -> Copied:
    """The copy alone. The source is read by digest, too: what was planned is what goes."""
    source = run.world.source(step.place or InRegistry(step.source))
    target = run.world.target(InRegistry(step.repository.tagged(step.tag)))
    what = step.name or "the record"

    def progress(done: int, total: int | None) -> None:
        run.emit(Progress(index, what, done, total, "bytes"))

    return copy_image(
        source,
        target,
        CopyWish(named=False),
        progress=progress,
        warn=lambda text: run.emit(Warned(text)),
        cancel=run.cancel,
    )


def note_promotion(step: NotePromotion, run: Needs) -> None:
    """Attach the promotion record to the release record."""
    target = run.world.target(InRegistry(step.goal.repository.tagged(step.tag)))
    empty = target.put_blob(EMPTY_TYPE, EMPTY)
    target.put(OCI_MANIFEST, promotion_manifest(step, run.holder, run.world.clock.utc(), empty))


def attest(step: Attest, run: Needs) -> None:
    """Attach a statement to the release record.

    That it runs well is said after it does: where that may not be written, the deploy is as good as it was.
    """
    try:
        _attach(step, run)
    except (Cancelled, TimedOut):
        raise
    except PaasError as error:
        if step.word != "healthy":
            raise
        hint = f"whoever comes after {step.environment} waits for that: run it again as somebody who may write there"
        run.emit(Warned(f"{step.version} runs well in {step.environment}, which was not said: {error.message}", hint))


def _attach(step: Attest, run: Needs) -> None:
    target = run.world.target(InRegistry(step.repository.tagged(step.tag)))
    empty = target.put_blob(EMPTY_TYPE, EMPTY)
    attach(step, target, statement_manifest(step, run.holder, run.world.clock.utc(), empty), run.world)
