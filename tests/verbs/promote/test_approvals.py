"""Approvals: signed, counted by person, and heard at the gate of wherever the release is to go."""

from __future__ import annotations

import pytest

from paasctl.engine.cancel import Cancel
from paasctl.errors import Exit, Refused, UsageError
from paasctl.model.approving import APPROVAL_TYPE, Approve
from paasctl.model.event import Answered
from paasctl.verbs.approvals.pending import AskApprovals
from paasctl.verbs.approvals.stands import pending_or_why
from paasctl.verbs.promotion.judge import Judge
from paasctl.verbs.releases import AskReleases
from support.approving import PEOPLE, approve, refusal, wants
from support.conducted import go
from support.promoting import VERSION, Stops, facts, outcome, plan
from support.sshkeys import approvers, key_name, public_key, write_key


def test_it_is_not_let_in_until_enough_people_have_approved_it(stops: Stops) -> None:
    wants(stops)
    assert refusal(stops) == "approvals production: 0 of 2 approvals, missing 2: anna or bob or carla may"
    status, events = approve(stops, "anna", reason="tried it")
    assert status is Exit.OK
    assert facts(events)["approvals.production"] == "1 of 2 approvals (anna), missing 1: bob or carla may"
    assert refusal(stops) == "approvals production: 1 of 2 approvals (anna), missing 1: bob or carla may"
    status, events = approve(stops, "bob")
    assert facts(events)["approvals.production"] == "2 of 2 approvals (anna, bob)"
    (gate,) = plan(stops.promote(to="production", dry_run=True)[1]).stages[1][0].gates
    assert (gate.name, gate.state, gate.why) == ("approvals", "open", "2 of 2 approvals (anna, bob)")
    assert stops.promote(to="production")[0] is Exit.OK


def test_whoever_is_refused_is_told_the_command(stops: Stops) -> None:
    wants(stops)
    (problem,) = outcome(stops.promote(to="production")[1]).problems
    assert problem.hint == (
        "paasctl approve 0.1.0 --to production; or --override approvals --reason WHY, which is written down"
    )


def test_approvals_travel_with_the_release_and_are_sound_there(stops: Stops) -> None:
    wants(stops)
    approve(stops, "anna")
    approve(stops, "bob")
    assert stops.promote(to="production")[0] is Exit.OK
    manifests = [stops.manifest(stops.there, "shop", it) for it in stops.there.manifests["shop"]]
    assert [it.get("artifactType") for it in manifests].count(APPROVAL_TYPE) == 2
    stops.here.fault("GET manifests", status=503, times=10_000)
    world = stops.world.afresh()
    answer, _ = AskApprovals(version=VERSION, to="production").answer(world, lambda _: None, Cancel())
    (row,) = answer.rows
    assert (row.registry, row.tally.given, row.tally.uncounted) == ("rc", ("anna", "bob"), ())


def test_withdrawn_it_does_not_count_until_it_is_given_again(stops: Stops) -> None:
    wants(stops, "1")
    approve(stops, "anna")
    status, events = approve(stops, "anna", withdraws=True, reason="too early")
    assert (status, [it.voice for it in outcome(events).done if isinstance(it, Approve)]) == (Exit.OK, ["withdrawn"])
    told = refusal(stops)
    assert told.startswith("approvals production: 0 of 1 approvals, missing 1: anna or bob or carla may; not counted: ")
    assert told.endswith("anna: withdrawn on 2023-11-14T22:13:22Z: too early")
    assert approve(stops, "anna")[0] is Exit.OK
    assert stops.promote(to="production")[0] is Exit.OK


def test_the_last_word_counts_whatever_the_clocks_of_two_machines_say(stops: Stops) -> None:
    wants(stops, "1")
    stops.seconds = 500
    approve(stops, "anna")
    stops.seconds = 100
    assert approve(stops, "anna", withdraws=True)[0] is Exit.OK
    assert "anna: withdrawn" in refusal(stops)
    stops.seconds = 50
    assert approve(stops, "anna")[0] is Exit.OK
    assert stops.promote(to="production")[0] is Exit.OK


