"""A release in a file: which documents and blobs it is made of, where each lies, and what the file says of itself.

An OCI image layout (image-spec `image-layout.md`) that any tool can read: `index.json` names the record by its version
and images by `NAME:VERSION`. What the registry tells by repository is told by an annotation of each entry, so that one
image in two repositories keeps what vouches for it in each. Deterministic: the same closure is the same file.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from paasctl.model.boxing import Label, Packed, Piece
from paasctl.model.image import Descriptor, Pinned, Repository
from paasctl.model.promoting import Stop
from paasctl.oci.documents.closure import Closure, Node
from paasctl.oci.documents.manifest import OCI_INDEX, Json, canonical, descriptor_json, parse_document
from paasctl.oci.documents.saved import NAME, blob_place
from paasctl.oci.tar.laid import BLOCK, END, padded
from paasctl.values import dataclass

REPOSITORY = "dev.paasctl.repository"
"""Annotation of an entry: the repository that it lay in."""
_APP, _VERSION, _FROM, _STOP = (f"dev.paasctl.export.{it}" for it in ("app", "version", "from", "stop"))
_LAYOUT = {"imageLayoutVersion": "1.0.0"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """The record (`name` empty) or an image, with all that vouches for it."""

    name: str
    source: Pinned
    tag: str
    """What names it in its repository."""
    closure: Closure


def place_of(name: str, tag: str) -> str:
    """What a part is called in the file: `web:1.2.4`, the record by its version alone."""
    return f"{name}:{tag}" if name else tag


def packed(part: Part) -> Packed:
    """What the plan tells of a part."""
    nodes = part.closure.nodes.values()
    blobs = {it.digest: it.size for node in nodes for it in node.blobs}
    return Packed(
        name=part.name,
        source=part.source,
        manifests=len(part.closure.nodes),
        vouchers=sum(bool(it.about) for it in nodes),
        blobs=len(blobs),
        bytes=sum(blobs.values()),
    )


def lay_out(label: Label, parts: Sequence[Part]) -> tuple[tuple[Piece, ...], int]:
    """Every file of the tar with its place, documents first; and how many bytes the tar has."""
    pieces: list[Piece] = []
    at = 0
    for it in _files(label, parts):
        pieces.append(replace(it, at=at + BLOCK))
        at += BLOCK + padded(it.size)
    return tuple(pieces), at + len(END)


def label_of(index: Json) -> Label | None:
    """What an `index.json` says of the release in its file; None: nothing, it is no such file."""
    notes = index.get("annotations")
    said = {name: str(it) for name, it in notes.items()} if isinstance(notes, dict) else {}
    try:
        repository = Repository.parse(said.get(_FROM, ""))
    except ValueError:
        return None
    if not (said.get(_APP) and said.get(_VERSION)):
        return None
    origin = Stop(name=said.get(_STOP, ""), repository=repository)
    return Label(app=said[_APP], version=said[_VERSION], origin=origin)


def _files(label: Label, parts: Sequence[Part]) -> Iterator[Piece]:
    yield _document("oci-layout", canonical(_LAYOUT))
    yield _document("index.json", canonical(_index(label, parts)))
    nodes = {digest: it for part in parts for digest, it in part.closure.nodes.items()}
    for digest, node in sorted(nodes.items()):
        yield _document(blob_place(digest), node.content, digest)
    blobs = {it.digest: (it, part.source) for part in parts for it in _blobs(part)}
    for digest, (it, source) in sorted(blobs.items()):
        if digest not in nodes:
            yield Piece(
                name=blob_place(digest), at=0, size=it.size, digest=digest, media_type=it.media_type, source=source
            )


def _blobs(part: Part) -> Iterator[Descriptor]:
    return (it for node in part.closure.nodes.values() for it in node.blobs)


def _document(name: str, content: bytes, digest: str = "") -> Piece:
    return Piece(name=name, at=0, size=len(content), digest=digest, content=content)


def _index(label: Label, parts: Iterable[Part]) -> Json:
    notes = {
        _APP: label.app,
        _VERSION: label.version,
        _FROM: str(label.origin.repository),
        _STOP: label.origin.name,
    }
    return {
        "schemaVersion": 2,
        "mediaType": OCI_INDEX,
        "manifests": [it for part in parts for it in _entries(part)],
        "annotations": notes,
    }


def _entries(part: Part) -> Iterator[Json]:
    """The part itself, then what vouches for it: by subject without a name, by tag under it."""
    closure, of = part.closure, {REPOSITORY: str(part.source.repository)}
    yield _entry(closure.nodes[closure.root.digest], {**of, NAME: place_of(part.name, part.tag)})
    tagged = set(closure.tags.values())
    for digest, node in sorted(closure.nodes.items()):
        if node.about and digest not in tagged:
            yield _entry(node, of)
    for tag, digest in sorted(closure.tags.items()):
        yield _entry(closure.nodes[digest], {**of, NAME: tag})


def _entry(node: Node, notes: Mapping[str, str]) -> Json:
    """By what the manifest says of itself: registries differ in what they tell beside it."""
    said = parse_document(node.content, node.descriptor.digest).get("artifactType")
    found = node.descriptor
    kind = str(said or "")
    return descriptor_json(Descriptor(found.media_type, found.digest, len(node.content), notes, None, kind))
