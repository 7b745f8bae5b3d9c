"""A copy of a live cluster, as a value: what a simulation is filled with, and what had to be left behind."""

from __future__ import annotations

from dataclasses import field

from paasctl.model.kube import Kind, Live
from paasctl.values import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Copy:
    """Objects as they were, uids and versions and all."""

    cluster: str
    """What it is a copy of."""
    namespaces: tuple[str, ...]
    """Those that were copied whole."""
    objects: tuple[Live, ...] = field(repr=False)
    serves: frozenset[Kind] = field(default=frozenset(), repr=False)
    """The kinds that the live cluster serves: the copy serves no others."""
    absent: tuple[str, ...] = ()
    """Namespaces that were asked for and are not there."""
    unread: tuple[Kind, ...] = ()
    """Kinds that the caller may not read there: none of them was copied, which does not say that there are none."""
    unheld: tuple[Kind, ...] = ()
    """Kinds that have objects there and that no simulation can hold."""
    masked: int = 0
    """Secrets whose values were left behind: placeholders of the same length stand for them."""
