"""Images in a tar: an OCI layout, or what engines save (`manifest.json`), which gets the manifests it lacks.

Since Docker 25 it is both; then the layout counts, since its manifests are the image's own.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from typing import Any

from paasctl.adapters.images.shelf import CONTAINERD_NAME
from paasctl.adapters.images.tape import Span, Tape, damaged
from paasctl.adapters.layout import PLACE
from paasctl.errors import Missing
from paasctl.model.counting import count
from paasctl.model.image import Descriptor
from paasctl.oci.documents.manifest import (
    OCI_CONFIG,
    OCI_LAYER,
    OCI_MANIFEST,
    Json,
    canonical,
    descriptor_from,
    descriptor_json,
    digest_of,
)

PLAIN_LAYER = "application/vnd.oci.image.layer.v1.tar"
_ZSTD_LAYER = "application/vnd.oci.image.layer.v1.tar+zstd"
_SMALL = 32 << 20
"""Bytes of the largest document read whole."""
_INDEX, _MANIFEST = "index.json", "manifest.json"


class PackedShelf:
    """`Shelf` over a tar."""

    def __init__(self, tape: Tape) -> None:
        """Only headers were read."""
        self._tape = tape
        self._spans = dict[str, Span]()
        self._made = dict[str, bytes]()

    def places(self) -> tuple[tuple[str, Descriptor], ...]:
        """Every name of every image there."""
        return self._places

    def has(self, digest: str, size: int = -1) -> bool:
        """Whether the blob is there, and as large as it should be. A size below 0 is unknown."""
        span = self._span(digest)
        return digest in self._made or (span is not None and size in (-1, span.size))

    def read(self, descriptor: Descriptor) -> bytes:
        """A small blob whole, verified."""
        if descriptor.digest in self._made:
            return self._made[descriptor.digest]
        span = self._found(descriptor)
        if span.size > _SMALL:
            raise damaged(self._tape.name, f"{descriptor.digest} has {span.size} bytes: no manifest or configuration")
        return b"".join(self._tape.verified(span, descriptor))

    @contextmanager
    def open(self, descriptor: Descriptor) -> Iterator[Iterator[bytes]]:
        """A blob in chunks, verified at the end."""
        if descriptor.digest in self._made:
            yield iter((self._made[descriptor.digest],))
        else:
            yield self._tape.verified(self._found(descriptor), descriptor)

    def _found(self, descriptor: Descriptor) -> Span:
        span = self._span(descriptor.digest)
        if span is None:
            raise Missing(f"reading {descriptor.digest} in {self._tape.name}: it is not there", code="blob-missing")
        return span

    def _span(self, digest: str) -> Span | None:
        _ = self._places  # which finds out what lies where, if nothing in the tar says so
        return self._spans.get(digest) or self._tape.span(f"blobs/{digest.replace(':', '/')}")

    @cached_property
    def _places(self) -> tuple[tuple[str, Descriptor], ...]:
        if (index := self._document(_INDEX)) is not None:
            return tuple(_named(index, self._tape.name))
        if (saved := self._document(_MANIFEST)) is not None:
            return tuple(self._saved(saved))
        raise damaged(self._tape.name, f"it holds no image: neither {_INDEX} nor {_MANIFEST}")

    def _document(self, name: str) -> Any:
        span = self._tape.span(name)
        return None if span is None else self._json(span, name)

    def _json(self, span: Span, name: str) -> Any:
        if span.size > _SMALL:
            raise damaged(self._tape.name, f"its {name} has {span.size} bytes")
        try:
            return json.loads(b"".join(self._tape.chunks(span)))
        except (ValueError, RecursionError) as error:
            raise damaged(self._tape.name, f"its {name} is no JSON: {error}") from error

    def _saved(self, saved: Any) -> Iterator[tuple[str, Descriptor]]:
        lists = ("Layers", "RepoTags")
        if not (
            isinstance(saved, list)
            and all(isinstance(it, dict) and all(isinstance(it.get(key) or [], list) for key in lists) for it in saved)
        ):
            raise damaged(self._tape.name, f"its {_MANIFEST} lists no images")
        for it in saved:
            made = self._image(it)
            for name in it.get("RepoTags") or ("",):
                yield str(name), made

    def _image(self, entry: Json) -> Descriptor:
        """A manifest for an image that came without one; the layers are as they lie there."""
        name = str(entry.get("Config", ""))
        span = self._tape.span(name)
        if span is None:
            raise damaged(self._tape.name, f"its configuration {name!r} is missing")
        config = self._json(span, name)
        diff_ids = ((config.get("rootfs") or {}) if isinstance(config, dict) else {}).get("diff_ids") or ()
        layers = [str(it) for it in entry.get("Layers") or ()]
        if len(layers) != len(diff_ids):
            raise damaged(self._tape.name, f"{count(len(layers), 'layer')}, but {name} names {len(diff_ids)}")
        made = canonical(
            {
                "schemaVersion": 2,
                "mediaType": OCI_MANIFEST,
                "config": descriptor_json(self._noted(span, OCI_CONFIG)),
                "layers": [descriptor_json(self._layer(*it)) for it in zip(layers, diff_ids, strict=True)],
            }
        )
        self._made[digest_of(made)] = made
        return Descriptor(OCI_MANIFEST, digest_of(made), len(made))

    def _layer(self, name: str, diff_id: str) -> Descriptor:
        """A plain layer is what the configuration says, as reading it shows; a packed one has a digest of its own."""
        span = self._tape.span(name)
        if span is None:
            raise damaged(self._tape.name, f"its layer {name} is missing")
        head = b"".join(self._tape.chunks(Span(span.start, min(span.size, 4))))
        if head.startswith(b"\x1f\x8b"):
            return self._noted(span, OCI_LAYER)
        if head.startswith(b"\x28\xb5\x2f\xfd"):
            return self._noted(span, _ZSTD_LAYER)
        self._spans[str(diff_id)] = span
        return Descriptor(PLAIN_LAYER, str(diff_id), span.size)

    def _noted(self, span: Span, media_type: str) -> Descriptor:
        """The descriptor of bytes that nothing names yet."""
        found = hashlib.sha256()
        for chunk in self._tape.chunks(span):
            found.update(chunk)
        digest = f"sha256:{found.hexdigest()}"
        self._spans[digest] = span
        return Descriptor(media_type, digest, span.size)


def _named(index: Any, name: str) -> Iterator[tuple[str, Descriptor]]:
    entries = index.get("manifests") if isinstance(index, dict) else None
    if not isinstance(entries, list):
        raise damaged(name, f"its {_INDEX} lists no manifests")
    for said in entries:
        found = descriptor_from(said, f"{_INDEX} of {name}")
        names = dict.fromkeys(found.annotations.get(it, "") for it in (CONTAINERD_NAME, PLACE))
        for it in filter(None, names) if any(names) else ("",):
            yield it, found
