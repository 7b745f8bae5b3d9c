"""A registry that several environments share: what its door cannot judge, the environment's does. No way round."""

from __future__ import annotations

from typing import Any

import pytest

from paasctl.errors import Exit
from paasctl.model.event import Event
from paasctl.model.promoting import Gate
from paasctl.verbs.deploy import Deploy
from paasctl.verbs.gating import Passing
from paasctl.verbs.promotion.onward import Onward
from paasctl.verbs.promotion.promote import PromoteTyped
from support.approving import approve
from support.conducted import go
from support.promoting import VERSION, Stops, outcome, plan
from support.sshkeys import approvers

_NIGHT = "the shop is down"


def _shared(stops: Stops, prod: str, staging: str = "after: [dev]", people: str = "") -> None:
    """Two environments that take from the second stop."""
    paas = stops.world.project / "paas.yaml"
    two = f"staging: {{cluster: testbed, registry: rc, {staging}}}, prod: {{cluster: testbed, registry: rc, {prod}}}, "
    paas.write_text(paas.read_text().replace("environments: {", f"environments: {{{two}") + people)


def _run(stops: Stops, verb: Any) -> tuple[Exit, list[Event]]:
    world = stops.world.afresh()
    world.clock.time = stops.seconds
    world.only_cluster = stops.world.only_cluster
    try:
        return go(verb, world)
    finally:
        for it in world.clients.values():
            it.close()


def _deploy(stops: Stops, environment: str, *overridden: str, reason: str = "") -> tuple[Exit, list[Event]]:
    passing = Passing(overridden=overridden, reason=reason)
    return _run(stops, Deploy(environment=environment, version=VERSION, passing=passing))


def _refused(found: tuple[Exit, list[Event]]) -> tuple[str, ...]:
    """Which gates were closed."""
    (problem,) = outcome(found[1]).problems
    assert (found[0], problem.code) == (Exit.REFUSED, "gate-closed")
    return tuple(it.partition(":")[0] for it in problem.evidence)


def _gates(found: tuple[Exit, list[Event]]) -> dict[str, str]:
    assert found[0] is Exit.OK, outcome(found[1]).problems
    gates: tuple[Gate, ...] = plan(found[1]).gates
    return {f"{it.name} {it.of}": it.why for it in gates}


def test_what_shares_a_registry_is_waited_for_at_its_own_door(stops: Stops) -> None:
    _shared(stops, "after: [dev, staging], soak: 1h")
    assert _deploy(stops, "dev")[0] is Exit.OK
    stops.seconds += 3700
    assert stops.promote(to="prod")[0] is Exit.OK, "what it can't have done yet keeps nothing out of the registry"
    assert _refused(_deploy(stops, "prod")) == ("after staging",)
    assert _deploy(stops, "staging")[0] is Exit.OK
    assert _refused(_deploy(stops, "prod")) == ("soak staging",)
    stops.seconds += 3700
    found = _gates(_deploy(stops, "prod"))
    assert found["after dev"].partition(" on ")[0].endswith("promoted it past this")
    assert found["after staging"].startswith("it runs well there since")


def test_a_soak_is_about_what_its_own_environment_waits_for(stops: Stops) -> None:
    _shared(stops, "after: [staging], soak: 1h", staging="after: [dev], soak: 1m")
    assert _deploy(stops, "dev")[0] is Exit.OK
    assert _refused(stops.promote()) == ("soak dev",)
    stops.seconds += 100
    assert stops.promote()[0] is Exit.OK, "an hour is asked of staging"


def test_what_was_overridden_at_one_door_is_not_asked_at_the_next(stops: Stops) -> None:
    _shared(stops, "after: [dev], frozen: ['2023-11-20 to 2023-11-21']")
    assert stops.promote(overridden=("after",), reason=_NIGHT)[0] is Exit.OK
    found = _gates(_deploy(stops, "staging"))
    assert found["after dev"].partition(" on ")[0].endswith("promoted it past this")
    stops.seconds += 6 * 86400
    assert _refused(_deploy(stops, "prod")) == ("frozen 2023-11-20 to 2023-11-21",), "about another moment"


def test_a_gate_that_is_written_after_the_promotion_is_judged(stops: Stops) -> None:
    assert stops.promote()[0] is Exit.OK
    _shared(stops, "after: [dev], requires: [sbom]")
    found = _deploy(stops, "prod")
    assert _refused(found) == ("after dev",)
    assert (
        outcome(found[1])
        .problems[0]
        .hint.startswith(
            f"paasctl deploy dev --version {VERSION}, where it does not run yet; "
            f"then paasctl promote {VERSION} --to rc, which brings word of it"
        )
    )
    assert _deploy(stops, "dev")[0] is Exit.OK
    assert _refused(_deploy(stops, "prod")) == ("after dev",), "word has not come yet"
    assert stops.promote()[0] is Exit.OK
    assert _deploy(stops, "prod")[0] is Exit.OK


