"""The layout on disk: blobs by digest, names in `index.json`, and which repository may show which blob.

`index.json` names manifests by ``repository:tag`` (`org.opencontainers.image.ref.name`), so other tools can read the
folder; those without a tag carry their repository in an annotation of ours. Everything is written beside its place and
renamed into it: a kill leaves what was there before, or all of what is new.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import threading
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

REF = "org.opencontainers.image.ref.name"
REPOSITORY = "dev.paasctl.registry.repository"
_LAYOUT = {"imageLayoutVersion": "1.0.0"}
_LATEST = "latest"
_SMALL = 4 << 20
"""Bytes of the largest manifest that is taken (distribution-spec asks for 4 MiB at least)."""


class NoLayoutError(Exception):
    """The folder is something else, or another process has it."""


@dataclass(frozen=True)
class Manifest:
    """A manifest as it was pushed."""

    digest: str
    media_type: str
    content: bytes

    @property
    def document(self) -> Mapping[str, Any]:
        """Its JSON."""
        found: Mapping[str, Any] = json.loads(self.content)
        return found


@dataclass
class Repository:
    """What one name holds."""

    manifests: dict[str, str] = field(default_factory=dict)
    """Digest -> media type."""
    tags: dict[str, str] = field(default_factory=dict)
    """Tag -> digest."""


class Folder:
    """An open layout. Safe from several threads; one process at a time."""

    def __init__(self, root: Path) -> None:
        """Open it, or make it where the folder is missing or empty. Raises `NoLayoutError`, `OSError`."""
        self.root = root
        self.lock = threading.RLock()
        root.mkdir(parents=True, exist_ok=True)
        if any(root.iterdir()) and not (root / "oci-layout").is_file():
            raise NoLayoutError(f"{root} is no OCI image layout, and not empty either")
        (root / "blobs" / "sha256").mkdir(parents=True, exist_ok=True)
        self._held = self._hold()
        if not (root / "oci-layout").is_file():
            self._replace(root / "oci-layout", json.dumps(_LAYOUT).encode())
        self.repositories: dict[str, Repository] = {}
        self._links: dict[str, set[str]] = {}
        self._read()

    def close(self) -> None:
        """Let go of it."""
        os.close(self._held)

    def _hold(self) -> int:
        number = os.open(self.root / ".registry.lock", os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            os.close(number)
            raise NoLayoutError(f"{self.root} is being served by another process") from error
        return number

    # --- blobs ---

    def path(self, digest: str) -> Path:
        """Where a blob lies or would lie."""
        return self.root / "blobs" / "sha256" / digest.removeprefix("sha256:")

    def blob(self, repository: str, digest: str) -> Path | None:
        """The file of a blob that this repository holds; None: it doesn't."""
        path = self.path(digest)
        return path if digest in self._links.get(repository, ()) and path.is_file() else None

    def blobs(self, repository: str) -> list[str]:
        """Digests of all that this repository holds."""
        return sorted(self._links.get(repository, ()))

    def link(self, repository: str, digest: str) -> None:
        """Let the repository hold a blob that is there."""
        with self.lock:
            if digest not in self._links.setdefault(repository, set()):
                marks = self._marks(repository)
                marks.mkdir(parents=True, exist_ok=True)
                (marks / digest.removeprefix("sha256:")).touch()
                self._links[repository].add(digest)

    def unlink(self, repository: str, digest: str) -> bool:
        """Let it hold it no longer; False: it didn't. The bytes go when nobody holds them."""
        with self.lock:
            if digest not in self._links.get(repository, ()):
                return False
            self._links[repository].discard(digest)
            (self._marks(repository) / digest.removeprefix("sha256:")).unlink(missing_ok=True)
            if not any(digest in held for held in self._links.values()) and not self._is_named(digest):
                self.path(digest).unlink(missing_ok=True)
            return True

    def adopt(self, repository: str, file: Path, digest: str) -> None:
        """Make a whole file a blob; the file is moved."""
        with self.lock:
            file.replace(self.path(digest))
            self.link(repository, digest)

    def _marks(self, repository: str) -> Path:
        return self.root / "repositories" / repository / "_blobs"

    def _is_named(self, digest: str) -> bool:
        return any(digest in it.manifests for it in self.repositories.values())

    # --- manifests ---

    def manifest(self, repository: str, reference: str) -> Manifest | None:
        """By tag or digest; None: not there."""
        with self.lock:
            held = self.repositories.get(repository, Repository())
            digest = held.tags.get(reference, reference)
            media_type = held.manifests.get(digest)
        if media_type is None:
            return None
        path = self.path(digest)
        return Manifest(digest, media_type, path.read_bytes()) if path.is_file() else None

    def put_manifest(self, repository: str, media_type: str, content: bytes, tag: str = "") -> str:
        """Keep it, perhaps under a tag, which moves; its digest."""
        digest = f"sha256:{hashlib.sha256(content).hexdigest()}"
        with self.lock:
            if not self.path(digest).is_file():
                self._replace(self.path(digest), content)
            held = self.repositories.setdefault(repository, Repository())
            if held.manifests.get(digest) != media_type or (tag and held.tags.get(tag) != digest):
                held.manifests[digest] = media_type
                if tag:
                    held.tags[tag] = digest
                self._write_index()
        return digest

    def untag(self, repository: str, tag: str) -> bool:
        """Forget a tag; False: there was none."""
        with self.lock:
            held = self.repositories.get(repository, Repository())
            if held.tags.pop(tag, None) is None:
                return False
            self._write_index()
            return True

    def delete_manifest(self, repository: str, digest: str) -> bool:
        """Forget a manifest and its tags; False: there was none."""
        with self.lock:
            held = self.repositories.get(repository, Repository())
            if held.manifests.pop(digest, None) is None:
                return False
            held.tags = {tag: it for tag, it in held.tags.items() if it != digest}
            self._write_index()
            if not self._is_named(digest) and not any(digest in it for it in self._links.values()):
                self.path(digest).unlink(missing_ok=True)
            return True

    def referrers(self, repository: str, digest: str) -> list[Manifest]:
        """Manifests whose subject that is."""
        with self.lock:
            digests = list(self.repositories.get(repository, Repository()).manifests)
        found = [it for name in digests if (it := self.manifest(repository, name))]
        return [it for it in found if (it.document.get("subject") or {}).get("digest") == digest]

    def knows(self, repository: str) -> bool:
        """Whether the repository holds anything."""
        held = self.repositories.get(repository)
        return bool((held and held.manifests) or self._links.get(repository))

    def names(self) -> list[str]:
        """All repositories, sorted."""
        return sorted(it for it in {*self.repositories, *self._links} if self.knows(it))

    # --- the index ---

    def _write_index(self) -> None:
        entries = [it for name, held in sorted(self.repositories.items()) for it in self._entries(name, held)]
        index = {"schemaVersion": 2, "mediaType": "application/vnd.oci.image.index.v1+json", "manifests": entries}
        self._replace(self.root / "index.json", json.dumps(index, indent=1).encode())

    def _entries(self, name: str, held: Repository) -> Iterator[dict[str, Any]]:
        for digest, media_type in held.manifests.items():
            plain = {"mediaType": media_type, "digest": digest, "size": self.path(digest).stat().st_size}
            tags = [tag for tag, it in held.tags.items() if it == digest]
            for tag in tags:
                yield {**plain, "annotations": {REF: f"{name}:{tag}", REPOSITORY: name}}
            if not tags:
                yield {**plain, "annotations": {REPOSITORY: name}}

    def _read(self) -> None:
        index = self.root / "index.json"
        entries = json.loads(index.read_bytes()).get("manifests", []) if index.is_file() else []
        for it in entries:
            self._read_entry(it)
        top = self.root / "repositories"
        for marks in top.rglob("_blobs") if top.is_dir() else ():
            name = marks.parent.relative_to(top).as_posix()
            held = self._links.setdefault(name, set())
            held.update(f"sha256:{it.name}" for it in marks.iterdir())
        if not index.is_file():
            self._write_index()

    def _read_entry(self, entry: Mapping[str, Any]) -> None:
        annotations = entry.get("annotations") or {}
        name, _, tag = str(annotations.get(REF, "")).partition(":")
        repository = annotations.get(REPOSITORY) or name
        if not repository:
            return  # no tool can ask for what has no name
        held = self.repositories.setdefault(repository, Repository())
        held.manifests[entry["digest"]] = entry["mediaType"]
        if name:
            held.tags[tag or _LATEST] = entry["digest"]
        if REPOSITORY not in annotations:
            self._adopt_foreign(repository, entry["digest"])

    def _adopt_foreign(self, repository: str, digest: str) -> None:
        """A layout that another tool made says nothing of repositories: what a manifest needs, its repository holds."""
        path = self.path(digest)
        if not path.is_file() or path.stat().st_size > _SMALL:
            return
        document = json.loads(path.read_bytes())
        for it in (document.get("config"), *document.get("layers", ())):
            if it:
                self.link(repository, it["digest"])
        held = self.repositories.setdefault(repository, Repository())
        for it in document.get("manifests", ()):
            held.manifests[it["digest"]] = it["mediaType"]
            self._adopt_foreign(repository, it["digest"])

    def _replace(self, path: Path, content: bytes) -> None:
        fresh = path.with_name(f".tmp-{uuid.uuid4().hex}")
        with fresh.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(path)
