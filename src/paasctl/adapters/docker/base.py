"""Which base an image was built on, by digest (failure row B4), and how many of its layers are the base's."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Protocol

from paasctl.model.image import full_name
from paasctl.values import dataclass

SCRATCH = "scratch"
_TRACED = re.compile(r"FROM (?P<name>\S+?)@(?P<digest>sha256:[0-9a-f]{64})$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Base:
    """The image below. Empty fields are not known."""

    name: str = ""
    digest: str = ""
    layers: int | None = None


class Asked(Protocol):
    """The engine, as far as it is asked for its images."""

    def json(self, path: str) -> Any:
        """The answer to a GET; None: proved absent."""
        ...


def find_base(name: str | None, steps: Sequence[str], diff_ids: Sequence[str], engine: Asked) -> Base:
    """The base `name` as it was when it was built on, from what the build said of it and what the engine has.

    `steps`: names of BuildKit's steps, which tell digests that it resolved. Layers are counted only where the base's
    are indeed the first of the image.
    """
    if name is None:
        return Base()
    if name == SCRATCH:
        return Base(layers=0)
    reference, digest = resolved(name, steps)
    local = engine.json(f"/images/{by_digest(reference, digest) if digest else reference}/json") or {}
    theirs = (local.get("RootFS") or {}).get("Layers") or []
    if not theirs or list(diff_ids[: len(theirs)]) != theirs:
        return Base(name=reference, digest=digest)
    return Base(name=reference, digest=digest or _known(reference, local.get("RepoDigests") or ()), layers=len(theirs))


def resolved(name: str, steps: Sequence[str]) -> tuple[str, str]:
    """The name without a digest, and the digest: the Dockerfile's own, or the one that BuildKit said it found."""
    reference, _, pinned = name.partition("@")
    return reference, pinned or _traced(full_name(reference), steps)


def by_digest(reference: str, digest: str) -> str:
    """`repository@digest` of a reference with a tag."""
    return f"{_untagged(reference)}@{digest}"


def _untagged(reference: str) -> str:
    path, slash, last = reference.rpartition("/")
    return f"{path}{slash}{last.partition(':')[0]}"


def _known(reference: str, digests: Sequence[str]) -> str:
    """The digest under which the engine pulled it from where the name says; "" where it never was in a registry."""
    found = (it.partition("@") for it in digests)
    wanted = full_name(_untagged(reference))
    return next((digest for repository, _, digest in found if full_name(repository) == wanted), "")


def _traced(name: str, steps: Sequence[str]) -> str:
    found = (_TRACED.search(step) for step in steps)
    return next((it["digest"] for it in found if it and full_name(it["name"]) == name), "")
