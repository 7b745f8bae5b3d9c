"""Where an image lies: a registry, an OCI layout, an archive, or the local engine. Parsed from one word."""

from __future__ import annotations

import re
import shlex

from paasctl.model.image import Reference, parse_reference
from paasctl.values import dataclass


@dataclass(frozen=True, order=True, slots=True)
class InRegistry:
    """`host/path:tag` or `host/path@sha256:…`."""

    reference: Reference

    def __str__(self) -> str:
        return str(self.reference)


@dataclass(frozen=True, order=True, slots=True)
class InLayout:
    """`oci:DIR[:TAG]` or `oci:DIR@sha256:…`: an OCI image layout on disk. With neither: the only image there."""

    folder: str
    tag: str = ""
    digest: str = ""

    def __str__(self) -> str:
        if self.digest:
            return f"oci:{self.folder}@{self.digest}"
        return f"oci:{self.folder}:{self.tag}" if self.tag else f"oci:{self.folder}"


@dataclass(frozen=True, order=True, slots=True)
class InArchive:
    """`FILE.tar[:NAME]`: what `docker save` writes, or a layout in a tar; `NAME` chooses among several images."""

    path: str
    name: str = ""

    def __str__(self) -> str:
        return f"{self.path}:{self.name}" if self.name else self.path


@dataclass(frozen=True, order=True, slots=True)
class InEngine:
    """`docker:NAME[:TAG]`: the local engine's store."""

    name: str

    def __str__(self) -> str:
        return f"docker:{self.name}"


Location = InRegistry | InLayout | InArchive | InEngine
_PACKED = re.compile(r"(.*\.(?:tar\.|t)(gz|zst|xz|bz2))(?::.*)?")
_UNPACKS = {"gz": "gunzip -k", "zst": "zstd -d", "xz": "unxz -k", "bz2": "bunzip2 -k"}
_HEX = re.compile("[0-9a-f]{64}")
_HINT = "want host/path:tag, host/path@sha256:…, oci:DIR[:TAG], oci:DIR@sha256:…, FILE.tar or docker:NAME"


def parse_location(text: str) -> Location:
    """Where an image lies; a `ValueError` says what is missing. Nothing is looked at."""
    if any(ord(it) < 32 or 127 <= ord(it) < 160 for it in text):  # neither a name nor a tag that others could read
        raise ValueError(f"a control character in {text!r} ({_HINT})")
    if text.startswith("oci:"):
        return _in_layout(text)
    if text.startswith("docker:"):
        name = text.removeprefix("docker:").removeprefix("//")
        if not name:
            raise ValueError(f"no name in {text!r} ({_HINT})")
        return InEngine(name)
    path, colon, name = text.partition(".tar:")
    if colon or text.endswith(".tar"):
        return InArchive(f"{path}.tar" if colon else text, name)
    try:
        return InRegistry(parse_reference(text))
    except ValueError as error:
        raise ValueError(f"{_slip(text) or error}; {_HINT}") from None


def _slip(text: str) -> str:
    """What was meant, perhaps, by a path of which nothing says what lies there."""
    if packed := _PACKED.fullmatch(text):
        return f"only a plain tar is read or written: {_UNPACKS[packed[2]]} {shlex.quote(packed[1])}"
    if text.startswith(("./", "../", "/", "~/")) or text.endswith("/") or text in (".", ".."):
        return f"{text!r} is a path: did you mean oci:{text}?"
    return ""


def _in_layout(text: str) -> InLayout:
    place, at, digest = text.removeprefix("oci:").partition("@sha256:")
    folder, tag = _cut(place)
    if not folder:
        raise ValueError(f"no folder in {text!r} ({_HINT})")
    if not at:
        return InLayout(folder, tag)
    if not _HEX.fullmatch(digest):
        raise ValueError(f"not a digest: {at[1:]}{digest!r} ({_HINT})")
    return InLayout(folder, digest=f"{at[1:]}{digest}")  # `DIR:TAG@digest`: the digest decides, the tag is talk


def _cut(text: str) -> tuple[str, str]:
    """Folder and tag: what follows the last colon is a tag, unless it holds a slash."""
    folder, colon, tag = text.rpartition(":")
    return (folder, tag) if colon and "/" not in tag else (text, "")
