"""Copies an image as it is, digests unchanged, with everything that vouches for it: nothing lies on this disk.

Mounted where both ends are one registry, else streamed from one to the other, several blobs at once, biggest first.
Resume is copying again: what the target has is not sent twice. Names come last, so what is visible is complete.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from paasctl.engine.images.together import Meter, Told, together
from paasctl.errors import Refused, WouldClobber
from paasctl.model.copied import Copied, CopyPlan
from paasctl.model.image import Descriptor, Platform, Repository, parse_reference
from paasctl.oci.documents import manifest as documents
from paasctl.oci.documents.closure import Answer, Ask, Closure, Node, Presence, Walk
from paasctl.oci.documents.companions import adds_to, companion_tags
from paasctl.oci.documents.copying import Target, plan_copy
from paasctl.oci.documents.saved import image_ids
from paasctl.ports.cancel import Cancel
from paasctl.ports.images import CopySource, CopyTarget, Pushed
from paasctl.values import dataclass

_LOOKERS = 8
_SENDERS = 4
Warn = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class CopyWish:
    """What to copy, and what to do where something else has its name."""

    platform: Platform | None = None
    """Of an index only this image, and no index any more."""
    referrers: bool = True
    """Whether what vouches for it travels, too."""
    move: bool = False
    """Whether a name may be another image's until now."""
    named: bool = True
    """Whether it gets its name when all is there; else it lies there by its digest."""


def copy_image(  # noqa: PLR0913 - two places, a wish, and three ways to be heard
    source: CopySource, target: CopyTarget, wish: CopyWish, *, progress: Told, warn: Warn, cancel: Cancel
) -> Copied:
    """The image at the target, under its name. `progress` counts bytes of blobs, those that need not move, too."""
    closure = read_closure(source, wish, cancel, keeps=target.takes_companions)
    with ThreadPoolExecutor(1, thread_name_prefix="name") as pool:
        named = pool.submit(target.current)
        known = known_of(source, target, closure, cancel)
        _check_name(target, closure, wish, named.result())
    plan = plan_copy(closure, known)
    copying = _Copying(source, target, closure, plan, Meter(progress, cancel, plan.bytes_of("mount", "stream")))
    copying.blobs()
    copying.manifests()
    left = (*plan.left, *_staying(source, target, closure, wish), *copying.companions(move=wish.move))
    for it in left:
        warn(f"copying {source.name}: {it}")
    if wish.named:
        target.finish(closure.root, closure.nodes[closure.root.digest].content, move=wish.move)
    copying.meter.finish()
    return copying.copied(left)


def read_closure(source: CopySource, wish: CopyWish, cancel: Cancel, *, keeps: bool) -> Closure:
    """All that travels, read several at once. `keeps`: whether the target can hold what vouches for it."""
    root = _chosen(source, wish.platform)
    walk = Walk(root, source.name, vouchers=wish.referrers and keeps)
    with ThreadPoolExecutor(_LOOKERS, thread_name_prefix="look") as pool:
        while asks := walk.asks():
            cancel.check()
            walk.hear(asks, list(pool.map(partial(_answer, source), asks)))
    return walk.closure()


def known_of(source: CopySource, target: CopyTarget, closure: Closure, cancel: Cancel) -> Target:
    """What the target has of it: the image is looked for first, and its parts only where it is not there."""
    presence = Presence(closure)
    with ThreadPoolExecutor(_LOOKERS, thread_name_prefix="look") as pool:
        while asks := presence.asks():
            cancel.check()
            presence.hear(asks, list(pool.map(target.has, asks)))
    mountable = any(it.host == target.registry for it in source.mounts)
    return Target(there=frozenset(presence.there), mountable=mountable)


def _answer(source: CopySource, ask: Ask) -> Answer:
    match ask.what:
        case "content":
            return source.read(ask.descriptor)
        case "referrers":
            return source.referrers(ask.descriptor)
        case "companions":
            return source.companions(ask.tags)


def _chosen(source: CopySource, platform: Platform | None) -> Descriptor:
    """The root, or of an index the image for a platform."""
    root = source.root()
    if platform is None or not documents.is_index(root.media_type):
        return root
    index = documents.parse_document(source.read(root), source.name)
    if chosen := documents.choose(index, platform, source.name):
        return chosen
    listed = [documents.descriptor_from(it, source.name) for it in index.get("manifests") or ()]
    there = [str(it.platform) for it in listed if it.platform and not documents.is_attestation(it)]
    names = ", ".join(dict.fromkeys(there)) or "none"
    raise Refused(
        f"copying {source.name}: there is nothing for {platform} (there is: {names})",
        hint=f"--platform {there[0]}" if there else "",
        code="platform-missing",
    )


def _check_name(target: CopyTarget, closure: Closure, wish: CopyWish, current: Descriptor | None) -> None:
    """Refuse to move a name before a single byte has moved."""
    root = closure.root
    if current and current.digest not in image_ids(root, closure.nodes[root.digest].content) and not wish.move:
        raise WouldClobber(
            f"writing {target.name}: it is {current.digest} already, not {root.digest}",
            hint="give this image another name, or move this one with --allow-tag-move",
        )


