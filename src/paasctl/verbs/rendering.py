"""From a release (or a checkout) to the manifests of each target: gather files, values and secrets, then render."""

from __future__ import annotations

import json
import posixpath
from collections.abc import Mapping
from dataclasses import replace

from paasctl.config.cascade import Resolved, parse_set, resolve
from paasctl.errors import ConfigError
from paasctl.model.answer import Rendered
from paasctl.model.config import Cluster, Config, SecretSource
from paasctl.model.image import Pinned, Reference
from paasctl.model.kube import Offers
from paasctl.model.masked import Masked
from paasctl.model.release import NOTHING, Release
from paasctl.planning.manifests import (
    Renderer,
    RenderInputs,
    explain_release,
    needed_files,
    placeholder_secrets,
    render_release,
)
from paasctl.planning.release.outside import outside_names
from paasctl.ports.files import Files, Secrets
from paasctl.ports.world import Reads
from paasctl.values import dataclass
from paasctl.verbs.reading import Place

FILE = "paas.yaml"
"""Name of the project's file inside a release record."""


@dataclass(frozen=True, slots=True)
class Kept:
    """`ports.Files` over files that are already in memory: a release record's, or gathered ones."""

    files: Mapping[str, bytes]

    def read(self, path: str) -> bytes | None:
        """The content; None: it is not among them."""
        return self.files.get(posixpath.normpath(path))

    def below(self, folder: str) -> tuple[str, ...]:
        """Paths below a folder, sorted."""
        head = posixpath.normpath(folder) + "/"
        return tuple(sorted(it for it in self.files if it.startswith(head)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """What is to be rendered: the same shape for a checkout and for a release record."""

    config: Config
    files: Mapping[str, bytes]
    version: str
    commit: str
    images: Mapping[str, Pinned]
    outside: Mapping[str, Pinned] = NOTHING


def of_release(reads: Reads, release: Release) -> Source:
    """Services, templates, pods and values of the release's time; clusters and environments of today (decision 4)."""
    recorded = reads.config_from(release.files[FILE], f"{release.version}:{FILE}")
    today = reads.config
    config = replace(
        recorded,
        clusters=today.clusters,
        environments=today.environments,
        registries=today.registries,
        places={**today.places, **recorded.places},
    )
    return Source(
        config=config,
        files=release.files,
        version=release.version,
        commit=release.commit,
        images=release.images,
        outside=release.outside,
    )


def gathered(config: Config, files: Files) -> dict[str, bytes]:
    """The files that rendering needs, by path. A file that `paas.yaml` names and nobody has is a `ConfigError`."""
    needs = needed_files(config)
    found = {
        path: files.read(path) for path in (*needs.paths, *(it for top in needs.folders for it in files.below(top)))
    }
    missing = tuple(
        ConfigError(
            f"{path} is named here, and there is no such file", where=_naming(config, path), code="file-missing"
        )
        for path, content in found.items()
        if content is None
    )
    if missing:
        raise ConfigError.of(missing)
    return {path: content for path, content in found.items() if content is not None}


def outside_of(config: Config, files: Mapping[str, bytes]) -> dict[str, Reference]:
    """What the project's files name that it does not make, as it is written."""
    return outside_names(files, [path for it in config.services.values() for path in it.config.values()])


def _naming(config: Config, path: str) -> str:
    for name, service in config.services.items():
        if service.pod == path:
            return config.where("services", name, "pod")
        for key, of in service.config.items():
            if of == path:
                return config.where("services", name, "config", key)
    return config.file


def renderer(reads: Reads, files: Files) -> Renderer:
    """The templates port with the project's files already given to it."""
    templates = reads.templates
    return Renderer(lambda name, names: templates.render(name, names, files), templates.expand, templates.documents)


def resolved(config: Config, where: Place, cluster: Cluster, sets: tuple[str, ...]) -> Resolved:
    """The values of the environment on one of its clusters."""
    return resolve(config, where.environment.name, cluster.name, [parse_set(it) for it in sets])


def settings(values: Resolved) -> tuple[tuple[str, str], ...]:
    """Resolved values as history keeps them: (dotted path, JSON text)."""
    return tuple((it.path, json.dumps(it.value, sort_keys=True, default=str)) for it in values.settings)


def inputs(source: Source, where: Place, cluster: Cluster, values: Resolved, offers: Offers | None) -> RenderInputs:
    """What rendering one target is given; secrets are placeholders until `with_secrets`."""
    return RenderInputs(
        config=source.config,
        environment=where.environment,
        cluster=cluster,
        values=values.values,
        version=source.version,
        commit=source.commit,
        images=source.images,
        outside=source.outside,
        secrets=placeholder_secrets(source.config),
        offers=offers,
        files=source.files,
    )


def with_secrets(given: RenderInputs, secrets: Secrets) -> RenderInputs:
    """The same, with the caller's own secrets."""
    return replace(given, secrets=secrets_of(given.config, secrets))


def secrets_of(config: Config, secrets: Secrets) -> dict[tuple[str, str], Masked]:
    """(service, name) -> the value of the caller; the first that is missing is a `ConfigError` at its place."""
    return {
        (service.name, name): Masked(_secret(source, secrets, config.where("services", service.name, "secrets", name)))
        for service in config.services.values()
        for name, source in service.secrets.items()
    }


def _secret(source: SecretSource, secrets: Secrets, where: str) -> str:
    """The secret; what goes wrong is told with the place that names it."""
    try:
        return _read_secret(source, secrets)
    except ConfigError as error:
        raise ConfigError(error.message, hint=error.hint, where=where, code=error.code) from error


def _read_secret(source: SecretSource, secrets: Secrets) -> str:
    match source.kind:
        case "env":
            value = secrets.environ().get(source.of)
            if value is None:
                raise ConfigError(
                    f"the environment variable {source.of} is not set",
                    hint=f"export {source.of}=…",
                    code="secret-missing",
                )
            return value
        case "file":
            return secrets.file(source.of)
        case "command":
            return secrets.run(source.of)


def render(reads: Reads, given: RenderInputs, *, explain: bool = False) -> Rendered:
    """The manifests of one target."""
    using = renderer(reads, Kept(given.files))
    return explain_release(given, using) if explain else render_release(given, using)
