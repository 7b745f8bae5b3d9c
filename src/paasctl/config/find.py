"""What the command line names, found in `paas.yaml`, or a `UsageError` with a guess."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

from paasctl.config.words import either, guess, quoted
from paasctl.errors import UsageError
from paasctl.model.config import Cluster, Config, Environment, Image, Registry

_Found = TypeVar("_Found")


def find_environment(config: Config, name: str) -> Environment:
    """The environment of that name."""
    return _find(config, "environment", config.environments, name)


def find_registry(config: Config, name: str) -> Registry:
    """The registry of that name."""
    return _find(config, "registry", config.registries, name)


def find_cluster(config: Config, name: str) -> Cluster:
    """The cluster of that name."""
    return _find(config, "cluster", config.clusters, name)


def find_image(config: Config, name: str) -> Image:
    """The image of that name."""
    return _find(config, "image", config.images, name)


def _find(config: Config, what: str, known: Mapping[str, _Found], name: str) -> _Found:
    if name in known:
        return known[name]
    listed = f"there is {either(known)}" if known else "it has none"
    raise UsageError(f"no {what} {quoted(name)} in {config.file}{guess(name, known)}", hint=listed)