def _staying(source: CopySource, target: CopyTarget, closure: Closure, wish: CopyWish) -> list[str]:
    """Sentences: what vouches for the image and was not to travel, or has no place where it goes."""
    left = []
    if wish.platform and closure.root.digest != source.root().digest:
        left.append(f"what vouches for the index {source.root().digest} is left behind: only {wish.platform} is copied")
    if wish.referrers and target.takes_companions:
        return left
    why = f"{target.name} has no place for it" if wish.referrers else "as you wished"
    for it in closure.nodes.values():
        found = [voucher.digest for voucher in source.referrers(it.descriptor)]
        tags = source.companions(companion_tags(it.descriptor.digest))
        whom = "it" if it.descriptor == closure.root else it.descriptor.digest
        left += [f"{voucher} vouches for {whom}, and is left behind: {why}" for voucher in (*found, *tags)]
    return left


class _Copying:
    """One copy under way."""

    def __init__(self, source: CopySource, target: CopyTarget, closure: Closure, plan: CopyPlan, meter: Meter) -> None:
        self.meter = meter
        self._source = source
        self._target = target
        self._closure = closure
        self._doing = {it.descriptor.digest: it for it in plan.objects}
        self._bases = _bases(closure, target)
        self._lock = threading.Lock()
        self._mounts_fail = threading.Event()
        self._count = {"exists": 0, "mounted": 0, "uploaded": 0, "manifests": 0, "bytes": 0}

    def blobs(self) -> None:
        """Have all blobs there. Mounts are quick, and many at once; transfers are not, and few at once."""
        objects = [it for digest, it in self._doing.items() if digest not in self._closure.nodes]
        self._count["exists"] += sum(it.doing == "exists" for it in objects)
        mounts = [partial(self._blob, it.descriptor, mount=True) for it in objects if it.doing == "mount"]
        streams = [partial(self._blob, it.descriptor, mount=False) for it in objects if it.doing == "stream"]
        together(mounts, _LOOKERS, self.meter)
        together(streams, _SENDERS, self.meter)

    def manifests(self) -> None:
        """Have all manifests there, none before what it names."""
        for stage in self._closure.stages():
            fresh = [it for it in stage if self._doing[it.descriptor.digest].doing == "stream"]
            together([partial(self._put, it) for it in fresh], _LOOKERS, self.meter)

    def companions(self, *, move: bool) -> list[str]:
        """Write tags that vouch for the image; sentences for those that are another's there."""
        return [left for tag, digest in self._closure.tags.items() if (left := self._companion(tag, digest, move=move))]

    def copied(self, left: tuple[str, ...]) -> Copied:
        """What came of it."""
        return Copied(
            root=self._closure.root,
            exists=self._count["exists"],
            mounted=self._count["mounted"],
            streamed=self._count["uploaded"],
            bytes_streamed=self._count["bytes"],
            manifests=self._count["manifests"],
            vouchers=sum(bool(it.about) for it in self._closure.nodes.values()),
            left=left,
        )

    def _blob(self, descriptor: Descriptor, *, mount: bool) -> None:
        self.meter.check()
        if mount and not self._mounts_fail.is_set():
            if self._target.mount(descriptor, self._source.mounts):
                return self._counted(descriptor, "mounted")
            self._mounts_fail.set()
        how = self._target.push(
            descriptor, self._source, mount_from=self._bases.get(descriptor.digest, ()), moved=self.meter.moved
        )
        return self._counted(descriptor, how)

    def _counted(self, descriptor: Descriptor, how: Pushed) -> None:
        with self._lock:
            self._count[how] += 1
            self._count["bytes"] += descriptor.size if how == "uploaded" else 0
        if how != "uploaded":
            self.meter.moved(descriptor.size)

    def _put(self, node: Node) -> None:
        self.meter.check()
        self._target.put(node.descriptor.media_type, node.content)
        with self._lock:
            self._count["manifests"] += 1

    def _companion(self, tag: str, digest: str, *, move: bool) -> str:
        self.meter.check()
        node = self._closure.nodes[digest]
        there = self._target.companion(tag)
        if there and there[0].digest == digest:
            return ""
        grows = there is not None and adds_to(_parsed(node.content, tag), _parsed(there[1], tag))
        if there and not (grows or move):
            return f"{tag} is left behind: at {self._target.name} it is {there[0].digest}, with signatures of its own"
        self._target.put_companion(tag, node.descriptor.media_type, node.content, move=there is not None)
        self._count["manifests"] += 1
        return ""


def _parsed(content: bytes, what: str) -> documents.Json:
    return documents.parse_document(content, what)


def _bases(closure: Closure, target: CopyTarget) -> dict[str, tuple[Repository, ...]]:
    """Where else in the target's registry a layer may be: in the repository of the image's base."""
    found: dict[str, tuple[Repository, ...]] = {}
    for node in closure.nodes.values():
        repository = _repository(node.base)
        if repository and repository.host == target.registry:
            found |= {it.digest: (repository,) for it in node.layers}
    return found


def _repository(name: str) -> Repository | None:
    try:
        return parse_reference(name).repository if name else None
    except ValueError:
        return None
