"""What a value may look like: a closed union of types, and the keys that carry them."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, TypeGuard

from paasctl.values import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """The grammar of a text. `parse` gives the value, or raises a `ValueError` that says what is wrong."""

    words: str
    """As in "must be …"."""
    example: str
    pattern: str = ""
    """A regular expression for the whole text, good for Python and for JSON Schema; empty: any text."""
    longest: int = 0
    """Characters; 0: no limit."""
    parse: Callable[[str], Any] = str
    templated: bool = False
    """Whether a text with `{{ … }}` is taken as it is."""


@dataclass(frozen=True, slots=True)
class Text:
    """A text."""

    form: Form


@dataclass(frozen=True, slots=True)
class Number:
    """A whole number, both ends included."""

    least: int
    most: int


@dataclass(frozen=True, slots=True)
class Switch:
    """`true` or `false`."""


@dataclass(frozen=True, slots=True)
class Choice:
    """One of a few words; `later` are words that a later version will know."""

    names: tuple[str, ...]
    later: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Items:
    """A list. `later_from` is the first length that a later version will know (0: any length is fine)."""

    of: Type
    least: int = 0
    later_from: int = 0


@dataclass(frozen=True, slots=True)
class Named:
    """A mapping from names to things of one type. `noun` is how the reference calls the name, as in `images.NAME`."""

    noun: str
    names: Form
    of: Type


@dataclass(frozen=True, slots=True)
class Free:
    """Any mapping with texts for keys, taken as it is."""

    words: str
    quantities: bool = False
    """Whether its leaves under `requests` and `limits` are Kubernetes quantities."""


@dataclass(frozen=True, slots=True)
class Either:
    """One of several types that YAML tells apart (a text, a number, a list, a mapping)."""

    of: tuple[Type, ...]


@dataclass(frozen=True, slots=True)
class Section:
    """A mapping with known keys. `later` are keys that a later version will know. `one_of`: exactly one of these."""

    words: str
    keys: tuple[Key, ...]
    later: tuple[str, ...] = ()
    one_of: tuple[str, ...] = ()

    def key(self, name: str) -> Key | None:
        """The key of that name; None: there is none."""
        return next((it for it in self.keys if it.name == name), None)


@dataclass(frozen=True, slots=True)
class Kinds:
    """A mapping whose keys depend on its key `kind`, which each kind's section has; without one the first is meant."""

    words: str
    of: tuple[tuple[str, Section], ...]

    def named(self, name: str) -> Section | None:
        """The section of a kind; None: there is no such kind."""
        return dict(self.of).get(name)


Type = Text | Number | Switch | Choice | Items | Named | Free | Either | Section | Kinds


@dataclass(frozen=True, slots=True)
class Key:
    """One key of `paas.yaml`: what it may hold, and the one sentence that documents it everywhere."""

    name: str
    type: Type
    doc: str
    default: Any = None
    """As it would be written in the file; None: nothing."""
    required: bool = False
    since: str = "0.1"


class Bad:
    """Stands where a value was wrong and has been reported, so that nothing else is said about it."""


BAD = Bad()


def good(value: Any) -> TypeGuard[Any]:
    """Whether a checked value is there and right."""
    return value is not None and value is not BAD


def snake(name: str) -> str:
    """`tagPrefix` -> `tag_prefix`."""
    return re.sub(r"(?<=[a-z0-9])([A-Z])", r"_\1", name).lower()
