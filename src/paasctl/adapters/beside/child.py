"""The process that reads layers: `python -m paasctl.adapters.beside.child`, spoken to in frames.

In: a head, the packed layer in pieces, an empty frame. Out: the index, in parts where those are wanted, an empty frame,
a head, an empty frame. It ends when nothing more comes in, which is also what it sees where its parent was killed;
signals are its parent's business.
"""

from __future__ import annotations

import gc
import json
import os
import signal
import sys
import traceback
from collections.abc import Iterator

from paasctl.adapters.beside.frames import Frames
from paasctl.adapters.beside.slots import Slots
from paasctl.adapters.codecs import MachineCodecs
from paasctl.errors import PaasError
from paasctl.oci.tar.tape import sha256_of
from paasctl.oci.tree.columns import layer_bytes
from paasctl.oci.tree.indexed import index_in_parts, index_of
from paasctl.oci.tree.layer import Layer


def main() -> None:
    """Read layers until there are no more."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    gc.disable()  # hundreds of thousands of objects without a cycle
    bytes(16 << 20)  # memory of a chunk serves the next one: see `cli.main`
    slots = Slots(*map(int, sys.argv[1:])) if sys.argv[1:] else None
    frames, codecs = Frames(sys.stdin.buffer, sys.stdout.buffer, empties=slots), MachineCodecs()
    try:
        while head := frames.take():
            said = json.loads(head)
            answer = _answer(frames, codecs, said["layer"], quick=said["quick"], parts=said["parts"])
            for it in (b"", json.dumps(answer).encode(), b""):
                frames.put(it)
    except BrokenPipeError:
        os._exit(1)  # nobody hears it any more; a second one at the end would only make noise


def _answer(frames: Frames, codecs: MachineCodecs, layer: str, *, quick: bool, parts: bool) -> dict[str, str]:
    pieces = _pieces(frames)
    digest = codecs.checksum if quick else sha256_of
    try:
        unpacked = codecs.inflate(pieces, layer)
        if parts:
            return {"diff_id": index_in_parts(unpacked, layer, digest, lambda part: _part(frames, part))}
        diff_id, found = index_of(unpacked, layer, digest)
        frames.put(layer_bytes(found))
    except BrokenPipeError:
        raise
    except PaasError as error:
        for _ in pieces:  # the parent still writes, and sees more: whether the blob itself is damaged
            pass
        return {"error": type(error).__name__, "message": error.message, "hint": error.hint, "code": error.code}
    except Exception:  # noqa: BLE001 - a bug of ours, which the parent tells as it tells its own
        return {"bug": traceback.format_exc()}
    return {"diff_id": diff_id}


def _part(frames: Frames, part: Layer) -> None:
    frames.put(layer_bytes(part))
    frames.flush()


def _pieces(frames: Frames) -> Iterator[bytes]:
    """The packed layer. Where the parent is gone, so are we: half a layer is none."""
    try:
        yield from frames.row()
    except EOFError:
        raise SystemExit(1) from None


if __name__ == "__main__":
    main()
