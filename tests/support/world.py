"""A whole world in memory for verbs: honest where it is asked, counted where it is written, and able to go away.

Real parts wherever they are quick: the loader, the templates, the layers builder, the layout on disk. In memory: git,
the registry, the cluster. `fail_after` lets that many writes through, of all kinds together, and then nothing answers.
"""

from __future__ import annotations

import hashlib
import json
import os
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from paasctl import __version__
from paasctl.adapters.codecs import MachineCodecs
from paasctl.adapters.files import ProjectFiles, write_whole
from paasctl.adapters.hooks import run_hook
from paasctl.adapters.images import Images
from paasctl.adapters.images.boxed import Box, open_box
from paasctl.adapters.jinja import JinjaTemplates, builtin_templates
from paasctl.adapters.kept import KeptFiles
from paasctl.adapters.keys import FileKey, PublicKeys, read_key, read_public_key
from paasctl.adapters.layers import LayersBuilder
from paasctl.adapters.layout import FolderLayout, create_layout
from paasctl.adapters.newfile import Seen, new_file
from paasctl.adapters.ssh import SshKeygen
from paasctl.adapters.yaml.edit import pin_identity
from paasctl.adapters.yaml.manifests import documents
from paasctl.adapters.yaml.read import read
from paasctl.config.load import load
from paasctl.errors import Forbidden, Unavailable, WouldClobber
from paasctl.model.approving import APPROVAL_TYPE
from paasctl.model.config import Config
from paasctl.model.image import Descriptor, Pinned, Platform, Reference, Repository
from paasctl.model.kube import Holder
from paasctl.model.location import Location
from paasctl.model.plan import Build
from paasctl.model.promoting import PROMOTION_TYPE, STATEMENT_TYPE
from paasctl.ports.boxes import NewFile
from paasctl.ports.cancel import Cancel
from paasctl.ports.images import Blobs, BlobWriter, CopyPlace, CopySource, CopyTarget, Moved, Pushed
from support.clock import FakeClock
from support.cluster import FakeCluster
from support.memory_git import MemoryGit

HOLDER = Holder(person="a", host="here", boot="", pid_namespace="", pid=1, started=0, verb="test")

PAAS = """\
app: shop
images:
  web:
    base: scratch
    layers: [{src: site, dest: /srv}]
    config: {entrypoint: [/srv/run]}
services:
  web: {image: web, port: 8080, replicas: 2, config: {app.ini: app.ini}}
registries: {dev: {repository: "registry.example/shop"}}
clusters: {testbed: {context: testbed}}
environments: {dev: {cluster: testbed, registry: dev, snapshots: true}}
"""


_SPENDING = threading.Lock()
"""Copies of a world are made, and of a lock there are none."""


@dataclass
class Writes:
    """Counts every write of the world."""

    count: int = 0
    fail_after: int | None = None

    def spend(self) -> None:
        with _SPENDING:
            if self.fail_after is not None and self.count >= self.fail_after:
                raise Unavailable("the world went away")
            self.count += 1


