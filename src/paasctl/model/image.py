"""Image names. A tag can move, so only a `Pinned` image may reach a cluster."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import field
from types import MappingProxyType
from typing import Self

from paasctl.values import dataclass

_HOST = r"(?P<host>(?:[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?|\[[0-9a-fA-F:]+\])(?::(?P<port>[0-9]{1,9}))?)"
_PATH = r"(?P<path>[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*)"
_HUB = "docker.io"
"""Its official images lie below `library/`, which no one writes."""
_REPOSITORY = re.compile(f"{_HOST}/{_PATH}")
_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}")
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_COMPANION = re.compile(r"sha256-([0-9a-f]{64})(?:\.[a-z]+)?")


@dataclass(frozen=True, order=True, slots=True)
class Repository:
    """`host/path`: where images lie. There is no default host: a name says where it lives."""

    host: str
    path: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """Parse `host[:port]/path`; anything else is a `ValueError`."""
        if not (found := _REPOSITORY.fullmatch(text)):
            raise ValueError(f"not a repository (want host/path): {text!r}")
        if found["port"] and not 0 < int(found["port"]) < 65536:
            raise ValueError(f"no port of a machine (want 1 to 65535): {found['port']!r}")
        official = found["host"] == _HUB and "/" not in found["path"]
        return cls(found["host"], f"library/{found['path']}" if official else found["path"])

    def tagged(self, tag: str) -> Tagged:
        """The image that `tag` names here now."""
        return Tagged(self, tag)

    def pinned(self, digest: str) -> Pinned:
        """The image with exactly this digest here."""
        return Pinned(self, digest)

    def child(self, name: str) -> Repository:
        """`{self}/{name}`."""
        return Repository(self.host, f"{self.path}/{name}")

    def __str__(self) -> str:
        return f"{self.host}/{self.path}"


@dataclass(frozen=True, order=True, slots=True)
class Tagged:
    """A name that can move."""

    repository: Repository
    tag: str

    def __post_init__(self) -> None:
        if not _TAG.fullmatch(self.tag):
            raise ValueError(f"not a tag: {self.tag!r}")

    def __str__(self) -> str:
        return f"{self.repository}:{self.tag}"


@dataclass(frozen=True, order=True, slots=True)
class Pinned:
    """A name that cannot move: repository and sha256 digest."""

    repository: Repository
    digest: str

    def __post_init__(self) -> None:
        if not _DIGEST.fullmatch(self.digest):
            raise ValueError(f"not a digest: {self.digest!r}")

    def __str__(self) -> str:
        return f"{self.repository}@{self.digest}"


Reference = Tagged | Pinned


def parse_reference(text: str) -> Reference:
    """Parse `host/path:tag` or `host/path@sha256:...`; a `ValueError` says what is missing."""
    if "@" in text:
        name, _, digest = text.partition("@")
        head, colon, tag = name.rpartition(":")
        if colon and "/" not in tag:
            name = head  # `repo:tag@digest`: the digest decides, the tag is talk
        return Repository.parse(name).pinned(digest)
    name, colon, tag = text.rpartition(":")
    if not colon or "/" in tag:
        raise ValueError(f"neither a tag nor a digest in {text!r} (want host/path:tag or host/path@sha256:…)")
    return Repository.parse(name).tagged(tag)


@dataclass(frozen=True, order=True, slots=True)
class Platform:
    """`os/architecture[/variant]`, as in the OCI image index."""

    os: str
    architecture: str
    variant: str = ""

    @classmethod
    def parse(cls, text: str) -> Self:
        """Parse `linux/amd64` or `linux/arm/v7`; anything else is a `ValueError`."""
        parts = text.split("/")
        if len(parts) not in (2, 3) or not all(parts):
            raise ValueError(f"not a platform (want os/architecture[/variant]): {text!r}")
        return cls(*parts)

    def __str__(self) -> str:
        return "/".join(filter(None, (self.os, self.architecture, self.variant)))


@dataclass(frozen=True, slots=True)
class Descriptor:
    """OCI descriptor (image-spec `descriptor.md`): what a blob or manifest is, by digest. `size` in bytes."""

    media_type: str
    digest: str
    size: int
    annotations: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}), hash=False)
    platform: Platform | None = None
    artifact_type: str = ""


def full_name(reference: str) -> str:
    """The name with the host and the tag that Docker leaves out: `alpine` is `docker.io/library/alpine:latest`."""
    head, slash, rest = reference.partition("/")
    if not slash:
        named = f"{_HUB}/library/{reference}"
    elif head == _HUB and "/" not in rest:
        named = f"{_HUB}/library/{rest}"
    elif "." in head or ":" in head or head == "localhost":
        named = reference
    else:
        named = f"{_HUB}/{reference}"
    return named if ":" in named.rpartition("/")[2] else f"{named}:latest"


def digest_named(tag: str) -> str:
    """The digest that a tag is named after, as tags of what vouches for one are (`oci.companions`); empty: none."""
    found = _COMPANION.fullmatch(tag)
    return f"sha256:{found[1]}" if found else ""
