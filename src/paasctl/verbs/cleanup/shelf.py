"""All that lies in the repositories of one registry of `paas.yaml`, found from tags, records and what lists it.

Per manifest two requests, one more for a record's document and for the date of what has no record. What neither a tag
nor anything that has one leads to can't be listed, and is never touched.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TypeVar

from paasctl.model.cleanup import Held
from paasctl.model.event import Emit, Progress
from paasctl.model.image import Descriptor, Pinned, Reference, Repository, Tagged
from paasctl.model.release import Release
from paasctl.oci.documents.held import Parsed, created_in, parsed, tells_date
from paasctl.oci.documents.record import read_names, record_layers
from paasctl.oci.documents.sweep import read_sweep
from paasctl.planning.cleanup.dates import undated
from paasctl.planning.cleanup.facts import subjects_of
from paasctl.ports.cancel import Cancel
from paasctl.ports.images import RegistryReads
from paasctl.values import dataclass
from paasctl.verbs.reading import blob

_TOGETHER = 8
T = TypeVar("T")
A = TypeVar("A")


@dataclass(frozen=True, slots=True, kw_only=False)
class _Read:
    parsed: Parsed
    names: Release | None = None
    """What a release record names."""
    listed: frozenset[Pinned] = frozenset()
    """What a note of ours lists."""


class Shelf:
    """What was found so far. `look` once, `look_again` right before something is deleted."""

    def __init__(  # noqa: PLR0913 - what to look at, and how
        self,
        registry: RegistryReads,
        repository: Repository,
        app: str,
        images: Iterable[str],
        *,
        emit: Emit,
        cancel: Cancel,
    ) -> None:
        """`images`: names of images of `paas.yaml`; those of older releases are found in their records."""
        self.held: dict[Pinned, Held] = {}
        self.noted: set[Pinned] = set()
        """What notes of earlier cleanups name."""
        self.tree: dict[Repository, None] = dict.fromkeys((repository, *map(repository.child, images)))
        self._registry = registry
        self._repository = repository
        self._app = app
        self._emit = emit
        self._cancel = cancel
        self._configs: dict[Pinned, Descriptor] = {}
        self._known: set[Pinned] = set()
        """What was asked for, there or not."""
        self._tags: dict[Tagged, str] = {}
        """Tag -> digest."""

    def look(self) -> None:
        """Everything."""
        self._list(self.tree)
        without = undated(self.held)
        for at, created in zip(without, self._each(self._date, without), strict=True):
            self.held[at] = replace(self.held[at], created=created)

    def look_again(self) -> None:
        """What has come since, and where every tag is by now: one that was moved to what is to go would go with it."""
        self._known = set(self.held)
        moving = list(self._tags)
        for tagged, found in zip(moving, self._each(self._registry.resolve, moving), strict=True):
            if found is None or found.digest != self._tags[tagged]:
                self._untag(tagged)
        self._list(self.tree)

    def find(self, digests: Iterable[Pinned]) -> None:
        """See whether these are there, and all that they lead to: what runs need have no tag any more."""
        self._walk([it for it in digests if it.repository in self.tree])

    def _list(self, repositories: Iterable[Repository]) -> None:
        """Read what is new there; records may name repositories that nobody knew of."""
        todo = list(repositories)
        while todo:
            listed = self._each(self._registry.tags, todo)
            fresh = [at.tagged(tag) for at, tags in zip(todo, listed, strict=True) for tag in tags]
            before = set(self.tree)
            self._walk([it for it in fresh if it not in self._tags])
            todo = [it for it in self.tree if it not in before]

    def _walk(self, wanted: Sequence[Reference]) -> None:
        """Read them, and all that they lead to."""
        while wanted:
            asked = [it for it in dict.fromkeys(wanted) if it not in self._known]
            self._known.update(it for it in asked if isinstance(it, Pinned))
            found = self._each(self._read, asked)
            fresh = [it for one in zip(asked, found, strict=True) if one[1] for it in self._hold(one[0], one[1])]
            wanted = [*self._led_to(fresh), *self._vouchers(fresh)]
            self._emit(Progress(None, f"reading {self._repository}", len(self.held), None, "manifests"))

    def _read(self, reference: Reference) -> _Read | None:
        """A manifest, with what a record's or a note's document names.

        One that can't be read raises: it may name anything.
        """
        found = self._registry.manifest(reference)
        if found is None:
            return None
        tags = [reference.tag] if isinstance(reference, Tagged) else []
        at = reference.repository.pinned(found[0].digest)
        read = parsed(at, found[1], tags)
        if read.held.what == "release":
            document, _ = record_layers(found[1], str(at))
            said = read_names(blob(self._registry, at.repository, document), at.repository)
            return _Read(read, names=said)
        listed = frozenset[Pinned]()
        if read.held.what == "note" and read.held.app == self._app:
            for layer in read.layers:
                listed |= read_sweep(blob(self._registry, at.repository, layer), at.repository.host)
        return _Read(read, listed=listed)

    def _hold(self, reference: Reference, read: _Read) -> Iterator[Pinned]:
        """Note it; its digest where it was not known."""
        it = read.parsed.held
        if isinstance(reference, Tagged):
            self._tags[reference] = it.at.digest
        self._known.add(it.at)
        if known := self.held.get(it.at):
            self.held[it.at] = replace(known, tags=tuple(sorted({*known.tags, *it.tags})))
            return
        self.held[it.at] = self._named(it, read.names)
        self.noted |= read.listed
        if read.parsed.config and tells_date(read.parsed.config):
            self._configs[it.at] = read.parsed.config
        yield it.at

    def _named(self, it: Held, names: Release | None) -> Held:
        if names is None:
            return it
        images = tuple(names.images.values())
        if names.app == self._app and it.at.repository == self._repository:
            self.tree |= dict.fromkeys(one.repository for one in images if self._is_ours(one.repository))
        needs = (*names.bases.values(), *(one.digest for one in names.outside.values()))
        return replace(it, app=names.app, version=names.version, images=images, needs=needs)

    def _is_ours(self, repository: Repository) -> bool:
        """Whether it is `{repository}/{image}`: an image with a place of its own is somebody else's there."""
        return repository.host == self._repository.host and (
            repository.path.rpartition("/")[0] == self._repository.path
        )

    def _led_to(self, fresh: Iterable[Pinned]) -> Iterator[Pinned]:
        for at in fresh:
            it = self.held[at]
            yield from (at.repository.pinned(child) for child in it.children)
            yield from (at.repository.pinned(subject) for subject in subjects_of(it))
            yield from (image for image in it.images if image.repository in self.tree)
            if it.what == "note" and it.app == self._app:
                yield from (one for one in sorted(self.noted) if one.repository in self.tree)

    def _vouchers(self, fresh: Sequence[Pinned]) -> Iterator[Pinned]:
        every = self._each(lambda at: self._registry.referrers(at.repository, at.digest), fresh)
        for at, found in zip(fresh, every, strict=True):
            yield from (at.repository.pinned(it.digest) for it in found)

    def _untag(self, tagged: Tagged) -> None:
        at = tagged.repository.pinned(self._tags.pop(tagged))
        if at in self.held:
            self.held[at] = replace(self.held[at], tags=tuple(it for it in self.held[at].tags if it != tagged.tag))

    def _date(self, at: Pinned) -> float | None:
        """By its configuration; of an index by that of the first image that has one."""
        parts = (at, *(at.repository.pinned(child) for child in self.held[at].children))
        for part in parts:
            if config := self._configs.get(part):
                return created_in(blob(self._registry, part.repository, config))
        return None

    def _each(self, ask: Callable[[A], T], of: Sequence[A]) -> list[T]:
        """Several at once, in the order asked; a request to stop is heard between them."""

        def one(it: A) -> T:
            self._cancel.check()
            return ask(it)

        with ThreadPoolExecutor(_TOGETHER, thread_name_prefix="shelf") as pool:
            return list(pool.map(one, of))
