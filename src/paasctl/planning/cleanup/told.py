"""What people are told of a sweep: a row for each version or tag, and the way from one manifest to its root."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from paasctl.model.cleanup import CleanupAnswer, Held, KeptBecause, Root, SweptRow
from paasctl.model.counting import count
from paasctl.model.image import Pinned
from paasctl.model.version import Version
from paasctl.planning.cleanup.decide import FOLLOWS, Cap, Sweep, capped
from paasctl.planning.cleanup.facts import CleanupFacts, is_version_tag, links_of
from paasctl.planning.cleanup.marking import created_of

_BRIEF = len("sha256:") + 12
_FEWEST = 6
"""Digits of a digest that name one."""


def told(facts: CleanupFacts, found: Sweep, cap: Cap, saved: str = "") -> CleanupAnswer:
    """The whole of it."""
    going = _names_of_going(facts, found)
    staying = _names_of_staying(facts, found.marks)
    kept = {digest for at in found.marks for digest, _ in _contents(facts.held[at])}
    whys = {it.at: it.why for it in found.doomed}
    reasons = {at: root.why for at, root in found.marks.items()}
    rows = tuple(_rows(facts, going, whys, without=kept))
    return CleanupAnswer(
        registry=facts.registry,
        repository=str(facts.repository),
        going=rows,
        staying=tuple(_rows(facts, staying, reasons, without=frozenset(), shared=True)),
        doomed=found.doomed,
        held=sum(it.what != "note" for it in facts.held.values()),
        frees=sum(it.bytes for it in rows),
        roots=facts.looked,
        refused=capped(facts, found.doomed, cap),
        saved=saved,
    )


def _names_of_going(facts: CleanupFacts, found: Sweep) -> Mapping[str, list[Pinned]]:
    links, names = links_of(facts.held), dict[Pinned, str]()
    for it in found.doomed:
        name = _own_name(facts, facts.held[it.at]) or names.get(it.at) or _short(facts, it.at)
        names[it.at] = name
        for _, goal in links.leads_to(it.at):
            names.setdefault(goal, name)
    doomed = {it.at for it in found.doomed}
    return _piles((at, name) for at, name in names.items() if at in doomed)


def _names_of_staying(facts: CleanupFacts, marks: Mapping[Pinned, Root]) -> Mapping[str, list[Pinned]]:
    names: dict[Pinned, str] = {}
    for at, root in marks.items():
        inherited = names.get(root.via, "") if root.via else ""
        names[at] = _own_name(facts, facts.held[at]) or inherited or _short(facts, at)
    return _piles((at, name) for at, name in names.items() if facts.held[at].what != "note")


def _piles(named: Iterable[tuple[Pinned, str]]) -> Mapping[str, list[Pinned]]:
    piles: dict[str, list[Pinned]] = {}
    for at, name in named:
        piles.setdefault(name, []).append(at)
    return {name: piles[name] for name in sorted(piles, key=_newest, reverse=True)}


def _newest(name: str) -> tuple[bool, object]:
    """Versions as versions, above everything else."""
    return (True, Version.parse(name).precedence) if Version.is_spelled(name) else (False, name)


def _own_name(facts: CleanupFacts, it: Held) -> str:
    """Its highest version, else its first tag; what vouches for another is told with that."""
    versions = [tag for tag in it.tags if is_version_tag(tag)]
    if versions:
        return max(versions, key=lambda tag: Version.parse(tag).precedence)
    if it.tags and it.what != "voucher":
        return f"{_image(facts, it.at)}:{min(it.tags)}"
    return ""


def _image(facts: CleanupFacts, at: Pinned) -> str:
    """How its repository is called within the tree: `web`; its own name at the top."""
    return at.repository.path.removeprefix(f"{facts.repository.path}/").rpartition("/")[2]


def _short(facts: CleanupFacts, at: Pinned) -> str:
    return f"{_image(facts, at)}@{at.digest[:_BRIEF]}"


def _contents(it: Held) -> Iterator[tuple[str, int]]:
    yield it.at.digest, it.size
    yield from it.blobs


def _rows(
    facts: CleanupFacts,
    piles: Mapping[str, Sequence[Pinned]],
    reasons: Mapping[Pinned, str],
    *,
    without: frozenset[str] | set[str],
    shared: bool = False,
) -> Iterator[SweptRow]:
    """`without`: contents that count nowhere; `shared`: those of several rows count in each."""
    told_of = set(without)
    for name, pile in piles.items():
        them = [facts.held[at] for at in pile]
        contents = {digest: size for it in them for digest, size in _contents(it) if digest not in told_of}
        told_of |= set() if shared else contents.keys()
        created = created_of(them)
        yield SweptRow(
            name=name,
            holds=_holds(them),
            manifests=len(them),
            age=None if created is None else facts.now - created,
            bytes=sum(contents.values()),
            because=_because([reasons[at] for at in pile]),
        )


def _holds(them: Sequence[Held]) -> str:
    records = sum(it.what == "release" for it in them)
    images = sum(it.what in ("image", "index") and bool(it.tags) for it in them)
    rest = len(them) - records - images
    parts = [count(records, "release") if records > 1 else "release"] if records else []
    parts += [count(images, "image")] if images else []
    parts += [f"{rest} more" if parts else count(rest, "manifest")] if rest else []
    return ", ".join(parts)


def _because(reasons: Sequence[str]) -> str:
    every = list(dict.fromkeys(it for it in reasons if it not in FOLLOWS)) or list(reasons[:1])
    return every[0] if len(every) == 1 else f"{every[0]}; and {len(every) - 1} more"


def explained(facts: CleanupFacts, found: Sweep, asked: str) -> tuple[KeptBecause, ...]:
    """Everything that a tag, a digest or its beginning names."""
    whys = {it.at: it.why for it in found.doomed}
    return tuple(
        KeptBecause(
            at=at,
            tags=facts.held[at].tags,
            stays=at in found.marks,
            chain=_chain(facts, found.marks, at) if at in found.marks else (whys.get(at, "it is a note of a cleanup"),),
        )
        for at in sorted(facts.held)
        if _is_named(facts.held[at], asked)
    )


def _is_named(it: Held, asked: str) -> bool:
    """`1.2.3`, `web:1.2.3`, `host/shop/web:1.2.3`, `sha256:ab…`, `ab…`, and what ends in `@sha256:ab…`."""
    name, _, tag = asked.rpartition(":")
    if asked in it.tags or (name and tag in it.tags and f"/{it.at.repository}".endswith(f"/{name}")):
        return True
    digits = asked.rpartition("@")[2].removeprefix("sha256:")
    return len(digits) >= _FEWEST and it.at.digest.removeprefix("sha256:").startswith(digits)


def _chain(facts: CleanupFacts, marks: Mapping[Pinned, Root], at: Pinned) -> tuple[str, ...]:
    lines: list[str] = []
    root = marks[at]
    while root.via:
        lines.append(f"{root.link} {_called(facts, root.via)}")
        root = marks[root.via]
    return (*lines, root.why)


def _called(facts: CleanupFacts, at: Pinned) -> str:
    it = facts.held[at]
    tags = f" ({', '.join(it.tags)})" if it.tags else ""
    return f"{it.what} {_image(facts, at)}@{at.digest[:_BRIEF]}{tags}"
