"""What a copy would move: everything the image is made of, and what of it is where it goes. Reads only."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from paasctl.model.copied import CopyPlan
from paasctl.model.image import Descriptor
from paasctl.oci.documents.closure import Answer, Ask, Closure, Walk
from paasctl.oci.documents.copying import Target, plan_copy
from paasctl.ports.cancel import Cancel
from paasctl.ports.images import CopyPlace, CopySource

_LOOKERS = 8
T = TypeVar("T")
R = TypeVar("R")


def look_over(source: CopySource, target: CopyPlace, root: Descriptor, *, referrers: bool, cancel: Cancel) -> CopyPlan:
    """The plan of a copy, as things are now. Where blobs can be mounted nobody looks for them."""
    with ThreadPoolExecutor(_LOOKERS, thread_name_prefix="look") as pool:

        def each(ask: Callable[[T], R], of: Iterable[T]) -> list[R]:
            cancel.check()
            return list(pool.map(ask, of))

        walk = Walk(root, source.name, vouchers=referrers and target.takes_companions)
        while asks := walk.asks():
            walk.hear(asks, each(lambda it: _answer(source, it), asks))
        closure = walk.closure()
        there = _manifests(target, closure, each)
        mountable = any(it.host == target.registry for it in source.mounts)
        if not mountable:
            absent = [it for it in closure.nodes.values() if it.descriptor.digest not in there]
            blobs = list({blob.digest: blob for it in absent for blob in it.blobs}.values())
            there |= {it.digest for it, is_there in zip(blobs, each(target.has, blobs), strict=True) if is_there}
    return plan_copy(closure, Target(there=frozenset(there), mountable=mountable))


def _answer(source: CopySource, ask: Ask) -> Answer:
    match ask.what:
        case "content":
            return source.read(ask.descriptor)
        case "referrers":
            return source.referrers(ask.descriptor)
        case "companions":
            return source.companions(ask.tags)


def _manifests(
    target: CopyPlace, closure: Closure, each: Callable[[Callable[[Descriptor], bool], list[Descriptor]], list[bool]]
) -> set[str]:
    """Digests of manifests that are there: the image first, its parts only where it is not."""
    there = set[str]()
    wanted = [closure.root, *(it.descriptor for it in closure.nodes.values() if it.about)]
    while wanted:
        found = each(target.has, wanted)
        there |= {it.digest for it, is_there in zip(wanted, found, strict=True) if is_there}
        absent = [closure.nodes[it.digest] for it, is_there in zip(wanted, found, strict=True) if not is_there]
        wanted = [child for it in absent for child in it.children if child.digest in closure.nodes]
    return there
