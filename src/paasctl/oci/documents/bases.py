"""What an image says of the base it was built on: annotations, labels, provenance. And whether that can be true."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import unquote

from paasctl.model.image import full_name, parse_reference
from paasctl.oci.documents.config import SQUASHED
from paasctl.oci.documents.manifest import BASE_DIGEST, BASE_LAYERS, BASE_NAME, Json
from paasctl.values import dataclass

_PURL = re.compile(r"pkg:docker/(?P<name>[^@?]+)(?:@(?P<tag>[^?]+))?(?:\?.*)?$")
_COUNT = re.compile(r"[0-9]{1,9}")
_STATEMENT = "in-toto.io/predicate-type"


@dataclass(frozen=True, slots=True)
class BaseSaid:
    """A base that is named. Empty fields were not said."""

    name: str = ""
    """`host/path:tag`, spelled out."""
    digest: str = ""
    layers: int | None = None
    by: str = ""
    """Who said so, for people."""

    @property
    def reference(self) -> str:
        """What to read it by: by its digest, wherever it was said."""
        path, slash, last = self.name.rpartition("/")
        bare = f"{path}{slash}{last.partition(':')[0]}"
        return f"{bare}@{self.digest}" if self.digest else self.name

    @property
    def is_usable(self) -> bool:
        """Whether it names an image of a registry: whoever made the image could write what he liked.

        He does not choose which files of this machine are read.
        """
        try:
            parse_reference(self.reference if self.name else f"any/image@{self.digest}")
        except ValueError:
            return False
        return True


def said_base(manifest: Json, index: Json, config: Json) -> BaseSaid | None:
    """What annotations of the manifest or of its index say, or labels; None: nothing."""
    labels = (config.get("config") or {}).get("Labels") or {}
    for said, by in (
        (manifest.get("annotations") or {}, "its annotations"),
        (index.get("annotations") or {}, "annotations of its index"),
        (labels, "its labels"),
    ):
        if found := _said(said, by):
            return found
    return None


def _said(said: Mapping[str, Any], by: str) -> BaseSaid | None:
    name, digest, count = (str(said.get(it) or "") for it in (BASE_NAME, BASE_DIGEST, BASE_LAYERS))
    if (layers := counted(count)) is not None:
        return BaseSaid(name, digest, layers, by)
    if not name:
        return BaseSaid("", digest, None, by) if digest else None
    return BaseSaid(full_name(name.partition("@")[0]), digest or name.partition("@")[2], None, by)


def counted(text: str) -> int | None:
    """A number of layers as somebody wrote it; None: it is none."""
    return int(text) if _COUNT.fullmatch(text) else None


def provenance_layer(attestation: Json) -> Json | None:
    """The descriptor of the provenance among an attestation's statements; None: there is none."""
    found = [it for it in attestation.get("layers") or () if isinstance(it, dict)]
    said = [(it, str((it.get("annotations") or {}).get(_STATEMENT, ""))) for it in found]
    return next((it for it, kind in said if "slsa.dev/provenance" in kind), None)


def materials(statement: Json) -> tuple[BaseSaid, ...]:
    """The images that a build took in, as its SLSA provenance (0.2 or 1) lists them."""
    predicate = statement.get("predicate") or {}
    listed = predicate.get("materials") or (predicate.get("buildDefinition") or {}).get("resolvedDependencies") or ()
    return tuple(_materials(listed))


def _materials(listed: Sequence[Any]) -> Iterator[BaseSaid]:
    for it in listed:
        found = _PURL.match(str(it.get("uri", ""))) if isinstance(it, dict) else None
        digest = (it.get("digest") or {}).get("sha256") if found else None
        if found and digest:
            name, tag = unquote(found["name"]), unquote(found["tag"] or "latest")
            yield BaseSaid(full_name(f"{name}:{tag}"), f"sha256:{digest}", None, "its provenance")


def starts_with(layers: Sequence[str], base: Sequence[str]) -> bool:
    """Whether an image of these diff_ids stands on a base of those."""
    return bool(base) and list(layers[: len(base)]) == list(base)


def made_from(config: Json) -> set[str]:
    """Digests of the images that this one was squashed from, as its history says."""
    said = (str(it.get("created_by", "")).partition(SQUASHED)[2] for it in config.get("history") or ())
    return {it for it in said if it}
