"""Gates of a registry: what must be so before a release is let in, each explained, and passed only with a reason."""

from __future__ import annotations

from typing import Any

import pytest

from paasctl.errors import Exit
from paasctl.model.event import Warned
from paasctl.model.promoting import Attest, Gate, NotePromotion
from paasctl.oci.documents.signature import PAYLOAD_TYPE, SIGNATURE, payload
from paasctl.verbs.deploy import Deploy
from support.conducted import go
from support.promoting import VERSION, Stops, outcome, plan
from support.vouching import put_layers


def _gated(stops: Stops, words: str) -> None:
    """A second environment, which takes its releases from the second stop, with these gates."""
    paas = stops.world.project / "paas.yaml"
    showcase = f"environments: {{showcase: {{cluster: testbed, registry: rc, {words}}}, "
    paas.write_text(paas.read_text().replace("environments: {", showcase))


def _deploy(stops: Stops) -> Exit:
    return go(Deploy(environment="dev", version=VERSION), stops.world.afresh())[0]


def _gates(stops: Stops, **typed: Any) -> list[Gate]:
    found = plan(stops.promote(dry_run=True, **typed)[1])
    (noted,) = (it for it in found.steps if isinstance(it, NotePromotion))
    return list(noted.gates)


def test_what_never_ran_well_before_is_not_let_in(stops: Stops) -> None:  # M4
    _gated(stops, "after: [dev]")
    stops.forget()
    status, events = stops.promote(to="showcase")
    (problem,) = outcome(events).problems
    assert (status, problem.code) == (Exit.REFUSED, "gate-closed")
    assert problem.evidence == ("after dev: it never ran well in dev, as far as is said",)
    assert problem.hint.endswith("--override after --reason WHY, which is written down")
    assert stops.there.writes == 0
    assert _deploy(stops) is Exit.OK
    (gate,) = _gates(stops)
    assert (gate.state, gate.why) == ("open", "it runs well there since 2023-11-14T22:13:20Z")
    assert stops.promote(to="showcase")[0] is Exit.OK


def test_the_registry_itself_has_the_gates_of_its_environments(stops: Stops) -> None:
    _gated(stops, "after: [dev]")
    assert stops.promote(to="rc")[0] is Exit.REFUSED


def test_it_must_have_run_well_for_long_enough(stops: Stops) -> None:
    _gated(stops, "after: [dev], soak: 1h")
    assert _deploy(stops) is Exit.OK
    status, events = stops.promote()
    (problem,) = outcome(events).problems
    assert (status, problem.evidence) == (Exit.REFUSED, ("soak dev: it has run well in dev for 0 s of 1 h 00 m",))
    stops.seconds = 3601
    assert [(it.name, it.state) for it in _gates(stops)] == [("after", "open"), ("soak", "open")]
    assert stops.promote()[0] is Exit.OK


def test_what_must_vouch_for_an_image_must_lie_beside_it(stops: Stops) -> None:
    _gated(stops, "requires: [sbom, provenance, signature, 'https://example.com/scan']")
    status, events = stops.promote()
    assert status is Exit.REFUSED
    assert outcome(events).problems[0].evidence == (
        "requires signature: image web: none is beside it",
        "requires https://example.com/scan: image web: none is beside it",
    )
    web = stops.image()
    said = payload(stops.here.repository("shop/web").pinned(web.digest))
    put_layers(
        stops.here,
        stops.here.repository("shop/web").pinned(web.digest),
        ".sig",
        [(said, PAYLOAD_TYPE, {SIGNATURE: "YQ=="})],
    )
    found = {it.of: it.state for it in _gates(stops, overridden=("requires",), reason="why")}
    assert found == {
        "sbom": "open",
        "provenance": "open",
        "signature": "open",
        "https://example.com/scan": "overridden",
    }


def test_in_a_frozen_window_nothing_is_let_in(stops: Stops) -> None:
    _gated(stops, "frozen: ['2023-11-14 to 2023-11-15']")
    status, events = stops.promote()
    assert (status, outcome(events).problems[0].evidence) == (
        Exit.REFUSED,
        ("frozen 2023-11-14 to 2023-11-15: nothing is let in now",),
    )
    stops.seconds = 2 * 86400
    assert stops.promote()[0] is Exit.OK


def test_an_override_needs_a_reason_and_is_written_down(stops: Stops) -> None:
    _gated(stops, "after: [dev]")
    assert stops.promote(overridden=("after",))[0] is Exit.USAGE
    assert stops.promote(overridden=("after",), reason=" \t")[0] is Exit.USAGE
    assert stops.promote(overridden=("before",), reason="why")[0] is Exit.USAGE
    assert stops.promote(overridden=("after",), reason="the shop is down")[0] is Exit.OK
    (noted,) = stops.promotions()
    said = noted["annotations"]
    assert said["dev.paasctl.promotion.why"] == "the shop is down"
    assert said["dev.paasctl.promotion.gates"].startswith("after dev: overridden, it never ran well in dev")


def test_what_is_there_already_is_completed_whatever_the_rules_say_now(stops: Stops) -> None:
    assert stops.promote()[0] is Exit.OK
    _gated(stops, "after: [dev]")
    status, events = stops.promote()
    assert (status, outcome(events).status) == (Exit.OK, "nothing-to-do")


def test_a_deploy_says_so_once_where_others_come_after(stops: Stops) -> None:
    _gated(stops, "after: [dev]")
    status, events = go(Deploy(environment="dev", version=VERSION), stops.world.afresh())
    assert status is Exit.OK
    assert [it.word for it in outcome(events).done if isinstance(it, Attest)] == ["healthy"]


def test_a_deploy_where_nobody_comes_after_writes_to_no_registry(stops: Stops) -> None:
    stops.forget()
    assert _deploy(stops) is Exit.OK
    assert stops.here.writes == 0


def test_a_deploy_that_may_not_say_so_is_as_good_as_it_was(stops: Stops) -> None:
    _gated(stops, "after: [dev]")
    stops.here.fault("PUT manifests", status=403, times=10_000)
    status, events = go(Deploy(environment="dev", version=VERSION), stops.world.afresh())
    assert status is Exit.OK
    assert any(isinstance(it, Warned) and "which was not said" in it.text for it in events)


@pytest.mark.parametrize("on", ["GET referrers", "HEAD manifests"])
def test_what_gates_read_could_not_be_found_out_is_not_open(stops: Stops, on: str) -> None:
    _gated(stops, "after: [dev]")
    assert _deploy(stops) is Exit.OK
    stops.here.fault(on, status=503, times=10_000)
    assert stops.promote()[0] is Exit.UNAVAILABLE
    assert stops.there.writes == 0


def test_an_override_is_written_down_though_an_earlier_promotion_was(stops: Stops) -> None:
    assert stops.promote()[0] is Exit.OK
    del stops.there.tags["shop"][VERSION]
    _gated(stops, "after: [dev]")
    for _ in range(2):
        assert stops.promote(overridden=("after",), reason="the shop is down")[0] is Exit.OK
    told = [it["annotations"].get("dev.paasctl.promotion.gates", "").partition(",")[0] for it in stops.promotions()]
    assert sorted(told) == ["", "after dev: overridden"]


def test_who_passed_a_gate_by_override_and_was_killed_writes_it_down_once(stops: Stops) -> None:
    _gated(stops, "after: [dev]")
    assert stops.promote(overridden=("after",), reason="the shop is down")[0] is Exit.OK
    del stops.there.tags["shop"][VERSION]
    assert stops.promote(overridden=("after",), reason="the shop is down")[0] is Exit.OK
    assert len(stops.promotions()) == 1
