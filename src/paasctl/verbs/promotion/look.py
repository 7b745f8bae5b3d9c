"""What a promotion looks at: a release where it lies, everything it is made of, and what is there of it already."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial

from paasctl.config.path import Way
from paasctl.errors import Refused
from paasctl.model.config import Registry
from paasctl.model.copied import CopyPlan
from paasctl.model.image import Descriptor, Pinned, Repository
from paasctl.model.location import InArchive, InRegistry
from paasctl.model.promoting import Stop
from paasctl.model.release import Release, outside_name, outside_tag
from paasctl.oci.building.boxed import place_of
from paasctl.oci.documents.promotion import is_promotion_to
from paasctl.oci.documents.record import read_record, record_layers
from paasctl.planning.promotion.approvals import Heard, tally
from paasctl.planning.promotion.decide import Moving, PromotionFacts, check_promotable
from paasctl.planning.promotion.gates import Evidence, Gates, gates_of, judge_gates
from paasctl.planning.promotion.standing import check_is_called
from paasctl.planning.promotion.vouching import Vouched
from paasctl.planning.versions.spelling import image_tag
from paasctl.ports.cancel import Cancel
from paasctl.ports.images import CopySource, RegistryReads
from paasctl.ports.world import Reads
from paasctl.values import dataclass
from paasctl.verbs.approvals.hearing import heard, ring
from paasctl.verbs.approvals.stands import before
from paasctl.verbs.promotion.vouching import lacks, signed_as, vouched, vouched_in_place, whole
from paasctl.verbs.reading import blob
from paasctl.verbs.statements import referring, statements_of

_TOGETHER = 4
"""Images looked at together; each asks several things at once."""


@dataclass(frozen=True, slots=True)
class Look:
    """Where to look, and how."""

    reads: Reads
    way: Way
    cancel: Cancel
    to: str
    """What was named: an environment, or the registry itself."""
    reason: str = ""
    overridden: tuple[str, ...] = ()
    file: str = ""
    """The file that it comes in; "": it comes from a registry."""

    @property
    def origin(self) -> RegistryReads:
        """Where it comes from, to be read."""
        if self.file:
            return self.reads.box(self.file)
        return self.reads.registry(self.way.origin.repository.host)

    def place(self, name: str, tag: str) -> InArchive | None:
        """Where a part of it is in the file; None: it comes in none."""
        return InArchive(self.file, place_of(name, tag)) if self.file else None


def promotion_facts(look: Look, version: str) -> PromotionFacts:
    """One release on its way. `Refused` where there is none to promote; whatever could not be found out raises."""
    origin, goal = look.way.origin.repository, look.way.goal.repository
    registry, tag = look.origin, image_tag(version)
    found = registry.manifest(origin.tagged(tag))
    if found is None:
        raise Refused(
            f"promoting {version} to {look.way.goal.name}: there is no release {version} in {_stop(look.way.origin)}",
            hint=_earlier(look, version),
            code="release-not-found",
        )
    record, content = found
    layers = record_layers(content, f"{origin}:{tag}")
    with ThreadPoolExecutor(len(layers), thread_name_prefix="record") as pool:
        parts = list(pool.map(partial(blob, registry, origin), layers))
    release, promoted = (read_record(parts[0], parts[1], it) for it in (origin, goal))
    check_is_called(release, look.reads.config.app, version, f"promoting {version} to {look.way.goal.name}")
    check_promotable(release, _stop(look.way.goal))
    gates = gates_of(look.reads.config.environments.values(), look.way.goal.name)
    images = [
        _Going(name, it, promoted.images[name].repository, _names(look, gates, parts, name))
        for name, it in sorted(release.images.items())
    ]
    # What its record names by a place that is nobody's stop stays there: the record would say so at the goal, too.
    travelling = [it for it in images if look.file or it.source.repository != it.repository]
    going = [*travelling, *_outside(look, release, promoted), _Going("", origin.pinned(record.digest), goal)]
    staying = [it for it in images if it not in travelling and it.names]
    there = look.reads.registry(goal.host)
    with ThreadPoolExecutor(_TOGETHER, thread_name_prefix="image") as pool:
        beside = [pool.submit(referring, of, at, record.digest) for of, at in ((registry, origin), (there, goal))]
        named = [pool.submit(_named, look, it, tag) for it in going]
        moved = tuple(pool.map(lambda it, now: _moving(look, it, tag, now), going, named))
        stayed = dict(pool.map(lambda it: (it.name, _vouched_in_place(look, it, tag)), staying))
        documents = [it.result() for it in beside]
    said = tuple(it for of in documents for it in statements_of(of))
    evidence = Evidence(
        said=said,
        lacks=lacks(look.reads, gates.requires, stayed | {it.name: it.vouched for it in moved if it.vouched}),
        now=look.reads.clock.utc(),
        heard=_heard(look, gates, release, record.digest) if gates.approvals else None,
    )
    judged = judge_gates(gates, evidence, look.overridden)
    return PromotionFacts(
        release=release,
        record=Descriptor(record.media_type, record.digest, record.size),
        moving=moved,
        tag=tag,
        origin=_stop(look.way.origin),
        goal=_stop(look.way.goal),
        noted=any(is_promotion_to(it, goal, () if moved[-1].there else judged) for it in documents[1]),
        reason=look.reason,
        said=said,
        gates=judged,
        again=_again(look, gates, version),
    )


def _earlier(look: Look, version: str) -> str:
    """What may bring it to where it should come from."""
    origin, path = look.way.origin.name, list(look.reads.config.registries)
    shows = "paasctl releases   shows what is where; --from names another"
    return shows if origin == path[0] else f"paasctl promote {version} --to {origin}, from the one before; or {shows}"


def _again(look: Look, gates: Gates, version: str) -> dict[str, str]:
    """A deploy is said in its environment's own registry: whatever is later on the path hears of it by a promotion."""
    origin = look.way.origin.name
    again = (
        f"paasctl release export {version} FILE once more" if look.file else f"paasctl promote {version} --to {origin}"
    )
    environments = look.reads.config.environments
    return {it: again for it, _ in gates.after if look.file or environments[it].registry != origin}


