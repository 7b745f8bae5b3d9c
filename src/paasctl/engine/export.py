"""Writes a release into a file: documents as they were planned, blobs from where they lie, several at once.

Where each of them goes is known beforehand, so that none waits for another and nothing lies anywhere else meanwhile.
"""

from __future__ import annotations

from functools import partial

from paasctl.engine.images.together import Meter, together
from paasctl.engine.needs import Needs
from paasctl.errors import PaasError, Unavailable
from paasctl.model.boxing import ExportRelease, Piece
from paasctl.model.event import Progress
from paasctl.model.image import Descriptor
from paasctl.model.location import InRegistry
from paasctl.oci.tar.laid import BLOCK, file_header
from paasctl.ports.boxes import NewFile

_SENDERS = 4


def export_release(step: ExportRelease, index: int, run: Needs) -> None:
    """The file, whole, under its name. `WouldClobber` where something has that by now; then nothing of it is left."""

    def progress(done: int, total: int | None) -> None:
        run.emit(Progress(index, step.file, done, total, "bytes"))

    blobs = [it for it in step.pieces if it.content is None]
    meter = Meter(progress, run.cancel, sum(it.size for it in blobs))
    with run.world.new_file(step.file, step.size) as file:
        for it in step.pieces:
            file.write(file_header(it.name, it.size) + (it.content or b""), it.at - BLOCK)
        together([partial(_fetch, it, file, meter, run) for it in blobs], _SENDERS, meter)
        run.cancel.check()
        file.appear()
    meter.finish()
    parts = step.parts
    run.facts.update(
        {
            "file": step.file,
            "bytes": str(step.size),
            "images": str(sum(bool(it.name) for it in parts)),
            "blobs": str(len(blobs)),
            "vouchers": str(sum(it.vouchers for it in parts)),
        }
    )


def _fetch(piece: Piece, file: NewFile, meter: Meter, run: Needs) -> None:
    """One blob to its place. Every byte is verified before the end is reached; none goes beyond its place."""
    assert piece.source is not None  # noqa: S101 - a piece without content has one
    at, end = piece.at, piece.at + piece.size
    source = run.world.source(InRegistry(piece.source))
    with source.open(Descriptor(piece.media_type, piece.digest, piece.size)) as chunks:
        for chunk in chunks:
            if at + len(chunk) > end:
                raise _unlike(piece, source.name)
            file.write(chunk, at)
            at += len(chunk)
            meter.moved(len(chunk))
    if at != end:
        raise _unlike(piece, source.name)


def _unlike(piece: Piece, source: str) -> PaasError:
    return Unavailable(
        f"reading {piece.digest} from {source}: it has not {piece.size} bytes", hint="run it again", code="blob-damaged"
    )
