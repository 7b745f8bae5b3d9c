"""Who holds a lease, whether it may be taken, and how much time is left to write: without a server."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from paasctl.adapters.kube.hold import Hold, Watch, is_free
from paasctl.adapters.kube.holder import is_dead, this_process
from paasctl.adapters.kube.lease import HOLDER, Claim, Lease, Terms
from paasctl.errors import Locked
from paasctl.model.kube import Holder, Target
from support.clusters import Ticks, somebody

NOW = 1_800_000_000.0
TERMS = Terms()


def lease(identity: str | None = "jane", age: float | None = 0.0, version: str = "1", **more: Any) -> Lease:
    """A lease of 60 s that the server saw changed `age` seconds ago."""
    stamp = datetime.fromtimestamp(NOW - (age or 0.0), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    metadata = {
        "resourceVersion": version,
        "uid": "u",
        "annotations": {HOLDER: json.dumps(asdict(somebody()))},
        "managedFields": [] if age is None else [{"manager": "paasctl", "time": stamp}],
    }
    spec = {"holderIdentity": identity, "leaseDurationSeconds": 60, "leaseTransitions": 3, **more}
    return Lease({"metadata": metadata, "spec": spec}, NOW)


def watched(seen: Lease, since: float) -> Watch:
    watch = Watch()
    watch.look(seen, since)
    return watch


@pytest.mark.parametrize(
    ("said", "now", "free"),
    [
        pytest.param(lease(None), 0, True, id="given back"),
        pytest.param(lease(age=1), 0, False, id="just renewed"),
        pytest.param(lease(age=70), 0, False, id="over by less than the margin"),
        pytest.param(lease(age=76), 0, True, id="long over by the server's clock"),
        pytest.param(lease(age=1), 59.9, False, id="unchanged under our eyes for less than its time"),
        pytest.param(lease(age=1), 60, True, id="unchanged under our eyes for its time"),
        pytest.param(lease(age=None), 59, False, id="a server that stamps nothing"),
        pytest.param(lease(age=None), 61, True, id="a server that stamps nothing, watched"),
        pytest.param(lease(age=1, leaseDurationSeconds=300), 61, False, id="a holder that asked for more"),
    ],
)
def test_when_a_lease_may_be_taken(said: Lease, now: float, free: bool) -> None:  # D4 D35
    assert is_free(said, watched(said, 0.0), now, TERMS) == free


def test_a_renewal_starts_the_watch_anew() -> None:  # D35
    watch = watched(lease(version="1"), 0.0)
    watch.look(lease(version="2"), 50.0)
    assert watch.renewed()
    assert not is_free(lease(version="2"), watch, 61.0, TERMS)
    assert is_free(lease(version="2"), watch, 110.0, TERMS)


def test_this_very_process_is_alive_and_an_ended_one_is_dead() -> None:  # D4
    me = this_process("deploy", {})
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    started = Path(f"/proc/{child.pid}/stat").read_text().rpartition(")")[2].split()[19]
    other = replace(me, pid=child.pid, started=int(started))
    assert (is_dead(me), is_dead(other)) == (False, False)
    child.kill()
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)  # a zombie still has its number
    assert is_dead(other)
    child.communicate()
    assert is_dead(other)


@pytest.mark.parametrize(
    "change",
    [{"host": "elsewhere"}, {"boot": "another"}, {"boot": ""}, {"pid_namespace": "pid:[1]"}, {"started": 0}],
    ids=lambda change: next(iter(change)),
)
def test_nobody_is_dead_by_mere_suspicion(change: dict[str, Any]) -> None:
    gone = replace(this_process("deploy", {}), pid=2**22 + 1)
    assert is_dead(gone)
    assert not is_dead(replace(gone, **change))


def test_a_number_used_again_is_another_process() -> None:
    me = this_process("deploy", {})
    assert is_dead(replace(me, started=me.started - 1))


@pytest.mark.parametrize(
    ("environ", "person", "link"),
    [
        (
            {
                "GITHUB_ACTOR": "jane",
                "GITHUB_SERVER_URL": "https://git.example",
                "GITHUB_REPOSITORY": "a/b",
                "GITHUB_RUN_ID": "7",
            },
            "jane",
            "https://git.example/a/b/actions/runs/7",
        ),
        ({"GITLAB_USER_LOGIN": "joe", "CI_JOB_URL": "https://ci.example/1"}, "joe", "https://ci.example/1"),
        ({"BUILD_USER_ID": "ann", "BUILD_URL": "https://ci.example/2"}, "ann", "https://ci.example/2"),
        (
            {"BUILDKITE_BUILD_CREATOR": "al", "BUILDKITE_BUILD_URL": "https://ci.example/3"},
            "al",
            "https://ci.example/3",
        ),
    ],
    ids=["github", "gitlab", "jenkins", "buildkite"],
)
def test_a_ci_job_is_known_by_its_person_and_link(environ: dict[str, str], person: str, link: str) -> None:
    holder = this_process("deploy", environ)
    assert (holder.person, holder.link, holder.verb) == (person, link, "deploy")


def test_a_lease_of_another_tool_has_a_holder_too() -> None:
    body = {"metadata": {"resourceVersion": "1", "uid": "u"}, "spec": {"holderIdentity": "something else"}}
    assert Lease(body, None).holder.person == "something else"


class NoLeases:
    """A server that gives the lease once, and never answers a renewal."""

    def __init__(self) -> None:
        self.given: list[str] = []

    def read(self, _: Claim) -> Lease | None:
        return None

    def make(self, claim: Claim) -> Lease | None:
        self.given.append(claim.identity)
        return lease(claim.identity)

    def give_back(self, claim: Claim, _: Lease) -> None:
        self.given.remove(claim.identity)


def test_no_write_begins_in_the_last_third_of_an_unrenewed_lease() -> None:  # D2
    ticks, leases = Ticks(), NoLeases()
    claim = Claim(target=Target("c", "n", "a"), holder=somebody(), identity="me", terms=Terms(renew=1000))
    hold = Hold(leases, claim, ticks, 0, print)  # type: ignore[arg-type]  # as much of `Leases` as is used
    with hold:
        assert hold.time_left() == 55
        ticks.pause(39)
        assert hold.time_left() == 16
        ticks.pause(1)
        with pytest.raises(Locked, match="could not be renewed for 40 s"):
            hold.time_left()
        assert leases.given == ["me"]
    assert leases.given == []


def test_a_machine_that_slept_finds_its_lock_gone() -> None:  # D35
    class Asleep(Ticks):
        slept = 0.0

        def utc(self) -> float:
            return NOW + self.slept

    ticks = Asleep()
    claim = Claim(target=Target("c", "n", "a"), holder=somebody(), identity="me", terms=Terms(renew=1000))
    hold = Hold(NoLeases(), claim, ticks, 0, print)  # type: ignore[arg-type]  # as much of `Leases` as is used
    with hold:
        assert hold.time_left() == 55
        ticks.slept = 3600.0
        with pytest.raises(Locked, match="could not be renewed for 3600 s"):
            hold.time_left()


def test_a_holder_is_told_in_one_line() -> None:
    holder = Holder(
        person="jane",
        host="ci-7",
        boot="",
        pid_namespace="",
        pid=7,
        started=1,
        verb="deploy",
        link="https://ci.example/1",
    )
    assert str(holder) == "jane@ci-7 (deploy, pid 7, https://ci.example/1)"
