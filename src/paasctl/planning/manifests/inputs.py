"""What rendering is given: values only, and three functions that speak YAML and Jinja for us."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from paasctl.model.config import Cluster, Config, Environment, Service, Values
from paasctl.model.image import Pinned
from paasctl.model.kube import Offers
from paasctl.model.masked import Masked
from paasctl.model.release import NOTHING
from paasctl.values import dataclass

RAW = "manifests"
"""Folder of the project's own manifests."""
_UNKNOWN = "sha256:" + "0" * 64


@dataclass(frozen=True, slots=True, kw_only=True)
class RenderInputs:
    """Everything one target's manifests depend on."""

    config: Config
    environment: Environment
    cluster: Cluster
    values: Values
    """Resolved: the cascade is over."""
    version: str
    commit: str
    images: Mapping[str, Pinned]
    """Name in `images` -> the image of this release, in this environment's registry."""
    outside: Mapping[str, Pinned] = NOTHING
    """Images that it does not make, as they are written -> what runs instead: pinned, or the copy beside the record."""
    secrets: Mapping[tuple[str, str], Masked]
    """(service, name in its `secrets`) -> the value."""
    offers: Offers | None
    """What the cluster serves, or served when last seen; None: never asked (decision 15)."""
    files: Mapping[str, bytes]
    """The project's files by path: at least those that `needed_files` names."""

    def where(self, *path: str | int) -> str:
        """The place of a key in `paas.yaml`."""
        return self.config.where(*path)


@dataclass(frozen=True, slots=True)
class Renderer:
    """The `Templates` port with the project's files already given to it. All three raise `ConfigError`."""

    render: Callable[[str, Mapping[str, Any]], Sequence[dict[str, Any]]]
    expand: Callable[[str, Mapping[str, Any], str], str]
    documents: Callable[[str, str], Sequence[dict[str, Any]]]


@dataclass(frozen=True, slots=True)
class FileNeeds:
    """Paths, and folders of which every file is needed, relative to `paas.yaml`."""

    paths: tuple[str, ...]
    folders: tuple[str, ...]


def needed_files(config: Config) -> FileNeeds:
    """The files that rendering reads: what a caller gathers, and what a release record keeps."""
    pods = [it.pod for it in config.services.values() if isinstance(it.pod, str)]
    configs = [path for it in config.services.values() for path in it.config.values()]
    return FileNeeds(tuple(sorted({*pods, *configs})), (RAW, "templates"))


def placeholder_images(config: Config, environment: Environment) -> dict[str, Pinned]:
    """Images with a digest of zeros (`--placeholder-digests`): to read and to check, never to deploy."""
    repository = config.registries[environment.registry].repository
    return {name: (it.repository or repository.child(name)).pinned(_UNKNOWN) for name, it in config.images.items()}


def placeholder_secrets(config: Config) -> dict[tuple[str, str], Masked]:
    """A stand-in for every secret, for verbs that never write."""
    services: tuple[Service, ...] = tuple(config.services.values())
    return {(it.name, name): Masked(f"placeholder for {name}") for it in services for name in it.secrets}
