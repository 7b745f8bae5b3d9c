"""The index of one layer from its unpacked bytes, and whether they are the ones that the configuration speaks of."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from itertools import islice

from paasctl.errors import BuildFailed
from paasctl.oci.tar.members import members
from paasctl.oci.tar.tally import Tally
from paasctl.oci.tar.tape import Digest, sha256_of
from paasctl.oci.tree.columns import read_columns
from paasctl.oci.tree.layer import Layer


def index_of(unpacked: Iterable[bytes], name: str, digest: Digest = sha256_of) -> tuple[str, Layer]:
    """The diff_id of that layer, and its index. `digest` is what tells the content of one file from another's."""
    tally = Tally()
    found = tuple(members(tally.over(unpacked), name, digest))
    return tally.digest, Layer(name, found, stargz=False, size=tally.size)


def index_in_parts(
    unpacked: Iterable[bytes], name: str, digest: Digest, told: Callable[[Layer], None], most: int = 4096
) -> str:
    """The diff_id alone; `told` gets the index while it grows, at most so many members at once, in their order."""
    tally = Tally()
    found = members(tally.over(unpacked), name, digest)
    while part := tuple(islice(found, most)):
        told(Layer(name, part, stargz=False, size=part[-1].end - part[0].start))
    return tally.digest


def proven(name: str, said: str, read: tuple[str, Layer | bytes], *, stargz: bool) -> Layer:
    """The layer of that name, if it unpacks to what its configuration `said`; else `BuildFailed` (`layer-damaged`).

    `read`: the diff_id that was found, and the index; as columns, where a process beside us has made it.
    """
    found, made = read
    check_diff_id(name, found, said)
    return read_columns(made, name, stargz=stargz) if isinstance(made, bytes) else replace(made, stargz=stargz)


def check_diff_id(layer: str, found: str, said: str) -> None:
    """Raise `BuildFailed` (`layer-damaged`) where a layer unpacks to something else than was `said`."""
    if found != said:
        raise BuildFailed(
            f"reading layer {layer}: it unpacks to {found}, the configuration says {said}", code="layer-damaged"
        )