def test_one_person_with_two_keys_is_one_voice(stops: Stops) -> None:
    two = f'["{public_key("anna")}", "{public_key("anna at home")}"]'
    wants(stops, people=approvers("bob", anna=two))
    assert approve(stops, "anna")[0] is Exit.OK
    status, events = approve(stops, "anna at home")
    assert (status, outcome(events).status) == (Exit.OK, "nothing-to-do")
    assert refusal(stops) == "approvals production: 1 of 2 approvals (anna), missing 1: bob may"


def test_approving_twice_writes_once(stops: Stops) -> None:
    wants(stops)
    assert approve(stops)[0] is Exit.OK
    stops.forget()
    status, events = approve(stops, reason="once more")
    assert (status, outcome(events).status, stops.here.writes) == (Exit.OK, "nothing-to-do", 0)
    status, events = approve(stops, "bob", withdraws=True)
    assert (status, outcome(events).status, stops.here.writes) == (Exit.OK, "nothing-to-do", 0)


def test_a_dry_run_signs_and_writes_nothing(stops: Stops) -> None:
    wants(stops)
    stops.forget()
    status, events = approve(stops, dry_run=True)
    assert (status, stops.here.writes) == (Exit.OK, 0)
    (step,) = plan(events).steps
    assert (step.voice, step.by, step.environments) == ("approved", "anna", ("production",))


def test_the_author_of_the_release_does_not_count(stops: Stops) -> None:
    keyed = {it: f'{{keys: ["{public_key(it)}"], emails: [{it}@shop.example]}}' for it in PEOPLE}
    wants(stops, "{count: 1, notAuthor: true}", approvers(**keyed))
    status, events = approve(stops, "anna")
    (problem,) = outcome(events).problems
    assert (status, problem.code) == (Exit.REFUSED, "own-release")
    assert "anna made this release (Anna <anna@shop.example>)" in problem.message
    assert refusal(stops).endswith("0 of 1 approvals, missing 1: bob or carla may")
    assert approve(stops, "bob")[0] is Exit.OK
    assert stops.promote(to="production")[0] is Exit.OK


def test_an_approval_is_for_one_environment_or_for_all_of_a_registry(stops: Stops) -> None:
    wants(stops, "1")
    wants(stops, "1", environment="staging")
    assert approve(stops, "anna", to="staging")[0] is Exit.OK
    told = refusal(stops)
    assert told.startswith("approvals production: 0 of 1 approvals")
    assert told.endswith("not counted: anna: it is for staging")
    _, events = approve(stops, "bob", to="rc")
    (step,) = outcome(events).done
    assert isinstance(step, Approve)
    assert step.environments == ("staging", "production")
    assert stops.promote(to="rc")[0] is Exit.OK


def test_an_approval_is_good_for_as_long_as_the_rules_say(stops: Stops) -> None:
    wants(stops, "{count: 1, within: 1h}")
    assert approve(stops)[0] is Exit.OK
    stops.seconds += 3601
    assert "anna: approved on 2023-11-14T22:13:21Z, too long ago" in refusal(stops)
    assert approve(stops)[0] is Exit.OK
    assert stops.promote(to="production")[0] is Exit.OK


def test_it_is_passed_with_a_reason_that_is_written_down(stops: Stops) -> None:
    wants(stops)
    assert stops.promote(to="production", overridden=("approvals",))[0] is Exit.USAGE
    assert stops.promote(to="production", overridden=("approvals",), reason="the shop is down")[0] is Exit.OK
    (noted,) = stops.promotions()
    assert noted["annotations"]["dev.paasctl.promotion.gates"].startswith("approvals production: overridden, 0 of 2")