def test_who_brings_a_release_past_every_door_is_asked_at_the_last(stops: Stops) -> None:
    """A mirror, an older paasctl, a hand: nobody wrote down what it was let past."""
    assert stops.promote()[0] is Exit.OK
    (note,) = (
        digest
        for digest, (_, content) in stops.there.manifests["shop"].items()
        if b"vnd.paasctl.promotion.v1" in content
    )
    client = stops.world.afresh().registry(stops.there.host)
    assert client.delete_manifest(stops.there.repository("shop"), note)
    client.close()
    _shared(stops, "approvals: 1", people=approvers("anna"))
    assert _refused(_deploy(stops, "prod")) == ("approvals prod",)


def test_an_approval_is_asked_for_once_and_counts_until_it_is_in(stops: Stops) -> None:
    _shared(stops, "approvals: 1", staging="after: [dev]", people=approvers("anna"))
    assert _deploy(stops, "dev")[0] is Exit.OK
    assert approve(stops, to="prod")[0] is Exit.OK
    stops.seconds += 1
    assert stops.promote(to="prod")[0] is Exit.OK
    assert approve(stops, to="prod", withdraws=True)[0] is Exit.OK
    assert _gates(_deploy(stops, "prod"))["approvals prod"].partition(" on ")[0].endswith("promoted it past this")


def test_both_chapters_are_planned_before_anything_moves(stops: Stops) -> None:
    _shared(stops, "after: [staging]")
    assert _deploy(stops, "dev")[0] is Exit.OK
    stops.forget()
    typed = PromoteTyped(versions=(VERSION,), to="prod")
    assert _refused(_run(stops, Onward(asked=typed))) == ("after staging",)
    assert stops.there.writes == 0
    passed = PromoteTyped(versions=(VERSION,), to="prod", overridden=("after",), reason=_NIGHT)
    status, events = _run(stops, Onward(asked=passed))
    assert status is Exit.OK, outcome(events).problems
    promoted, deployed = (it.done for it in outcome(events).chapters)
    assert promoted
    assert deployed[0].word == "overridden"  # type: ignore[union-attr]  # it is the first thing that a deploy says


# --- what it costs, and what breaks ---------------------------------------------------------------------------------


def _asked(stops: Stops, environment: str) -> list[str]:
    """Requests to the registry by one deploy, but for logins."""
    stops.forget()
    assert _deploy(stops, environment)[0] is Exit.OK
    return sorted(f"{it.method} {it.path.split('?')[0]}" for it in stops.here.log)


def test_no_gate_costs_no_request(stops: Stops) -> None:
    paas = stops.world.project / "paas.yaml"
    bare = "bare: {cluster: testbed, registry: dev}, barest: {cluster: testbed, registry: dev}, "
    gated = "gated: {cluster: testbed, registry: dev, frozen: ['2023-12-24 to 2023-12-26'], after: [bare], soak: 1s}, "
    paas.write_text(paas.read_text().replace("environments: {", f"environments: {{{bare}{gated}"))
    _asked(stops, "bare")
    stops.seconds += 2
    without, within = _asked(stops, "barest"), _asked(stops, "gated")
    assert within == without, "what a deploy hears of rejections is what these gates read"


def test_what_vouches_is_read_once_in_a_run(stops: Stops) -> None:
    paas = stops.world.project / "paas.yaml"
    gated = "gated: {cluster: testbed, registry: dev, requires: [sbom, provenance]}, "
    paas.write_text(paas.read_text().replace("environments: {", f"environments: {{{gated}"))
    asked = [it for it in _asked(stops, "gated") if it.startswith("GET /v2/shop/web/referrers/")]
    assert len(asked) == len(set(asked)) > 0


@pytest.mark.parametrize("on", ["GET referrers", "GET manifests", "GET blobs"])
def test_what_the_door_reads_could_not_be_found_out_is_not_open(stops: Stops, on: str) -> None:
    _shared(stops, "approvals: 1", people=approvers("anna"))
    stops.promote(overridden=("after", "approvals"), reason=_NIGHT)
    _deploy(stops, "dev")
    assert approve(stops, to="prod")[0] is Exit.OK
    stops.there.fault(on, status=503, times=10_000)
    stops.forget()
    assert _deploy(stops, "prod", "after", "approvals", reason=_NIGHT)[0] is Exit.UNAVAILABLE
    assert stops.there.writes == 0
