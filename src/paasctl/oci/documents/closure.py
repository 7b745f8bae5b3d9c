"""Everything that an image is made of, and everything that vouches for it: walked through without reading anything.

A `Walk` says what it wants to know next (several things at once, so that they can be asked at once), and hears the
answers. What it has found in the end is a `Closure`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal

from paasctl.errors import BuildFailed, Refused
from paasctl.model.image import Descriptor
from paasctl.oci.documents import manifest as documents
from paasctl.oci.documents.companions import companion_tags, subject_of
from paasctl.values import dataclass

_MOST = 10_000
"""Manifests of one image: who says that there are more, is not listened to."""


@dataclass(frozen=True, slots=True)
class Ask:
    """Something to find out: a manifest's bytes, its referrers, or what its companions' tags are on."""

    what: Literal["content", "referrers", "companions"]
    descriptor: Descriptor
    tags: tuple[str, ...] = ()
    about: str = ""
    """Of a content: the digest that it is said to vouch for."""


Answer = bytes | Sequence[Descriptor] | Mapping[str, Descriptor]


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """One manifest or index."""

    descriptor: Descriptor
    content: bytes
    children: tuple[Descriptor, ...] = ()
    config: Descriptor | None = None
    layers: tuple[Descriptor, ...] = ()
    base: str = ""
    """The name of its base image, where it says one."""
    about: str = ""
    """The digest that it vouches for; empty: it is a part of the image itself."""

    @property
    def blobs(self) -> tuple[Descriptor, ...]:
        """What registries must hold of it; layers that may not be distributed are none."""
        held = tuple(it for it in self.layers if not documents.is_foreign(it.media_type))
        return (*held, self.config) if self.config else held


@dataclass(frozen=True, slots=True, kw_only=True)
class Closure:
    """All of it, by digest."""

    root: Descriptor
    nodes: Mapping[str, Node]
    tags: Mapping[str, str]
    """Companions' tags, and what they are on."""
    left: tuple[str, ...] = ()
    """Sentences: what was said to vouch for it, and does not."""

    def stages(self) -> tuple[tuple[Node, ...], ...]:
        """Nodes in the order in which a registry must get them; those of a stage may come in any order.

        Leaves, what vouches for them, indexes, what vouches for those: whatever is visible is complete.
        """
        ranks = _Ranks(self.nodes)
        by_rank: dict[int, list[Node]] = {}
        parts = {self.root.digest, *(child.digest for it in self.nodes.values() for child in it.children)}
        last = {*self.tags.values()} - parts  # written with their tags
        for digest, it in self.nodes.items():
            if digest not in last:
                by_rank.setdefault(ranks.of(digest), []).append(it)
        return tuple(tuple(by_rank[it]) for it in sorted(by_rank))


class _Ranks:
    def __init__(self, nodes: Mapping[str, Node]) -> None:
        self._nodes = nodes
        self._about: dict[str, list[str]] = {}
        for digest, it in nodes.items():
            self._about.setdefault(it.about, []).append(digest)
        self._known: dict[str, int] = {}

    def of(self, digest: str) -> int:
        """One more than what must be there before. A circle, which no honest hash can make, is cut where it closes.

        Of any depth: whoever may write to a repository may let one thing vouch for another a thousand times.
        """
        todo, begun = [digest], dict[str, list[str]]()
        while todo:
            here = todo[-1]
            if here not in begun and here not in self._known:
                before = begun[here] = self._before(here)
                todo += [it for it in before if it not in begun and it not in self._known]
                continue
            todo.pop()
            if here not in self._known:
                self._known[here] = 1 + max((self._known.get(it, 0) for it in begun[here]), default=-1)
        return self._known[digest]

    def _before(self, digest: str) -> list[str]:
        node = self._nodes[digest]
        children = [it.digest for it in node.children if it.digest in self._nodes]
        vouchers = [it for child in children for it in self._below(child)]
        return [*children, *vouchers, *([node.about] if node.about in self._nodes else ())]

    def _below(self, digest: str) -> list[str]:
        """What vouches for it, and for that."""
        found, wanted = dict[str, None](), [digest]
        while wanted:
            fresh = [it for it in self._about.get(wanted.pop(), ()) if it not in found]
            found.update(dict.fromkeys(fresh))
            wanted += fresh
        return list(found)


