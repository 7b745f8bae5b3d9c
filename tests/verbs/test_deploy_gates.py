"""Gates at the door of an environment, where no promotion stands before it: several environments on one registry."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from paasctl.engine.cancel import Cancel
from paasctl.errors import Exit, Unavailable
from paasctl.model.event import Event, Outcome, Planned, Problem
from paasctl.model.image import Descriptor, Reference, Tagged
from paasctl.model.plan import Plan
from paasctl.model.promoting import Attest
from paasctl.oci.documents.statement import statement_of
from paasctl.verbs.approvals.approve import ApproveTyped, GiveApproval
from paasctl.verbs.approvals.pending import AskApprovals
from paasctl.verbs.deploy import Deploy
from paasctl.verbs.diff import AskDiff
from paasctl.verbs.gating import Passing
from paasctl.verbs.promotion.judge import Judge
from paasctl.verbs.release import Release
from support.conducted import go
from support.rollouts import Rollout
from support.sshkeys import approvers, key_name, write_key
from support.world import FakeWorld

_THREE = """\
environments:
  dev: {cluster: testbed, registry: dev, snapshots: true}
  staging: {cluster: testbed, registry: dev, after: [dev]}
  prod: {cluster: testbed, registry: dev, PROD}
"""
_NIGHT = "the shop is down"


def made(folder: Path, prod: str = "after: [staging], soak: 1h", *, people: str = "") -> FakeWorld:
    """A release in the only registry, and three environments that take from it."""
    world = FakeWorld.make(folder)
    paas = world.project / "paas.yaml"
    text = paas.read_text()
    paas.write_text(text[: text.index("environments:")] + _THREE.replace("PROD", prod) + people)
    assert go(Release(), world)[0] is Exit.OK
    return world


@pytest.fixture
def world(tmp_path: Path) -> FakeWorld:
    return made(tmp_path / "one")


def deploy(
    world: FakeWorld, environment: str, *overridden: str, reason: str = "", dry_run: bool = False, **more: Any
) -> tuple[Exit, list[Event]]:
    verb = Deploy(environment=environment, passing=Passing(overridden=overridden, reason=reason), **more)
    return go(verb, world, dry_run=dry_run)


def problem(found: tuple[Exit, list[Event]], status: Exit = Exit.REFUSED) -> Problem:
    assert isinstance(found[1][-1], Outcome)
    assert found[0] is status, found[1][-1].problems
    return found[1][-1].problems[0]


def first_plan(events: list[Event]) -> Plan:
    return next(it.plan for it in events if isinstance(it, Planned))


def another(world: FakeWorld) -> str:
    """One more release; its version."""
    (world.project / "site" / "run").write_text(f"{world.git.head}\n")
    world.git.commit("feat: more")
    world.git.publish("origin")
    status, events = go(Release(), world)
    assert status is Exit.OK
    assert isinstance(events[-1], Outcome)
    return dict(events[-1].facts)["version"]


def said(world: FakeWorld) -> list[Any]:
    found = (statement_of(json.loads(content)) for _, content in world.only_registry.manifests.values())
    return sorted(filter(None, found), key=lambda it: it.at)


def test_what_never_ran_well_before_is_not_deployed_and_then_it_is(world: FakeWorld) -> None:
    before = world.writes.count
    found = problem(deploy(world, "staging"))
    assert (found.code, found.evidence) == (
        "gate-closed",
        ("after dev: it never ran well in dev, as far as is said",),
    )
    assert found.hint == ("paasctl deploy dev --version 0.1.0; or --override after --reason WHY, which is written down")
    assert world.writes.count == before, "not even a namespace"
    assert deploy(world, "dev")[0] is Exit.OK
    status, events = deploy(world, "staging")
    assert status is Exit.OK
    assert [(it.name, it.of, it.state) for it in first_plan(events).gates] == [("after", "dev", "open")]


def test_the_whole_way_waits_for_its_soak(world: FakeWorld) -> None:
    for name in ("dev", "staging"):
        assert deploy(world, name)[0] is Exit.OK
    found = problem(deploy(world, "prod"))
    assert found.evidence == ("soak staging: it has run well in staging for 0 s of 1 h 00 m",)
    world.clock.time += 3600
    assert deploy(world, "prod")[0] is Exit.OK


def test_a_dry_run_ends_as_the_run_would(world: FakeWorld) -> None:
    assert problem(deploy(world, "staging", dry_run=True)).code == "gate-closed"
    assert deploy(world, "dev")[0] is Exit.OK
    before = world.writes.count
    status, events = deploy(world, "staging", dry_run=True)
    assert (status, [it.state for it in first_plan(events).gates]) == (Exit.OK, ["open"])
    assert world.writes.count == before


def test_a_failed_rollout_lets_nothing_further(world: FakeWorld) -> None:
    world.only_cluster.rollouts = {"Deployment/web": Rollout("never")}
    assert deploy(world, "dev")[0] is Exit.FAILED
    assert problem(deploy(world, "staging")).code == "gate-closed"


def test_an_override_needs_a_reason_and_a_gate_that_is_one(world: FakeWorld) -> None:
    before = world.writes.count
    for overridden, reason in ((("after",), ""), (("after",), " \t"), (("before",), _NIGHT)):
        assert deploy(world, "staging", *overridden, reason=reason)[0] is Exit.USAGE
    assert problem(deploy(world, "staging", "soak", reason=_NIGHT)).code == "gate-closed", "another gate's"
    assert world.writes.count == before


def test_an_override_is_written_down_beside_the_record_and_in_the_history(world: FakeWorld) -> None:
    status, events = deploy(world, "staging", "after", reason=_NIGHT)
    assert status is Exit.OK
    assert isinstance(events[-1], Outcome)
    first = events[-1].done[0]
    assert isinstance(first, Attest), "before anything is written to the cluster"
    assert (first.word, first.environment, first.reason) == ("overridden", "staging", _NIGHT)
    (statement,) = (it for it in said(world) if it.word == "overridden")
    assert (statement.environment, statement.why, statement.passed) == ("staging", _NIGHT, (("after", "dev"),))
    (record,) = world.only_cluster.history(first_plan(events).holds[0])
    assert (record.outcome, record.reason) == ("done", _NIGHT)
    assert record.passed == ("after dev: it never ran well in dev, as far as is said",)


def test_a_reason_without_an_override_is_in_the_history(world: FakeWorld) -> None:
    status, events = deploy(world, "dev", reason="the fair begins")
    assert status is Exit.OK
    (record,) = world.only_cluster.history(first_plan(events).holds[0])
    assert (record.reason, record.passed) == ("the fair begins", ())


def test_an_override_that_cannot_be_written_down_lets_nothing_in(world: FakeWorld) -> None:
    def closed(*_: Any, **__: Any) -> Any:
        raise Unavailable("writing to registry.example: no answer")

    world.only_registry.put_manifest = closed  # type: ignore[method-assign]  # nobody may push there now
    status, _ = deploy(world, "staging", "after", reason=_NIGHT)
    assert status is Exit.UNAVAILABLE
    assert not any(it.kind == "Deployment" for it in world.only_cluster.objects)


def test_killed_after_it_was_said_it_is_said_once(world: FakeWorld) -> None:
    count = world.writes.count
    first = deploy(world, "staging", "after", reason=_NIGHT, dry_run=True)[1]
    assert isinstance(first_plan(first).steps[0], Attest)
    for survived in range(2, 8):
        world.writes.fail_after = count + survived
        deploy(world, "staging", "after", reason=_NIGHT)
    world.writes.fail_after = None
    assert deploy(world, "staging", "after", reason=_NIGHT)[0] is Exit.OK
    assert [it.word for it in said(world)].count("overridden") == 1


def test_the_same_again_is_nothing_to_do_and_needs_no_override(world: FakeWorld) -> None:
    assert deploy(world, "staging", "after", reason=_NIGHT)[0] is Exit.OK
    count = world.writes.count
    status, events = deploy(world, "staging")
    assert isinstance(events[-1], Outcome)
    assert (status, events[-1].status, world.writes.count) == (Exit.OK, "nothing-to-do", count)


def test_going_back_is_letting_nothing_in_even_in_a_frozen_window(tmp_path: Path) -> None:
    world = made(tmp_path / "one", "after: [staging], frozen: ['2023-11-20 to 2023-11-21']")
    for name in ("dev", "staging", "prod"):
        assert deploy(world, name)[0] is Exit.OK
    later = another(world)
    for name in ("dev", "staging", "prod"):
        assert deploy(world, name)[0] is Exit.OK
    world.clock.time += 6 * 86400
    found = problem(deploy(world, "prod", version=another(world)))
    assert [it.partition(":")[0] for it in found.evidence] == ["after staging", "frozen 2023-11-20 to 2023-11-21"]
    status, events = deploy(world, "prod", version="0.1.0")
    assert status is Exit.OK, "back to what ran well there"
    assert {it.why.partition(",")[0] for it in first_plan(events).gates} == {"it ran well here before"}
    assert problem(deploy(world, "prod", version=later)).evidence == (
        "frozen 2023-11-20 to 2023-11-21: nothing is let in now",
    ), "forward again is letting in"


def test_a_frozen_window_stops_and_is_passed_with_a_reason(tmp_path: Path) -> None:
    world = made(tmp_path / "one", "frozen: ['2023-11-14 to 2023-11-15']")
    found = problem(deploy(world, "prod"))
    assert found.evidence == ("frozen 2023-11-14 to 2023-11-15: nothing is let in now",)
    assert deploy(world, "prod", "frozen", reason=_NIGHT)[0] is Exit.OK


def test_what_must_vouch_for_images_is_asked_at_the_door(tmp_path: Path) -> None:
    world = made(tmp_path / "one", "requires: [sbom, 'https://example.com/scan']")
    found = problem(deploy(world, "prod"))
    assert found.evidence == ("requires https://example.com/scan: image web: none is beside it",)
    assert deploy(world, "prod", "requires", reason=_NIGHT)[0] is Exit.OK


def test_people_let_it_in_where_releases_are_made(tmp_path: Path) -> None:
    world = made(tmp_path / "one", "approvals: 2", people=approvers("anna", "bob"))
    assert [(it.version, it.registry, it.tally.missing) for it in pending(world)] == [("0.1.0", "dev", 2)]
    found = problem(deploy(world, "prod"))
    assert found.evidence == ("approvals prod: 0 of 2 approvals, missing 2: anna or bob may",)
    assert found.hint.startswith("paasctl approve 0.1.0 --to prod; or --override approvals")
    for person in ("anna", "bob"):
        assert problem(deploy(world, "prod")).code == "gate-closed"
        approve(world, person)
    assert pending(world) == []
    assert deploy(world, "prod")[0] is Exit.OK
    approve(world, "anna", withdraws=True)
    assert deploy(world, "prod")[0] is Exit.OK, "it is in"
    later = another(world)
    assert [it.version for it in pending(world)] == [later, "0.1.0"]


def approve(world: FakeWorld, person: str, **more: Any) -> None:
    world.clock.time += 1
    write_key(world.project, person)
    typed = ApproveTyped(version="0.1.0", to="prod", key=key_name(person), **more)
    assert go(GiveApproval(asked=typed), world)[0] is Exit.OK


def pending(world: FakeWorld) -> list[Any]:
    return list(AskApprovals().answer(world, lambda _: None, Cancel())[0].rows)


# --- snapshots and what was rejected --------------------------------------------------------------------------------


def test_a_snapshot_runs_only_where_snapshots_may(world: FakeWorld) -> None:
    world.git.files["site/run"] = b"edited"
    status, events = deploy(world, "dev", build=True)
    assert status is Exit.OK
    assert isinstance(events[-1], Outcome)
    version = dict(events[-1].facts)["version"]
    for named in (version, None):
        assert problem(deploy(world, "staging", version=named)).code == "no-snapshots"


def test_what_is_not_built_yet_ran_nowhere_and_nothing_is_built_for_it(tmp_path: Path) -> None:
    world = made(tmp_path / "one", "snapshots: true, after: [dev]")
    world.git.files["site/run"] = b"edited"
    before = world.writes.count
    found = problem(deploy(world, "prod", build=True))
    assert found.evidence == ("after dev: it is a snapshot that is not built yet: it ran nowhere",)
    assert found.hint.startswith("paasctl deploy dev --build, then paasctl deploy prod --version 0.1.1-")
    assert world.writes.count == before
    assert deploy(world, "dev", build=True)[0] is Exit.OK
    assert deploy(world, "prod", build=True)[0] is Exit.OK, "the same snapshot, which ran well there"


def test_a_snapshot_passes_with_a_reason_which_is_written_down_when_it_is_there(tmp_path: Path) -> None:
    world = made(tmp_path / "one", "snapshots: true, after: [dev]")
    world.git.files["site/run"] = b"edited"
    assert deploy(world, "prod", "after", reason=_NIGHT, build=True)[0] is Exit.OK
    assert [it.word for it in said(world)] == ["overridden"]


def test_what_must_vouch_for_a_snapshot_is_judged_when_it_is_built(tmp_path: Path) -> None:
    world = made(tmp_path / "one", "snapshots: true, requires: ['https://example.com/scan']")
    world.git.files["site/run"] = b"edited"
    status, events = deploy(world, "prod", build=True)
    assert isinstance(events[-1], Outcome)
    assert (status, events[-1].problems[0].code) == (Exit.REFUSED, "gate-closed")
    assert not any(it.kind == "Deployment" for it in world.only_cluster.objects)


@pytest.mark.parametrize("build", [False, True])
def test_what_was_rejected_goes_nowhere_whatever_gates_say(world: FakeWorld, build: bool) -> None:
    if build:
        world.git.files["site/run"] = b"edited"
    status, events = deploy(world, "dev", build=build)
    assert status is Exit.OK
    assert isinstance(events[-1], Outcome)
    version = dict(events[-1].facts)["version"]
    assert go(Judge(version=version, rejects=True, reason="loses baskets"), world)[0] is Exit.OK
    for name in ("dev", "staging") if not build else ("dev",):
        assert problem(deploy(world, name, "after", reason=_NIGHT, build=build)).code == "release-rejected"


# --- what can't be found out, and questions --------------------------------------------------------------------------


def test_a_registry_that_does_not_say_is_no_open_door(world: FakeWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    assert deploy(world, "dev")[0] is Exit.OK

    def silent(*_: Any) -> Any:
        raise Unavailable("asking registry.example: no answer")

    monkeypatch.setattr(world.only_registry, "referrers", silent)
    before = world.writes.count
    assert deploy(world, "staging", "after", reason=_NIGHT)[0] is Exit.UNAVAILABLE
    assert world.writes.count == before


def test_a_diff_shows_gates_and_is_refused_by_none(world: FakeWorld) -> None:
    answer, status = AskDiff(environment="staging").answer(world, lambda _: None, Cancel())
    assert (status, [(it.name, it.state) for it in answer.gates]) == (Exit.OK, [("after", "closed")])
    assert AskDiff(environment="dev").answer(world, lambda _: None, Cancel())[0].gates == ()


# --- names that are another's ----------------------------------------------------------------------------------------


def test_a_name_that_is_moved_between_two_looks_passes_no_gate(
    world: FakeWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert deploy(world, "dev")[0] is Exit.OK
    later, registry = another(world), world.only_registry
    ask = registry.resolve

    def moved(reference: Reference) -> Descriptor | None:
        is_ours = reference.repository.path == "shop" and isinstance(reference, Tagged) and reference.tag == later
        return ask(reference.repository.tagged("0.1.0") if is_ours else reference)

    monkeypatch.setattr(registry, "resolve", moved)
    assert problem(deploy(world, "staging", version=later)).code == "gate-closed"


def test_the_latest_is_the_latest_of_this_project(world: FakeWorld) -> None:
    paas = world.project / "paas.yaml"
    ours = paas.read_text()
    paas.write_text(ours.replace("app: shop", "app: other"))
    later = another(world)
    paas.write_text(ours)
    assert problem(deploy(world, "dev", version=later)).code == "other-app"
    _, events = deploy(world, "dev", version="latest", dry_run=True)
    assert first_plan(events).heads[0].version == "0.1.0"


def test_nobody_rejects_what_is_another_projects(world: FakeWorld) -> None:
    paas = world.project / "paas.yaml"
    ours = paas.read_text()
    paas.write_text(ours.replace("app: shop", "app: other"))
    later = another(world)
    paas.write_text(ours)
    before = world.writes.count
    assert problem(go(Judge(version=later, rejects=True, reason=_NIGHT), world)).code == "release-not-found"
    assert (said(world), world.writes.count) == ([], before)


def test_a_record_that_goes_away_meanwhile_is_no_lack_of_signatures(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without it nobody knows for which names an image may be signed: that is not known, and not closed."""
    world = made(tmp_path / "one", "requires: [signature]")
    registry = world.registry("registry.example")
    read, seen = registry.manifest, list[Reference]()

    def gone(reference: Reference) -> tuple[Descriptor, bytes] | None:
        seen.append(reference)
        is_record = not isinstance(reference, Tagged) and reference.repository.path == "shop"
        return None if is_record else read(reference)

    monkeypatch.setattr(registry, "manifest", gone)
    found = problem(deploy(world, "prod"), Exit.UNAVAILABLE)
    assert (found.code, "is not there any more" in found.message) == ("release-not-found", True)
