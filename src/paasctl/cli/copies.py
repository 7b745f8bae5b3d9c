"""The world of a rehearsal: the checkout as it is, clusters that are copies, registries that are written elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from paasctl.cli.wiring import Outside
from paasctl.errors import Refused
from paasctl.model.config import Config
from paasctl.model.counting import count
from paasctl.model.image import Descriptor, Platform, Reference, Repository
from paasctl.model.kube import Identity, Kind, Offers
from paasctl.model.location import InRegistry, Location
from paasctl.model.plan import Build
from paasctl.ports.boxes import Box, NewFile, OldFile
from paasctl.ports.cancel import Cancel, Clock
from paasctl.ports.cluster import Cluster, ClusterReads
from paasctl.ports.codecs import Codecs
from paasctl.ports.files import ProjectFiles, Secrets
from paasctl.ports.git import Git, GitReads
from paasctl.ports.images import (
    Blobs,
    BlobWriter,
    Builder,
    CopyPlace,
    CopySource,
    CopyTarget,
    Layout,
    Moved,
    Pushed,
    Registry,
    RegistryReads,
)
from paasctl.ports.kept import Kept
from paasctl.ports.keys import SigningKey, VerifyingKey
from paasctl.ports.ssh import Ssh
from paasctl.ports.templates import Templates


class Own(Protocol):
    """The registry that takes what a rehearsal pushes."""

    def __call__(self, *, make: bool) -> Registry | None:
        """It; None: nothing was pushed, and it is not to be made."""
        ...


class OnCopy:
    """`ports.Cluster` on a copy. Who it is, what it serves and what the caller may, the live cluster is asked."""

    def __init__(self, copy: Cluster, live: ClusterReads) -> None:
        """`live` is only ever read."""
        self._live = live
        self.namespace_exists, self.owned, self.seen = copy.namespace_exists, copy.owned, copy.seen
        self.autoscalers, self.preview, self.snapshot = copy.autoscalers, copy.preview, copy.snapshot
        self.kinds, self.everything, self.hurried = copy.kinds, copy.everything, copy.hurried
        self.events, self.logs = copy.events, copy.logs
        self.holder, self.history = copy.holder, copy.history
        self.freeze, self.set_freeze = copy.freeze, copy.set_freeze  # a freeze stops no rehearsal
        self.ensure_namespace, self.apply, self.delete = copy.ensure_namespace, copy.apply, copy.delete
        self.hold, self.open_record, self.close_record = copy.hold, copy.open_record, copy.close_record

    @property
    def name(self) -> str:
        """Its name in `paas.yaml`."""
        return self._live.name

    @property
    def kubectl(self) -> str:
        """Nobody's: the copy ends with the rehearsal."""
        return "kubectl"

    def identity(self) -> Identity:
        """The live cluster's."""
        return self._live.identity()

    def offers(self) -> Offers:
        """What the live cluster serves."""
        return self._live.offers()

    def may(self, verb: str, kind: Kind, namespace: str) -> bool:
        """What the caller may on the live cluster."""
        return self._live.may(verb, kind, namespace)


class _GitAsItIs:
    """`ports.Git` for a world in which no tag is made: a snapshot has none."""

    def __init__(self, git: GitReads) -> None:
        self.checkout, self.tag_commit, self.remote_tag_commit = git.checkout, git.tag_commit, git.remote_tag_commit
        self.position, self.remote_url, self.changes = git.position, git.remote_url, git.changes
        self.check_identity, self.check_push, self.tagger = git.check_identity, git.check_push, git.tagger

    def tag(self, tag: str, commit: str, message: str) -> None:
        """Never asked for."""
        raise AssertionError(f"a rehearsal makes no tag: {tag} on {commit} ({message})")

    def push_tag(self, remote: str, tag: str) -> bool:
        """Never asked for."""
        raise AssertionError(f"a rehearsal pushes no tag: {tag} to {remote}")

    def adopt_tag(self, remote: str, tag: str) -> None:
        """Never asked for."""
        raise AssertionError(f"a rehearsal takes no tag: {tag} from {remote}")