class Walk:
    """`while asks := walk.asks(): walk.hear(asks, answers)`, then `closure()`."""

    def __init__(self, root: Descriptor, name: str, *, vouchers: bool) -> None:
        """`name` is where it lies, for messages; `vouchers`: whether what vouches for it is looked for."""
        self._root = root
        self._name = name
        self._vouchers = vouchers
        self._nodes: dict[str, Node] = {}
        self._tags: dict[str, str] = {}
        self._left: list[str] = []
        self._asked = set[str]()
        self._next: list[Ask] = []
        self._want(root)

    def asks(self) -> list[Ask]:
        """What to find out next, all of it at once; nothing: it is done."""
        asks, self._next = self._next, []
        return asks

    def hear(self, asks: Iterable[Ask], answers: Iterable[Answer]) -> None:
        """The answers, in the order of the asks."""
        for ask, answer in zip(asks, answers, strict=True):
            if isinstance(answer, bytes):
                self._read(ask, answer)
            elif isinstance(answer, Mapping):
                self._companions(ask, answer)
            else:
                for it in answer:
                    self._want(it, ask.descriptor.digest)

    def closure(self) -> Closure:
        """What was found."""
        tags = {tag: digest for tag, digest in self._tags.items() if digest in self._nodes}
        return Closure(root=self._root, nodes=self._nodes, tags=tags, left=tuple(self._left))

    def _want(self, found: Descriptor, about: str = "") -> None:
        if found.digest in self._asked:
            return
        self._asked.add(found.digest)
        if len(self._asked) > _MOST:
            raise Refused(f"reading {self._name}: it has more than {_MOST} manifests", code="image-unsupported")
        self._next.append(Ask("content", found, about=about))
        if self._vouchers:
            self._next.append(Ask("referrers", found))
            self._next.append(Ask("companions", found, companion_tags(found.digest)))

    def _read(self, ask: Ask, content: bytes) -> None:
        digest = ask.descriptor.digest
        manifest = documents.parse_document(content, f"{digest} of {self._name}")
        by_tag = digest in self._tags.values()
        if ask.about and not by_tag and subject_of(manifest) != ask.about:
            self._left.append(f"{digest} is listed as vouching for {ask.about}, and says nothing of it")
            return
        self._nodes[digest] = node = _node(ask, content, manifest, self._name)
        for child in node.children:
            self._want(child)

    def _companions(self, ask: Ask, found: Mapping[str, Descriptor]) -> None:
        for tag, it in found.items():
            self._tags[tag] = it.digest
            self._want(it, ask.descriptor.digest)


class Presence:
    """Which manifests are there: the image and what vouches for it first, its parts only where it is not.

    Asked as a `Walk` is.
    """

    def __init__(self, closure: Closure) -> None:
        """`closure` is all that there might be."""
        self.there = set[str]()
        self._nodes = closure.nodes
        vouching = (it.descriptor for it in closure.nodes.values() if it.about)
        self._next = [closure.nodes[closure.root.digest].descriptor, *vouching]

    def asks(self) -> list[Descriptor]:
        """What to look for next, all of it at once; nothing: it is done."""
        asks, self._next = self._next, []
        return asks

    def hear(self, asks: Iterable[Descriptor], answers: Iterable[bool]) -> None:
        """Whether each is there, in the order of the asks."""
        found = list(zip(asks, answers, strict=True))
        self.there |= {it.digest for it, is_there in found if is_there}
        absent = (self._nodes[it.digest] for it, is_there in found if not is_there)
        children = dict.fromkeys(child.digest for it in absent for child in it.children)
        self._next = [self._nodes[it].descriptor for it in children if it in self._nodes]


def _node(ask: Ask, content: bytes, manifest: documents.Json, name: str) -> Node:
    what = f"{ask.descriptor.digest} of {name}"
    config, notes = manifest.get("config"), manifest.get("annotations")
    return Node(
        descriptor=ask.descriptor,
        content=content,
        children=_descriptors(manifest.get("manifests"), what),
        config=documents.descriptor_from(config, what) if config else None,
        layers=(*_descriptors(manifest.get("layers"), what), *_descriptors(manifest.get("blobs"), what)),
        base=str(notes.get(documents.BASE_NAME, "")) if isinstance(notes, dict) else "",
        about=ask.about,
    )


def _descriptors(listed: Any, what: str) -> tuple[Descriptor, ...]:
    if listed is not None and not isinstance(listed, list):
        raise BuildFailed(f"reading {what}: what should be a list is none", code="image-unreadable")
    return tuple(documents.descriptor_from(it, what) for it in listed or ())
