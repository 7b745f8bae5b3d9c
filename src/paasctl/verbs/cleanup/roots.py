"""What names images: everything that runs in any cluster of `paas.yaml`, whoever made it, and the history of deploys.

A cluster, a kind or a history that can't be read raises: what can't be seen may run anything.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from concurrent.futures import ThreadPoolExecutor

from paasctl.errors import Cancelled, PaasError, Refused, TimedOut, Unavailable
from paasctl.model.answer import UNREADABLE, HistoryEntry
from paasctl.model.cleanup import Mention
from paasctl.model.config import Cluster, Config
from paasctl.model.image import Repository
from paasctl.model.kube import OWNER_LABEL, Kind, Live, Served, Target
from paasctl.planning.cleanup.mentions import mentions_in, of_reference
from paasctl.planning.manifests import VERSION_MARK
from paasctl.ports.cancel import Cancel
from paasctl.ports.cluster import ClusterReads
from paasctl.ports.world import Reads

_READERS = 8
_KINDS = (
    *(Kind("apps", it) for it in ("Deployment", "StatefulSet", "DaemonSet")),
    *(Kind("batch", it) for it in ("CronJob", "Job")),
    Kind("", "Pod"),
    *(Kind("apps", it) for it in ("ReplicaSet", "ControllerRevision")),
    *(Kind("", it) for it in ("ReplicationController", "PodTemplate")),
    Kind("", "ConfigMap"),
)
"""What runs images or did: what a rollback in the cluster itself goes back to is among them.

And ConfigMaps: build servers keep templates of pods in them, injectors their sidecars, other apps their histories.
"""

Looked = tuple[str, int]
_ONE_CONTEXT = ", or pass --context"
"""A way out for verbs of one cluster; here each has its own."""


def mentions(
    reads: Reads, tree: Collection[Repository], cancel: Cancel
) -> tuple[tuple[Mention, ...], tuple[Looked, ...]]:
    """All of them, and where they were looked for."""
    config = reads.config
    paths = tuple(it.path for it in tree)
    with ThreadPoolExecutor(_READERS, thread_name_prefix="roots") as pool:
        asked = [
            (f"cluster {it.name}", pool.submit(_running, reads, it, paths, cancel)) for it in config.clusters.values()
        ]
        asked += [
            (f"history of {name} on {target.cluster}", pool.submit(_deployed, reads, name, target))
            for name, target in _targets(config)
        ]
        every = [(what, it.result()) for what, it in asked]
    once = {(it.digest, it.tagged, it.version, it.here): it for _, them in reversed(every) for it in reversed(them)}
    return tuple(reversed(once.values())), tuple((what, len(them)) for what, them in every)


def _targets(config: Config) -> Iterator[tuple[str, Target]]:
    for environment in config.environments.values():
        for cluster in environment.clusters:
            yield environment.name, Target(cluster, environment.namespace, config.app)


# --- clusters -------------------------------------------------------------------------------------------------------


def _running(reads: Reads, cluster: Cluster, paths: Collection[str], cancel: Cancel) -> tuple[Mention, ...]:
    try:
        return tuple(dict.fromkeys(_named(reads.cluster(cluster.name), cluster, paths, reads.config.app, cancel)))
    except (Cancelled, TimedOut):
        raise
    except PaasError as error:
        raise _unread(error, f"cluster {cluster.name}") from error


def _named(
    reading: ClusterReads, cluster: Cluster, paths: Collection[str], app: str, cancel: Cancel
) -> Iterator[Mention]:
    if cluster.identity and (found := reading.identity().uid) != cluster.identity:
        raise Refused(
            f"context {cluster.context!r} leads to another cluster (kube-system is {found}, pinned is"
            f" {cluster.identity})",
            hint=f"mend the context, or `paasctl cluster pin {cluster.name}` where the cluster was made anew",
            code="wrong-cluster",
        )
    for served in _kinds(reading):
        cancel.check()
        for live in reading.everything(served, ""):
            yield from mentions_in(live.body, paths, _who(cluster, live))
            yield from _marked(live, app, _who(cluster, live))


def _kinds(reading: ClusterReads) -> list[Served]:
    """Those that run something, and all that is no kind of Kubernetes' own: a workflow names images, too."""
    first = {it.kind: it for it in reversed(reading.kinds())}
    return [first[it] for it in _KINDS if it in first] + [it for kind, it in first.items() if _is_custom(kind)]


def _is_custom(kind: Kind) -> bool:
    own = kind.group.endswith(".k8s.io") and not kind.group.endswith(".x-k8s.io")
    return "." in kind.group and not own


def _who(cluster: Cluster, live: Live) -> str:
    key = live.key
    does = "runs it" if key.kind == "Pod" else "names it"
    return f"{cluster.name}: {key.kind}/{key.name}{f' in {key.namespace}' if key.namespace else ''} {does}"


def _marked(live: Live, app: str, why: str) -> Iterator[Mention]:
    """The release that a workload of ours says it runs: its record stays, too."""
    meta = live.body.get("metadata") or {}
    version = (meta.get("annotations") or {}).get(VERSION_MARK)
    if version and (meta.get("labels") or {}).get(OWNER_LABEL) == app:
        yield Mention(why=why, version=str(version))


# --- history --------------------------------------------------------------------------------------------------------


def _deployed(reads: Reads, environment: str, target: Target) -> tuple[Mention, ...]:
    """What a rollback may go back to: every deploy that is remembered."""
    try:
        entries = reads.cluster(target.cluster).history(target)
    except (Cancelled, TimedOut):
        raise
    except PaasError as error:
        raise _unread(error, f"the history of {environment} on cluster {target.cluster}") from error
    return tuple(it for entry in entries for it in _of(entry, environment))


def _of(entry: HistoryEntry, environment: str) -> Iterator[Mention]:
    if entry.outcome == UNREADABLE:
        raise Unavailable(
            f"the history of {environment} on cluster {entry.target.cluster} can't be read: {entry.message}",
            hint="mend or delete that ConfigMap",
            code="history-unreadable",
        )
    why = f"{environment} on {entry.target.cluster}: deploy #{entry.number} of {entry.version} is in the history"
    yield Mention(why=why, version=entry.version)
    for _, image in entry.images:
        yield from of_reference(image, why)


def _unread(error: PaasError, what: str) -> PaasError:
    """The same error, with what it stands for: without that nobody knows what runs."""
    hint = error.hint.removesuffix(_ONE_CONTEXT)
    return type(error)(
        f"{what} can't be read, and what it runs must not be deleted: {error.message}",
        hint=hint or "give access to it, or take it out of paas.yaml where it is no more",
        where=error.where,
        evidence=error.evidence,
        code=error.code,
    )
