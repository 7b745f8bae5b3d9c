"""What is true in the targets of an environment: whose cluster it is, what lies there, whether it is frozen."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from paasctl.config.cascade import Resolved
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


def deploy_facts(
    reads: Reads, where: Place, source: Source, sets: tuple[str, ...], cancel: Cancel
) -> tuple[DeployFacts, tuple[str, ...]]:
    """What a deploy is decided from, but for gates; and the URLs that its routes will answer to."""
    targets: list[TargetFacts] = []
    values: list[Resolved] = []
    urls: list[str] = []
    for cluster, target in zip(where.clusters, where.targets, strict=True):
        cancel.check()
        reading = reads.cluster(cluster.name)
        check_identity(reading, cluster, protected=where.environment.protected)
        values.append(resolved(source.config, where, cluster, sets))
        given = inputs(source, where, cluster, values[-1], reading.offers())
        wanted = render(reads, with_secrets(given, reads.secrets)).manifests
        targets.append(_target_facts(reading, target, wanted, reads.clock.utc()))
        urls += [it for it in addresses(wanted) if it not in urls]
    facts = DeployFacts(
        environment=where.environment.name,
        version=source.version,
        commit=source.commit,
        images=tuple((name, str(image)) for name, image in sorted(source.images.items())),
        targets=tuple(targets),
        settings=settings(values[0]) if values else (),
        protected=where.environment.protected,
    )
    return facts, tuple(urls)


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
    return TargetFacts(
        target=target,
        wanted=wanted,
        owned=facts.owned,
        seen=facts.seen,
        looked=facts.looked,
        autoscalers=facts.autoscalers,
        history=facts.history,
        freeze=facts.freeze,
        previews=previews,
    )


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
