"""In which order things go: names before what they lead to, so that no name ever leads to nothing.

A release record goes before its images, an index before what it lists, what is vouched for before its vouchers: a
rejection must not go before the release that it stops.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from paasctl.model.cleanup import Held
from paasctl.model.image import Pinned
from paasctl.planning.cleanup.facts import links_of


def ranked(held: Mapping[Pinned, Held], doomed: Collection[Pinned]) -> tuple[tuple[Pinned, ...], ...]:
    """Those of a rank may go in any order, those of the next one after all of them.

    What leads in a circle, as no honest hashes can, goes last.
    """
    links = links_of({at: held[at] for at in doomed})
    below = {at: tuple(dict.fromkeys(goal for _, goal in links.leads_to(at))) for at in doomed}
    above = dict.fromkeys(doomed, 0)
    for goals in below.values():
        for goal in goals:
            above[goal] += 1
    ranks: list[tuple[Pinned, ...]] = []
    rank = _sorted(at for at, many in above.items() if not many)
    left = set(doomed)
    while rank:
        ranks.append(rank)
        left.difference_update(rank)
        fresh: list[Pinned] = []
        for at in rank:
            for goal in below[at]:
                above[goal] -= 1
                if not above[goal]:
                    fresh.append(goal)
        rank = _sorted(fresh)
    return (*ranks, _sorted(left)) if left else tuple(ranks)


def _sorted(them: Iterable[Pinned]) -> tuple[Pinned, ...]:
    return tuple(sorted(them))
