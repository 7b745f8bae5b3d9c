"""What random manifests are made of."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import Any

Json = dict[str, Any]
APP = {"app": "fuzz"}
WORDS = ("a", "b", "c", "info", "1", "true", "")


def maybe(rng: Random, chance: float = 0.5, **fields: Any) -> Json:
    """Each of the fields, or not."""
    return {name: it for name, it in fields.items() if rng.random() < chance}


def some(rng: Random, items: Sequence[Any]) -> list[Any]:
    """Some of the items, in any order."""
    chosen = [it for it in items if rng.random() < 0.6]
    rng.shuffle(chosen)
    return chosen


def words(rng: Random, names: Sequence[str]) -> Json:
    """A map of some of the names."""
    return {name: rng.choice(WORDS) for name in some(rng, names)}


def selector(rng: Random) -> Json:
    """A label selector, as a map or as expressions."""
    expression = {"key": "tier", "operator": "In", "values": some(rng, ["a", "b"]) or ["a"]}
    return {"matchLabels": APP, **maybe(rng, 0.3, matchExpressions=[expression])}
