"""Cut a large layer into several, so that one changed file changes a small one.

Where it is cut depends on names and sizes alone, and mostly on the names beside the cut: what is added, removed or
changed moves at most the cuts next to it. Same files, same layers.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from hashlib import blake2b

from paasctl.oci.building.compose import Entry
from paasctl.oci.tar.names import above

_WHOLE = 16 << 20
"""Bytes up to which a layer stays one."""
_LAYERS = 16
"""About how many come out of a very large one: an engine stacks 127 at most."""
_LIGHTEST = 2
"""A layer weighs at least the usual weight over this, and at most the usual weight times this."""
_HEAD = 1 << 10
"""What a file weighs beside its content: a header, and its share of the work."""


def cut(entries: Sequence[Entry]) -> Iterator[Sequence[Entry]]:
    """The layer, or several in the same order; each repeats the parents of what it holds."""
    total = sum(map(_weight, entries))
    if total <= _WHOLE:
        yield entries
        return
    usual = _rounded(max(_WHOLE // 2, total // _LAYERS))
    leaves = [it for it in entries if it.source]
    rarely = _rounded(max(1, usual * len(leaves) // total // _LIGHTEST))
    folders = {it.path: it for it in entries if not it.source}
    told: set[bytes] = set()
    for part in _parts(leaves, usual, rarely):
        yield _with_parents(part, folders, told)
    if empty := [it for it in entries if not it.source and it.path not in told]:
        yield _with_parents(empty, folders, told)


def _parts(leaves: Sequence[Entry], usual: int, rarely: int) -> Iterator[list[Entry]]:
    part: list[Entry] = []
    weight = 0
    for it in leaves:
        part.append(it)
        weight += it.source.size + _HEAD if it.source else _HEAD
        if weight >= usual * _LIGHTEST or (weight >= usual // _LIGHTEST and _mark(it.path) % rarely == 0):
            yield part
            part, weight = [], 0
    if part:
        yield part


def _with_parents(part: Sequence[Entry], folders: dict[bytes, Entry], told: set[bytes]) -> list[Entry]:
    found = {it.path: it for it in part}
    for it in part:
        folder = above(it.path)
        while folder and folder not in found:
            found[folder] = folders[folder]
            folder = above(folder)
    told.update(found)
    return [found[path] for path in sorted(found)]


def _weight(it: Entry) -> int:
    return (it.source.size if it.source else 0) + _HEAD


def _rounded(number: int) -> int:
    """The power of two below: it hardly ever changes when files come and go."""
    return 1 << (number.bit_length() - 1)


def _mark(path: bytes) -> int:
    return int.from_bytes(blake2b(path, digest_size=4).digest(), "big")