@pytest.mark.parametrize(
    ("typed", "status", "code"),
    [
        ({"version": "9.9.9"}, Exit.REFUSED, "release-not-found"),
        ({"version": ""}, Exit.USAGE, "usage"),
        ({"to": ""}, Exit.USAGE, "usage"),
        ({"reason": "x" * 4097}, Exit.USAGE, "usage"),
        ({"to": "nowhere"}, Exit.USAGE, "usage"),
        ({"to": "dev"}, Exit.REFUSED, "no-approvals-wanted"),
        ({"person": "mallory"}, Exit.REFUSED, "not-an-approver"),
        ({"key": "paas.yaml"}, Exit.CONFIG, "key-unreadable"),
        ({"key": "nothing"}, Exit.CONFIG, "key-unreadable"),
        ({"key": ""}, Exit.REFUSED, "no-signing-key"),
    ],
)
def test_what_cannot_be_approved(stops: Stops, typed: dict[str, str], status: Exit, code: str) -> None:
    wants(stops)
    stops.forget()
    found, events = approve(stops, **typed)
    assert (found, outcome(events).problems[0].code, stops.here.writes) == (status, code, 0)


def test_a_rejected_version_is_not_approved_and_what_was_approved_can_be_withdrawn(stops: Stops) -> None:
    wants(stops)
    approve(stops, "anna")
    world = stops.world.afresh()
    assert go(Judge(version=VERSION, rejects=True, reason="slow"), world)[0] is Exit.OK
    status, events = approve(stops, "bob")
    assert (status, outcome(events).problems[0].code) == (Exit.REFUSED, "release-rejected")
    assert approve(stops, "anna", withdraws=True)[0] is Exit.OK


def test_pending_approvals_are_listed_with_releases_too(stops: Stops) -> None:
    wants(stops)
    stops.release()
    approve(stops, "anna")
    world = stops.world.afresh()
    answer, status = AskApprovals().answer(world, lambda _: None, Cancel())
    rows = [(it.version, it.registry, it.tally.given, it.tally.missing, it.tally.may) for it in answer.rows]
    assert status is Exit.OK
    assert rows == [("0.1.1", "dev", (), 2, PEOPLE), ("0.1.0", "dev", ("anna",), 1, ("bob", "carla"))]
    listed, _ = AskReleases().answer(world, lambda _: None, Cancel())
    assert listed.pending == answer.rows
    assert stops.promote(to="production", overridden=("approvals",), reason="why")[0] is Exit.OK
    answer, _ = AskApprovals(to="production").answer(stops.world.afresh(), lambda _: None, Cancel())
    assert [it.version for it in answer.rows] == ["0.1.1"]


def test_approvals_that_cannot_be_read_hide_no_release(stops: Stops) -> None:
    wants(stops)
    stops.release()
    stops.here.fault("GET referrers", status=403, times=10_000)
    answer, status = AskReleases().answer(stops.world.afresh(), lambda _: None, Cancel())
    assert (status, [it.version for it in answer.rows]) == (Exit.UNAVAILABLE, ["0.1.1", "0.1.0"])
    assert all("may not read" in it.unread for it in answer.rows)
    assert all("may not read" in it.unread for it in answer.pending)
    assert [(it.version, it.registry, it.tally.environment) for it in answer.pending] == [
        ("0.1.1", "", "production"),
        ("0.1.0", "", "production"),
    ]


def test_where_nobody_knows_what_waits_that_is_said_of_the_environment(stops: Stops) -> None:
    wants(stops)
    stops.there.fault("GET tags", status=403, times=10_000)
    found = tuple(pending_or_why(stops.world.afresh(), ("production",), Cancel()))
    assert [(it.version, it.tally.environment, bool(it.unread)) for it in found] == [("", "production", True)]


def test_keys_that_cannot_be_read_hide_no_release(stops: Stops) -> None:
    wants(stops)
    paas = stops.world.project / "paas.yaml"
    paas.write_text(paas.read_text().replace("approvers: {", "approvers: {zoe: keys/none.pub, "))
    answer, status = AskReleases().answer(stops.world.afresh(), lambda _: None, Cancel())
    assert status is Exit.UNAVAILABLE
    assert [(it.version, "keys/none.pub" in it.unread) for it in answer.pending] == [("", True)]


