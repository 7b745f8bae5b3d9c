"""The last step of a promotion: the record's name, when all that it names is there and nobody has rejected it since.

Somebody may clean up where it goes, and somebody may reject it where it comes from, while it is on its way. So what was
skipped as *there* is read back before; what is said at its origin is heard right before and once more right after.
`reject` looks again after it has written: whoever comes second sees the other.
"""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor

from paasctl.engine.needs import Needs
from paasctl.engine.promote import copy_over
from paasctl.errors import Unavailable
from paasctl.model.copied import CopyPlan
from paasctl.model.event import Warned
from paasctl.model.image import Descriptor, Pinned, Reference, Repository
from paasctl.model.promoting import CarryOver, Statement, TagRecord
from paasctl.oci.documents.manifest import parse_document
from paasctl.oci.documents.statement import may_be_statement, statement_of
from paasctl.planning.promotion.standing import check_not_rejected, rejection
from paasctl.ports.images import Registry

_TOGETHER = 4
_Images = list[tuple[str, str, Future[Descriptor | None]]]
"""What it is called, its digest, and what the registry says of it."""


def tag_record(step: TagRecord, index: int, run: Needs) -> None:
    """Look whether all of it is there and may be, give the record its name, and look again.

    `Unavailable` where a part was lost, `Refused` where it was rejected meanwhile: it gets no name. A rejection that
    comes later still is brought there.
    """
    registry = run.world.registry(step.repository.host)
    for it in step.skipped:
        _mend(it, step, index, run)
    record = step.repository.pinned(step.record.digest)
    with ThreadPoolExecutor(_TOGETHER, thread_name_prefix="look") as pool:
        images = _asked(step, registry, pool)
        asked = pool.submit(registry.manifest, record)
        heard = [pool.submit(_said, step, it, run) for it in (step.origin, step.repository) if step.origin and it]
        _check(step, images)
        held, said = asked.result(), tuple(it for of in heard for it in of.result())
        if held is None:
            raise _lost(step, f"its record {record} is not there any more", "deletes")
        check_not_rejected(said, step.version, f"promoting {step.version}")
        registry.put_manifest(step.repository, held[0].media_type, held[1], tag=step.tag)
        images = _asked(step, registry, pool)  # a cleanup that had begun before could not know of this release
        if step.origin:
            _bring_late(step, step.origin, said, index, run)
        _check(step, images)


def _bring_late(step: TagRecord, origin: Repository, said: tuple[Statement, ...], index: int, run: Needs) -> None:
    """A rejection that was said at the origin while the record got its name."""
    if late := rejection((*said, *_said(step, origin, run))):
        copy_over(_record_of(step, origin), index, run)
        run.emit(
            Warned(
                f"{late.by} rejected {step.version} while it was promoted: that is said at {step.repository}, too",
                hint=f"nobody deploys it from there; paasctl unreject {step.version} --reason WHY takes that back",
            )
        )


def _mend(carry: CarryOver, step: TagRecord, index: int, run: Needs) -> None:
    """Have what was there before there again, where somebody has deleted it meanwhile."""
    registry = run.world.registry(carry.repository.host)
    there = [it for it in carry.plan.objects if it.doing == "exists" and not it.is_blob]
    lost = [it for it in there if not registry.resolve(carry.repository.pinned(it.descriptor.digest))]
    if not lost:
        return
    what = f"image {carry.name}" if carry.name else "the record"
    run.emit(
        Warned(
            f"promoting {carry.version}: {carry.repository}@{lost[0].descriptor.digest}, a part of {what}, was deleted "
            "meanwhile; it is copied again",
            hint="let cleanups of a registry and promotions into it take turns",
        )
    )
    copy_over(carry, index, run)
    root = carry.repository.pinned(carry.source.digest)
    for pinned in (root, *(carry.repository.pinned(it.descriptor.digest) for it in lost)):
        if registry.resolve(pinned) is None:
            raise _lost(step, f"{pinned} is not there any more", "deletes")
    if (
        carry.name
        and registry.resolve(carry.repository.tagged(carry.tag)) is None
        and (held := registry.manifest(root))
    ):
        registry.put_manifest(carry.repository, held[0].media_type, held[1], tag=carry.tag)


def _asked(step: TagRecord, registry: Registry, pool: ThreadPoolExecutor) -> _Images:
    """What every image's name, and every outside image, is there now."""
    wanted: list[tuple[str, Pinned, Reference]] = [
        (f"image {name} at {it.repository}:{step.tag}", it, it.repository.tagged(step.tag)) for name, it in step.images
    ]
    wanted += [(str(it), it, it) for it in step.outside]
    return [(what, it.digest, pool.submit(registry.resolve, place)) for what, it, place in wanted]


def _check(step: TagRecord, images: _Images) -> None:
    for what, digest, asked in images:
        found = asked.result()
        if found is None:
            raise _lost(step, f"{what} is not there any more", "deletes")
        if found.digest != digest:
            raise _lost(step, f"{what} is {found.digest}", "writes")


def _lost(step: TagRecord, why: str, does: str) -> Unavailable:
    return Unavailable(
        f"promoting {step.version}: {why}",
        hint=f"somebody else {does} there; run the same command again",
        code="image-not-found",
    )


def _said(step: TagRecord, where: Repository, run: Needs) -> tuple[Statement, ...]:
    """Read anew; what can't be read raises: it is no silence."""
    registry = run.world.registry(where.host)
    found: list[Statement] = []
    for it in registry.referrers(where, step.record.digest):
        held = registry.manifest(where.pinned(it.digest)) if may_be_statement(it) else None
        said = statement_of(parse_document(held[1], it.digest)) if held else None
        found += [said] if said else []
    return tuple(found)


def _record_of(step: TagRecord, origin: Repository) -> CarryOver:
    return CarryOver(
        version=step.version,
        name="",
        source=Pinned(origin, step.record.digest),
        repository=step.repository,
        tag=step.tag,
        plan=CopyPlan(objects=()),
    )
