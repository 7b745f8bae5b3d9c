"""A small notation for rendering: a paas.yaml, the files beside it, what the cluster offers."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from paasctl.adapters.jinja import JinjaTemplates, builtin_templates
from paasctl.adapters.yaml.manifests import documents
from paasctl.adapters.yaml.read import read
from paasctl.config.load import load
from paasctl.model.config import Config
from paasctl.model.kube import Kind, Manifest, Offers
from paasctl.model.masked import Masked
from paasctl.planning.manifests import (
    Renderer,
    RenderInputs,
    lint_render,
    placeholder_images,
    placeholder_secrets,
    render_release,
)

TEMPLATES = JinjaTemplates(builtin_templates(), documents)
COMMIT = "0123456789abcdef0123456789abcdef01234567"
GATEWAY_KINDS = frozenset(Kind("gateway.networking.k8s.io", it) for it in ("Gateway", "HTTPRoute"))
REST = """
app: shop
images: {web: {}}
registries: {dev: {repository: registry.example/shop}}
clusters: {local: {context: kind-local}}
environments: {dev: {cluster: local, registry: dev}}
"""


@dataclass(frozen=True)
class MemoryFiles:
    """The `Files` port over a mapping."""

    files: Mapping[str, bytes] = field(default_factory=dict)

    def read(self, path: str) -> bytes | None:
        return self.files.get(path)

    def below(self, folder: str) -> tuple[str, ...]:
        return tuple(sorted(it for it in self.files if it.startswith(f"{folder}/")))


def config(text: str) -> Config:
    parsed = read(textwrap.dedent(text).encode(), "paas.yaml")
    return load(parsed.values, parsed.places, "paas.yaml", running="1.0.0", problems=parsed.problems)


def shop(services: str) -> Config:
    """A paas.yaml with these services (indented YAML) and the rest of a small shop."""
    return config("services:\n" + textwrap.indent(textwrap.dedent(services), "  ") + REST)


def inputs(config: Config, files: Mapping[str, str | bytes] | None = None, **changes: Any) -> RenderInputs:
    environment = config.environments["dev"]
    given = RenderInputs(
        config=config,
        environment=environment,
        cluster=config.clusters[environment.clusters[0]],
        values={**config.values, **environment.values},
        version="1.2.3",
        commit=COMMIT,
        images=placeholder_images(config, environment),
        secrets=placeholder_secrets(config),
        offers=None,
        files={path: it.encode() if isinstance(it, str) else it for path, it in (files or {}).items()},
    )
    return replace(given, **changes)


def renderer(files: Mapping[str, bytes]) -> Renderer:
    mine = MemoryFiles(files)
    return Renderer(lambda name, names: TEMPLATES.render(name, names, mine), TEMPLATES.expand, TEMPLATES.documents)


def rendered(given: RenderInputs) -> tuple[Manifest, ...]:
    return render_release(given, renderer(given.files)).manifests


def problems(given: RenderInputs) -> list[str]:
    """Every problem as `place: message`."""
    return [f"{it.where}: {it.message}" for it in lint_render(given, renderer(given.files))]


def body(manifests: tuple[Manifest, ...], key: str) -> dict[str, Any]:
    """The body of `Kind/name`; a name ending in `*` stands for one with a hash."""
    matches: Callable[[str], bool] = (lambda it: it.startswith(key[:-1])) if key.endswith("*") else key.__eq__
    (found,) = [it for it in manifests if matches(str(it.key))]
    return dict(found.body)


def container(manifests: tuple[Manifest, ...], key: str, name: str = "web") -> dict[str, Any]:
    spec = body(manifests, key)["spec"]
    (found,) = [it for it in spec["template"]["spec"]["containers"] if it["name"] == name]
    return dict(found)


def offers(*gateways: str, version: str = "v1.34.4", unread: frozenset[Kind] = frozenset()) -> Offers:
    return Offers(version=version, kinds=GATEWAY_KINDS, gateways=gateways, unread=unread)


def project(folder: Path) -> dict[str, bytes]:
    """Every file of an example, by path."""
    return {str(it.relative_to(folder)): it.read_bytes() for it in sorted(folder.rglob("*")) if it.is_file()}


def masked(**values: str) -> dict[tuple[str, str], Masked]:
    return {("web", name): Masked(it) for name, it in values.items()}
