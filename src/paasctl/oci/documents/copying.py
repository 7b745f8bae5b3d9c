"""Decides what a copy does with each blob and manifest: nothing, a mount, a transfer, or leave it behind."""

from __future__ import annotations

from collections.abc import Iterator

from paasctl.model.copied import CopyObject, CopyPlan, Doing
from paasctl.model.image import Descriptor
from paasctl.oci.documents import manifest as documents
from paasctl.oci.documents.closure import Closure, Node
from paasctl.values import dataclass

_FOREIGN = "may not be distributed: it stays where it is"


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """What is known of where it goes."""

    there: frozenset[str] = frozenset()
    """Digests that are there; a manifest with all that it names."""
    mountable: bool = False
    """Whether blobs can be had from the source's own repository: both are in one registry."""


def plan_copy(closure: Closure, target: Target) -> CopyPlan:
    """What becomes of everything, in the order in which it must be there: blobs, manifests by stages, tags.

    Where blobs can be mounted nobody looks for them first: a mount of what is there changes nothing.
    """
    there = with_parts(closure, target.there)
    held = {blob.digest for it, node in closure.nodes.items() if it in there for blob in node.blobs} | there
    blobs = {it.digest: (it, what) for node in closure.nodes.values() for it, what in _blobs(node)}
    needed: Doing = "mount" if target.mountable else "stream"
    objects = [
        CopyObject(what=what, descriptor=it, doing="exists" if it.digest in held else needed)
        for it, what in sorted(blobs.values(), key=lambda found: (-found[0].size, found[0].digest))
    ]
    foreign = [it for node in closure.nodes.values() for it in node.layers if documents.is_foreign(it.media_type)]
    objects += [CopyObject(what="layer", descriptor=it, doing="skip", why=_FOREIGN) for it in dict.fromkeys(foreign)]
    objects += [_manifest(node, there) for stage in closure.stages() for node in stage]
    objects += [_manifest(closure.nodes[it], there) for it in dict.fromkeys(closure.tags.values())]
    left = (*closure.left, *(f"layer {it.digest} {_FOREIGN}" for it in dict.fromkeys(foreign)))
    return CopyPlan(objects=tuple(objects), left=left)


def with_parts(closure: Closure, there: frozenset[str]) -> frozenset[str]:
    """The digests that are there, and the manifests that those list: they are, too."""
    found, wanted = set[str](), [*there]
    while wanted:
        digest = wanted.pop()
        if digest not in found:
            found.add(digest)
            wanted += [it.digest for it in closure.nodes[digest].children] if digest in closure.nodes else []
    return frozenset(found)


def _blobs(node: Node) -> Iterator[tuple[Descriptor, str]]:
    for it in node.blobs:
        yield it, "configuration" if it == node.config else "layer"


def _manifest(node: Node, there: frozenset[str]) -> CopyObject:
    kind = "index" if documents.is_index(node.descriptor.media_type) else "image"
    what = f"what vouches for {node.about}" if node.about else kind
    doing: Doing = "exists" if node.descriptor.digest in there else "stream"
    return CopyObject(what=what, descriptor=node.descriptor, doing=doing, about=node.about)
