"""What questions about files read: an index of every layer, each streamed once, several at once, nothing on disk."""

from __future__ import annotations

import os
import threading
import zlib
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from dataclasses import dataclass, field

from paasctl.errors import Cancelled
from paasctl.model.image import Descriptor
from paasctl.oci.documents import manifest as documents
from paasctl.oci.tar.tape import sha256_of
from paasctl.oci.tree.columns import layer_bytes, layer_from, read_columns
from paasctl.oci.tree.indexed import check_diff_id, index_of
from paasctl.oci.tree.layer import Layer
from paasctl.oci.tree.stack import Stack, stack
from paasctl.ports.cancel import Cancel
from paasctl.ports.codecs import LayerReader
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
        known = [((layer.digest, said), self._known(layer, said)) for layer, said in wanted]
        self.found.update((key, layer) for key, layer in known if layer)
        missing = [it for it, (_, layer) in zip(wanted, known, strict=True) if layer is None]
        if not missing:
            return
        order = sorted(missing, key=lambda it: (-it[0].size, it[0].digest))
        width = max(1, min(4, os.cpu_count() or 1))
        with (
            self.reads.codecs.beside(len(order), sum(it.size for it, _ in order)) as beside,
            ThreadPoolExecutor(width, thread_name_prefix="index") as pool,
        ):
            futures = [pool.submit(self._one, blobs, *it, beside) for it in order]
            try:
                wait(futures, return_when=FIRST_EXCEPTION)
            except BaseException:
                self._halted.set()
                raise
            if broken := [error for it in futures if it.done() and (error := it.exception())]:
                self._halted.set()
                raise broken[0]
        self.found.update(((it.digest, said), of.result()) for (it, said), of in zip(order, futures, strict=True))

    def _known(self, descriptor: Descriptor, diff_id: str) -> Layer | None:
        """What an earlier run read; what is damaged or of another format was not."""
        kept = self.kept.get(self._kind, _key(descriptor, diff_id)) if self.kept else None
        if kept is None:
            return None
        try:
            return layer_from(zlib.decompress(kept), descriptor.digest, stargz=_is_stargz(descriptor))
        except zlib.error:
            return None

    @property
    def _kind(self) -> str:
        return _QUICK if self.quick else _KIND

    def _one(self, blobs: Blobs, descriptor: Descriptor, diff_id: str, beside: LayerReader | None) -> Layer:
        name, stargz, index = descriptor.digest, _is_stargz(descriptor), b""
        with blobs.open(descriptor) as chunks:
            if beside:
                found, index = beside.read(self._going(chunks), name, quick=self.quick)
                layer = read_columns(index, name, stargz=stargz)
            else:
                unpacked = self.reads.codecs.inflate(self._going(chunks), name)
                digest = self.reads.codecs.checksum if self.quick else sha256_of
                layer, found = index_of(unpacked, name, digest, stargz=stargz)
        check_diff_id(name, found, diff_id)
        if self.kept:
            self.kept.put(self._kind, _key(descriptor, diff_id), zlib.compress(index or layer_bytes(layer), 1))
        return layer

    def _going(self, chunks: Iterable[bytes]) -> Iterator[bytes]:
        for chunk in chunks:
            self.cancel.check()
            if self._halted.is_set():
                raise Cancelled("stopped, because something else failed")
            yield chunk


def _key(descriptor: Descriptor, diff_id: str) -> str:
    return f"{descriptor.digest} {diff_id}"


def _is_stargz(descriptor: Descriptor) -> bool:
    return documents.STARGZ_TOC in descriptor.annotations
