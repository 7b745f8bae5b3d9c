"""Who builds images: ours without an engine, and the real ones that variables name.

PAASCTL_TEST_DOCKER_HOST (its BuildKit, and its classic builder), PAASCTL_TEST_BUILDKIT_HOST (with `buildctl` in
PAASCTL_TEST_BIN), and `docker buildx` where docker has it; `docker-buildx` in PAASCTL_TEST_BIN counts, too. They build
on this machine: bases come from a registry that the test runs.
"""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from paasctl.adapters.buildkit.buildctl import BuildctlBuilder
from paasctl.adapters.buildkit.buildx import BuildxBuilder
from paasctl.adapters.codecs import MachineCodecs
from paasctl.adapters.docker.builder import EngineBuilder
from paasctl.adapters.layers import LayersBuilder
from paasctl.adapters.layout import FolderLayout, create_layout
from paasctl.adapters.registry import RegistryClient
from paasctl.engine.cancel import Cancel
from paasctl.model.config import Image
from paasctl.model.plan import Build
from paasctl.ports.cancel import Cancel as Cancelling
from paasctl.ports.images import Builder, RegistryReads
from support.builds import EPOCH, Built, Wanted
from support.registry_client import CountingClock

ENGINE = os.environ.get("PAASCTL_TEST_DOCKER_HOST", "")
BUILDKIT = os.environ.get("PAASCTL_TEST_BUILDKIT_HOST", "")
BIN = Path(os.environ.get("PAASCTL_TEST_BIN", "/nonexistent"))
PATH = f"{os.environ.get('PATH', '')}{os.pathsep}{BIN}"
BUILDCTL = shutil.which("buildctl", path=PATH)
BUILDX = BIN / "docker-buildx"

DOCKERFILES = (
    *(("dockerd", "dockerd classic") if ENGINE else ()),
    *(("buildctl",) if BUILDKIT and BUILDCTL else ()),
    *(("buildx on buildkitd",) if BUILDKIT and BUILDX.exists() else ()),
    *(("buildx on dockerd",) if ENGINE and BUILDX.exists() else ()),
)
"""Worlds that read Dockerfiles."""
WORLDS = ("embedded", *DOCKERFILES)
REPRODUCIBLE = tuple(it for it in WORLDS if it in {"embedded", "buildctl", "buildx on buildkitd"})
"""Those that promise the same digest again, wherever and whenever: they know SOURCE_DATE_EPOCH."""
INDEXING = REPRODUCIBLE
"""Those that make one image of several platforms."""


@dataclass
class World:
    """A builder with a project, a layout and credentials of its own."""

    name: str
    root: Path
    logins: dict[str, tuple[str, str]] = field(default_factory=dict)
    """Host -> user and password that the caller has."""
    variables: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.project = self.root / "project"
        self.project.mkdir(parents=True)
        (self.root / "docker").mkdir()
        self.layout: FolderLayout = create_layout(self.root / "layout")
        self.log: list[str] = []

    @property
    def environ(self) -> dict[str, str]:
        """What the builder is given."""
        kept = {name: os.environ[name] for name in ("HOME", "TMPDIR", "LANG") if name in os.environ}
        places = {"PATH": PATH, "DOCKER_HOST": ENGINE, "DOCKER_CONFIG": str(self.root / "docker")}
        return {**kept, **places, **self.variables}

    def build(
        self,
        wanted: Wanted,
        *,
        cancel: Cancelling | None = None,
        heard: Callable[[str], None] = lambda _: None,
        into: FolderLayout | None = None,
    ) -> Built:
        """Write the context, and build it."""
        wanted.written(self.project)
        image = wanted.as_layers() if self.name == "embedded" else wanted.as_dockerfile(self.project)
        return self.make(image, cancel=cancel, heard=heard, into=into)

    def make(
        self,
        image: Image,
        *,
        cancel: Cancelling | None = None,
        heard: Callable[[str], None] = lambda _: None,
        into: FolderLayout | None = None,
    ) -> Built:
        """Build an image of what lies in the project."""
        step = Build(image=image, version="1.2.3", revision="c0ffee", epoch=EPOCH)
        log: list[str] = []

        def tell(text: str) -> None:
            log.append(text)
            self.log.append(text)
            heard(text)

        layout = into or self.layout
        with_logins(self.root / "docker", self.logins)
        made = self.builder().build(step, self.project, layout, log=tell, cancel=cancel or Cancel())
        return Built(made, layout, log)

    def builder(self) -> Builder:
        """The one under test."""
        environ = self.environ
        if self.name == "embedded":
            return LayersBuilder(self.registry, MachineCodecs(), self.root / "cache")
        if self.name == "buildctl":
            return BuildctlBuilder(environ=environ, registry=self.registry, address=BUILDKIT)
        if self.name.startswith("buildx"):
            return BuildxBuilder(environ=_with_buildx(self.name, self.root, environ), registry=self.registry)
        told = {**environ, "DOCKER_BUILDKIT": "0"} if "classic" in self.name else environ
        return EngineBuilder(told, registry=self.registry)

    def registry(self, host: str) -> RegistryReads:
        """A registry, as the caller may use it."""
        return RegistryClient(host, clock=CountingClock(), environ=self.environ)

    def leftovers(self) -> list[Path]:
        """What lies in the layout and is neither a blob nor an index."""
        named = {"oci-layout", "index.json", ".lock"}
        files = [it for it in self.layout.root.rglob("*") if it.is_file()]
        return [it for it in files if it.name not in named and len(it.name) != 64]


def with_logins(folder: Path, logins: Mapping[str, tuple[str, str]]) -> None:
    """A `config.json` with these, beside what is there of contexts and plugins."""
    auths = {
        host: {"auth": base64.b64encode(f"{user}:{word}".encode()).decode()} for host, (user, word) in logins.items()
    }
    (folder / "config.json").write_text(json.dumps({"auths": auths}))


_MAKING = threading.Lock()


def _with_buildx(name: str, root: Path, environ: Mapping[str, str]) -> dict[str, str]:
    """The plugin where docker looks for it, and a builder in use: BuildKit's daemon, or the engine's own."""
    plugins = root / "docker" / "cli-plugins"
    made = dict(environ)
    if "buildkitd" in name:
        made |= {"BUILDX_BUILDER": "remote"}
    with _MAKING:  # two builds at once
        if plugins.exists():
            return made
        plugins.mkdir()
        (plugins / "docker-buildx").symlink_to(BUILDX)
        if "buildkitd" in name:
            words = ["docker", "buildx", "create", "--name", "remote", "--driver", "remote", BUILDKIT]
            subprocess.run(words, env=environ, check=True, capture_output=True)
    return made


__all__ = ["DOCKERFILES", "INDEXING", "REPRODUCIBLE", "WORLDS", "World", "replace", "with_logins"]
