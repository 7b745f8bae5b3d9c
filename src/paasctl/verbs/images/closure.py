"""What a copy would move: everything the image is made of, and what of it is where it goes. Reads only."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from paasctl.model.copied import CopyPlan
from paasctl.model.image import Descriptor
from paasctl.oci.documents.closure import Answer, Ask, Closure, Presence, Walk
from paasctl.oci.documents.copying import Target, plan_copy
from paasctl.ports.cancel import Cancel
from paasctl.ports.images import CopyPlace, CopySource

_LOOKERS = 8


def look_over(source: CopySource, target: CopyPlace, root: Descriptor, *, referrers: bool, cancel: Cancel) -> CopyPlan:
    """The plan of a copy, as things are now. Where blobs can be mounted nobody looks for them."""
    with ThreadPoolExecutor(_LOOKERS, thread_name_prefix="look") as pool:
        whole = pool.submit(target.has, root)  # all depends on that: it is asked while the source is read
        closure = read_closure(source, root, referrers=referrers and target.takes_companions, cancel=cancel)

        def has(these: list[Descriptor]) -> list[bool]:
            cancel.check()
            return list(pool.map(lambda it: whole.result() if it.digest == root.digest else target.has(it), these))

        there = _manifests(closure, has)
        mountable = any(it.host == target.registry for it in source.mounts)
        if not mountable:
            absent = [it for it in closure.nodes.values() if it.descriptor.digest not in there]
            blobs = list({blob.digest: blob for it in absent for blob in it.blobs}.values())
            there |= {it.digest for it, is_there in zip(blobs, has(blobs), strict=True) if is_there}
    return plan_copy(closure, Target(there=frozenset(there), mountable=mountable))


def read_closure(source: CopySource, root: Descriptor, *, referrers: bool, cancel: Cancel) -> Closure:
    """Everything that it is made of, and with `referrers` everything that vouches for it; several at once."""
    walk = Walk(root, source.name, vouchers=referrers)
    with ThreadPoolExecutor(_LOOKERS, thread_name_prefix="look") as pool:
        while asks := walk.asks():
            cancel.check()
            walk.hear(asks, list(pool.map(partial(_answer, source), asks)))
    return walk.closure()


def _answer(source: CopySource, ask: Ask) -> Answer:
    match ask.what:
        case "content":
            return source.read(ask.descriptor)
        case "referrers":
            return source.referrers(ask.descriptor)
        case "companions":
            return source.companions(ask.tags)


def _manifests(closure: Closure, has: Callable[[list[Descriptor]], list[bool]]) -> set[str]:
    """Digests of manifests that are there."""
    presence = Presence(closure)
    while asks := presence.asks():
        presence.hear(asks, has(asks))
    return presence.there