@dataclass
class FakeRegistry:
    """`ports.Registry` in memory: a manifest needs its blobs, a tag moves only when told."""

    writes: Writes
    host: str = "registry.example"
    blobs: dict[tuple[str, str], bytes] = field(default_factory=dict)
    manifests: dict[tuple[str, str], tuple[str, bytes]] = field(default_factory=dict)
    named: dict[tuple[str, str], str] = field(default_factory=dict)
    closed: set[str] = field(default_factory=set)
    """Repositories that we may not push to."""
    lock: threading.Lock = field(default_factory=threading.Lock)
    """Two that push the same blob at once write it once, or the writes of a run would not be the same every time."""

    def held(self) -> Iterator[tuple[str, str]]:
        """Manifests, by path and digest; of what says when it was said only that it is there (decision 23)."""
        for (path, digest), (_, content) in self.manifests.items():
            kind = str(json.loads(content).get("artifactType") or "")
            yield path, kind if kind in (PROMOTION_TYPE, STATEMENT_TYPE, APPROVAL_TYPE) else digest

    def resolve(self, reference: Reference) -> Descriptor | None:
        found = self.manifest(reference)
        return found[0] if found else None

    def manifest(self, reference: Reference) -> tuple[Descriptor, bytes] | None:
        path = reference.repository.path
        digest = reference.digest if isinstance(reference, Pinned) else self.named.get((path, reference.tag), "")
        if (path, digest) not in self.manifests:
            return None
        media_type, content = self.manifests[path, digest]
        return Descriptor(media_type, digest, len(content)), content

    def has_blob(self, repository: Repository, digest: str) -> bool:
        return (repository.path, digest) in self.blobs

    @contextmanager
    def open_blob(self, repository: Repository, descriptor: Descriptor) -> Iterator[Iterator[bytes]]:
        yield iter([self.blobs[repository.path, descriptor.digest]])

    def tags(self, repository: Repository) -> tuple[str, ...]:
        return tuple(sorted(tag for path, tag in self.named if path == repository.path))

    def referrers(self, repository: Repository, digest: str) -> tuple[Descriptor, ...]:
        held = ((name, it) for (path, name), it in self.manifests.items() if path == repository.path)
        found = [(name, it) for name, it in held if (json.loads(it[1]).get("subject") or {}).get("digest") == digest]
        return tuple(Descriptor(media_type, name, len(content)) for name, (media_type, content) in found)

    def check_writable(self, repository: Repository) -> None:
        if repository.path in self.closed:
            raise Forbidden(f"asking whether {repository} may be pushed to: denied", hint=f"docker login {self.host}")

    def check_deletable(self, repository: Repository) -> None:
        self.check_writable(repository)

    def settle(self, repository: Repository, subject: str) -> None:
        """Nobody else writes here."""

    def delete_manifest(self, repository: Repository, digest: str) -> bool:
        with self.lock:
            if (repository.path, digest) not in self.manifests:
                return False
            self.writes.spend()
            del self.manifests[repository.path, digest]
            for name in [it for it, at in self.named.items() if it[0] == repository.path and at == digest]:
                del self.named[name]
        return True

    def push_blob(
        self,
        repository: Repository,
        descriptor: Descriptor,
        content: Blobs,
        *,
        mount_from: tuple[Repository, ...] = (),
        moved: Moved | None = None,
    ) -> Pushed:
        del mount_from
        with self.lock:
            if self.has_blob(repository, descriptor.digest):
                return "exists"
            self.writes.spend()
            with content.open(descriptor) as chunks:
                whole = b"".join(chunks)
            self.blobs[repository.path, descriptor.digest] = whole
        if moved:
            moved(len(whole))
        return "uploaded"

    def mount_blob(self, repository: Repository, digest: str, sources: tuple[Repository, ...]) -> bool:
        found = next((self.blobs[it.path, digest] for it in sources if (it.path, digest) in self.blobs), None)
        with self.lock:
            if found is not None and not self.has_blob(repository, digest):
                self.writes.spend()
                self.blobs[repository.path, digest] = found
        return found is not None

    @contextmanager
    def writer(self, repository: Repository) -> Iterator[BlobWriter]:
        yield _Grown(self, repository)

    def put_manifest(
        self, repository: Repository, media_type: str, content: bytes, *, tag: str = "", move: bool = False
    ) -> Descriptor:
        digest = f"sha256:{hashlib.sha256(content).hexdigest()}"
        manifest = json.loads(content)
        for it in (manifest.get("config"), *manifest.get("layers", ())):
            assert it is None or self.has_blob(repository, it["digest"]), "a manifest before its blobs"
        there = self.named.get((repository.path, tag))
        if tag and there not in (None, digest) and not move:
            raise WouldClobber(f"{repository}:{tag} is {there}")
        if (repository.path, digest) not in self.manifests or (tag and there != digest):
            self.writes.spend()
        self.manifests[repository.path, digest] = (media_type, content)
        if tag:
            self.named[repository.path, tag] = digest
        return Descriptor(media_type, digest, len(content))


@dataclass
class _Grown:
    registry: FakeRegistry
    repository: Repository
    content: bytes = b""

    def write(self, chunk: bytes) -> None:
        self.content += chunk

    def commit(self, media_type: str) -> Descriptor:
        self.registry.writes.spend()
        digest = f"sha256:{hashlib.sha256(self.content).hexdigest()}"
        self.registry.blobs[self.repository.path, digest] = self.content
        return Descriptor(media_type, digest, len(self.content))


@dataclass
class CallerSecrets:
    """No secrets here."""

    def environ(self) -> Mapping[str, str]:
        return {}

    def file(self, path: str) -> str:
        raise AssertionError(path)

    def run(self, command: str) -> str:
        raise AssertionError(command)


class _CountedCluster(FakeCluster):
    """The cluster's writes count with all the others."""

    counted: Writes | None = None

    def _spend(self) -> None:
        assert self.counted is not None
        super()._spend()
        self.counted.spend()


@lru_cache(maxsize=16)
def _loaded(content: bytes, file: str) -> Config:
    """A value: the same words are the same configuration, however often a test asks."""
    parsed = read(content, file)
    return load(parsed.values, parsed.places, file, running=__version__, problems=parsed.problems)


