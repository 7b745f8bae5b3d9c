"""A release in a file, read as the registry it came from; and checked whole before anybody believes it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack
from functools import cached_property
from pathlib import Path
from typing import Any

from paasctl.adapters.disk import disk
from paasctl.adapters.images.packed import PackedShelf
from paasctl.adapters.images.shelf import bare, subject_of
from paasctl.adapters.images.tape import Span, Tape, damaged
from paasctl.adapters.layout import MARKER
from paasctl.adapters.newfile import no_file
from paasctl.errors import PaasError, Refused
from paasctl.model.boxing import Label
from paasctl.model.image import Descriptor, Pinned, Reference, Repository
from paasctl.oci.building.boxed import REPOSITORY, label_of
from paasctl.oci.documents.closure import Walk
from paasctl.oci.documents.manifest import OCI_INDEX, OCI_MANIFEST, parse_document
from paasctl.ports.cancel import Cancel

_VERSION = "1.0.0"
_SMALL = 32 << 20
"""Bytes of the largest document read whole."""
_BLOB = re.compile(r"blobs/sha256/([0-9a-f]{64})")
_INDEX = "index.json"


def open_box(path: Path, stack: ExitStack) -> Box:
    """The file at `path`, let go of with `stack`. `Missing` where there is none, `BuildFailed` where it is no tar."""
    with disk("reading", path):
        if not path.is_file():
            raise no_file(path)
        file = stack.enter_context(path.open("rb"))
    return Box(Tape(file, str(path)))


class Box:
    """`ports.boxes.Box` over a tar."""

    def __init__(self, tape: Tape) -> None:
        """Only headers were read."""
        self._tape = tape
        self._shelf = PackedShelf(tape)

    @property
    def host(self) -> str:
        """Of the registry it came from."""
        return self.label.origin.repository.host

    @cached_property
    def label(self) -> Label:
        """What it says it holds."""
        name = self._tape.name
        version = self._document(MARKER).get("imageLayoutVersion")
        if version != _VERSION:
            raise Refused(
                f"reading {name}: the version of its layout is {version!r}, not {_VERSION}", code="image-unsupported"
            )
        found = label_of(self._document(_INDEX))
        if found is None:
            raise _foreign(name, "it is an image layout, and holds no release")
        return found

    def resolve(self, reference: Reference) -> Descriptor | None:
        """What that name was where it came from; None: it is not in the file."""
        found = self.manifest(reference)
        return found[0] if found else None

    def manifest(self, reference: Reference) -> tuple[Descriptor, bytes] | None:
        """The same, with its bytes, verified."""
        digest = (
            reference.digest if isinstance(reference, Pinned) else self._tagged(reference.repository, reference.tag)
        )
        if not digest or not self._shelf.has(digest):
            return None
        content = self._shelf.read(Descriptor("", digest, -1))
        said = parse_document(content, f"{digest} in {self._tape.name}")
        media_type = str(said.get("mediaType") or (OCI_INDEX if "manifests" in said else OCI_MANIFEST))
        return Descriptor(media_type, digest, len(content)), content

    def has_blob(self, repository: Repository, digest: str) -> bool:
        """Whether it is in the file, of whatever repository."""
        del repository
        return self._shelf.has(digest)

    def open_blob(self, repository: Repository, descriptor: Descriptor) -> AbstractContextManager[Iterator[bytes]]:
        """A blob in chunks, verified at the end."""
        del repository
        return self._shelf.open(descriptor)

    def tags(self, repository: Repository) -> tuple[str, ...]:
        """Names that it had there and has in the file."""
        found = (place.rpartition(":")[2] for place, _ in self._of(repository) if place)
        return tuple(sorted(dict.fromkeys(found)))

    def referrers(self, repository: Repository, digest: str) -> tuple[Descriptor, ...]:
        """What vouched for it there."""
        entries = {it.digest: bare(it) for _, it in self._of(repository)}
        return tuple(it for it in entries.values() if subject_of(self._shelf, it) == digest)

    def check_writable(self, repository: Repository) -> None:
        """Nobody may: a file is written as a whole."""
        raise Refused(f"writing {repository}: it lies in {self._tape.name}")

    def check_deletable(self, repository: Repository) -> None:
        """Nothing is taken out of it, either."""
        self.check_writable(repository)

    def check(self, cancel: Cancel) -> None:
        """Every name, every digest, and everything that is named."""
        _ = self.label
        self._check_names()
        self._check_blobs(cancel)
        named = set[str]()
        for _, entry in self._shelf.places():
            cancel.check()
            named |= self._check_whole(bare(entry))
        for name in self._tape.names:
            if (found := _BLOB.fullmatch(name)) and f"sha256:{found[1]}" not in named:
                raise damaged(self._tape.name, f"{name!r} in it is no part of a release: nothing names it")

    def _check_names(self) -> None:
        name = self._tape.name
        known = (MARKER, _INDEX)
        strange = [*self._tape.strange, *(it for it in self._tape.names if it not in known and not _BLOB.fullmatch(it))]
        if strange:
            raise damaged(name, f"{strange[0]!r} in it is no part of a release")

    def _check_blobs(self, cancel: Cancel) -> None:
        for name in self._tape.names:
            if found := _BLOB.fullmatch(name):
                for _ in self._tape.verified(self._span(name), Descriptor("", f"sha256:{found[1]}", -1)):
                    cancel.check()

    def _check_whole(self, root: Descriptor) -> frozenset[str]:
        """Digests of all that it is made of."""
        walk = Walk(root, self._tape.name, vouchers=False)
        try:
            while asks := walk.asks():
                walk.hear(asks, [self._shelf.read(it.descriptor) for it in asks])
        except PaasError as error:
            if error.code != "blob-missing":
                raise
            raise damaged(self._tape.name, error.message) from error
        nodes = walk.closure().nodes
        for node in nodes.values():
            for it in node.blobs:
                if not self._shelf.has(it.digest, it.size):
                    raise damaged(self._tape.name, f"{it.digest}, which {node.descriptor.digest} names, is not in it")
        return frozenset({*nodes, *(it.digest for node in nodes.values() for it in node.blobs)})

    def _tagged(self, repository: Repository, tag: str) -> str:
        found = (it.digest for place, it in self._of(repository) if place and place.rpartition(":")[2] == tag)
        return next(found, "")

    def _of(self, repository: Repository) -> Iterator[tuple[str, Descriptor]]:
        return ((place, it) for place, it in self._shelf.places() if it.annotations.get(REPOSITORY) == str(repository))

    def _span(self, name: str) -> Span:
        span = self._tape.span(name)
        if span is None:
            raise damaged(self._tape.name, f"it has no {name}")
        return span

    def _document(self, name: str) -> dict[str, Any]:
        if self._tape.span(name) is None:
            raise _foreign(self._tape.name, f"it has no {name}")
        span = self._span(name)
        if span.size > _SMALL:
            raise damaged(self._tape.name, f"its {name} has {span.size} bytes")
        try:
            found = json.loads(b"".join(self._tape.chunks(span)))
        except (ValueError, RecursionError) as error:
            raise damaged(self._tape.name, f"its {name} is no JSON: {error}") from error
        if not isinstance(found, dict):
            raise damaged(self._tape.name, f"its {name} is no JSON object")
        return found


def _foreign(name: str, why: str) -> Refused:
    return Refused(
        f"reading {name}: {why}",
        hint="paasctl release export VERSION FILE.tar   makes one; paasctl image copy takes images out of others",
        code="archive-unsupported",
    )
