"""What time makes of a symptom."""

from __future__ import annotations

import pytest

from paasctl.model.verdict import Cause
from paasctl.planning.readiness import CAUSES, Patience, hint
from support.looks import WEB, Body, Watch, edit, rollout
from support.rollouts import How, container, ended

BUDGETS: dict[How, float] = {
    "crash": 0, "oom": 0, "no-image": 0, "config-missing": 5, "quota": 10, "unschedulable": 30, "pull-trouble": 45,
    "not-ready": 180,
}  # fmt: skip


@pytest.mark.parametrize(("how", "seconds"), BUDGETS.items())
def test_a_symptom_dooms_only_after_it_has_stood(how: How, seconds: float) -> None:
    watch, bodies = Watch(), rollout(how)
    for elapsed in [100.0, 99.9 + seconds] if seconds else []:
        assert watch.look(bodies, elapsed)[0] == "waiting"
    assert watch.look(bodies, 100 + seconds)[0] == "doomed"


def test_a_symptom_that_goes_away_starts_anew() -> None:  # D17
    watch = Watch()
    broken, moving = rollout("quota"), rollout(done=False)
    assert [
        watch.look(it, at)[0] for it, at in ((broken, 0), (broken, 9), (moving, 9.5), (broken, 12), (broken, 21))
    ] == ["waiting"] * 5
    assert watch.look(broken, 22) == ("doomed", "quota-exceeded")


def flapping(count: int) -> list[Body]:
    """Two new pods: one is fine, the other runs between two crashes and has restarted so often."""
    bodies = edit(rollout(), "ReplicaSet", lambda it: it["status"].update(readyReplicas=1, availableReplicas=1))
    status = container("web", lastState=ended(2), restartCount=count)
    return edit(bodies, "Pod", lambda it: it["status"].update(containerStatuses=[status], conditions=[]), at=1)


def test_flapping_is_no_progress_one_pod_is_enough() -> None:  # D21, D24
    watch = Watch()
    assert watch.look(rollout(done=False), 0)[0] == "waiting"
    assert [watch.look(flapping(count), 1 + count)[0] for count in (1, 4)] == ["waiting", "waiting"]
    assert watch.look(flapping(5), 9) == ("doomed", "crash-loop")


def test_restarts_of_long_ago_do_not_count() -> None:
    watch = Watch()
    assert [watch.look(flapping(40), at)[0] for at in (0, 5)] == ["waiting", "waiting"]
    assert watch.look(flapping(45), 9)[0] == "doomed"


def test_every_cause_has_a_budget_and_a_next_command() -> None:

    for code, (family, meaning) in CAUSES.items():
        assert hasattr(Patience(), family)
        assert meaning
        assert hint(Cause(code=code, message="m", pod="p", container="c"), WEB, "kubectl")
        assert code == code.lower().replace("_", "-")
