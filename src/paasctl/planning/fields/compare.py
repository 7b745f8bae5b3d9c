"""What differs between what we want and what is there.

Two ways. The cheap one looks at the fields we set, and errs on the side of *differs*. Where it says so, the server's
dry run (`previewed`) decides exactly: what the object would become, defaults included, against what it is.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from paasctl.model.kube import Body
from paasctl.model.masked import Masked, revealed
from paasctl.model.plan import FieldChange
from paasctl.planning.fields.merge import Item, Path, by_key
from paasctl.planning.fields.owned import (
    NOBODY,
    Node,
    child,
    fields,
    is_leaf,
    items,
    manager_of,
    members,
    our_fields,
)
from paasctl.planning.fields.quantity import amount
from paasctl.planning.fields.show import MASK, path_text, text, texts
from paasctl.values import dataclass

_NOISE: Final = frozenset({"managedFields", "resourceVersion", "generation", "uid", "creationTimestamp", "selfLink"})
_MEANT_EMPTY: Final = frozenset({"emptyDir", "podSelector", "namespaceSelector"})
"""Fields that mean something by being there, even empty."""
_AMOUNTS: Final = frozenset({"limits", "requests", "hard", "capacity", "defaultRequest", "overhead"})
_AMOUNT: Final = frozenset({"sizeLimit", "divisor", "averageValue"})
_LAST_APPLIED: Final = "kubectl.kubernetes.io/last-applied-configuration"


class _Missing:
    """The value of a field that is not there; JSON has no other word for it than this."""

    def __repr__(self) -> str:
        return "(absent)"


_ABSENT: Final = _Missing()


@dataclass(frozen=True, slots=True)
class _Difference:
    path: Path
    before: Any
    after: Any


def changed_fields(wanted: Body, live: Body, previewed: Body | None = None) -> tuple[FieldChange, ...]:
    """Every field that would change, with both values as short texts; empty: nothing would.

    Without `previewed` a difference may be one of spelling only (a default that the server fills in).
    """
    if previewed is None:
        body = _settled(wanted)
        found = list(_map((), body, _without_noise(live), _Known(our_fields(live) or NOBODY, exact=False)))
    else:
        found = list(_map((), _without_noise(previewed), _without_noise(live), _EXACT))
    secrets = frozenset(_secrets(wanted))
    return tuple(_told(it, live, wanted, secrets) for it in found)


def needs_preview(wanted: Body, live: Body) -> bool:
    """Whether only the server can tell: the cheap comparison differs, or we don't know which fields are ours."""
    return our_fields(live) is None or bool(changed_fields(wanted, live))


# --- walking --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Known:
    """What we know at a place: which fields below are ours, and whether both sides are whole."""

    ours: Node
    exact: bool

    def below(self, segment: str | Item) -> _Known:
        return self if self.exact else _Known(child(self.ours, segment), exact=False)

    @property
    def whole(self) -> bool:
        """Whether a field that is only in the live object is a difference: both are whole, or we own it whole."""
        return self.exact or is_leaf(self.ours)


_EXACT: Final = _Known(NOBODY, exact=True)


def _differ(path: Path, wanted: Any, live: Any, known: _Known) -> Iterator[_Difference]:
    if isinstance(wanted, Mapping) and isinstance(live, Mapping):
        yield from _map(path, wanted, live, known)
    elif _is_list(wanted) and _is_list(live):
        yield from _list(path, wanted, live, known)
    elif not _is_same(path, wanted, live):
        yield _Difference(path, live, wanted)


def _map(path: Path, wanted: Mapping[str, Any], live: Mapping[str, Any], known: _Known) -> Iterator[_Difference]:
    inner = _EXACT if known.whole else known
    wanted = {name: value for name, value in wanted.items() if value is not None}  # null is a field not set
    for name, value in wanted.items():
        yield from _differ((*path, name), value, live.get(name, _ABSENT), inner.below(name))
    gone = live if known.whole else (name for name, _ in fields(known.ours))
    for name in gone:
        if name in live and name not in wanted:
            yield from _differ((*path, name), _ABSENT, live[name], known)


def _list(path: Path, wanted: Sequence[Any], live: Sequence[Any], known: _Known) -> Iterator[_Difference]:
    if not known.exact and not known.whole and any(members(known.ours)):
        yield from _set(path, wanted, live, known.ours)
    elif keyed := by_key(path[-1], wanted, live):
        if not known.exact and known.whole:
            known = _EXACT
        yield from _keyed(path, keyed[0], keyed[1], known)
    elif len(wanted) != len(live):
        yield _Difference(path, live, wanted)
    else:
        inner = _EXACT if known.whole else known
        for index, (one, other) in enumerate(zip(wanted, live, strict=True)):
            yield from _differ((*path, index), one, other, inner)


