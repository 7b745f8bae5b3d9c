"""What questions about files read: an index of every layer, each streamed once, several at once, nothing on disk."""

from __future__ import annotations

import os
import threading
import zlib
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from functools import partial
from itertools import chain

from paasctl.errors import Cancelled
from paasctl.model.image import Descriptor
from paasctl.oci.documents import manifest as documents
from paasctl.oci.tar.tape import sha256_of
from paasctl.oci.tree.columns import layer_bytes, layer_from
from paasctl.oci.tree.indexed import index_of, proven
from paasctl.oci.tree.layer import Layer
from paasctl.oci.tree.stack import Stack, stack
from paasctl.ports.cancel import Cancel
from paasctl.ports.codecs import LayerReader
from paasctl.ports.images import Blobs
from paasctl.ports.kept import Kept
from paasctl.ports.world import Reads
from paasctl.verbs.images.reading import Found, OneImage

_KIND, _QUICK = "layers", "layers-checked"
_Key = tuple[str, str]
_Reading = Mapping[_Key, Future[Layer]]


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
    found: dict[_Key, Layer] = field(default_factory=dict)
    _halted: threading.Event = field(default_factory=threading.Event)

    def stack(self, found: Found, image: OneImage) -> Stack:
        """What a container of this image sees. `Refused` where a layer can't be handled."""
        documents.check_config(image.config, found.source.name)
        for layer in image.layers:
            documents.check_layer(layer, found.source.name, zstd=True)
        layers = list(zip(image.layers, image.diff_ids, strict=True))
        with self._begun(found.source, dict.fromkeys(layers)) as reading:
            return stack(self._layer(reading, (it.digest, said)) for it, said in layers)

    @contextmanager
    def _begun(self, blobs: Blobs, wanted: Iterable[tuple[Descriptor, str]]) -> Iterator[_Reading]:
        """What has to be read is being read, the biggest first, so that no thread ends long after the others."""
        missing = [it for it in wanted if not self._is_known(*it)]
        if not missing:
            yield {}
            return
        order = sorted(missing, key=lambda it: (-it[0].size, it[0].digest))
        width = max(1, min(4, os.cpu_count() or 1))
        turns = threading.Semaphore(width)
        with (
            self.reads.codecs.beside(len(order), sum(it.size for it, _ in order)) as beside,
            ThreadPoolExecutor(width + 1, thread_name_prefix="index") as pool,
        ):
            one = partial(self._one, blobs, beside, turns)
            try:
                yield {(it.digest, said): pool.submit(one, it, said) for it, said in order}
            except BaseException:
                self._halted.set()
                raise

    def _layer(self, reading: _Reading, key: _Key) -> Layer:
        """One, as soon as it is there: those above it are read meanwhile. Raises what any of them failed of."""
        if key not in self.found:
            while not reading[key].done():
                wait([it for it in reading.values() if not it.done()], return_when=FIRST_COMPLETED)
                if broken := [error for it in reading.values() if it.done() and (error := it.exception())]:
                    raise broken[0]
            self.found[key] = reading[key].result()
        return self.found[key]

    def _is_known(self, descriptor: Descriptor, diff_id: str) -> bool:
        """Whether it was read before, by this run or by an earlier one."""
        key = (descriptor.digest, diff_id)
        if key not in self.found and (known := self._known(descriptor, diff_id)):
            self.found[key] = known
        return key in self.found

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

    def _one(
        self,
        blobs: Blobs,
        beside: LayerReader | None,
        turns: AbstractContextManager[object],
        descriptor: Descriptor,
        diff_id: str,
    ) -> Layer:
        """Its beginning is fetched, and its index put away, while the turn is another layer's."""
        name, stargz = descriptor.digest, _is_stargz(descriptor)
        with blobs.open(descriptor) as chunks:
            going = self._going(chunks)
            whole = chain((next(going, b""),), going)
            with turns:
                read = (beside.read if beside else self._read)(whole, name, quick=self.quick)
        layer = proven(name, diff_id, read, stargz=stargz)
        if self.kept:
            made = read[1]
            content = made if isinstance(made, bytes) else layer_bytes(made)
            self.kept.put(self._kind, _key(descriptor, diff_id), zlib.compress(content, 1))
        return layer

    def _read(self, packed: Iterable[bytes], layer: str, *, quick: bool) -> tuple[str, bytes | Layer]:
        """Here, where nobody does it beside us."""
        digest = self.reads.codecs.checksum if quick else sha256_of
        return index_of(self.reads.codecs.inflate(packed, layer), layer, digest)

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
