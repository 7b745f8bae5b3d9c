"""Which adapter stands behind which port. `embedding.py` and `stage.py` join the embedded world in the same way.

Adapters are imported when first asked for; that is the whole of our lazy importing, and why `--help` is quick.
"""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, ExitStack, suppress
from dataclasses import dataclass, field
from functools import cached_property
from importlib import import_module
from pathlib import Path
from typing import Any, BinaryIO

from paasctl import __version__
from paasctl.cli.options import Settings
from paasctl.cli.project import find_file
from paasctl.engine.cancel import Cancel, RealClock
from paasctl.errors import ConfigError
from paasctl.model.config import Config
from paasctl.model.event import Emit, Noted
from paasctl.model.image import Descriptor, Platform
from paasctl.model.kube import Holder
from paasctl.model.location import Location
from paasctl.model.plan import Build
from paasctl.ports.boxes import Box, NewFile, OldFile
from paasctl.ports.cancel import Cancel as CancelPort
from paasctl.ports.cluster import Cluster
from paasctl.ports.codecs import Codecs
from paasctl.ports.files import ProjectFiles, Secrets
from paasctl.ports.git import Git
from paasctl.ports.images import Builder, CopyPlace, CopySource, CopyTarget, Layout, Places, Registry
from paasctl.ports.kept import Kept
from paasctl.ports.keys import SigningKey, VerifyingKey
from paasctl.ports.ssh import Ssh
from paasctl.ports.templates import Templates

_BUILDER_POLL = 0.25
"""Seconds between two looks whether another run in this checkout has ended."""


def _import(names: tuple[str, ...]) -> None:
    with suppress(Exception):  # whoever needs it imports it again, and is told
        for it in names:
            import_module(it)


