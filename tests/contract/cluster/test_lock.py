"""What the port promises of the lock, asked of every cluster, with real processes where it matters."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from http import HTTPStatus
from pathlib import Path
from typing import Any

import pytest

from paasctl.adapters.kube.lease import Terms
from paasctl.errors import Locked
from paasctl.model.kube import Holder
from support.clusters import ClusterWorld, somebody

ROOT = Path(__file__).parents[3]
CHILD = ROOT / "tests/support/lease_child.py"
SHORT = {"duration": 2.0, "renew": 0.4, "reserve": 0.5}
LEASES = "/apis/coordination.k8s.io/v1"


def child(world: ClusterWorld, job: str, **more: Any) -> subprocess.Popen[str]:
    told = {"kubeconfig": world.where.kubeconfig, "namespace": world.namespace, "app": world.app, "job": job, **more}
    path = os.pathsep.join((str(ROOT / "src"), str(ROOT / "tests")))
    return subprocess.Popen(
        [sys.executable, str(CHILD), json.dumps(told)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": path},
    )


@contextmanager
def holding(world: ClusterWorld, job: str = "wait", **more: Any) -> Iterator[subprocess.Popen[str]]:
    """A process that holds the lock now; killed at the end."""
    with child(world, job, **more) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        try:
            yield process
        finally:
            process.kill()


def lease_of(world: ClusterWorld) -> dict[str, Any]:
    name = f"paasctl-{world.app}"
    body: dict[str, Any] = world.raw("GET", f"{LEASES}/namespaces/{world.namespace}/leases/{name}").body
    return body


def rewrite(world: ClusterWorld, **spec: Any) -> None:
    """Somebody else changes the lease; again where its holder renewed it since it was read."""
    path = f"{LEASES}/namespaces/{world.namespace}/leases/paasctl-{world.app}"
    answer = None
    while answer is None or answer.status == HTTPStatus.CONFLICT:
        lease = lease_of(world)
        lease["spec"] |= spec
        lease["metadata"].pop("managedFields", None)
        answer = world.raw("PUT", path, lease)
    assert answer.is_good


def test_the_holder_is_told_while_it_holds(world: ClusterWorld) -> None:
    cluster, jane = world.cluster(), somebody(link="https://ci.example/1")
    assert cluster.holder(world.target) is None
    with cluster.hold(world.target, jane, wait=0, seen=print):
        assert world.cluster().holder(world.target) == jane
    assert cluster.holder(world.target) is None


def test_a_held_target_is_refused_and_its_holder_named(world: ClusterWorld) -> None:  # D2
    seen: list[Holder] = []
    with world.cluster().hold(world.target, somebody("jane"), wait=0, seen=print):
        with pytest.raises(Locked, match=r"jane@elsewhere \(deploy, pid 7\) holds it") as refused:
            world.cluster().hold(world.target, somebody("joe"), wait=0.3, seen=seen.append).__enter__()
        assert (refused.value.code, seen) == ("target-locked", [somebody("jane")])


def test_other_apps_are_other_locks(world: ClusterWorld) -> None:
    cluster = world.cluster()
    with ExitStack() as stack:
        for target in (world.target, replace(world, app=f"{world.app}-two").target):
            stack.enter_context(cluster.hold(target, somebody(), wait=0, seen=print))


def test_who_waits_gets_it_when_it_is_given_back(world: ClusterWorld) -> None:
    got = threading.Event()

    def wait() -> None:
        with world.cluster().hold(world.target, somebody("joe"), wait=20, seen=lambda _: seen.set()):
            got.set()

    seen = threading.Event()
    waiter = threading.Thread(target=wait)
    with world.cluster().hold(world.target, somebody("jane"), wait=0, seen=print):
        waiter.start()
        assert seen.wait(10)
        assert not got.is_set()
    waiter.join(10)
    assert got.is_set()


def test_every_change_of_hands_is_counted(world: ClusterWorld) -> None:
    for before in range(3):
        with world.cluster().hold(world.target, somebody(), wait=0, seen=print):
            held = lease_of(world)["spec"]
            assert (held["leaseTransitions"], held["leaseDurationSeconds"]) == (before, 60)


def test_it_is_renewed_for_as_long_as_it_is_held(world: ClusterWorld) -> None:
    terms = Terms(**SHORT)
    with world.cluster(terms).hold(world.target, somebody(), wait=0, seen=print):
        first = lease_of(world)
        time.sleep(3)  # noqa: TID251 - a lease's length and a half
        later = lease_of(world)
        assert later["spec"]["renewTime"] > first["spec"]["renewTime"]
        assert later["spec"]["acquireTime"] == first["spec"]["acquireTime"]
        with pytest.raises(Locked):
            world.cluster(terms).hold(world.target, somebody("joe"), wait=0, seen=print).__enter__()


def test_a_holder_seen_renewing_ends_the_wait_early(world: ClusterWorld) -> None:
    terms = Terms(duration=10, renew=0.3, reserve=1)
    with world.cluster(terms).hold(world.target, somebody("jane"), wait=0, seen=print):
        began = time.monotonic()
        with pytest.raises(Locked, match="and is alive"):
            world.cluster(terms).hold(world.target, somebody("joe"), wait=10, seen=print).__enter__()
        assert time.monotonic() - began < 5


def test_a_killed_holder_on_this_machine_is_followed_at_once(world: ClusterWorld) -> None:  # D4
    with holding(world) as process:
        assert world.cluster().holder(world.target) is not None
        process.kill()
        process.wait()
        assert world.cluster().holder(world.target) is None
        with world.cluster().hold(world.target, somebody("joe"), wait=0, seen=print):
            assert lease_of(world)["spec"]["leaseTransitions"] == 1


def test_a_killed_holder_elsewhere_is_followed_after_its_lease(world: ClusterWorld) -> None:  # D4 D35
    with holding(world, holder={"host": "elsewhere"}, terms=SHORT) as process:
        process.kill()
        process.wait()
        began = time.monotonic()
        with pytest.raises(Locked):
            world.cluster().hold(world.target, somebody("joe"), wait=0.2, seen=print).__enter__()
        with world.cluster(Terms(**SHORT)).hold(world.target, somebody("joe"), wait=3, seen=print):
            assert time.monotonic() - began >= 2


def test_what_a_holders_wall_clock_says_does_not_matter(world: ClusterWorld) -> None:  # D35
    with world.cluster().hold(world.target, somebody("jane"), wait=0, seen=print):
        for renewed in ("1990-01-01T00:00:00.000000Z", "2090-01-01T00:00:00.000000Z"):
            rewrite(world, renewTime=renewed)
            assert world.cluster().holder(world.target) == somebody("jane")
            with pytest.raises(Locked):
                world.cluster().hold(world.target, somebody("joe"), wait=0, seen=print).__enter__()


def test_two_processes_never_hold_it_at_once(world: ClusterWorld) -> None:  # D2
    terms = {"duration": 4.0, "renew": 1.0, "reserve": 1.0}
    processes = [child(world, "count", times=6, terms=terms) for _ in range(2)]
    for process in processes:
        with process:
            process.communicate(timeout=60)
        assert process.returncode == 0
    counter = world.raw("GET", world.path("configmaps", "counter")).body
    assert counter["data"]["count"] == "12"


def test_a_run_that_was_stopped_too_long_writes_no_more(world: ClusterWorld) -> None:  # D2
    with holding(world, "write", holder={"host": "elsewhere"}, terms=SHORT) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write("\n")
        process.stdin.flush()
        assert process.stdout.readline() == "wrote\n"
        process.send_signal(signal.SIGSTOP)
        with world.cluster(Terms(**SHORT)).hold(world.target, somebody("joe"), wait=3, seen=print):
            process.send_signal(signal.SIGCONT)
            process.stdin.write("\n")
            process.stdin.flush()
            assert process.stdout.readline() == "lock-lost\n"
            assert world.cluster().holder(world.target) == somebody("joe")
    assert world.raw("GET", world.path("configmaps", "counter")).body["data"]["count"] == "1"


@pytest.mark.parametrize("how", ["removed", "taken"])
def test_a_lost_lock_stops_the_writes(world: ClusterWorld, how: str) -> None:
    cluster = world.cluster(Terms(duration=10, renew=0.2, reserve=1))
    path = f"{LEASES}/namespaces/{world.namespace}/leases/paasctl-{world.app}"
    with cluster.hold(world.target, somebody("jane"), wait=0, seen=print):
        cluster.apply(world.target, world.manifest("before", x="1"), uid=None)
        if how == "removed":
            world.raw("DELETE", path)
        else:
            rewrite(world, holderIdentity="somebody else")
        time.sleep(0.8)  # noqa: TID251 - a renewal comes by
        with pytest.raises(Locked, match="the lock was lost") as refused:
            cluster.apply(world.target, world.manifest("after", x="1"), uid=None)
        assert refused.value.code == "lock-lost"
    assert cluster.seen([world.manifest("after").key]) == ()
    if how == "taken":
        assert lease_of(world)["spec"]["holderIdentity"] == "somebody else"
