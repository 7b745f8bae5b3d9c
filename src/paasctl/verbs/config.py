"""`config show` and `config schema`, `cluster list`: what `paas.yaml` says and may say."""

from __future__ import annotations

from paasctl.config.cascade import parse_set
from paasctl.config.find import find_environment
from paasctl.config.schema import schema
from paasctl.config.show import explain, show
from paasctl.errors import Exit, PaasError, UsageError
from paasctl.model.answer import ConfigShown, Finding, Findings, SchemaShown
from paasctl.model.config import Cluster
from paasctl.model.event import Emit
from paasctl.ports.cancel import Cancel
from paasctl.ports.world import Reads
from paasctl.values import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class AskConfig:
    """The resolved file, or one environment of it, secrets masked."""

    environment: str = ""
    sets: tuple[str, ...] = ()
    explain: bool = False

    def answer(self, reads: Reads, emit: Emit, cancel: Cancel) -> tuple[ConfigShown, Exit]:
        """The document; with `explain` every value and the layer that won."""
        del emit, cancel
        config, sets = reads.config, [parse_set(it) for it in self.sets]
        if self.environment:
            find_environment(config, self.environment)
        elif self.explain:
            raise UsageError(
                "--explain tells of the values of one environment, and none is named",
                hint=f"paasctl config show {next(iter(config.environments), 'ENV')} --explain",
            )
        settings = explain(config, self.environment, sets) if self.explain else ()
        shown = show(config, self.environment, sets)
        return ConfigShown(document=shown, settings=settings, explain=self.explain), Exit.OK


@dataclass(frozen=True, slots=True, kw_only=True)
class AskSchema:
    """JSON Schema 2020-12 of `paas.yaml`."""

    def answer(self, reads: Reads, emit: Emit, cancel: Cancel) -> tuple[SchemaShown, Exit]:
        """The schema; no file is read."""
        del reads, emit, cancel
        return SchemaShown(schema=schema()), Exit.OK


@dataclass(frozen=True, slots=True, kw_only=True)
class AskClusters:
    """The clusters of `paas.yaml`: whether they answer, and whether they are who they were pinned to be."""

    def answer(self, reads: Reads, emit: Emit, cancel: Cancel) -> tuple[Findings, Exit]:
        """A finding per cluster; exit 75 where one did not answer, 4 where one is another."""
        del emit
        found: list[Finding] = []
        status = Exit.OK
        for cluster in reads.config.clusters.values():
            cancel.check()
            finding, bad = look_at(reads, cluster)
            found.append(finding)
            status = max(status, bad)
        return Findings(verb="cluster list", findings=tuple(found)), status


def look_at(reads: Reads, cluster: Cluster) -> tuple[Finding, Exit]:
    """One cluster, in a line; never raises for a cluster that is down."""
    name = f"cluster {cluster.name}"
    try:
        reading = reads.cluster(cluster.name)
        found, version = reading.identity(), reading.offers().version
    except PaasError as error:
        return Finding(ok=False, name=name, message=error.message, hint=error.hint), error.exit
    if cluster.identity and found.uid != cluster.identity:
        message = f"context {cluster.context!r} leads to another cluster: {found.uid}, pinned is {cluster.identity}"
        return Finding(
            ok=False,
            name=name,
            message=message,
            hint=f"mend the context, or `paasctl cluster pin {cluster.name}` where it was made anew",
        ), Exit.REFUSED
    pinned = "pinned" if cluster.identity else f"not pinned (paasctl cluster pin {cluster.name})"
    return Finding(ok=True, name=name, message=f"context {cluster.context!r}, Kubernetes {version}, {pinned}"), Exit.OK
