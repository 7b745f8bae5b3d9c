"""What questions about files read: an index of every layer, each streamed once, several at once, nothing on disk."""

from __future__ import annotations

import hashlib
import os
import threading
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from dataclasses import dataclass, field

from paasctl.errors import BuildFailed, Cancelled
from paasctl.model.image import Descriptor
from paasctl.oci.documents import manifest as documents
from paasctl.oci.report.remembered import layer_bytes, layer_from
from paasctl.oci.tar.members import members
from paasctl.oci.tar.tape import sha256_of
from paasctl.oci.tree.layer import Layer
from paasctl.oci.tree.stack import Stack, stack
from paasctl.ports.cancel import Cancel
from paasctl.ports.images import Blobs
from paasctl.ports.kept import Kept
from paasctl.ports.world import Reads
from paasctl.verbs.images.reading import Found, OneImage

_KIND, _QUICK = "layers", "layers-checked"


@dataclass(slots=True)
class Indexing:
    """Indexes by digest and diff_id: what is true of one image's blob may be a lie in another's configuration.

    With `kept`, what an earlier run has read is not read again; a proof goes without.
    """

    reads: Reads
    cancel: Cancel
    kept: Kept | None = None
    quick: bool = False
    """A checksum tells one file's content from another's: enough for a report, not for a proof or a comparison."""
    found: dict[tuple[str, str], Layer] = field(default_factory=dict)
    _halted: threading.Event = field(default_factory=threading.Event)

    def stack(self, found: Found, image: OneImage) -> Stack:
        """What a container of this image sees. `Refused` where a layer can't be handled."""
        documents.check_config(image.config, found.source.name)
        for layer in image.layers:
            documents.check_layer(layer, found.source.name, zstd=True)
        layers = list(zip(image.layers, image.diff_ids, strict=True))
        fresh = [(it, said) for it, said in dict.fromkeys(layers) if (it.digest, said) not in self.found]
        self._read(found.source, fresh)
        return stack([self.found[it.digest, said] for it, said in layers])

    def _read(self, blobs: Blobs, wanted: Sequence[tuple[Descriptor, str]]) -> None:
        """The biggest first, so that no thread ends long after the others."""
        order = sorted(wanted, key=lambda it: (-it[0].size, it[0].digest))
        with ThreadPoolExecutor(max(1, min(4, os.cpu_count() or 1)), thread_name_prefix="index") as pool:
            futures = [pool.submit(self._one, blobs, *it) for it in order]
            try:
                wait(futures, return_when=FIRST_EXCEPTION)
            except BaseException:
                self._halted.set()
                raise
            if broken := [error for it in futures if it.done() and (error := it.exception())]:
                self._halted.set()
                raise broken[0]
        self.found.update(((it.digest, said), of.result()) for (it, said), of in zip(order, futures, strict=True))

    def _one(self, blobs: Blobs, descriptor: Descriptor, diff_id: str) -> Layer:
        kind, key = _QUICK if self.quick else _KIND, f"{descriptor.digest} {diff_id}"
        if self.kept and (kept := self.kept.get(kind, key)) and (layer := layer_from(kept, descriptor.digest)):
            return layer
        tally = _Tally()
        with blobs.open(descriptor) as chunks:
            unpacked = self.reads.codecs.inflate(self._going(chunks), descriptor.digest)
            digest = self.reads.codecs.checksum if self.quick else sha256_of
            found = tuple(members(tally.over(unpacked), descriptor.digest, digest))
        if tally.digest != diff_id:
            raise BuildFailed(
                f"reading layer {descriptor.digest}: it unpacks to {tally.digest}, the configuration says {diff_id}",
                code="layer-damaged",
            )
        layer = Layer(descriptor.digest, found, documents.STARGZ_TOC in descriptor.annotations, tally.size)
        if self.kept:
            self.kept.put(kind, key, layer_bytes(layer))
        return layer

    def _going(self, chunks: Iterable[bytes]) -> Iterator[bytes]:
        for chunk in chunks:
            self.cancel.check()
            if self._halted.is_set():
                raise Cancelled("stopped, because something else failed")
            yield chunk


class _Tally:
    """Digest and size of what passed."""

    def __init__(self) -> None:
        self._hash = hashlib.sha256()
        self.size = 0

    @property
    def digest(self) -> str:
        return f"sha256:{self._hash.hexdigest()}"

    def over(self, chunks: Iterable[bytes]) -> Iterator[bytes]:
        for chunk in chunks:
            self._hash.update(chunk)
            self.size += len(chunk)
            yield chunk
