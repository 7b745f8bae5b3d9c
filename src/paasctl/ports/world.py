"""The world a verb may read, and the one the engine may change."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol

from paasctl.model.config import Config
from paasctl.model.image import Descriptor, Platform
from paasctl.model.location import Location
from paasctl.model.plan import Build
from paasctl.ports.boxes import Box, NewFile, OldFile
from paasctl.ports.cancel import Cancel, Clock
from paasctl.ports.cluster import Cluster, ClusterReads
from paasctl.ports.codecs import Codecs
from paasctl.ports.files import ProjectFiles, Secrets
from paasctl.ports.git import Git, GitReads
from paasctl.ports.images import Builder, CopyPlace, CopySource, CopyTarget, Layout, Registry, RegistryReads
from paasctl.ports.kept import Kept
from paasctl.ports.keys import SigningKey, VerifyingKey
from paasctl.ports.ssh import Ssh, SshReads
from paasctl.ports.templates import Templates


class Reads(Protocol):
    """Everything that can be asked, nothing that can be changed."""

    @property
    def config(self) -> Config:
        """`paas.yaml` of the checkout. Raises `ConfigError` with every problem."""
        ...

    def with_identity(self, cluster: str, uid: str) -> bytes:
        """`paas.yaml` with that cluster's `identity` set: the new content, comments and layout kept."""
        ...

    def config_from(self, content: bytes, file: str) -> Config:
        """A `paas.yaml` that came from elsewhere: a release record."""
        ...

    def key(self, path: str) -> SigningKey:
        """A key that signs, from its file. `ConfigError` where it can't be read."""
        ...

    def public_key(self, text: str) -> VerifyingKey:
        """A key that `paas.yaml` has in PEM, or names by its file. `ConfigError` where it is none."""
        ...

    @property
    def ssh(self) -> SshReads:
        """The caller's SSH keys, and the check of what such keys have signed."""
        ...

    def engine_version(self) -> str:
        """What builds Dockerfiles here, in a few words; `Unavailable` where nothing does."""
        ...

    @property
    def files(self) -> ProjectFiles:
        """The project's files."""
        ...

    @property
    def secrets(self) -> Secrets:
        """The caller's secrets."""
        ...

    @property
    def git(self) -> GitReads:
        """The checkout's git."""
        ...

    @property
    def templates(self) -> Templates:
        """Built-in and project templates."""
        ...

    @property
    def clock(self) -> Clock:
        """Time."""
        ...

    @property
    def codecs(self) -> Codecs:
        """What packs and unpacks layers here."""
        ...

    def cluster(self, name: str) -> ClusterReads:
        """A cluster of `paas.yaml`."""
        ...

    def registry(self, host: str) -> RegistryReads:
        """A registry host."""
        ...

    def source(self, location: Location) -> CopySource:
        """An image where it lies, to be read. Nothing is looked at before it is asked for."""
        ...

    def place(self, location: Location) -> CopyPlace:
        """Where an image would be written to, to look at only."""
        ...

    def box(self, path: str) -> Box:
        """A release in a file, by path from where the caller is; `Missing` where there is none. One per run."""
        ...

    def old_file(self, path: str) -> OldFile:
        """A file of the caller's, to be looked at."""
        ...

    @property
    def kept(self) -> Kept:
        """What earlier runs of this user found out, to save time."""
        ...

    def current(self, location: Location) -> Descriptor | None:
        """What has that name now; None: proved absent. The local engine tells its own id, not a manifest's digest."""
        ...

    def engine_platform(self) -> Platform | None:
        """What images of the local engine run on; None: it does not say."""
        ...


class World(Protocol):
    """The same, with the writing halves, and what only acting needs."""

    @property
    def git(self) -> Git:
        """The checkout's git."""
        ...

    @property
    def clock(self) -> Clock:
        """Time."""
        ...

    @property
    def codecs(self) -> Codecs:
        """What packs and unpacks layers here."""
        ...

    def key(self, path: str) -> SigningKey:
        """A key that signs, from its file."""
        ...

    @property
    def ssh(self) -> Ssh:
        """The caller's SSH keys."""
        ...

    @property
    def layout(self) -> Layout:
        """The run's OCI layout: where built images lie until they are pushed."""
        ...

    def run_hook(self, command: str, environ: Mapping[str, str], *, log: Callable[[str], None], cancel: Cancel) -> int:
        """Run a line of the project's own in its folder, with these variables beside the caller's; its exit status."""
        ...

    @property
    def project(self) -> Path:
        """The folder of `paas.yaml`."""
        ...

    def write_file(self, path: str, content: bytes, before: bytes | None) -> None:
        """Write a project's file atomically, if it still holds `before` (None: is not there); else `StalePlan`."""
        ...

    def builder(self, step: Build) -> Builder:
        """The builder for this image: an engine for a Dockerfile, ours for `layers:`."""
        ...

    def cluster(self, name: str) -> Cluster:
        """A cluster of `paas.yaml`."""
        ...

    def registry(self, host: str) -> Registry:
        """A registry host."""
        ...

    def source(self, location: Location) -> CopySource:
        """An image where it lies, to be read."""
        ...

    def target(self, location: Location) -> CopyTarget:
        """Where an image is written to. Nothing is written before it is asked for."""
        ...

    def new_file(self, path: str, size: int) -> AbstractContextManager[NewFile]:
        """A file of the caller's in the making; gone afterwards, unless it appeared."""
        ...
