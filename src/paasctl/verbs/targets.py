"""What is true in the targets of an environment: whose cluster it is, what lies there, whether it is frozen."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from paasctl.config.cascade import Resolved, recalled
from paasctl.errors import Unavailable
from paasctl.model.answer import HistoryEntry
from paasctl.model.config import Cluster
from paasctl.model.freeze import Freeze
from paasctl.model.kube import Key, Live, Manifest, Rejection, Target
from paasctl.planning.deploy import DeployFacts, TargetFacts, to_preview, to_watch
from paasctl.ports.cancel import Cancel
from paasctl.ports.cluster import ClusterReads
from paasctl.ports.world import Reads
from paasctl.verbs.identity import check_identity
from paasctl.verbs.reading import Place
from paasctl.verbs.rendering import Source, inputs, render, resolved, settings, with_secrets

_READERS = 8


Values = Callable[[Cluster, Target], Resolved]
"""What templates see in a target."""


def of_today(source: Source, where: Place, sets: tuple[str, ...]) -> Values:
    """The values of the environment, as its files have them."""
    return lambda cluster, _: resolved(source.config, where, cluster, sets)


def of_then(deploys: Mapping[Target, HistoryEntry], environment: str) -> Values:
    """The values that earlier deploys had; `Unavailable` where history has them in a form that can't be read back."""

    def found(cluster: Cluster, target: Target) -> Resolved:
        deploy = deploys[target]
        try:
            return recalled(deploy.settings, f"deploy {deploy.number} in {target}")
        except ValueError as error:
            raise Unavailable(
                f"reading the values of deploy {deploy.number} in {target} on {cluster.name}: {error}",
                hint=f"paasctl deploy {environment} --version {deploy.version}   takes the values of today",
                code="history-unreadable",
            ) from error

    return found


def deploy_facts(
    reads: Reads, where: Place, source: Source, values: Values, cancel: Cancel
) -> tuple[DeployFacts, tuple[str, ...]]:
    """What a deploy is decided from, but for gates; and the URLs that its routes will answer to."""
    targets: list[TargetFacts] = []
    urls: list[str] = []
    for cluster, target in zip(where.clusters, where.targets, strict=True):
        cancel.check()
        reading = reads.cluster(cluster.name)
        check_identity(reading, cluster, protected=where.environment.protected)
        seen = values(cluster, target)
        given = inputs(source, where, cluster, seen, reading.offers())
        wanted = render(reads, with_secrets(given, reads.secrets)).manifests
        facts = _target_facts(reading, target, wanted, reads.clock.utc())
        targets.append(replace(facts, settings=settings(seen)))
        urls += [it for it in addresses(wanted) if it not in urls]
    deploy = DeployFacts(
        environment=where.environment.name,
        version=source.version,
        commit=source.commit,
        images=tuple((name, str(image)) for name, image in sorted(source.images.items())),
        targets=tuple(targets),
        protected=where.environment.protected,
    )
    return deploy, tuple(urls)


def _target_facts(cluster: ClusterReads, target: Target, wanted: tuple[Manifest, ...], now: float) -> TargetFacts:
    if not cluster.namespace_exists(target.namespace):
        return TargetFacts(target=target, wanted=wanted, namespace_exists=False)
    with ThreadPoolExecutor(_READERS, thread_name_prefix="read") as pool:
        owned = pool.submit(cluster.owned, target)
        looked = pool.submit(cluster.snapshot, target.namespace, to_watch(wanted), target.app)
        autoscalers = pool.submit(cluster.autoscalers, target.namespace)
        history = pool.submit(cluster.history, target)
        freeze = pool.submit(holding_freeze, cluster, target, now)
        ours = {it.key for it in owned.result()}
        seen = pool.submit(cluster.seen, [it.key for it in wanted if it.key not in ours])
        facts = TargetFacts(
            target=target,
            wanted=wanted,
            owned=owned.result(),
            seen=seen.result(),
            looked=looked.result(),
            autoscalers=autoscalers.result(),
            history=history.result(),
            freeze=freeze.result(),
        )
        tried = pool.map(lambda it: (it.key, cluster.preview(it)), to_preview(facts))
        previews: dict[Key, Live | Rejection] = dict(tried)
    return replace(facts, previews=previews)


def holding_freeze(cluster: ClusterReads, target: Target, now: float) -> Freeze | None:
    """The one that holds now."""
    found = cluster.freeze(target)
    return found if found and found.holds(now) else None


def addresses(wanted: tuple[Manifest, ...]) -> tuple[str, ...]:
    """The URLs that the routes among the manifests answer to."""
    found: list[str] = []
    for it in wanted:
        spec = it.body.get("spec") or {}
        if it.key.kind == "Ingress":
            secure = {host for entry in spec.get("tls") or () for host in entry.get("hosts") or ()}
            found += [_url(rule.get("host"), secure=rule.get("host") in secure) for rule in spec.get("rules") or ()]
        elif it.key.kind == "HTTPRoute":
            found += [_url(host, secure=False) for host in spec.get("hostnames") or ()]
    return tuple(dict.fromkeys(url for url in found if url))


def _url(host: str | None, *, secure: bool) -> str:
    return f"{'https' if secure else 'http'}://{host}/" if host else ""