def _names(look: Look, gates: Gates, parts: Sequence[bytes], image: str) -> frozenset[str]:
    """Where it may have been signed: its place at every stop. None, where nothing is required."""
    return signed_as(look.reads.config, parts, image) if gates.requires else frozenset()


def _heard(look: Look, gates: Gates, release: Release, record: str) -> Heard:
    """Approvals at either end: what was withdrawn at one is withdrawn. Not enough there: at the stops between, too.

    An approval is said at the stop that is nearest when it is given, which a release with `--from` may not pass.
    """
    goal, keys = look.way.goal, ring(look.reads)
    ends = ((look.origin, look.way.origin.repository), (look.reads.registry(goal.repository.host), goal.repository))
    found = heard(look.reads, ends, record, release.author, keys)
    if look.file or all(tally(rules, name, found).is_met for name, rules in gates.approvals):
        return found
    stops = (it.repository for it in before(look.reads.config, goal))
    between = [(look.reads.registry(it.host), it) for it in stops if it not in {of for _, of in ends}]
    return heard(look.reads, (*ends, *between), record, release.author, keys) if between else found


def _stop(registry: Registry) -> Stop:
    return Stop(name=registry.name, repository=registry.repository)


@dataclass(frozen=True, slots=True)
class _Going:
    """An image, or the record without a name: where it lies, where it goes."""

    name: str
    source: Pinned
    repository: Repository
    names: frozenset[str] = frozenset()
    """Where it may have been signed; none: nobody requires that anything vouches for it."""
    own_tag: str = ""
    """What names it where it goes; "": the version."""


def _outside(look: Look, here: Release, there: Release) -> Iterator[_Going]:
    """Images that it does not make: each goes to its copy's place, and is named by its own digest."""
    done = set[Pinned]()
    for name, source in here.outside.items():
        goal = there.outside[name]
        if goal not in done and (look.file or goal.repository != source.repository):
            done.add(goal)
            yield _Going(outside_name(goal), source, goal.repository, own_tag=outside_tag(goal))


def _named(look: Look, it: _Going, version: str) -> Descriptor | None:
    """What has its name already."""
    look.cancel.check()
    return look.reads.registry(it.repository.host).resolve(it.repository.tagged(it.own_tag or version))


def _moving(look: Look, it: _Going, version: str, named: Future[Descriptor | None]) -> Moving:
    look.cancel.check()
    tag = it.own_tag or version
    boxed = look.place(it.name, tag)
    place = look.reads.source(boxed or InRegistry(it.source))
    plan = _plan(look, place, InRegistry(it.repository.tagged(tag)))
    there = named.result()
    return Moving(
        name=it.name,
        source=it.source,
        place=boxed,
        own_tag=it.own_tag,
        repository=it.repository,
        plan=plan,
        there=there.digest if there else "",
        vouched=vouched(place, plan, it.names) if plan and it.names else None,
    )


def _vouched_in_place(look: Look, it: _Going, tag: str) -> Vouched:
    """Of an image that goes nowhere: what is required of the release is required of it, too."""
    found = vouched_in_place(look.reads, it.source, tag, it.names, look.cancel)
    if found is None:
        raise Refused(
            f"promoting to {look.way.goal.name}: image {it.name} at {it.source} is not there, or not whole",
            hint="nothing was written; whatever swept that registry took a part of a release",
            code="image-not-found",
        )
    return found


def _plan(look: Look, place: CopySource, goal: InRegistry) -> CopyPlan | None:
    return whole(look.reads, place, goal, look.cancel)
