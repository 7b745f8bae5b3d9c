"""L4: `status` needs no more than reading rights, and what may not be seen is not taken for nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from paasctl.engine.cancel import Cancel
from paasctl.errors import Exit, Forbidden
from paasctl.model.answer import StatusRow
from paasctl.model.kube import Holder, Kind, Live, Target
from paasctl.verbs.deploy import Deploy
from paasctl.verbs.release import Release
from paasctl.verbs.status import AskStatus
from support.cluster import FakeCluster
from support.conducted import go
from support.rollouts import Rollout
from support.world import FakeWorld

_VIEW = {"Deployment", "StatefulSet", "DaemonSet", "Job", "CronJob", "ReplicaSet", "Pod", "Ingress"}


@dataclass
class _Reader:
    """The cluster, to somebody with the cluster role `view`: no Secrets, no Leases, no HTTPRoutes."""

    cluster: FakeCluster

    def snapshot(self, namespace: str, kinds: Sequence[Kind], app: str) -> tuple[Live, ...]:
        for it in kinds:
            if it.name not in _VIEW:
                raise Forbidden(f"reader may not list {it}")
        return self.cluster.snapshot(namespace, kinds, app)

    def owned(self, target: Target) -> tuple[Live, ...]:
        del target
        raise Forbidden("reader may not list secrets")

    def holder(self, target: Target) -> Holder | None:
        del target
        raise Forbidden("reader may not get leases")

    def __getattr__(self, name: str) -> Any:
        return getattr(self.cluster, name)


@dataclass
class _Reads:
    world: FakeWorld

    def cluster(self, name: str) -> _Reader:
        del name
        return _Reader(self.world.only_cluster)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.world, name)


def test_reading_rights_are_enough(tmp_path: Path) -> None:
    world = FakeWorld.make(tmp_path / "shop")
    assert go(Release(), world)[0] is Exit.OK
    assert go(Deploy(environment="dev"), world)[0] is Exit.OK
    answer, status = AskStatus().answer(_Reads(world), lambda _: None, Cancel())
    assert status is Exit.OK
    (row,) = answer.environments[0][1]
    assert isinstance(row, StatusRow)
    assert (row.version, row.error) == ("0.1.0", "")
    assert [(str(it.key), it.state) for it in row.verdicts] == [("Deployment/web", "ready")]
    assert row.holder == "unknown: reader may not get leases"
    assert row.left == ""


def test_what_is_not_ready_is_no_success(tmp_path: Path) -> None:
    world = FakeWorld.make(tmp_path / "shop")
    world.only_cluster.rollouts = {"Deployment/web": Rollout("never")}
    assert go(Release(), world)[0] is Exit.OK
    assert go(Deploy(environment="dev", timeout=9.0), world)[0] is Exit.FAILED
    answer, status = AskStatus().answer(world, lambda _: None, Cancel())
    assert [it.state for it in answer.environments[0][1][0].verdicts] == ["waiting"]
    assert status is Exit.FAILED
