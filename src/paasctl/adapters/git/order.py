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
        commit, *more = line.split(b"\x1f", 2)
        if more:
            parents[commit], record = more[0].split(), [line]
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
