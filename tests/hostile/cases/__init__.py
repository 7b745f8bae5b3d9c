"""The named images: what each is, what a container must see of it, and where real tools show something else.

`ALL` has every case by its name. What a case expects was written by hand, from the rule it stands for.
"""

from __future__ import annotations

from hostile.cases import attributes, dialects, links, marks, names, order, refused, symlinks
from hostile.cases.case import Case

ALL: dict[str, Case] = {
    it.name: it
    for module in (order, marks, symlinks, links, names, attributes, dialects, refused)
    for it in module.CASES
}
