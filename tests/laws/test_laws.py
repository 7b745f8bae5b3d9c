"""Laws every verb that acts must keep. Add a verb to `VERBS` and they are checked for it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from paasctl.errors import Exit
from paasctl.model.event import Event, Outcome, Planned
from paasctl.model.image import Repository
from paasctl.planning.cleanup.decide import Cap
from paasctl.verbs.approvals.approve import ApproveTyped, GiveApproval
from paasctl.verbs.boxes.export import ExportRelease
from paasctl.verbs.boxes.importing import ImportRelease
from paasctl.verbs.cleanup.clean import Cleanup
from paasctl.verbs.deploy import Deploy
from paasctl.verbs.freeze import Freezing
from paasctl.verbs.gating import Passing
from paasctl.verbs.project import Init, Pin
from paasctl.verbs.promotion.along import Along
from paasctl.verbs.promotion.judge import Judge
from paasctl.verbs.promotion.onward import Onward
from paasctl.verbs.promotion.promote import Promote, PromoteTyped
from paasctl.verbs.release import Release
from support.conducted import go
from support.sshkeys import approvers, key_name, write_key
from support.world import FakeWorld


@dataclass(frozen=True)
class Case:
    """A verb, and the world it starts from."""

    verb: Callable[[], Any]
    before: Callable[[FakeWorld], None] = lambda _: None


def _released(world: FakeWorld) -> None:
    assert go(Release(), world)[0] is Exit.OK


def _deployed(world: FakeWorld) -> None:
    _released(world)
    assert go(Deploy(environment="dev"), world)[0] is Exit.OK


def _changed(world: FakeWorld) -> None:
    """A release runs; the next one changes a file and drops a service."""
    paas = world.project / "paas.yaml"
    paas.write_text(paas.read_text().replace("services:\n", "services:\n  old: {image: web, replicas: 1}\n"))
    _deployed(world)
    paas.write_text(paas.read_text().replace("  old: {image: web, replicas: 1}\n", ""))
    (world.project / "site" / "run").write_text("two\n")
    (world.project / "app.ini").write_text("[two]\n")
    world.git.commit("feat: two")
    world.git.publish("origin")
    _released(world)


def _two_stops(repository: str) -> Callable[[FakeWorld], None]:
    """A release, and a second registry on the path."""

    def before(world: FakeWorld) -> None:
        paas = world.project / "paas.yaml"
        first = '{dev: {repository: "registry.example/shop"}'
        second = f'{first}, rc: {{repository: "{repository}"}}'
        paas.write_text(paas.read_text().replace(first, second))
        _released(world)

    return before


def _two_stops_and_a_place(world: FakeWorld) -> None:
    """An environment takes its releases from the second."""
    _two_stops("rc.example/shop")(world)
    paas = world.project / "paas.yaml"
    showcase = "environments: {showcase: {cluster: testbed, registry: rc}, "
    paas.write_text(paas.read_text().replace("environments: {", showcase))


def _two_versions(world: FakeWorld) -> None:
    _two_stops("rc.example/shop")(world)
    world.git.commit("feat: two")
    world.git.publish("origin")
    _released(world)


def _three_stops(world: FakeWorld) -> None:
    """Two versions at the first; the third stop takes from the second."""
    _two_versions(world)
    paas = world.project / "paas.yaml"
    last = ', prod: {repository: "prod.example/shop"}}\nclusters:'
    paas.write_text(paas.read_text().replace("}\nclusters:", last, 1))


def _promoted(world: FakeWorld) -> None:
    _two_stops("rc.example/shop")(world)
    assert go(_promote("0.1.0")(), world)[0] is Exit.OK


def _runs_there(world: FakeWorld) -> None:
    """An environment behind the next registry runs the release before."""
    _two_stops_and_a_place(world)
    assert go(_promote("0.1.0")(), world)[0] is Exit.OK
    assert go(Deploy(environment="showcase", version="0.1.0"), world)[0] is Exit.OK
    world.git.commit("feat: two")
    world.git.publish("origin")
    _released(world)


def _rejected(world: FakeWorld) -> None:
    _promoted(world)
    assert go(Judge(version="0.1.0", rejects=True, reason="slow"), world)[0] is Exit.OK
    world.clock.time += 1


def _asking(world: FakeWorld) -> None:
    """A release, and an environment behind the next registry that wants approvals."""
    paas = world.project / "paas.yaml"
    wants = "environments: {production: {cluster: testbed, registry: rc, approvals: 1}, "
    paas.write_text(paas.read_text().replace("environments: {", wants) + approvers("anna"))
    _two_stops("rc.example/shop")(world)
    write_key(world.project, "anna")


def _approve(*, withdraws: bool = False) -> GiveApproval:
    key = key_name("anna")
    return GiveApproval(asked=ApproveTyped(version="0.1.0", to="production", key=key, withdraws=withdraws))


def _approved(world: FakeWorld) -> None:
    _asking(world)
    assert go(_approve(), world)[0] is Exit.OK
    assert go(_promote("0.1.0")(), world)[0] is Exit.OK
    world.clock.time += 1


def _promote(*versions: str) -> Callable[[], Promote]:
    return lambda: Promote(asked=PromoteTyped(versions=versions, to="rc"))


def _with_a_sidecar(world: FakeWorld) -> None:
    """Named by a tag, in a registry of its own."""
    side = Repository.parse("side.example/proxy")
    content = b'{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","layers":[]}'
    world.registry(side.host).put_manifest(side, "application/vnd.oci.image.manifest.v1+json", content, tag="1")
    (world.project / "pod.yml").write_text("containers: [{name: web}, {name: side, image: side.example/proxy:1}]\n")
    paas = world.project / "paas.yaml"
    paas.write_text(paas.read_text().replace("web: {image: web,", "web: {image: web, pod: pod.yml,"))


def _two_stops_with_a_sidecar(world: FakeWorld) -> None:
    _with_a_sidecar(world)
    _two_stops("rc.example/shop")(world)


def _exported(world: FakeWorld) -> None:
    _two_stops("rc.example/shop")(world)
    assert go(ExportRelease(version="0.1.0", file="shop.tar"), world)[0] is Exit.OK


def _awaited(world: FakeWorld) -> None:
    """Another environment comes after it."""
    paas = world.project / "paas.yaml"
    later = "environments: {later: {cluster: testbed, registry: dev, after: [dev]}, "
    paas.write_text(paas.read_text().replace("environments: {", later))
    _released(world)


def _gated(gates: str) -> Callable[[FakeWorld], None]:
    """It runs well in one environment, and another of the same registry has gates."""

    def before(world: FakeWorld) -> None:
        paas = world.project / "paas.yaml"
        later = f"environments: {{later: {{cluster: testbed, registry: dev, {gates}}}, "
        paas.write_text(paas.read_text().replace("environments: {", later))
        _deployed(world)

    return before


def _frozen(world: FakeWorld) -> None:
    assert go(Freezing(environment="dev", freezes=True, message="fairs"), world)[0] is Exit.OK


def _cluttered(world: FakeWorld) -> None:
    """Three releases long ago, of which the newest stays and the oldest runs."""
    paas = world.project / "paas.yaml"
    paas.write_text(paas.read_text().replace('/shop"}', '/shop", keep: {releases: 1}}', 1))
    _deployed(world)
    for number in range(2):
        (world.project / "site" / "run").write_text(f"{number}\n")
        world.git.commit("feat: more")
        world.git.publish("origin")
        _released(world)
    world.clock.time += 100 * 86400


def _dirty(world: FakeWorld) -> None:
    world.git.files["site/run"] = b"edited"


def _bare(world: FakeWorld) -> None:
    (world.project / "paas.yaml").unlink()


VERBS: dict[str, Case] = {
    "release": Case(Release),
    "release, with a changelog": Case(lambda: Release(changelog="CHANGES.md")),
    "deploy, first": Case(lambda: Deploy(environment="dev"), _released),
    "deploy, a changed release": Case(lambda: Deploy(environment="dev"), _changed),
    "deploy, where others come after": Case(lambda: Deploy(environment="dev"), _awaited),
    "deploy, through open gates": Case(
        lambda: Deploy(environment="later"),
        _gated("after: [dev], requires: [sbom], frozen: ['Mon 00:00 to Mon 01:00']"),
    ),
    "deploy, past closed gates": Case(
        lambda: Deploy(environment="later", passing=Passing(overridden=("soak",), reason="the shop is down")),
        _gated("after: [dev], soak: 1h"),
    ),
    "deploy --build": Case(lambda: Deploy(environment="dev", build=True), _dirty),
    "promote, within one registry": Case(_promote("0.1.0"), _two_stops("registry.example/shop-rc")),
    "promote, to another registry": Case(_promote("0.1.0"), _two_stops("rc.example/shop")),
    "promote, where another version runs": Case(_promote("0.1.1"), _runs_there),
    "promote, several versions": Case(_promote("0.1.0", "0.1.1"), _two_versions),
    "promote, along a chain": Case(
        lambda: Along(asked=PromoteTyped(versions=("0.1.0", "0.1.1")), to=("rc", "prod")), _three_stops
    ),
    "promote, all that is missing along a chain": Case(
        lambda: Along(asked=PromoteTyped(every=True), to=("rc", "prod")), _three_stops
    ),
    "promote --deploy": Case(
        lambda: Onward(asked=PromoteTyped(versions=("0.1.0",), to="showcase")), _two_stops_and_a_place
    ),
    "release, with a sidecar": Case(Release, _with_a_sidecar),
    "promote, with a sidecar": Case(_promote("0.1.0"), _two_stops_with_a_sidecar),
    "release export": Case(lambda: ExportRelease(version="0.1.0", file="shop.tar"), _released),
    "release import": Case(lambda: ImportRelease(file="shop.tar", to="rc"), _exported),
    "reject": Case(lambda: Judge(version="0.1.0", rejects=True, reason="slow"), _promoted),
    "unreject": Case(lambda: Judge(version="0.1.0", rejects=False, reason="fast"), _rejected),
    "approve": Case(_approve, _asking),
    "approve, withdrawn where it lies": Case(lambda: _approve(withdraws=True), _approved),
    "cleanup": Case(lambda: Cleanup(registry="dev", cap=Cap(share=1.0)), _cluttered),
    "freeze": Case(lambda: Freezing(environment="dev", freezes=True, until="2030-01-01", message="fairs")),
    "unfreeze": Case(lambda: Freezing(environment="dev", freezes=False, message="over"), _frozen),
    "init": Case(lambda: Init(file="paas.yaml", folder="shop"), _bare),
    "cluster pin": Case(lambda: Pin(cluster="testbed")),
}
every = pytest.mark.parametrize("case", VERBS.values(), ids=VERBS.keys())


def made(case: Case, folder: Path) -> FakeWorld:
    world = FakeWorld.make(folder)
    case.before(world)
    world.writes.count = 0
    return world


def _plan(events: list[Event]) -> Any:
    return next(it.plan for it in events if isinstance(it, Planned))


@every
def test_planning_twice_gives_the_same_plan(case: Case, tmp_path: Path) -> None:
    one, other = made(case, tmp_path / "one"), made(case, tmp_path / "other")
    plans = [_plan(go(case.verb(), it, dry_run=True)[1]) for it in (one, other)]
    assert plans[0].stages == plans[1].stages
    assert not plans[0].is_empty


@every
def test_a_dry_run_writes_nothing(case: Case, tmp_path: Path) -> None:
    world = made(case, tmp_path / "one")
    before = world.state
    assert go(case.verb(), world, dry_run=True)[0] is Exit.OK
    assert (world.writes.count, world.state) == (0, before)


@every
def test_running_twice_changes_once(case: Case, tmp_path: Path) -> None:
    world = made(case, tmp_path / "one")
    assert go(case.verb(), world)[0] is Exit.OK
    count, state = world.writes.count, world.state
    assert count
    status, events = go(case.verb(), world)
    if isinstance(case.verb(), Init):
        assert status is Exit.REFUSED  # what is there stays as it is
    else:
        assert status is Exit.OK
        plan, told = _plan(events), events[-1]
        assert plan.is_empty
        assert isinstance(told, Outcome)
        whose = (plan.verb, plan.subject)
        if isinstance(case.verb(), Along):  # there is a plan for each goal, and each says for which
            assert whose == (told.verb, f"{plan.subject.rpartition(' to ')[0]} to {plan.goal}")
            assert plan.goal in told.subject
        else:
            assert whose == (told.verb, told.subject), "a script learns whose plan it is"
        assert plan.verb
        assert plan.subject
    assert (world.writes.count, world.state) == (count, state)


@every
def test_resume_is_running_again_after_any_write(case: Case, tmp_path: Path) -> None:
    straight = made(case, tmp_path / "straight")
    assert go(case.verb(), straight)[0] is Exit.OK
    for survived in range(straight.writes.count):
        world = made(case, tmp_path / str(survived))
        world.writes.fail_after = survived
        status, events = go(case.verb(), world)
        assert status is Exit.UNAVAILABLE, survived
        assert isinstance(events[-1], Outcome)
        assert not world.only_cluster.held
        world.writes.fail_after = None
        assert go(case.verb(), world)[0] is Exit.OK, survived
        assert world.state == straight.state, survived
        if not isinstance(case.verb(), Init):
            assert _plan(go(case.verb(), world)[1]).is_empty, survived


@every
def test_every_run_ends_with_one_outcome(case: Case, tmp_path: Path) -> None:
    _, events = go(case.verb(), made(case, tmp_path / "one"))
    assert [type(it) for it in events].count(Outcome) == 1
    assert isinstance(events[-1], Outcome)
    assert not events[-1].left


@pytest.mark.parametrize(
    "gates", ["after: [dev], soak: 1h", "requires: [signature]", "frozen: ['2023-11-14 to 2023-11-15']", "approvals: 1"]
)
def test_nothing_is_written_before_a_closed_gate(gates: str, tmp_path: Path) -> None:
    world = made(Case(lambda: Deploy(environment="later"), _people(gates)), tmp_path / "one")
    before = world.state
    status, events = go(Deploy(environment="later"), world)
    assert isinstance(events[-1], Outcome)
    assert (status, [it.code for it in events[-1].problems]) == (Exit.REFUSED, ["gate-closed"])
    assert (world.writes.count, world.state) == (0, before)


def _people(gates: str) -> Callable[[FakeWorld], None]:
    def before(world: FakeWorld) -> None:
        paas = world.project / "paas.yaml"
        paas.write_text(paas.read_text() + approvers("anna"))
        _gated(gates)(world)

    return before


def test_the_order_of_versions_does_not_matter(tmp_path: Path) -> None:
    ends = []
    for at, versions in enumerate((("0.1.0", "0.1.1"), ("0.1.1", "0.1.0"))):
        world = made(Case(Release, _three_stops), tmp_path / str(at))
        verb = Along(asked=PromoteTyped(versions=versions), to=("rc", "prod"))
        status, events = go(verb, world)
        outcome = events[-1]
        assert isinstance(outcome, Outcome)
        ends.append((status, world.state, {(it.version, it.goal, it.word) for it in outcome.rows}))
    assert ends[0] == ends[1]
    assert len(ends[0][2]) == 4


def test_the_failure_of_one_version_leaves_the_others(tmp_path: Path) -> None:
    world = made(Case(Release, _three_stops), tmp_path / "one")
    verb = Along(asked=PromoteTyped(versions=("9.9.9", "0.1.1")), to=("rc", "prod"))
    _, events = go(verb, world)
    outcome = events[-1]
    assert isinstance(outcome, Outcome)
    assert [it.word for it in outcome.rows if it.version == "0.1.1"] == ["promoted", "promoted"]
    assert all(it.exit is Exit.REFUSED for it in outcome.rows if it.version == "9.9.9")
