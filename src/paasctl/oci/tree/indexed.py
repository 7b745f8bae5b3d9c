"""The index of one layer from its unpacked bytes, and whether they are the ones that the configuration speaks of."""

from __future__ import annotations

from collections.abc import Iterable

from paasctl.errors import BuildFailed
from paasctl.oci.tar.members import members
from paasctl.oci.tar.tally import Tally
from paasctl.oci.tar.tape import Digest, sha256_of
from paasctl.oci.tree.layer import Layer


def index_of(
    unpacked: Iterable[bytes], name: str, digest: Digest = sha256_of, *, stargz: bool = False
) -> tuple[Layer, str]:
    """The layer of that name, and its diff_id. `digest` is what tells the content of one file from another's."""
    tally = Tally()
    found = tuple(members(tally.over(unpacked), name, digest))
    return Layer(name, found, stargz, tally.size), tally.digest


def check_diff_id(layer: str, found: str, said: str) -> None:
    """Raise `BuildFailed` (`layer-damaged`) where a layer unpacks to something else than was `said`."""
    if found != said:
        raise BuildFailed(
            f"reading layer {layer}: it unpacks to {found}, the configuration says {said}", code="layer-damaged"
        )
