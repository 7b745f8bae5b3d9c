"""How the registry behaves where registries differ."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass
class Rules:
    """How it behaves where registries differ."""

    mounts: bool = True
    """False: every mount is answered by 202 and an open upload."""
    checks_manifests: bool = True
    """False: takes a manifest whatever is missing of it."""
    creates: bool = True
    """False: a repository that holds nothing is unknown, also to pushes."""
    immutable: bool = False
    """True: an existing tag cannot be written, not even to what it is."""
    deletes: bool = True
    """False: nothing can be deleted (distribution's default)."""
    lists: bool = True
    """False: it lists no tags."""
    page: int = 0
    """Tags (or referrers) per page at most, by `Link`; 0: as many as are asked for."""
    referrers: bool = True
    """False: it knows no referrers, and says nothing of subjects; clients keep a tag instead."""
    etags: bool = True
    """False: manifests have no `ETag`, and `If-Match` means nothing."""
    digests: bool = True
    """False: no answer has a `Docker-Content-Digest`."""
    absolute: bool = False
    """True: a `Location` names the host, too."""
    ordered: bool = True
    """False: a chunk is appended wherever it says that it belongs (distribution 2.8.2 does so)."""
    least: int = 0
    """What `OCI-Chunk-Min-Length` asks for."""
    largest: int | None = None
    """The biggest body an upload may send; more is 413."""
