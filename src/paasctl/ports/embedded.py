"""The world in a box, as verbs ask for it: parts that stay until they are stopped, and a stage for the demo."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import field
from pathlib import Path
from typing import Protocol

from paasctl.model.config import Config
from paasctl.model.copying import Copy
from paasctl.model.kube import Served
from paasctl.ports.cluster import ClusterReads
from paasctl.values import dataclass


class Part(Protocol):
    """A part that runs."""

    @property
    def facts(self) -> tuple[tuple[str, str], ...]:
        """Where it is: (name, value)."""
        ...

    def stop(self) -> None:
        """End it; what a folder keeps stays."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class RegistryPart:
    """How a registry is to be served. `port` 0: one that is free."""

    folder: str
    port: int = 0
    users: tuple[str, ...] = field(default=(), repr=False)
    """`NAME:PASSWORD`; where neither they nor a file name anybody, everybody may come in."""
    password_file: str = ""
    """A file with such a line for each user."""
    tokens: bool = False
    """Whether a login buys a token, instead of going with each request; there must be somebody to log in."""
    faults: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterPart:
    """How a cluster is to be simulated. `state`: a folder that keeps it; empty: memory alone."""

    state: str = ""
    kubeconfig: str = ""
    """Where the kubeconfig is written; empty: into `state`, else into a temporary file."""
    port: int = 0
    faults: tuple[str, ...] = ()
    script: str = ""
    """A YAML or JSON file that says how pods behave."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CopySource:
    """What a simulated cluster is to be a copy of."""

    context: str
    namespaces: tuple[str, ...] = ()
    """Empty: those of the project's environments, else all but the system's."""
    secrets: bool = False
    """Whether Secrets come with their values."""


@dataclass(frozen=True, slots=True)
class Ran:
    """How a command ended. `output` is what it said where it was kept from the screen."""

    exit: int
    seconds: float
    output: str = ""


class Stage(Protocol):
    """A folder for a project, and commands run there as a user would."""

    @property
    def folder(self) -> Path:
        """Where it is; removed at the end unless it is kept."""
        ...

    def write(self, path: str, content: bytes, *, executable: bool = False) -> None:
        """A file of the project."""
        ...

    def run(self, argv: Sequence[str], environ: Mapping[str, str], *, on_screen: bool) -> Ran:
        """Run it in the project, with these variables beside the caller's; paasctl is this very one."""
        ...

    def close(self) -> None:
        """Remove the folder, unless it is kept."""
        ...


class Embedded(Protocol):
    """Everything embedded."""

    def registry(self, how: RegistryPart) -> Part:
        """Serve a folder. Raises `ConfigError` for a folder that is something else, `Refused` for one in use."""
        ...

    def cluster(self, how: ClusterPart, copy: Copy | None = None) -> Part:
        """Simulate a cluster, which begins as `copy` where there is one. Raises `ConfigError`, `Refused` as above."""
        ...

    def is_begun(self, state: str) -> bool:
        """Whether a folder holds a simulated cluster already."""
        ...

    def holds(self) -> frozenset[Served]:
        """What a simulated cluster can hold."""
        ...

    def live(self, context: str) -> ClusterReads:
        """The cluster that a context of the kubeconfig leads to, to be read."""
        ...

    def project(self) -> Config | None:
        """The project's file; None: we are in no project. Raises `ConfigError` for one that is wrong."""
        ...

    def stage(self, *, keep: bool) -> Stage:
        """A fresh temporary folder."""
        ...

    def demo_files(self) -> Mapping[str, bytes]:
        """The files that the demo's project needs beside what its scenes write: its application."""
        ...

    def shown(self) -> Callable[[], None]:
        """A function that returns when all that was said is on the screen."""
        ...
