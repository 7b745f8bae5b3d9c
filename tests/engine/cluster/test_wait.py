"""Waiting for a rollout: against the cluster in memory, in a time that passes by itself."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest

from paasctl.engine.cluster import await_ready
from paasctl.errors import Cancelled, Forbidden, RolloutFailed, Unavailable
from paasctl.model.event import Event, Noted, Observed
from paasctl.model.plan import AwaitReady
from support.clock import FakeCancel, FakeClock
from support.cluster import FakeCluster
from support.make import HOLDER, TARGET, have, key, want
from support.rollouts import Rollout


@dataclass
class Wait:
    """A Deployment was just changed on a cluster; somebody waits for it."""

    cluster: FakeCluster
    clock: FakeClock = field(default_factory=FakeClock)
    cancel: FakeCancel = field(default_factory=FakeCancel)
    events: list[Event] = field(default_factory=list)

    @classmethod
    def for_a(cls, rollout: Rollout, *names: str) -> Wait:
        cluster = FakeCluster(rollouts=dict.fromkeys(names or ("Deployment/web",), rollout))
        cluster.put(*(have(name) for name in names or ("Deployment/web",)))
        with cluster.hold(TARGET, HOLDER, wait=0, seen=lambda _: None):
            for it in (want(f"{name}@v2") for name in names or ("Deployment/web",)):
                cluster.apply(TARGET, it, uid=cluster.objects[it.key]["metadata"]["uid"])
        return cls(cluster)

    def go(self, *names: str, timeout: float = 300.0, **how: Any) -> None:
        step = AwaitReady(target=TARGET, keys=tuple(map(key, names or ("Deployment/web",))), timeout=timeout)
        emit = self.events.append
        await_ready(step, self.cluster, clock=self.clock, cancel=self.cancel, emit=emit, index=4, **how)

    def fails(self, *names: str, timeout: float = 300.0) -> RolloutFailed:
        with pytest.raises(RolloutFailed) as raised:
            self.go(*names, timeout=timeout)
        return raised.value

    @property
    def seen(self) -> list[str]:
        return [
            " | ".join(f"{v.state} {v.text}" for v in it.verdicts) for it in self.events if isinstance(it, Observed)
        ]


def test_it_ends_when_all_is_ready_and_tells_what_changed_on_the_way() -> None:
    wait = Wait.for_a(Rollout(after=5))
    wait.go()
    assert wait.seen == ["waiting 0 of 2 new pods ready, 2 old", "ready 2 of 2 new pods ready"]
    assert {it.index for it in wait.events if isinstance(it, Observed)} == {4}


def test_pauses_grow_while_nothing_changes() -> None:
    wait = Wait.for_a(Rollout(after=12))
    wait.go()
    assert wait.clock.pauses[:4] == [0.25, 0.375, 0.5625, 0.84375]
    assert max(wait.clock.pauses) == 2.0


def test_requests_of_a_round_do_not_grow_with_the_objects() -> None:
    names = [f"Deployment/w{number}" for number in range(30)]
    for some in (names[:1], names):
        wait = Wait.for_a(Rollout(after=3), *some)
        wait.go(*some)
        rounds = wait.cluster.reads["snapshot"]
        assert wait.cluster.reads["lists"] == rounds * 3
        assert wait.cluster.reads["events"] <= 1 + rounds


def test_a_doomed_rollout_ends_at_once_with_proof() -> None:  # X3
    wait = Wait.for_a(Rollout("crash"))
    pod, container = "web-2-0", "web"
    wait.cluster.log[pod, container, True] = tuple(f"line {number}" for number in range(30))
    wait.cluster.warnings = [
        warning(pod, "Unhealthy", "Readiness probe failed: 503"),
        warning(pod, "BackOff", "Back-off restarting failed container"),
        warning("other", "Failed", "not ours"),
    ]
    error = wait.fails()
    assert wait.clock.time < 10
    assert error.code == "crash-loop"
    assert error.message == (
        "rolling out Deployment/web in testbed/shop-dev/shop: "
        "container web of pod web-2-0 exits with code 3, 2 restarts"
    )
    assert error.hint == "kubectl --context testbed -n shop-dev logs web-2-0 -c web --previous"
    assert error.evidence[0] == "the end of the log of web-2-0, container web, its previous run:"
    assert error.evidence[1:21] == tuple(f"  line {number}" for number in range(10, 30))
    assert error.evidence[21:] == ("event: Unhealthy: Readiness probe failed: 503",)


def warning(about: str, reason: str, message: str) -> dict[str, Any]:
    return {"type": "Warning", "reason": reason, "message": message, "involvedObject": {"name": about}, "metadata": {}}


def test_the_run_that_logged_is_found_whichever_it_is() -> None:
    wait = Wait.for_a(Rollout("crash"))
    wait.cluster.log["web-2-0", "web", False] = ("only now",)
    assert wait.fails().evidence[:2] == ("the end of the log of web-2-0, container web:", "  only now")


DOOMS = {"no-image": ("image-not-found", 1), "config-missing": ("config-missing", 10), "quota": ("quota-exceeded", 20)}


@pytest.mark.parametrize("how", DOOMS)
def test_doom_comes_soon(how: Any) -> None:  # D17, D20
    wait = Wait.for_a(Rollout(how))
    error = wait.fails()
    code, soon = DOOMS[how]
    assert error.code == code
    assert wait.clock.time < soon


def test_a_late_rollout_says_what_is_still_waited_for_and_why() -> None:  # D23
    wait = Wait.for_a(Rollout("not-ready"), "Deployment/web", "Deployment/api")
    wait.cluster.rollouts["Deployment/api"] = Rollout(after=0)
    error = wait.fails("Deployment/web", "Deployment/api", timeout=60.0)
    assert error.code == "rollout-late"
    assert error.message == (
        "rolling out Deployment/web in testbed/shop-dev/shop: not ready after 60 s: "
        "container web of pod web-2-0 runs but is not ready: its readiness probe (GET /healthz on port 8080) "
        "has not passed yet"
    )
    assert error.evidence[0].startswith("Deployment/web: 0 of 2 new pods ready, 2 old; container web")
    assert wait.clock.time == 60.0


def test_of_several_dooms_the_first_leads_and_the_others_are_evidence() -> None:
    wait = Wait.for_a(Rollout("crash"), "Deployment/api", "Deployment/web")
    error = wait.fails("Deployment/api", "Deployment/web")
    assert "Deployment/api" in error.message
    assert error.evidence[0].startswith("Deployment/web: container web of pod web-2-0")


def test_a_cluster_that_flaps_is_asked_again() -> None:  # D5
    wait = Wait.for_a(Rollout(after=2))
    wait.cluster.failing = [Unavailable("no route"), Unavailable("no route")]
    wait.go()
    assert [it.text for it in wait.events if isinstance(it, Noted)] == [
        "cannot look at testbed/shop-dev/shop: no route; trying again"
    ]


def test_not_knowing_until_the_end_is_not_a_verdict() -> None:
    wait = Wait.for_a(Rollout())
    wait.cluster.failing = [Unavailable("no route") for _ in range(1000)]
    with pytest.raises(Unavailable, match="no route"):
        wait.go(timeout=30.0)
    assert wait.clock.time == 30.0


def test_a_missing_permission_ends_it_at_once() -> None:
    wait = Wait.for_a(Rollout())
    wait.cluster.failing = [Forbidden("listing pods: may not")]
    with pytest.raises(Forbidden):
        wait.go()
    assert wait.clock.time == 0.0


def test_evidence_that_cannot_be_read_is_said_not_lost() -> None:
    class Mute(FakeCluster):
        def logs(self, *_: Any) -> Any:
            raise Forbidden("reading logs: may not")

        def events(self, *_: Any) -> Any:
            raise Forbidden("listing events: may not")

    wait = Wait.for_a(Rollout("crash"))
    wait.cluster.__class__ = Mute
    error = wait.fails()
    assert error.code == "crash-loop"
    assert error.evidence == (
        "(its log could not be read: reading logs: may not)",
        "(events could not be read: listing events: may not)",
    )


def test_stable_for_wants_it_to_stay_ready() -> None:  # D29
    wait = Wait.for_a(Rollout(after=1))
    wait.go(stable_for=10.0)
    assert 10.0 <= wait.clock.time < 13.0


def test_ready_for_a_moment_is_not_stable() -> None:  # D29
    wait = Wait.for_a(Rollout(after=1))

    class Breaking(FakeClock):
        def pause(self, seconds: float) -> None:
            super().pause(seconds)
            if self.time > 5:
                wait.cluster.rollouts["Deployment/web"] = Rollout("crash", after=0)
                wait.cluster._courses[key("Deployment/web")].good = False

    wait.clock = Breaking()
    with pytest.raises(RolloutFailed):
        wait.go(stable_for=10.0)
    assert wait.clock.time < 10


def test_a_request_to_stop_is_heard() -> None:  # D3
    wait = Wait.for_a(Rollout("never"))
    wait.cancel.after = 3
    with pytest.raises(Cancelled):
        wait.go()
    assert len(wait.clock.pauses) == 3
