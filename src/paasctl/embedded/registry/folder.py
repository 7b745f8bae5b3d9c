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

from paasctl.embedded.registry.words import Document, document, is_digest, is_media_type, is_name, is_tag, named

REF = "org.opencontainers.image.ref.name"
REPOSITORY = "dev.paasctl.registry.repository"
_LAYOUT = {"imageLayoutVersion": "1.0.0"}
_MEND = "mend it, or name another folder"
_LATEST = "latest"
_FOLDERS = ("blobs", "blobs/sha256", "repositories", ".uploads")
_BEGUN = (".registry.lock", ".tmp-")
"""What a kill can leave of a folder that was only just being made."""
_SMALL = 4 << 20
"""Bytes of the largest manifest that is taken (distribution-spec asks for 4 MiB at least)."""


class NoLayoutError(Exception):
    """The folder is something else, or another process has it; `hint` says what to do."""

    def __init__(self, message: str, hint: str = "name another folder") -> None:
        """A sentence and a hint."""
        super().__init__(message)
        self.hint = hint


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

    @property
    def meaning(self) -> Document | None:
        """What it says; None: nothing that a manifest says."""
        try:
            return document(self.content)
        except ValueError:
            return None


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
        others = (it for it in root.iterdir() if not it.name.startswith(_BEGUN))
        if any(others) and not (root / "oci-layout").is_file():
            raise NoLayoutError(f"{root} is no OCI image layout, and not empty either")
        self._check_version()
        self._check_links()
        self.repositories: dict[str, Repository] = {}
        self._links: dict[str, set[str]] = {}
        self._subjects: dict[str, str] = {}
        self._left: list[object] = []
        """Entries of the index that can't be served; they stay in it as they are."""
        self._held = self._hold()
        try:
            self._clean()
            if not (root / "oci-layout").is_file():
                self._replace(root / "oci-layout", json.dumps(_LAYOUT).encode())
            self.path("").mkdir(parents=True, exist_ok=True)
            self._read()
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Let go of it."""
        os.close(self._held)

    def _check_version(self) -> None:
        mark = self.root / "oci-layout"
        if not mark.is_file():
            return
        try:
            said = json.loads(mark.read_bytes())
        except (ValueError, RecursionError) as error:
            raise NoLayoutError(f"{mark} is no JSON: {error}", _MEND) from error
        if not isinstance(said, dict) or not said.items() >= _LAYOUT.items():
            raise NoLayoutError(f"{mark} does not say {json.dumps(_LAYOUT)}", _MEND)

    def _check_links(self) -> None:
        """Whatever is written or removed lies in the folder: none of its own folders may lead out of it."""
        marks = (it for it in (self.root / "repositories").rglob("*") if it.is_symlink())
        for it in (*(self.root / name for name in _FOLDERS), *marks):
            if not it.resolve().is_relative_to(self.root.resolve()):
                raise NoLayoutError(f"{it} is a link that leads out of the folder", "remove it, or name another folder")

    def _clean(self) -> None:
        """Remove what an earlier process had begun to write when it was killed."""
        for it in (*self.root.glob(".tmp-*"), *self.path("").glob(".tmp-*")):
            if it.is_symlink() or it.is_file():
                it.unlink()

    def _hold(self) -> int:
        flags = os.O_CREAT | os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW
        number = os.open(self.root / ".registry.lock", flags, 0o600)
        try:
            fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            os.close(number)
            raise NoLayoutError(f"{self.root} is being served by another process", "end the other one first") from error
        return number

    # --- blobs ---

    def path(self, digest: str) -> Path:
        """Where a blob lies or would lie."""
        return self.root / "blobs" / "sha256" / digest.removeprefix("sha256:")

    def _file(self, digest: str) -> Path | None:
        """The file of a blob; None: there is none, or it is a link that leads out of the folder."""
        path = self.path(digest)
        if not path.is_file() or (path.is_symlink() and not path.resolve().is_relative_to(self.root.resolve())):
            return None
        return path

    def blob(self, repository: str, digest: str) -> Path | None:
        """The file of a blob that this repository holds; None: it doesn't."""
        return self._file(digest) if digest in self._links.get(repository, ()) else None

    def blobs(self, repository: str) -> list[str]:
        """Digests of all that this repository holds."""
        return sorted(self._links.get(repository, ()))

    def link(self, repository: str, digest: str) -> None:
        """Let the repository hold a blob that is there."""
        with self.lock:
            if is_digest(digest) and digest not in self._links.setdefault(repository, set()):
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
        path = self._file(digest)
        return Manifest(digest, media_type, path.read_bytes()) if path else None

    def put_manifest(self, repository: str, media_type: str, content: bytes, tag: str = "") -> str:
        """Keep it, perhaps under a tag, which moves; its digest."""
        digest = f"sha256:{hashlib.sha256(content).hexdigest()}"
        with self.lock:
            if not self._file(digest):
                self._replace(self.path(digest), content)
            held = self.repositories.get(repository, Repository())
            if held.manifests.get(digest) != media_type or (tag and held.tags.get(tag) != digest):
                tags = {**held.tags, tag: digest} if tag else held.tags
                self._change(repository, Repository({**held.manifests, digest: media_type}, tags))
        return digest

    def _change(self, repository: str, held: Repository) -> None:
        """Let the repository hold this; what can't be written has not happened, or a retry would find it done."""
        before = dict(self.repositories)
        self.repositories[repository] = held
        try:
            self._write_index()
        except OSError:
            self.repositories = before
            raise

    def untag(self, repository: str, tag: str) -> bool:
        """Forget a tag; False: there was none."""
        with self.lock:
            held = self.repositories.get(repository, Repository())
            if tag not in held.tags:
                return False
            tags = {name: it for name, it in held.tags.items() if name != tag}
            self._change(repository, Repository(held.manifests, tags))
            return True

    def delete_manifest(self, repository: str, digest: str) -> bool:
        """Forget a manifest and its tags; False: there was none."""
        with self.lock:
            held = self.repositories.get(repository, Repository())
            if digest not in held.manifests:
                return False
            manifests = {name: it for name, it in held.manifests.items() if name != digest}
            tags = {tag: it for tag, it in held.tags.items() if it != digest}
            self._change(repository, Repository(manifests, tags))
            if not self._is_named(digest) and not any(digest in it for it in self._links.values()):
                self.path(digest).unlink(missing_ok=True)
            return True

    def referrers(self, repository: str, digest: str) -> list[Manifest]:
        """Manifests whose subject that is."""
        with self.lock:
            digests = list(self.repositories.get(repository, Repository()).manifests)
        named = (name for name in digests if self._subject_of(name) == digest)
        return [it for name in named if (it := self.manifest(repository, name))]

    def _subject_of(self, digest: str) -> str:
        """What a manifest vouches for, read once: by its digest it never changes."""
        if digest not in self._subjects and (said := self._document(digest)):
            self._subjects[digest] = said.subject
        return self._subjects.get(digest, "")

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
        index = {
            "schemaVersion": 2,
            "mediaType": "application/vnd.oci.image.index.v1+json",
            "manifests": [*entries, *self._left],
        }
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
        for it in _entries_of(index) if index.is_file() else ():
            if not self._read_entry(it):
                self._left.append(it)
        top = self.root / "repositories"
        for marks in top.rglob("_blobs") if top.is_dir() else ():
            name = marks.parent.relative_to(top).as_posix()
            if is_name(name) and marks.is_dir():
                found = (f"sha256:{it.name}" for it in marks.iterdir())
                self._links.setdefault(name, set()).update(it for it in found if is_digest(it))
        if not index.is_file():
            self._write_index()

    def _read_entry(self, entry: object) -> bool:
        """Serve what an entry names; False: it names nothing that can be served."""
        if not isinstance(entry, dict) or not isinstance(annotations := entry.get("annotations") or {}, dict):
            return False
        name, tag = named(str(annotations.get(REF, "")))
        repository = annotations.get(REPOSITORY) or name
        digest, media_type = entry.get("digest"), entry.get("mediaType")
        tags = {tag or _LATEST: str(digest)} if name else {}
        if not (is_name(repository) and is_digest(digest) and is_media_type(media_type) and all(map(is_tag, tags))):
            return False
        if not self._file(str(digest)):
            return False
        if REPOSITORY not in annotations and not self._adopt_foreign(repository, str(digest), str(media_type)):
            return False
        held = self.repositories.setdefault(repository, Repository())
        held.manifests[str(digest)] = str(media_type)
        held.tags.update(tags)
        return True

    def _adopt_foreign(self, repository: str, digest: str, media_type: str) -> bool:
        """A layout that another tool made says nothing of repositories: what a manifest needs, its repository holds.

        False: it is no manifest.
        """
        held = self.repositories.setdefault(repository, Repository())
        wanted = [(digest, media_type)]
        while wanted:
            at, media = wanted.pop()
            said = self._document(at)
            if said is None or at in held.manifests or not is_media_type(media):
                continue
            held.manifests[at] = media
            for it in said.blobs:
                self.link(repository, it["digest"])
            wanted += [(it["digest"], it.get("mediaType", "")) for it in said.children]
        return digest in held.manifests

    def _document(self, digest: str) -> Document | None:
        path = self._file(digest) if is_digest(digest) else None
        if not path or path.stat().st_size > _SMALL:
            return None
        return Manifest(digest, "", path.read_bytes()).meaning

    def _replace(self, path: Path, content: bytes) -> None:
        fresh = path.with_name(f".tmp-{uuid.uuid4().hex}")
        try:
            with fresh.open("wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            fresh.replace(path)
        except OSError:
            fresh.unlink(missing_ok=True)  # a full disk must not get fuller by trying again
            raise


def _entries_of(index: Path) -> list[object]:
    """What an `index.json` lists. Raises `NoLayoutError` for one that lists nothing."""
    try:
        said = json.loads(index.read_bytes())
    except (ValueError, RecursionError) as error:
        raise NoLayoutError(f"{index} is no JSON: {error}", _MEND) from error
    found = said.get("manifests") or [] if isinstance(said, dict) else None
    if not isinstance(found, list):
        raise NoLayoutError(f"{index} has no list of manifests", _MEND)
    return found
