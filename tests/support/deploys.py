"""A target as facts, and a deploy's plan in sentences."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from paasctl.model.answer import HistoryEntry
from paasctl.model.kube import Live, Manifest, Target
from paasctl.model.plan import Plan
from paasctl.planning.deploy import DeployFacts, TargetFacts, plan_deploy, to_watch
from paasctl.views.words import say
from support.cluster import FakeCluster
from support.make import TARGET, have, want
from support.rollouts import Rollout


def record(version: str = "1.0.0", outcome: str = "done") -> HistoryEntry:
    return HistoryEntry(
        number=1, target=TARGET, version=version, before="", commit="c", by="ann", began="", ended="", outcome=outcome
    )


def facts(
    wanted: Sequence[Manifest], live: Sequence[Live] = (), *, target: Target = TARGET, ready: bool = True, **more: Any
) -> TargetFacts:
    """A target where `live` is ours, rolled out (unless not `ready`)."""
    cluster = FakeCluster(namespaces={target.namespace}).put(*live)
    if not ready:
        cluster.rollouts = {str(it.key): Rollout("never") for it in live}
        for course in cluster._courses.values():
            course.good = False
    looked = cluster.snapshot(target.namespace, to_watch(wanted), target.app)
    known: dict[str, Any] = {"owned": tuple(live), "looked": looked, "history": (record(),) if live else ()}
    return TargetFacts(target=target, wanted=tuple(wanted), **(known | more))


def every(*targets: TargetFacts, **more: Any) -> DeployFacts:
    known: dict[str, Any] = {"environment": "dev", "version": "1.0.0", "commit": "c", "images": ()}
    return DeployFacts(targets=targets, **(known | more))


def deploy(*targets: TargetFacts, **more: Any) -> Plan:
    return plan_deploy(every(*targets, **more), timeout=9.0)


def told(plan: Plan) -> list[str]:
    return [" + ".join(say(step) for step in stage) for stage in plan.stages]


WEB = [want("Deployment/web"), want("Service/web"), want("ConfigMap/web")]
HAD = [have("Deployment/web"), have("Service/web"), have("ConfigMap/web")]