@dataclass
class Outside:
    """The world of one run: `ports.Reads` for verbs and `ports.World` for the engine, over the same adapters."""

    settings: Settings
    cancel: Cancel
    verb: str
    emit: Emit
    ahead: tuple[str, ...] = ()
    """Modules that the engine will need: they are imported while the first answer of a registry is waited for."""
    _clusters: dict[str, Cluster] = field(default_factory=dict)
    _registries: dict[str, Registry] = field(default_factory=dict)
    _building: BinaryIO | None = None
    """The lock of the layout, held until the process ends."""
    _is_waiting: bool = False
    _boxes: dict[str, Box] = field(default_factory=dict)
    _held: ExitStack = field(default_factory=ExitStack)
    """Files of images, and what grows beside them; connections to registries."""
    _making: threading.RLock = field(default_factory=threading.RLock)
    """Several threads may ask for the same client."""

    @cached_property
    def file(self) -> Path:
        """The project's file, there or not."""
        return find_file(self.settings)

    @property
    def project(self) -> Path:
        """The folder of `paas.yaml`."""
        return self.file.parent

    @cached_property
    def config(self) -> Config:
        """`paas.yaml` of the checkout."""
        from paasctl.adapters.disk import read_regular

        try:
            content = read_regular(self.file)
        except FileNotFoundError as error:
            raise ConfigError(
                f"there is no {self.file.name} in {self.project}", hint="paasctl init", code="file-missing"
            ) from error
        except OSError as error:
            raise ConfigError(f"reading {self.file}: {error.strerror}", code="file-unreadable") from error
        return self.config_from(content, self._shown(self.file))

    def config_from(self, content: bytes, file: str) -> Config:
        """A `paas.yaml` that came from elsewhere: a release record."""
        from paasctl.adapters.yaml.read import read
        from paasctl.config.load import load

        parsed = read(content, file)
        return load(parsed.values, parsed.places, file, running=__version__, problems=parsed.problems)

    def with_identity(self, cluster: str, uid: str) -> bytes:
        """`paas.yaml` with that cluster's identity set."""
        from paasctl.adapters.yaml.edit import pin_identity

        text = (self.files.read(self.file.name) or b"").decode("utf-8-sig")
        return pin_identity(text, cluster, uid, file=self._shown(self.file)).encode()

    def write_file(self, path: str, content: bytes, before: bytes | None) -> None:
        """Write a project's file atomically, if it still holds `before`."""
        from paasctl.adapters.files import write_whole

        write_whole(self.project / path, content, before)

    def _shown(self, path: Path) -> str:
        try:
            return os.path.relpath(path)
        except ValueError:
            return str(path)

    @cached_property
    def files(self) -> ProjectFiles:
        """The project's files."""
        from paasctl.adapters import files

        return files.ProjectFiles(self.project)

    @cached_property
    def secrets(self) -> Secrets:
        """The caller's secrets."""
        from paasctl.adapters.files import CallerSecrets

        return CallerSecrets(self.project)

    @cached_property
    def git(self) -> Git:
        """The checkout's git; what writes is imported when something is written."""
        from paasctl.adapters.git import CheckoutGit

        return CheckoutGit(self.project, os.environ)

    def key(self, path: str) -> SigningKey:
        """A key in a file of the caller's."""
        from paasctl.adapters.keys import read_key

        return read_key(Path(self.settings.directory or "", path).expanduser(), os.environ)

    def public_key(self, text: str) -> VerifyingKey:
        """A key of the project's."""
        from paasctl.adapters.keys import read_public_key

        return read_public_key(text, self.project)

    @cached_property
    def ssh(self) -> Ssh:
        """The caller's SSH keys."""
        from paasctl.adapters.ssh import SshKeygen

        return SshKeygen(Path(self.settings.directory or "."), self.project, os.environ)

    def engine_version(self) -> str:
        """What builds Dockerfiles here."""
        from paasctl.adapters.buildkit.choose import builder_version

        return builder_version(os.environ)

    @cached_property
    def templates(self) -> Templates:
        """Built-in and project templates."""
        from paasctl.adapters.jinja import JinjaTemplates, builtin_templates
        from paasctl.adapters.yaml.manifests import documents

        return JinjaTemplates(builtin_templates(), documents)

    @cached_property
    def clock(self) -> RealClock:
        """Time."""
        return RealClock(self.cancel)

    @cached_property
    def codecs(self) -> Codecs:
        """What packs and unpacks layers here."""
        from paasctl.adapters.codecs import MachineCodecs

        return MachineCodecs()

    @cached_property
    def layout(self) -> Layout:
        """The project's OCI layout, where images lie until they are pushed.

        One run at a time, or one would push what another has just built.
        """
        from paasctl.adapters.disk import hold_for_good
        from paasctl.adapters.layout import create_layout, open_layout

        folder = self.project / ".paasctl" / "images"
        create_layout(folder)
        hidden = folder.parent / ".gitignore"  # ours, so that our own folder never makes the tree dirty
        if not hidden.exists():
            hidden.write_text("*\n")
        self._building = hold_for_good(folder.parent / "lock", self._wait_for_builder)
        return open_layout(folder)

    def _wait_for_builder(self) -> None:
        if not self._is_waiting:
            self._is_waiting = True
            self.emit(Noted("another run builds in this checkout: waiting for it to end"))
        self.cancel.pause(_BUILDER_POLL)

    @cached_property
    def kept(self) -> Kept:
        """The user's cache."""
        from paasctl.adapters.kept import KeptFiles, cache_folder

        return KeptFiles(cache_folder(os.environ))

    @cached_property
    def holder(self) -> Holder:
        """Who we are, for locks and history."""
        from paasctl.adapters.kube.holder import this_process

        return this_process(self.verb, os.environ)

    def run_hook(
        self, command: str, environ: Mapping[str, str], *, log: Callable[[str], None], cancel: CancelPort
    ) -> int:
        """A line of the project's own."""
        from paasctl.adapters.hooks import run_hook

        return run_hook(command, self.project, {**os.environ, **environ}, log=log, cancel=cancel)

    def builder(self, step: Build) -> Builder:
        """The builder for this image."""
        if step.image.layers:
            from paasctl.adapters.layers import LayersBuilder

            return LayersBuilder(self.registry, self.codecs, self.project / ".paasctl" / "cache")
        from paasctl.adapters.buildkit.choose import dockerfile_builder

        def place(key: str) -> str:
            return str(self.config.places.get(("images", step.image.name, key), ""))

        return dockerfile_builder(os.environ, self.registry, step.image, place)

    def registry(self, host: str) -> Registry:
        """A registry host; one client per run."""
        with self._making:
            if host not in self._registries:
                from paasctl.adapters.registry import RegistryClient

                self._registries[host] = client = RegistryClient(
                    host, clock=self.clock, insecure=self._insecure(host), asked=lambda: self.cancel.asked
                )
                self._held.callback(client.close)
                self._look_ahead()
            return self._registries[host]

    def _look_ahead(self) -> None:
        names, self.ahead = self.ahead, ()
        if names:  # a daemon: nobody waits for it, and who needs a module meanwhile waits for that alone
            threading.Thread(target=_import, args=(names,), name="ahead", daemon=True).start()

    def source(self, location: Location) -> CopySource:
        """An image where it lies, to be read."""
        return self._images.source(location)

    def place(self, location: Location) -> CopyPlace:
        """Where an image would be written to, to look at only."""
        return self._images.target(location)

    def target(self, location: Location) -> CopyTarget:
        """Where an image is written to."""
        return self._images.target(location)

    def box(self, path: str) -> Box:
        """A release in a file; opened once in a run."""
        if path not in self._boxes:
            from paasctl.adapters.images.boxed import open_box

            self._boxes[path] = open_box(self._folder / path, self._held)
        return self._boxes[path]

    def old_file(self, path: str) -> OldFile:
        """A file of the caller's."""
        from paasctl.adapters.newfile import Seen

        return Seen(self._folder / path)

    def new_file(self, path: str, size: int) -> AbstractContextManager[NewFile]:
        """A file of the caller's in the making."""
        from paasctl.adapters.newfile import new_file

        return new_file(self._folder / path, size)

    @property
    def _folder(self) -> Path:
        """What the caller's paths are relative to."""
        return Path(self.settings.directory or ".")

    def current(self, location: Location) -> Descriptor | None:
        """What has that name now."""
        return self._images.target(location).current()

    @cached_property
    def _images(self) -> Places:
        from paasctl.adapters import images

        return images.Images(registry=self.registry, folder=self._folder, store=self._store, stack=self._held)

    def _store(self) -> Any:
        from paasctl.adapters.images.engine import Store

        return Store(environ=os.environ, cancel=self.cancel, note=lambda text: self.emit(Noted(text)))

    def engine_platform(self) -> Platform | None:
        """What images of the local engine run on."""
        found: Platform | None = self._store().platform()
        return found

    def close(self) -> None:
        """Let go of what was held open: whatever was not finished is gone."""
        self._held.close()

    def cluster(self, name: str) -> Cluster:
        """A cluster of `paas.yaml`; one client per run."""
        with self._making:
            if name not in self._clusters:
                from paasctl.adapters.kube.cluster import KubeCluster
                from paasctl.adapters.kube.connect import Where

                spec = self.config.clusters[name]
                where = Where(
                    context=self.settings.context or spec.context,
                    kubeconfig=self.settings.kubeconfig or spec.kubeconfig,
                    environ=os.environ,
                )
                self._clusters[name] = KubeCluster(name, where, self.clock)
            return self._clusters[name]

    def _insecure(self, host: str) -> bool | None:
        if not self.settings.file and not self.file.exists():
            return None  # `image` works without one; whatever needs one has said so by now
        said = {it.insecure for it in self.config.registries.values() if it.repository.host == host}
        return True if True in said else False if False in said else None


def dump_yaml(value: Any) -> str:
    """A value as YAML text."""
    from paasctl.adapters.yaml.manifests import dump

    return dump([value]).removeprefix("---\n")


def dump_json(value: Any) -> str:
    """A value as indented JSON text."""
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"