@dataclass
class Copies:
    """`ports.Reads` and `ports.World`. `overlaid` gives a registry by its host."""

    outside: Outside
    overlaid: Callable[[str], Registry]
    clusters: dict[str, Cluster] = field(default_factory=dict)
    _registries: dict[str, Registry] = field(default_factory=dict)

    @property
    def config(self) -> Config:
        """The checkout's."""
        return self.outside.config

    def with_identity(self, cluster: str, uid: str) -> bytes:
        """As ever; nobody writes it."""
        return self.outside.with_identity(cluster, uid)

    def config_from(self, content: bytes, file: str) -> Config:
        """As ever."""
        return self.outside.config_from(content, file)

    def engine_version(self) -> str:
        """As ever."""
        return self.outside.engine_version()

    @property
    def files(self) -> ProjectFiles:
        """The checkout's."""
        return self.outside.files

    @property
    def secrets(self) -> Secrets:
        """The caller's."""
        return self.outside.secrets

    @property
    def git(self) -> Git:
        """The checkout's, without what writes."""
        return _GitAsItIs(self.outside.git)

    @property
    def templates(self) -> Templates:
        """As ever."""
        return self.outside.templates

    @property
    def clock(self) -> Clock:
        """As ever."""
        return self.outside.clock

    @property
    def codecs(self) -> Codecs:
        """As ever."""
        return self.outside.codecs

    @property
    def kept(self) -> Kept:
        """As ever."""
        return self.outside.kept

    @property
    def layout(self) -> Layout:
        """The checkout's own folder for images."""
        return self.outside.layout

    @property
    def project(self) -> Path:
        """The checkout's folder."""
        return self.outside.project

    def write_file(self, path: str, content: bytes, before: bytes | None) -> None:
        """Never asked for."""
        raise AssertionError(f"a rehearsal writes no file: {path} ({count(len(content), 'byte')}, before {before!r})")

    def public_key(self, text: str) -> VerifyingKey:
        """As outside."""
        return self.outside.public_key(text)

    def key(self, path: str) -> SigningKey:
        """Never asked for."""
        raise AssertionError(f"a rehearsal signs nothing: {path}")

    @property
    def ssh(self) -> Ssh:
        """As ever; nobody signs."""
        return self.outside.ssh

    def run_hook(self, command: str, environ: Mapping[str, str], *, log: Callable[[str], None], cancel: Cancel) -> int:
        """Never asked for: what is rehearsed was released before."""
        raise AssertionError(f"a rehearsal runs no hook: {command} ({environ}, {log}, {cancel})")

    def builder(self, step: Build) -> Builder:
        """As ever: building writes nothing but the checkout's folder for images."""
        return self.outside.builder(step)

    def cluster(self, name: str) -> Cluster:
        """The copy. One that was not made is `Refused`: the live cluster is never handed out in its place."""
        if name not in self.clusters:
            raise Refused(f"rehearsing on {name}: it was not copied", code="not-copied")
        return self.clusters[name]

    def registry(self, host: str) -> Registry:
        """The registry, read through one of our own that takes all writes."""
        if host not in self._registries:
            self._registries[host] = self.overlaid(host)
        return self._registries[host]

    def source(self, location: Location) -> CopySource:
        """As ever: it is only read."""
        return self.outside.source(location)

    def place(self, location: Location) -> CopyPlace:
        """As ever: it is only looked at."""
        return self.outside.place(location)

    def target(self, location: Location) -> CopyTarget:
        """A registry's, into our own: what a deploy says beside a record. Others are never asked for."""
        from paasctl.adapters.images.registry import RegistryTarget

        if isinstance(location, InRegistry):
            return RegistryTarget(location, self.registry(location.reference.repository.host))
        raise AssertionError(f"a rehearsal writes no image to {location}")

    def box(self, path: str) -> Box:
        """As ever: it is only read."""
        return self.outside.box(path)

    def old_file(self, path: str) -> OldFile:
        """As ever."""
        return self.outside.old_file(path)

    def new_file(self, path: str, size: int) -> AbstractContextManager[NewFile]:
        """Never asked for."""
        raise AssertionError(f"a rehearsal writes no file: {path} ({size})")

    def current(self, location: Location) -> Descriptor | None:
        """As ever."""
        return self.outside.current(location)

    def engine_platform(self) -> Platform | None:
        """As ever."""
        return self.outside.engine_platform()