def _keyed(path: Path, wanted: dict[Item, Any], live: dict[Item, Any], known: _Known) -> Iterator[_Difference]:
    for item, element in wanted.items():
        yield from _differ((*path, item), element, live.get(item, _ABSENT), known.below(item))
    gone = live if known.exact else (item for item, _ in items(known.ours))
    for item in gone:
        if item in live and item not in wanted:
            yield _Difference((*path, item), live[item], _ABSENT)
    order = [item for item in live if item in wanted]
    if order != [item for item in wanted if item in live]:  # `$(NAME)` in env sees only what stands before it
        yield _Difference(path, ", ".join(map(str, order)), ", ".join(str(it) for it in wanted if it in live))


def _set(path: Path, wanted: Sequence[Any], live: Sequence[Any], ours: Node) -> Iterator[_Difference]:
    missing = any(it not in live for it in wanted)
    if missing or any(it in live and it not in wanted for it in members(ours)):
        yield _Difference(path, live, wanted)


def _is_same(path: Path, wanted: Any, live: Any) -> bool:
    if wanted is _ABSENT or live is _ABSENT:
        there = live if wanted is _ABSENT else wanted
        return _is_nothing(path, there)
    if isinstance(wanted, bool) is not isinstance(live, bool):
        return False
    return bool(wanted == live) or (_is_amount(path) and _is_same_amount(wanted, live))


def _is_nothing(path: Path, value: Any) -> bool:
    """Whether this value is the same as none at all, as the API server stores it (`omitempty`)."""
    if value is _ABSENT or value is None or (_is_list(value) and not value):
        return True
    if isinstance(value, Mapping) and not value:
        return path[-1] not in _MEANT_EMPTY
    return value == "" and len(path) > 2 and path[-1] == "value" and path[-3] == "env"


def _is_amount(path: Path) -> bool:
    if path[0] != "spec" or len(path) < 2 or "annotations" in path or "labels" in path:
        return False
    return path[-2] in _AMOUNTS or path[-1] in _AMOUNT or path[-2:] == ("target", "value")


def _is_same_amount(one: Any, other: Any) -> bool:
    return (number := amount(one)) is not None and number == amount(other)


def _is_list(value: Any) -> bool:
    return isinstance(value, list | tuple)


# --- both sides -----------------------------------------------------------------------------------------------------


def _without_noise(body: Body) -> dict[str, Any]:
    meta = {name: of for name, of in (body.get("metadata") or {}).items() if name not in _NOISE}
    return {**{name: of for name, of in body.items() if name not in ("kind", "status")}, "metadata": meta}


def _settled(wanted: Body) -> dict[str, Any]:
    """The manifest as the server stores it: nothing masked, `stringData` folded into `data`, no status."""
    body = _without_noise(revealed(wanted))
    if wanted.get("kind") == "Secret" and (plain := body.pop("stringData", None)):
        coded = {name: base64.b64encode(str(of).encode()).decode() for name, of in plain.items()}
        body["data"] = {**(body.get("data") or {}), **coded}
    return body


def _secrets(value: Any) -> Iterator[str]:
    if isinstance(value, Masked):
        yield value.reveal()
    elif isinstance(value, Mapping):
        for of in value.values():
            yield from _secrets(of)
    elif _is_list(value):
        for of in value:
            yield from _secrets(of)


def _told(found: _Difference, live: Body, wanted: Body, secrets: frozenset[str]) -> FieldChange:
    path, before, after = found.path, found.before, found.after
    if _is_secret(path, wanted, after, secrets):
        said = (MASK, MASK)
    elif before is _ABSENT or after is _ABSENT:
        said = (text(before), text(after))
    else:
        said = texts(before, after)
    return FieldChange(
        path=path_text(path),
        before=None if before is _ABSENT else said[0],
        after=None if after is _ABSENT else said[1],
        manager="" if before is _ABSENT else manager_of(live, path),
    )


def _is_secret(path: Path, wanted: Body, after: Any, secrets: frozenset[str]) -> bool:
    if wanted.get("kind") == "Secret" and path[0] in ("data", "stringData"):
        return True
    return _LAST_APPLIED in path or _holds(after, secrets)


def _holds(value: Any, secrets: frozenset[str]) -> bool:
    if isinstance(value, Mapping):
        return any(_holds(of, secrets) for of in value.values())
    if _is_list(value):
        return any(_holds(of, secrets) for of in value)
    return isinstance(value, str) and any(it == value or (len(it) > 3 and it in value) for it in secrets)
