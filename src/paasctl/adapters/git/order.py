"""A printed history in an order in which no commit comes before its child. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator


def in_order(lines: Iterable[bytes]) -> Iterator[bytes]:
    """The lines of `git log` (see `history.LOG`), each commit with the paths below it; HEAD's is the first."""
    records: dict[bytes, list[bytes]] = {}
    parents: dict[bytes, list[bytes]] = {}
    record: list[bytes] = []
    for line in lines:
        if line.startswith(b"\x1e"):
            commit, of, _ = line[1:].split(b"\x1f", 2)
            parents[commit], record = of.split(), [line]
            records[commit] = record
        else:
            record.append(line)
    children = Counter(it for of in parents.values() for it in of)
    ready = [next(iter(records))]
    while ready:
        commit = ready.pop()
        yield from records[commit]
        for parent in parents[commit]:
            children[parent] -= 1
            if not children[parent] and parent in records:
                ready.append(parent)
