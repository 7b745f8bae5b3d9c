"""A registry in a few words: `shop:1.2.0 -> web@1.2.0` is a release record with its image."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from paasctl.model.cleanup import Held, Mention
from paasctl.model.config import Keep
from paasctl.model.image import Pinned, Repository
from paasctl.planning.cleanup.decide import Sweep, sweep
from paasctl.planning.cleanup.facts import CleanupFacts

NOW = 1_800_000_000.0
DAY = 86400.0
OLD = NOW - 100 * DAY
SHOP = Repository("registry.example", "shop")
WEB = SHOP.child("web")
KEEP = Keep(releases=1, snapshots=0, others=False)


def digest(name: str) -> str:
    """One for each name."""
    return f"sha256:{hashlib.sha256(name.encode()).hexdigest()}"


def held(name: str, what: Any = "image", at: Repository = WEB, **rest: Any) -> Held:
    """An old one, of a hundred bytes and a layer of its own."""
    given = {"created": OLD, "blobs": ((digest(f"layer of {name}"), 1000),), **rest}
    return Held(at=at.pinned(digest(name)), size=100, what=what, **given)


def release(version: str, *images: Held, app: str = "shop", **rest: Any) -> Held:
    """Its record, tagged."""
    given = {"tags": (version,), "version": version, "images": tuple(it.at for it in images), **rest}
    return held(f"record {version} of {app}", "release", SHOP, app=app, **given)


def image(version: str, **rest: Any) -> Held:
    """The image of a release, tagged like it."""
    return held(f"web {version}", tags=(version,), **rest)


def facts(*them: Held, keep: Keep = KEEP, mentions: Iterable[Mention] = (), **rest: Any) -> CleanupFacts:
    """All that lies there."""
    return CleanupFacts(
        registry="dev",
        app="shop",
        repository=SHOP,
        keep=keep,
        now=NOW,
        held={it.at: it for it in them},
        mentions=tuple(mentions),
        **rest,
    )


def goes(of: CleanupFacts) -> set[Pinned]:
    """What does."""
    return {it.at for it in sweep(of).doomed}


def why(found: Sweep, it: Held) -> str:
    """The root that it stays for."""
    return found.marks[it.at].why


def tagged(it: Held, *tags: str) -> Held:
    """The same with other tags."""
    return replace(it, tags=tags)


def runs(it: Held, who: str = "eu: Deployment/web in shop-dev names it") -> Mention:
    """A workload that names it by digest."""
    return Mention(why=who, digest=it.at.digest, here=it.at.repository.path)
