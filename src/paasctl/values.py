"""Frozen dataclasses that cost nothing to define: what `dataclasses` compiles per class, these share.

The standard decorator writes and compiles six functions for every frozen class, about a millisecond each; with 150
classes that was half of a command's start-up. These behave the same (`fields`, `replace`, patterns, order, copies) and
are the same to a type checker. Making an *object* is slower, until so many of a class were made that compiling its
`__init__` pays; what is made by the ten thousand (tar members, YAML nodes) stays with the standard library.
"""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Callable
from dataclasses import MISSING, Field, FrozenInstanceError
from itertools import count
from operator import attrgetter
from typing import TYPE_CHECKING, Any  # noqa: TID251 - the one place where a checker sees something simpler

_KIND = "_field_type"  # `dataclasses.fields` asks each field whether it is an ordinary one
_put = object.__setattr__
_HOT = 25
"""Objects after which a class gets an `__init__` of its own: compiling one takes as long as making so many without."""


def _define(cls: type, *, kw_only: bool, order: bool, slots: bool) -> type:
    """The class, with fields and methods as the standard decorator would give it."""
    fields = {name: _field(cls, name, of, kw_only=kw_only) for name, of in _annotations(cls).items()}
    body: dict[str, Any] = {**_METHODS, **(_ORDER if order else {})}
    body |= {name: it for name, it in cls.__dict__.items() if name not in ("__dict__", "__weakref__", *fields)}
    body["__dataclass_fields__"] = fields
    body["__match_args__"] = tuple(name for name, it in fields.items() if it.init and not it.kw_only)
    body["__init__"] = _maker(fields, posts="__post_init__" in cls.__dict__)
    body["_compared"] = _getter([name for name, it in fields.items() if it.compare])
    hashed = (name for name, it in fields.items() if (it.compare if it.hash is None else it.hash))
    body["_hashed"] = _getter(list(hashed))
    if slots:
        body["__slots__"] = tuple(fields)
    else:
        body |= {name: it.default for name, it in fields.items() if it.default is not MISSING}
    made = type(cls)(cls.__name__, cls.__bases__, body)
    made.__qualname__ = cls.__qualname__
    return made


def _annotations(cls: type) -> dict[str, str]:
    found = inspect.get_annotations(cls)
    return {name: of for name, of in found.items() if not str(of).startswith("ClassVar")}


def _field(cls: type, name: str, of: str, *, kw_only: bool) -> Field[Any]:
    said = cls.__dict__.get(name, MISSING)
    made: Any = said if isinstance(said, Field) else dataclasses.field(default=said)
    made.name, made.type = name, of
    made.kw_only = kw_only if made.kw_only is MISSING else made.kw_only
    setattr(made, _KIND, _ORDINARY)
    field: Field[Any] = made
    return field


def _getter(names: list[str]) -> staticmethod[[Any], Any]:
    if not names:
        return staticmethod(lambda _: ())
    if len(names) == 1:
        one = attrgetter(names[0])
        return staticmethod(lambda self: (one(self),))
    return staticmethod(attrgetter(*names))


def _maker(fields: dict[str, Field[Any]], *, posts: bool) -> Callable[..., None]:
    positional = [name for name, it in fields.items() if it.init and not it.kw_only]
    defaults = {name: it.default for name, it in fields.items() if it.default is not MISSING}
    factories = {name: it.default_factory for name, it in fields.items() if it.default_factory is not MISSING}

    made = count(1)

    def __init__(self: Any, /, *args: Any, **given: Any) -> None:  # noqa: N807 - it becomes one
        if next(made) == _HOT:
            _warm(type(self), __init__, fields, posts=posts)
        if args:
            given = _named(self, positional, args, given)
        whole = defaults | given
        for name, make in factories.items():
            if name not in whole:
                whole[name] = make()
        _fill(self, whole, fields)
        if posts:
            self.__post_init__()

    return __init__


def _fill(self: Any, whole: dict[str, Any], fields: dict[str, Field[Any]]) -> None:
    if whole.keys() != fields.keys():
        raise _misfit(self, whole, fields)
    for name, value in whole.items():
        _put(self, name, value)


