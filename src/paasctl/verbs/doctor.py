"""`doctor`: what this machine, these registries and these clusters lack. Nothing is changed."""

from __future__ import annotations

from collections.abc import Callable
from posixpath import normpath

from paasctl.errors import ConfigError, Exit, PaasError
from paasctl.model.answer import Finding, Findings
from paasctl.model.config import Config
from paasctl.model.counting import count
from paasctl.model.event import Emit
from paasctl.model.kube import Kind, Target
from paasctl.ports.cancel import Cancel
from paasctl.ports.world import Reads
from paasctl.values import dataclass
from paasctl.verbs.approvals.hearing import ring
from paasctl.verbs.config import look_at
from paasctl.verbs.reading import named, place

_LEASE = Kind("coordination.k8s.io", "Lease")
_APPLIED = (Kind("apps", "Deployment"), Kind("", "Service"), Kind("", "ConfigMap"))
_NEEDED = (
    *((verb, kind) for kind in _APPLIED for verb in ("create", "patch")),
    *((verb, _LEASE) for verb in ("create", "update")),
    ("list", Kind("", "Pod")),
)
"""What every deploy needs; the plan of a deploy asks for all the rights of its own (row D18)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AskDoctor:
    """Everything a release and a deploy need."""

    def answer(self, reads: Reads, emit: Emit, cancel: Cancel) -> tuple[Findings, Exit]:
        """A finding per thing; exit 1 where one is missing, 78 where the file itself is wrong."""
        del emit
        try:
            config = reads.config
        except ConfigError as error:
            wrong = tuple(
                Finding(ok=False, name="paas.yaml", message=it.message, hint=it.hint, where=it.where)
                for it in error.problems
            )
            return Findings(verb="doctor", findings=wrong), Exit.CONFIG
        found = [
            Finding(ok=True, name="paas.yaml", message=f"{config.file} is sound"),
            _try("git", lambda: f"version {named(reads)[1].text}"),
        ]
        if config.approvers:
            found += [_try("ssh-keygen", reads.ssh.check), _try("approvers", lambda: _approvers(reads))]
        found += _builders(reads, config) + _registries(reads, config, cancel) + _clusters(reads, config, cancel)
        return Findings(verb="doctor", findings=tuple(found)), Exit.OK if all(it.ok for it in found) else Exit.FAILED


def _try(name: str, look: Callable[[], str]) -> Finding:
    try:
        return Finding(ok=True, name=name, message=look())
    except PaasError as error:
        return Finding(ok=False, name=name, message=error.message, hint=error.hint, where=error.where)


def _approvers(reads: Reads) -> str:
    keys = ring(reads).keys
    return f"{count(len(reads.config.approvers), 'approver')}, {count(len(keys), 'key')}"


def _builders(reads: Reads, config: Config) -> list[Finding]:
    if not any(not it.layers for it in config.images.values()):
        return []
    return [*_dockerfiles(reads, config), _try("image builder", reads.engine_version)]


def _dockerfiles(reads: Reads, config: Config) -> list[Finding]:
    """A finding per image whose Dockerfile is not there; a context outside of the project is not looked into."""
    found = []
    for name, image in config.images.items():
        path = normpath(f"{image.context}/{image.dockerfile}")
        if image.layers or path.startswith(("..", "/")) or reads.files.read(path) is not None:
            continue
        hint = f"write it, or say images.{name}.dockerfile; images.{name}.layers does without"
        found.append(Finding(ok=False, name=f"image {name}", message=f"there is no {path}", hint=hint))
    return found


def _registries(reads: Reads, config: Config, cancel: Cancel) -> list[Finding]:
    found = []
    for name, registry in config.registries.items():
        cancel.check()
        repository = registry.repository
        found.append(
            _try(
                f"registry {name}",
                lambda it=repository: f"{it} answers, tags: {len(reads.registry(it.host).tags(it))}",  # type: ignore[misc]
            )
        )
    return found


def _clusters(reads: Reads, config: Config, cancel: Cancel) -> list[Finding]:
    found: list[Finding] = []
    for cluster in config.clusters.values():
        cancel.check()
        finding, _ = look_at(reads, cluster)
        found.append(finding)
        if finding.ok:
            found += [
                _permissions(reads, target)
                for name in config.environments
                for target in place(config, name).targets
                if target.cluster == cluster.name
            ]
    return found


def _permissions(reads: Reads, target: Target) -> Finding:
    def look() -> str:
        cluster = reads.cluster(target.cluster)
        missing = [f"{verb} {kind}" for verb, kind in _NEEDED if not cluster.may(verb, kind, target.namespace)]
        if missing:
            raise ConfigError(f"you may not: {', '.join(missing)}", hint="ask an admin of the cluster for these rights")
        return "you may deploy there"

    return _try(f"rights on {target.cluster}/{target.namespace}", look)
