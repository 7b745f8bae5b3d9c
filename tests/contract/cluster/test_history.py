"""What the port promises of history records, asked of every cluster."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from paasctl.adapters.kube.cluster import KubeCluster
from paasctl.model.answer import HistoryEntry
from paasctl.model.plan import DeployHead
from support.clusters import ClusterWorld, somebody

BEGAN, ENDED = "2026-01-01T00:00:00Z", "2026-01-01T00:01:00Z"


@pytest.fixture
def held(world: ClusterWorld) -> Iterator[KubeCluster]:
    cluster = world.cluster()
    with cluster.hold(world.target, somebody(), wait=0, seen=print):
        yield cluster


def head(world: ClusterWorld, version: str = "1.2.3", **more: Any) -> DeployHead:
    images = (("web", "registry.example/shop/web@sha256:1"),)
    told = {"environment": "dev", "before": "1.2.2", "commit": "c0ffee", "images": images, **more}
    return DeployHead(target=world.target, version=version, **told)


def close(cluster: KubeCluster, world: ClusterWorld, number: int, evidence: tuple[str, ...] = ()) -> None:
    cluster.close_record(world.target, number, outcome="done", ended=ENDED, message="", evidence=evidence)


def outcomes(cluster: KubeCluster, world: ClusterWorld) -> list[tuple[int, str]]:
    return [(entry.number, entry.outcome) for entry in cluster.history(world.target)]


def test_a_target_without_deploys_has_no_history(world: ClusterWorld) -> None:
    assert world.cluster().history(world.target) == ()


def test_a_record_is_open_until_it_is_closed(world: ClusterWorld, held: KubeCluster) -> None:
    number = held.open_record(head(world), somebody(), BEGAN)
    assert outcomes(held, world) == [(1, "open")]
    close(held, world, number)
    assert outcomes(held, world) == [(1, "done")]


def test_a_record_tells_all_it_was_told(world: ClusterWorld, held: KubeCluster) -> None:
    by = somebody(link="https://ci.example/1")
    passed = ("soak staging: it has run well in staging for 12 m of 1 h 00 m",)
    more: dict[str, Any] = {
        "settings": (("values.host", '"shop.example"'),),
        "reason": "the shop is down",
        "passed": passed,
        "verb": "rollback",
    }
    number = held.open_record(head(world, **more), by, BEGAN)
    told = {"outcome": "failed", "ended": ENDED, "message": "web: crash loop", "evidence": ("line 1", "ünïcode")}
    held.close_record(world.target, number, **told)  # type: ignore[arg-type]  # the names fit
    assert held.history(world.target) == (
        HistoryEntry(
            number=1,
            target=world.target,
            version="1.2.3",
            before="1.2.2",
            commit="c0ffee",
            by="jane@elsewhere",
            began=BEGAN,
            images=(("web", "registry.example/shop/web@sha256:1"),),
            link="https://ci.example/1",
            settings=(("values.host", '"shop.example"'),),
            reason="the shop is down",
            passed=passed,
            verb="rollback",
            **told,  # type: ignore[arg-type]  # the names fit
        ),
    )


def test_the_newest_comes_first(world: ClusterWorld, held: KubeCluster) -> None:
    for version in ("1.0.0", "1.1.0", "0.9.0"):
        close(held, world, held.open_record(head(world, version), somebody(), BEGAN))
    assert [entry.version for entry in held.history(world.target)] == ["0.9.0", "1.1.0", "1.0.0"]


def test_what_a_killed_run_left_open_is_closed_as_interrupted(world: ClusterWorld, held: KubeCluster) -> None:  # D4
    held.open_record(head(world), somebody(), BEGAN)
    held.open_record(head(world), somebody(), BEGAN)
    assert outcomes(held, world) == [(2, "open"), (1, "interrupted")]


def test_the_newest_twenty_are_kept(world: ClusterWorld, held: KubeCluster) -> None:
    numbers = [held.open_record(head(world), somebody(), BEGAN) for _ in range(22)]
    close(held, world, numbers[-1])
    assert [entry.number for entry in held.history(world.target)] == list(range(22, 2, -1))
    assert held.open_record(head(world), somebody(), BEGAN) == 23


def test_a_record_never_outgrows_256_kib(world: ClusterWorld, held: KubeCluster) -> None:
    number = held.open_record(head(world), somebody(), BEGAN)
    close(held, world, number, evidence=tuple(f"{line} {'ü' * 100}" for line in range(5000)))
    (entry,) = held.history(world.target)
    body = world.raw("GET", world.path("configmaps") + f"/paasctl-{world.app}-history-00001").body
    assert len(body["data"]["record.json"].encode()) <= 256 * 1024
    assert "lines cut" in entry.evidence[0]
    assert entry.evidence[-1].startswith("4999 ")


def test_records_are_never_pruned_with_the_app(world: ClusterWorld, held: KubeCluster) -> None:  # D31
    held.open_record(head(world), somebody(), BEGAN)
    assert held.owned(world.target) == ()
    assert held.history(world.target) != ()


def test_opening_a_record_without_the_lock_is_a_bug(world: ClusterWorld) -> None:
    with pytest.raises(AssertionError, match="without its lock"):
        world.cluster().open_record(head(world), somebody(), BEGAN)
    assert world.cluster().history(world.target) == ()


def test_a_record_that_cannot_be_read_is_shown_as_such(world: ClusterWorld, held: KubeCluster) -> None:
    held.open_record(head(world), somebody(), BEGAN)
    path = world.path("configmaps") + f"/paasctl-{world.app}-history-00001"
    body = world.raw("GET", path).body
    body["metadata"].pop("managedFields")
    assert world.raw("PUT", path, {**body, "data": {"record.json": "{"}}).is_good
    assert outcomes(held, world) == [(1, "unreadable")]
    assert held.open_record(head(world), somebody(), BEGAN) == 2
