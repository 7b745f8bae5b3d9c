"""What an image is made of, as SBOMs and provenance tell it: packages by package URL, materials by digest."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from types import MappingProxyType
from urllib.parse import quote

from paasctl.values import dataclass

_NONE: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class Package:
    """One package in the image. `purl`: its package URL; `checksums`: hex digests by SPDX's names of algorithms."""

    name: str
    version: str = ""
    purl: str = ""
    license: str = ""
    """An SPDX expression, where its author wrote one."""
    file: str = ""
    """What it came as: `urllib3-2.3.0-py3-none-any.whl`."""
    checksums: Mapping[str, str] = field(default_factory=lambda: _NONE, hash=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Material:
    """Something the build read: a lock file, a base, a commit. `digests` by in-toto's names of algorithms."""

    name: str
    uri: str = ""
    digests: Mapping[str, str] = field(default_factory=lambda: _NONE, hash=False)


def purl(kind: str, name: str, version: str, namespace: str = "") -> str:
    """A package URL (the purl specification): `pkg:pypi/urllib3@2.3.0`."""
    path = "/".join(quote(part, safe="") for part in (*namespace.split("/"), name) if part)
    return f"pkg:{kind}/{path}" + (f"@{quote(version, safe=':')}" if version else "")