def _warm(cls: type, slow: Callable[..., None], fields: dict[str, Field[Any]], *, posts: bool) -> None:
    """Give the class an `__init__` that is compiled, of the same arguments; where a text can't say them, leave it."""
    owner = next((it for it in cls.__mro__ if it.__dict__.get("__init__") is slow), None)
    positional = [it for it in fields.values() if not it.kw_only]
    needed = [it.default is MISSING and it.default_factory is MISSING for it in positional]
    if owner is None or needed != sorted(needed, reverse=True) or not all(it.init for it in fields.values()):
        return
    known: dict[str, Any] = {"_put": _put, "_MISSING": MISSING}
    heads, body = ["self", "/"], []
    for it in (*positional, *(it for it in fields.values() if it.kw_only)):
        if it.kw_only and "*" not in heads:
            heads.append("*")
        default, value = "", it.name
        if it.default_factory is not MISSING:
            known[f"_make_{it.name}"] = it.default_factory
            default, value = "=_MISSING", f"_make_{it.name}() if {it.name} is _MISSING else {it.name}"
        elif it.default is not MISSING:
            known[f"_of_{it.name}"] = it.default
            default = f"=_of_{it.name}"
        heads.append(f"{it.name}{default}")
        body.append(f" _put(self, {it.name!r}, {value})")
    if posts:
        body.append(" self.__post_init__()")
    exec("\n".join((f"def __init__({', '.join(heads)}):", *body)), known)  # noqa: S102 - as `dataclasses` does
    type.__setattr__(owner, "__init__", known["__init__"])


def _named(self: Any, positional: list[str], args: tuple[Any, ...], given: dict[str, Any]) -> dict[str, Any]:
    """All arguments by name."""
    if len(args) > len(positional):
        raise TypeError(f"{type(self).__name__}() takes {len(positional)} positional arguments, got {len(args)}")
    placed = dict(zip(positional, args, strict=False))
    if twice := placed.keys() & given.keys():
        raise TypeError(f"{type(self).__name__}() got multiple values for argument {min(twice)!r}")
    return placed | given


def _misfit(self: Any, whole: dict[str, Any], fields: dict[str, Field[Any]]) -> TypeError:
    if unknown := whole.keys() - fields.keys():
        return TypeError(f"{type(self).__name__}() got an unexpected argument {min(unknown)!r}")
    return TypeError(f"{type(self).__name__}() missing required arguments: {', '.join(sorted(fields.keys() - whole))}")


# --- what all classes share -----------------------------------------------------------------------------------------


def _repr(self: Any) -> str:
    shown = (f"{name}={getattr(self, name)!r}" for name, it in self.__dataclass_fields__.items() if it.repr)
    return f"{type(self).__qualname__}({', '.join(shown)})"


def _eq(self: Any, other: Any) -> Any:
    if other.__class__ is not self.__class__:
        return NotImplemented
    mine: Any = self._compared
    return mine(self) == mine(other)


def _hash(self: Any) -> int:
    return hash(self._hashed(self))


def _frozen(self: Any, name: str, *_: Any) -> None:
    raise FrozenInstanceError(f"cannot change field {name!r} of {type(self).__name__}")


def _state(self: Any) -> list[Any]:
    return [getattr(self, name) for name in self.__dataclass_fields__]


def _restore(self: Any, state: list[Any]) -> None:
    for name, value in zip(self.__dataclass_fields__, state, strict=True):
        _put(self, name, value)


def _ordering(compare: Callable[[Any, Any], bool]) -> Callable[[Any, Any], Any]:
    def method(self: Any, other: Any) -> Any:
        if other.__class__ is not self.__class__:
            return NotImplemented
        return compare(self._compared(self), self._compared(other))

    return method


_sample: Any = dataclasses.fields(dataclasses.make_dataclass("_", ["it"]))[0]
_ORDINARY: Any = getattr(_sample, _KIND)
_METHODS: dict[str, Any] = {
    "__repr__": _repr,
    "__eq__": _eq,
    "__hash__": _hash,
    "__setattr__": _frozen,
    "__delattr__": _frozen,
    "__getstate__": _state,
    "__setstate__": _restore,
}
_ORDER: dict[str, Any] = {
    "__lt__": _ordering(lambda one, other: one < other),
    "__le__": _ordering(lambda one, other: one <= other),
    "__gt__": _ordering(lambda one, other: one > other),
    "__ge__": _ordering(lambda one, other: one >= other),
}

if TYPE_CHECKING:
    from dataclasses import dataclass as dataclass  # noqa: PLC0414 - a re-export
else:

    def dataclass(cls=None, /, *, frozen=False, slots=False, kw_only=False, order=False, **rest):
        """`dataclasses.dataclass`; ours where the class is frozen, has no base, and its annotations are texts."""
        if not frozen or rest:
            return dataclasses.dataclass(cls, frozen=frozen, slots=slots, kw_only=kw_only, order=order, **rest)
        return lambda cls: _define(cls, kw_only=kw_only, order=order, slots=slots)