@dataclass
class ReadThrough:
    """`ports.Registry`: what was pushed here comes first, then what the live registry has."""

    live: RegistryReads
    own: Own

    @property
    def host(self) -> str:
        """The live registry's."""
        return self.live.host

    def resolve(self, reference: Reference) -> Descriptor | None:
        """As in the port."""
        own = self.own(make=False)
        return (own.resolve(reference) if own else None) or self.live.resolve(reference)

    def manifest(self, reference: Reference) -> tuple[Descriptor, bytes] | None:
        """As in the port."""
        own = self.own(make=False)
        return (own.manifest(reference) if own else None) or self.live.manifest(reference)

    def has_blob(self, repository: Repository, digest: str) -> bool:
        """As in the port."""
        own = self.own(make=False)
        return bool(own and own.has_blob(repository, digest)) or self.live.has_blob(repository, digest)

    def open_blob(self, repository: Repository, descriptor: Descriptor) -> AbstractContextManager[Iterator[bytes]]:
        """As in the port."""
        own = self.own(make=False)
        if own and own.has_blob(repository, descriptor.digest):
            return own.open_blob(repository, descriptor)
        return self.live.open_blob(repository, descriptor)

    def tags(self, repository: Repository) -> tuple[str, ...]:
        """As in the port."""
        own = self.own(make=False)
        return tuple(dict.fromkeys((*self.live.tags(repository), *(own.tags(repository) if own else ()))))

    def referrers(self, repository: Repository, digest: str) -> tuple[Descriptor, ...]:
        """As in the port."""
        own = self.own(make=False)
        found = (*self.live.referrers(repository, digest), *(own.referrers(repository, digest) if own else ()))
        return tuple({it.digest: it for it in found}.values())

    def check_writable(self, repository: Repository) -> None:
        """As in the port: here anything may be written, and none of it is live."""

    def check_deletable(self, repository: Repository) -> None:
        """As in the port: what is live stays."""
        raise Refused(f"deleting in {repository}: a rehearsal deletes nothing", code="deletes-unsupported")

    def delete_manifest(self, repository: Repository, digest: str) -> bool:
        """As in the port: what is live stays."""
        raise Refused(f"deleting {repository}@{digest}: a rehearsal deletes nothing", code="deletes-unsupported")

    def push_blob(
        self,
        repository: Repository,
        descriptor: Descriptor,
        content: Blobs,
        *,
        mount_from: tuple[Repository, ...] = (),
        moved: Moved | None = None,
    ) -> Pushed:
        """Into our own; there is nothing to mount from."""
        del mount_from
        return self._taking().push_blob(repository, descriptor, content, moved=moved)

    def mount_blob(self, repository: Repository, digest: str, sources: tuple[Repository, ...]) -> bool:
        """There is nothing to mount from."""
        del repository, digest, sources
        return False

    def writer(self, repository: Repository) -> AbstractContextManager[BlobWriter]:
        """Into our own."""
        return self._taking().writer(repository)

    def put_manifest(
        self, repository: Repository, media_type: str, content: bytes, *, tag: str = "", move: bool = False
    ) -> Descriptor:
        """Into our own."""
        return self._taking().put_manifest(repository, media_type, content, tag=tag, move=move)

    def settle(self, repository: Repository, subject: str) -> None:
        """As in the port: nobody else writes here."""

    def _taking(self) -> Registry:
        found = self.own(make=True)
        if found is None:
            raise AssertionError("it was to be made")
        return found
