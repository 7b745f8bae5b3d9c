"""Where a result is written: as was said, or in place where that takes nothing from anybody."""

from __future__ import annotations

from paasctl.errors import UsageError, WouldClobber
from paasctl.model.image import Descriptor, Pinned
from paasctl.model.location import InArchive, InEngine, InLayout, InRegistry, Location
from paasctl.oci.documents.bases import made_from
from paasctl.oci.documents.manifest import descriptor_from, is_attestation
from paasctl.ports.world import Reads
from paasctl.values import dataclass
from paasctl.verbs.images.reading import Found, find, located


@dataclass(frozen=True, slots=True)
class Named:
    """What was said of the target: its name ("": none), what is done, and whether a name may move."""

    text: str
    doing: str
    move: bool


@dataclass(frozen=True, slots=True)
class Goal:
    """The target, what lies there now, and whether its name may become another image's."""

    location: Location
    now: Descriptor | None
    move: bool
    is_ours: bool = False
    """What lies there was made from this very source before: making it again is no surprise to anybody."""


def find_goal(reads: Reads, found: Found, source: Location, said: Named) -> Goal:
    """The target. Without one it is the source, except for what others pull: a registry's tag needs `move`."""
    target = located(said.text, "DST") if said.text else source
    check_name(target, said.doing)
    if target == source:
        if isinstance(source, InRegistry) and not said.move:
            raise WouldClobber(
                f"{said.doing} {source} in place: others may pull that tag, and would get another image",
                hint="name a DST, or move the tag with --allow-tag-move",
            )
        if _loses(found) and not said.move:
            raise WouldClobber(
                f"{said.doing} one image of {source} in place: the others of its index would be gone",
                hint="name a DST, or give them up with --allow-tag-move",
            )
        if isinstance(target, InArchive):
            reads.current(target)  # which refuses where other images lie in it
        return Goal(target, found.root, move=True)
    now = reads.current(target)
    is_ours = now is not None and now.digest != found.root.digest and _is_made_from(reads, target, found)
    return Goal(target, now, said.move, is_ours)


def check_free(goal: Goal, *, verb: str, wanted: str = "") -> None:
    """`WouldClobber` where the name is another image's and may not be moved. `wanted`: a digest, where it is known."""
    if goal.now and goal.now.digest != wanted and not (goal.move or goal.is_ours):
        raise WouldClobber(
            f"{verb} to {goal.location}: it is {goal.now.digest} already",
            hint="choose another name, or move this one with --allow-tag-move",
        )


def check_name(location: Location, doing: str) -> None:
    """`UsageError` where a digest is given for a name."""
    match location:
        case InRegistry(Pinned(repository)):
            place = str(repository)
        case InLayout(folder, digest=digest) if digest:
            place = f"oci:{folder}"
        case _:
            return
    raise UsageError(f"{doing} to {location}: a digest cannot be chosen", hint=f"name a tag as DST: {place}:TAG")


def _loses(found: Found) -> bool:
    """Whether its index has more images than were chosen."""
    listed = [descriptor_from(it, found.source.name) for it in found.index.get("manifests") or ()]
    return sum(not is_attestation(it) for it in listed) > len(found.images)


def _is_made_from(reads: Reads, target: Location, found: Found) -> bool:
    """Whether every image there says that it was made from one of these.

    The local engine is not asked, since that would take the whole image out of it: it refuses at the end, if it must.
    """
    if isinstance(target, InEngine):
        return True
    sources = {it.descriptor.digest for it in found.images}
    there = find(reads.source(target)).images
    return bool(there) and all(sources & made_from(it.config) for it in there)
