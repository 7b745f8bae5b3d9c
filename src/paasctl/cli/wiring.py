"""Which adapter stands behind which port: the only module that joins them.

Adapters are imported when first asked for; that is the whole of our lazy importing, and why `--help` is quick.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from paasctl.cli.options import Settings
from paasctl.cli.project import find_file
from paasctl.engine.cancel import Cancel, RealClock
from paasctl.errors import ConfigError
from paasctl.model.config import Config
from paasctl.model.event import Emit
from paasctl.model.kube import Holder
from paasctl.model.plan import Build
from paasctl.ports.cluster import Cluster
from paasctl.ports.files import Files, Secrets
from paasctl.ports.git import Git
from paasctl.ports.images import Builder, Layout, Registry
from paasctl.ports.templates import Templates


@dataclass
class Outside:
    """The world of one run: `ports.Reads` for verbs and `ports.World` for the engine, over the same adapters."""

    settings: Settings
    cancel: Cancel
    verb: str
    emit: Emit
    _clusters: dict[str, Cluster] = field(default_factory=dict)
    _registries: dict[str, Registry] = field(default_factory=dict)

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
        try:
            content = self.file.read_bytes()
        except FileNotFoundError as error:
            raise ConfigError(
                f"there is no {self.file.name} in {self.project}", hint="paasctl init", code="file-missing"
            ) from error
        except OSError as error:
            raise ConfigError(f"reading {self.file}: {error.strerror}", code="file-unreadable") from error
        return self.config_from(content, self._shown(self.file))

    def config_from(self, content: bytes, file: str) -> Config:
        """A `paas.yaml` that came from elsewhere: a release record."""
        from paasctl.adapters.yaml import read
        from paasctl.config import load

        return load(*read(content, file), file)

    def _shown(self, path: Path) -> str:
        try:
            return os.path.relpath(path)
        except ValueError:
            return str(path)

    @cached_property
    def files(self) -> Files:
        """The project's files."""
        from paasctl.adapters.files import ProjectFiles

        return ProjectFiles(self.project)

    @cached_property
    def secrets(self) -> Secrets:
        """The caller's secrets."""
        from paasctl.adapters.files import CallerSecrets

        return CallerSecrets(self.project)

    @cached_property
    def git(self) -> Git:
        """The checkout's git."""
        from paasctl.adapters.git import CheckoutGit

        return CheckoutGit(self.project, os.environ)

    @cached_property
    def templates(self) -> Templates:
        """Built-in and project templates."""
        from paasctl.adapters.jinja import JinjaTemplates, built_in
        from paasctl.adapters.yaml import documents

        return JinjaTemplates(built_in(), documents)

    @cached_property
    def clock(self) -> RealClock:
        """Time."""
        return RealClock(self.cancel)

    @cached_property
    def layout(self) -> Layout:
        """The project's OCI layout, where images lie until they are pushed."""
        from paasctl.adapters.layout import DiskLayout

        return DiskLayout(self.project / ".paasctl" / "images")

    @cached_property
    def holder(self) -> Holder:
        """Who we are, for locks and history."""
        from paasctl.adapters.kube.holder import this_process

        return this_process(self.verb, os.environ)

    def builder(self, step: Build) -> Builder:
        """The builder for this image."""
        if step.image.layers:
            from paasctl.adapters.layers import LayersBuilder

            return LayersBuilder(self.registry)
        from paasctl.adapters.docker import EngineBuilder

        return EngineBuilder(os.environ)

    def registry(self, host: str) -> Registry:
        """A registry host; one client per run."""
        if host not in self._registries:
            from paasctl.adapters.registry import HttpRegistry

            self._registries[host] = HttpRegistry(host, environ=os.environ, pause=self.cancel.pause)
        return self._registries[host]

    def cluster(self, name: str) -> Cluster:
        """A cluster of `paas.yaml`; one client per run."""
        if name not in self._clusters:
            from paasctl.adapters.kube import KubeCluster

            self._clusters[name] = KubeCluster(self.config.clusters[name])
        return self._clusters[name]


def dump_yaml(value: Any) -> str:
    """A value as YAML text."""
    from paasctl.adapters.yaml import dump

    return dump(value)


def dump_json(value: Any) -> str:
    """A value as indented JSON text."""
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"