def test_what_is_listed_says_nothing(stops: Stops) -> None:
    wants(stops)
    world = stops.world.afresh()
    with pytest.raises(UsageError, match="--list and --withdraw: listing says nothing"):
        AskApprovals(beside=("--withdraw",)).answer(world, lambda _: None, Cancel())
    with pytest.raises(Refused, match=r"no registry of paas\.yaml up to production has it"):
        AskApprovals(version="9.9.9").answer(world, lambda _: None, Cancel())
    with pytest.raises(UsageError, match="nowhere"):
        AskApprovals(version=VERSION, to="nowhere").answer(world, lambda _: None, Cancel())
    answer, _ = AskApprovals(version=VERSION).answer(world, lambda _: None, Cancel())
    assert [(it.version, it.tally.environment) for it in answer.rows] == [(VERSION, "production")]


@pytest.mark.parametrize("on", ["GET referrers", "GET manifests", "GET blobs"])
def test_what_could_not_be_read_is_not_no(stops: Stops, on: str) -> None:
    wants(stops)
    approve(stops, "anna")
    approve(stops, "bob")
    stops.here.fault(on, status=503, times=10_000)
    stops.forget()
    assert stops.promote(to="production")[0] is Exit.UNAVAILABLE
    assert approve(stops, "carla")[0] is Exit.UNAVAILABLE
    assert stops.here.writes == stops.there.writes == 0


def _three(stops: Stops, rules: str) -> None:
    """A third stop, which production takes from."""
    paas = stops.world.project / "paas.yaml"
    last = f'prod: {{repository: "{stops.here.host}/shop-prod"}}}}\nclusters:'
    paas.write_text(paas.read_text().replace("}\nclusters:", f", {last}", 1))
    wants(stops, rules)
    paas.write_text(paas.read_text().replace("registry: rc, approvals", "registry: prod, approvals"))


def test_an_approval_counts_whichever_stop_the_release_comes_from(stops: Stops) -> None:
    _three(stops, "2")
    approve(stops, "bob")  # said at dev, and it travels
    assert stops.promote(to="rc")[0] is Exit.OK
    approve(stops, "anna")  # said at rc, the nearest
    (told,) = AskApprovals().answer(stops.world.afresh(), lambda _: None, Cancel())[0].rows
    assert (told.registry, told.tally.given) == ("rc", ("anna", "bob"))
    status, events = stops.promote(to="production", origin="dev")
    assert status is Exit.OK, outcome(events).problems
    assert VERSION in stops.here.tags["shop-prod"]


def test_not_enough_at_the_ends_and_a_stop_between_that_cannot_be_read_is_not_no(stops: Stops) -> None:
    _three(stops, "1")
    stops.there.fault("GET referrers", status=500, times=10_000)
    assert stops.promote(to="production", origin="dev")[0] is Exit.UNAVAILABLE
    assert approve(stops, "anna")[0] is Exit.OK
    assert stops.promote(to="production", origin="dev")[0] is Exit.OK, "enough at the ends: nobody else is asked"


def test_withdrawn_it_is_withdrawn_wherever_the_release_lies(stops: Stops) -> None:
    wants(stops, "1")
    approve(stops, "anna")
    assert stops.promote(to="production")[0] is Exit.OK
    status, events = approve(stops, "anna", withdraws=True)
    done = [it for it in outcome(events).done if isinstance(it, Approve)]
    assert (status, {it.repository.host for it in done}) == (Exit.OK, {stops.here.host, stops.there.host})
    assert [type(it) for it in events if isinstance(it, Answered)] == []


def test_a_key_beside_which_another_public_half_lies_signs_nothing(stops: Stops) -> None:
    wants(stops)
    write_key(stops.world.project, "anna")
    (stops.world.project / "mine.pub").write_text(public_key("bob"))
    (stops.world.project / "mine").write_bytes((stops.world.project / key_name("anna")).read_bytes())
    (stops.world.project / "mine").chmod(0o600)
    stops.forget()
    status, events = approve(stops, key="mine.pub")
    assert (status, stops.here.writes) == (Exit.CONFIG, 0)
    assert outcome(events).problems[0].code == "key-unusable"