@dataclass
class FakeWorld:
    """`Reads` and `World` at once."""

    project: Path
    writes: Writes = field(default_factory=Writes)
    clock: FakeClock = field(default_factory=FakeClock)
    codecs: MachineCodecs = field(default_factory=MachineCodecs)
    edit: Callable[[bytes], bytes] = lambda it: it
    held: ExitStack = field(default_factory=ExitStack)
    """Files that a run holds open; let go of at its end."""

    def __post_init__(self) -> None:
        self.git = MemoryGit(self.writes.spend)
        self.git.commit("feat: one")
        self.git.publish("origin")
        self.only_registry = FakeRegistry(self.writes)
        self.registries = {self.only_registry.host: self.only_registry}
        self.only_cluster = _CountedCluster()
        self.only_cluster.counted = self.writes
        self.other_clusters: dict[str, FakeCluster] = {}
        self.files = ProjectFiles(self.project)
        self.secrets = CallerSecrets()
        self.templates = JinjaTemplates(builtin_templates(), documents)

    @classmethod
    def make(cls, folder: Path) -> FakeWorld:
        """A project in a folder of its own, with the smallest file that has everything."""
        (folder / "site").mkdir(parents=True)
        (folder / "site" / "run").write_text("one\n")
        (folder / "app.ini").write_text("[one]\n")
        (folder / "paas.yaml").write_text(PAAS)
        return cls(folder)

    @property
    def config(self) -> Config:
        return self.config_from((self.project / "paas.yaml").read_bytes(), "paas.yaml")

    def config_from(self, content: bytes, file: str) -> Config:
        return _loaded(content, file)

    def with_identity(self, cluster: str, uid: str) -> bytes:
        return pin_identity((self.project / "paas.yaml").read_text(), cluster, uid).encode()

    def write_file(self, path: str, content: bytes, before: bytes | None) -> None:
        self.writes.spend()
        write_whole(self.project / path, content, before)

    def engine_version(self) -> str:
        raise Unavailable("there is no engine here")

    @property
    def layout(self) -> FolderLayout:
        return create_layout(self.project / ".paasctl" / "images")

    def key(self, path: str) -> FileKey:
        return read_key(self.project / path, {})

    def public_key(self, text: str) -> PublicKeys:
        return read_public_key(text, self.project)

    @property
    def ssh(self) -> SshKeygen:
        return SshKeygen(self.project, self.project, {"PATH": os.environ["PATH"], "HOME": str(self.project)})

    def run_hook(self, command: str, environ: Mapping[str, str], *, log: Callable[[str], None], cancel: Cancel) -> int:
        return run_hook(command, self.project, {"PATH": os.environ["PATH"], **environ}, log=log, cancel=cancel)

    def builder(self, step: Build) -> LayersBuilder:
        del step
        return LayersBuilder(self.registry, MachineCodecs(), self.project / ".paasctl" / "cache")

    def registry(self, host: str) -> FakeRegistry:
        return self.registries.setdefault(host, FakeRegistry(self.writes, host))

    @property
    def kept(self) -> KeptFiles:
        return KeptFiles(self.project / ".cache")

    def source(self, location: Location) -> CopySource:
        return self._images.source(location)

    def place(self, location: Location) -> CopyPlace:
        return self._images.target(location)

    def target(self, location: Location) -> CopyTarget:
        return self._images.target(location)

    @property
    def _images(self) -> Images:
        return Images(registry=self.registry, folder=self.project, store=self._no_engine, stack=self.held)

    def box(self, path: str) -> Box:
        return open_box(self.project / path, self.held)

    def old_file(self, path: str) -> Seen:
        return Seen(self.project / path)

    def new_file(self, path: str, size: int) -> AbstractContextManager[NewFile]:
        self.writes.spend()
        return new_file(self.project / path, size)

    def current(self, location: Location) -> Descriptor | None:
        return self._images.target(location).current()

    def engine_platform(self) -> Platform | None:
        raise Unavailable("there is no engine here")

    def _no_engine(self) -> Any:
        raise Unavailable("there is no engine here")

    def cluster(self, name: str) -> FakeCluster:
        return self.only_cluster if name == "testbed" else self.other_clusters[name]

    @property
    def state(self) -> dict[str, Any]:
        """What counts when two worlds are compared (decision 23): not the history's entries."""
        return {
            "tags": (self.git.tags, self.git.remotes["origin"].tags),
            "images": {host: it.named for host, it in self.registries.items() if it.named},
            "held": {host: sorted(it.held()) for host, it in self.registries.items() if it.named},
            "objects": self.only_cluster.state,
            "freezes": {str(target): (it.until, it.lifted) for target, it in self.only_cluster.freezes.items()},
            "boxes": {it.name: hashlib.sha256(it.read_bytes()).hexdigest() for it in self.project.glob("*.tar")},
            "file": (self.project / "paas.yaml").read_text() if (self.project / "paas.yaml").exists() else None,
        }
