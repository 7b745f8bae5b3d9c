"""`render` and `lint`: what the checkout comes to, dirty or not (decision 20)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import PurePath
from posixpath import normpath

from paasctl.errors import ConfigError, Exit, PaasError, Refused
from paasctl.model.answer import Finding, Findings, Rendered
from paasctl.model.event import Emit
from paasctl.planning.manifests import lint_render, placeholder_images
from paasctl.planning.release.outside import placeholder_outside
from paasctl.ports.cancel import Cancel
from paasctl.ports.world import Reads
from paasctl.values import dataclass
from paasctl.verbs.reading import Place, named, place, recorded
from paasctl.verbs.rendering import FILE, Kept, Source, gathered, inputs, outside_of, render, renderer, resolved

_UNKNOWN_VERSION = "0.0.0-unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class AskRender:
    """The manifests of an environment, of its first cluster unless one is named."""

    environment: str
    clusters: tuple[str, ...] = ()
    sets: tuple[str, ...] = ()
    explain: bool = False
    placeholder_digests: bool = False

    def answer(self, reads: Reads, emit: Emit, cancel: Cancel) -> tuple[Rendered, Exit]:
        """Everything a deploy of this checkout would want there. Secrets are placeholders: nothing is written."""
        del emit
        where = place(reads.config, self.environment, self.clusters)
        source = _checkout(reads, where, placeholders=self.placeholder_digests)
        cluster = where.clusters[0]
        cancel.check()
        given = inputs(source, where, cluster, resolved(source.config, where, cluster, self.sets), None)
        return render(reads, given, explain=self.explain), Exit.OK


def _checkout(reads: Reads, where: Place, *, placeholders: bool) -> Source:
    config, files = reads.config, gathered(reads.config, reads.files)
    checkout, version = named(reads)
    plain = _without_release(reads, where, files, version.text, checkout.commit)
    if placeholders or not (config.images or any(str(it) != name for name, it in plain.outside.items())):
        return plain  # nothing that only a release pins
    release = recorded(reads, where.repository, version.text)
    if release is None:
        raise Refused(
            f"rendering {where.environment.name}: there is no release {version.text} in {where.repository}",
            hint="paasctl release, or --placeholder-digests to render without",
            code="release-not-found",
        )
    return replace(plain, images=release.images, outside=release.outside)


def _without_release(reads: Reads, where: Place, files: Mapping[str, bytes], version: str, commit: str) -> Source:
    """The checkout, with placeholders for what a release pins."""
    config = reads.config
    return Source(
        config=config,
        files=files,
        version=version,
        commit=commit,
        images=placeholder_images(config, where.environment),
        outside=placeholder_outside(
            outside_of(config, {**files, FILE: reads.files.read(PurePath(config.file).name) or b""})
        ),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class AskLint:
    """Every problem of loading and of rendering each environment on each of its clusters."""

    environments: tuple[str, ...] = ()
    sets: tuple[str, ...] = ()

    def answer(self, reads: Reads, emit: Emit, cancel: Cancel) -> tuple[Findings, Exit]:
        """A finding per environment that is sound, or one per problem; exit 78 where there is one."""
        del emit
        try:
            config = reads.config
            files = gathered(config, reads.files)
        except ConfigError as error:
            return Findings(
                verb="lint", findings=tuple(_finding("paas.yaml", it) for it in error.problems)
            ), Exit.CONFIG
        found: list[Finding] = []
        for name in self.environments or config.environments:
            cancel.check()
            where = place(config, name)
            found += _lint(reads, where, files, self.sets)
        found += _unbuildable(reads)
        status = Exit.OK if all(it.ok for it in found) else Exit.CONFIG
        return Findings(verb="lint", findings=tuple(found)), status


def _lint(reads: Reads, where: Place, files: Mapping[str, bytes], sets: tuple[str, ...]) -> list[Finding]:
    config, name = reads.config, where.environment.name
    source = _without_release(reads, where, files, _UNKNOWN_VERSION, "0" * 40)
    using = renderer(reads, Kept(files))
    problems: dict[tuple[str, str], PaasError] = {}
    for cluster in where.clusters:
        given = inputs(source, where, cluster, resolved(config, where, cluster, sets), None)
        problems |= {(it.where, it.message): it for it in lint_render(given, using)}
    if not problems:
        clusters = ", ".join(it.name for it in where.clusters)
        return [Finding(ok=True, name=name, message=f"renders for {clusters}")]
    return [_finding(name, it) for it in problems.values()]


def _unbuildable(reads: Reads) -> Iterator[Finding]:
    """Images whose Dockerfile is not there."""
    for it in reads.config.images.values():
        path = normpath(f"{it.context}/{it.dockerfile}")
        if it.layers or path.startswith(("/", "..")):  # what lies beside the project is seen by the build alone
            continue
        if reads.files.read(path) is None:
            hint = f"images.{it.name}: context and dockerfile say where it is; or `layers:`, which need none"
            yield Finding(ok=False, name=it.name, message=f"there is no {path} to build it from", hint=hint)


def _finding(name: str, error: PaasError) -> Finding:
    return Finding(ok=False, name=name, message=error.message, hint=error.hint, where=error.where)
