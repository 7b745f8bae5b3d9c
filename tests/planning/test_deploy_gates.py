"""The gates of an environment at its own door, as a table: what is known of a release -> each gate, and what it saw."""

from __future__ import annotations

from dataclasses import replace

import pytest

from paasctl.errors import Refused
from paasctl.model.answer import HistoryEntry
from paasctl.model.approving import Approvals, Approver
from paasctl.model.config import Requirement
from paasctl.model.image import Descriptor, Repository
from paasctl.model.kube import Target
from paasctl.model.promoting import Attest, Gate, LetIn, Statement
from paasctl.oci.documents.promotion import read_passed, write_passed
from paasctl.planning.deploy import DeployFacts, TargetFacts, plan_deploy, same_writes
from paasctl.planning.deploy.gates import (
    Door,
    check_unbuilt,
    judge_door,
    judge_unbuilt,
    passed_before,
    ran_before,
    unjudged,
)
from paasctl.planning.promotion.approvals import Heard
from paasctl.planning.promotion.gates import Evidence, Gates, check_gates, names_of
from support.make import TARGET, want

_NOW = 1_700_000_000.0  # 2023-11-14, a Tuesday, 22:13:20
_WELL = Statement(word="healthy", at="2023-11-14T21:43:20.000000Z", environment="staging")
_SBOM, _SCAN = Requirement(what="sbom"), Requirement(what="https://example.com/scan")
_HEARD = Heard(record="sha256:1", author="", approvals=(), approvers={"anna": Approver(name="anna", keys=())}, now=_NOW)
_AFTER, _SOAKED = Gates(after=(("staging", 0.0),)), Gates(after=(("staging", 3600.0),))
_FROZEN = Gates(frozen=("2023-11-14 to 2023-11-15",))
_ASKS = Gates(approvals=(("prod", Approvals(count=1)),))
_ALL = Gates(
    after=_SOAKED.after, frozen=("2023-12-24 to 2023-12-26",), requires=(_SBOM, _SCAN), approvals=_ASKS.approvals
)


def _door(
    gates: Gates,
    *said: Statement,
    let_in: tuple[str, ...] = (),
    by: str = "anna@host",
    overridden: tuple[str, ...] = (),
) -> Door:
    lacks = {_SCAN: {"web": "none is beside it"}}
    return Door(
        gates=gates,
        evidence=Evidence(said=said, lacks=lacks, now=_NOW, heard=_HEARD),
        let_in=(LetIn(by=by, when="2023-11-13T00:00:00Z", passed=read_passed(str(list(let_in)).replace("'", '"'))),),
        overridden=overridden,
    )


_LET = "anna@host promoted it past this on 2023-11-13T00:00:00Z"
CASES: dict[str, tuple[Door, list[str]]] = {
    "nothing is written": (_door(Gates()), []),
    "it never ran well before": (
        _door(_AFTER),
        ["after staging: closed, it never ran well in staging, as far as is said"],
    ),
    "it ran well elsewhere": (
        _door(_AFTER, replace(_WELL, environment="dev")),
        ["after staging: closed, it never ran well in staging, as far as is said"],
    ),
    "it runs well before": (
        _door(_AFTER, _WELL),
        ["after staging: open, it runs well there since 2023-11-14T21:43:20Z"],
    ),
    "not for long enough": (
        _door(_SOAKED, _WELL),
        [
            "after staging: open, it runs well there since 2023-11-14T21:43:20Z",
            "soak staging: closed, it has run well in staging for 30 m of 1 h 00 m",
        ],
    ),
    "a reason is as good, for the gate that it is for": (
        _door(_SOAKED, _WELL, overridden=("soak", "frozen")),
        [
            "after staging: open, it runs well there since 2023-11-14T21:43:20Z",
            "soak staging: overridden, it has run well in staging for 30 m of 1 h 00 m",
        ],
    ),
    "another gate's reason is none": (
        _door(_AFTER, overridden=("soak",)),
        ["after staging: closed, it never ran well in staging, as far as is said"],
    ),
    "a promotion let it in past that": (_door(_AFTER, let_in=("after staging",)), [f"after staging: open, {_LET}"]),
    "a promotion let it in past another": (
        _door(_AFTER, let_in=("after dev", "soak staging")),
        ["after staging: closed, it never ran well in staging, as far as is said"],
    ),
    "a promotion in good time does not open a frozen door": (
        _door(_FROZEN, let_in=("frozen 2023-11-14 to 2023-11-15",)),
        ["frozen 2023-11-14 to 2023-11-15: closed, nothing is let in now"],
    ),
    "what was let in needs no evidence": (
        _door(_ALL, let_in=("after staging", "soak staging", "approvals prod", "requires https://example.com/scan")),
        [
            f"after staging: open, {_LET}",
            f"soak staging: open, {_LET}",
            "frozen 2023-12-24 to 2023-12-26: open, it is not that time",
            "requires sbom: open, every image has it",
            f"requires https://example.com/scan: open, {_LET}",
            f"approvals prod: open, {_LET}",
        ],
    ),
    "all that is wrong is told": (
        _door(_ALL, _WELL),
        [
            "after staging: open, it runs well there since 2023-11-14T21:43:20Z",
            "soak staging: closed, it has run well in staging for 30 m of 1 h 00 m",
            "frozen 2023-12-24 to 2023-12-26: open, it is not that time",
            "requires sbom: open, every image has it",
            "requires https://example.com/scan: closed, image web: none is beside it",
            "approvals prod: closed, 0 of 1 approvals, missing 1: anna may",
        ],
    ),
}


def told(gates: tuple[Gate, ...]) -> list[str]:
    return [f"{it.name} {it.of}: {it.state}, {it.why}" for it in gates]


@pytest.mark.parametrize(("door", "expected"), CASES.values(), ids=CASES)
def test_what_a_door_says(door: Door, expected: list[str]) -> None:
    assert told(judge_door(door)) == expected
    assert judge_door(door) == judge_door(door)


def test_what_a_promotion_let_pass_is_not_asked_for() -> None:
    let_in = (LetIn(by="", when="", passed=(("approvals", "prod"), ("requires", "sbom"))),)
    left = unjudged(_ALL, let_in)
    assert (left.requires, left.approvals) == ((_SCAN,), ())
    assert unjudged(_ALL, ()) == _ALL


def test_of_a_snapshot_that_is_not_built_nobody_can_say_anything_good() -> None:
    gates = judge_unbuilt(_ALL, _NOW, ())
    assert told(gates) == [
        "after staging: closed, it is a snapshot that is not built yet: it ran nowhere",
        "frozen 2023-12-24 to 2023-12-26: open, it is not that time",
        "approvals prod: closed, nobody can approve a snapshot that is not built yet",
    ]
    with pytest.raises(Refused) as refusal:
        check_unbuilt(gates, "1.2.4-2.gabc", "prod")
    assert refusal.value.code == "gate-closed"
    assert refusal.value.hint.startswith(
        "paasctl deploy staging --build, then paasctl deploy prod --version 1.2.4-2.gabc; or --override after"
    )
    with pytest.raises(Refused) as refusal:
        check_unbuilt(judge_unbuilt(_ALL, _NOW, ("after",)), "1.2.4-2.gabc", "prod")
    assert refusal.value.hint.startswith(
        "paasctl release, then have it approved: paasctl approve VERSION --to prod; or"
    )
    check_unbuilt(judge_unbuilt(_ALL, _NOW, ("after", "approvals")), "1.2.4-2.gabc", "prod")


def test_a_refusal_names_the_command_that_opens_the_door() -> None:
    closed = judge_door(_door(_AFTER))
    with pytest.raises(Refused) as refusal:
        check_gates(closed, "1.2.4", "deploying prod", {})
    assert refusal.value.message.startswith("deploying prod: 1.2.4 may not go there yet: it never ran well in staging")
    assert refusal.value.hint.startswith("paasctl deploy staging --version 1.2.4; or --override after --reason WHY")


HINTS = {
    "a command for each": (
        _door(Gates(after=_AFTER.after, approvals=_ASKS.approvals)),
        (
            "paasctl deploy staging --version 1.2.4; paasctl approve 1.2.4 --to prod; "
            "or --override after --override approvals"
        ),
    ),
    "what is overridden already is named, too": (
        _door(Gates(after=_SOAKED.after, approvals=_ASKS.approvals), _WELL, overridden=("soak",)),
        "paasctl approve 1.2.4 --to prod; or --override soak --override approvals",
    ),
    "only time opens it": (_door(_SOAKED, _WELL), "wait, then the same again; or --override soak"),
    "images lack something": (
        _door(Gates(requires=(_SCAN,))),
        "mend what is said of the images, then the same again; or --override requires",
    ),
}


@pytest.mark.parametrize("name", HINTS)
def test_a_hint_is_the_whole_of_what_opens_the_door(name: str) -> None:
    door, hint = HINTS[name]
    with pytest.raises(Refused) as refusal:
        check_gates(judge_door(door), "1.2.4", "deploying prod", {})
    assert refusal.value.hint == f"{hint} --reason WHY, which is written down"


# --- going back -----------------------------------------------------------------------------------------------------

_IMAGES = (("web", "registry.example/shop/web@sha256:1"),)


def _entry(number: int, text: str, before: str) -> HistoryEntry:
    """`1.2.4`, `1.2.4!` that failed, `1.2.4?` that was another release of that name."""
    version = text.rstrip("!?")
    images = (("web", "registry.example/shop/web@sha256:2"),) if text.endswith("?") else _IMAGES
    return HistoryEntry(
        number=number,
        target=TARGET,
        version=version,
        before=before,
        commit="",
        by="anna@host",
        began=f"2023-11-{number:02}T00:00:00Z",
        ended="",
        outcome="failed" if text.endswith("!") else "done",
        images=images,
    )


def _before(words: list[str]) -> str:
    return next((it.rstrip("?") for it in reversed(words) if not it.endswith("!")), "")


def _facts(*histories: str, version: str = "1", forgotten: int = 0) -> DeployFacts:
    """Each history oldest first, as people tell it; the oldest entries may be gone by now."""
    targets = []
    for at, words in enumerate(histories):
        every = words.split()
        entries = [_entry(number, it, _before(every[: number - 1])) for number, it in enumerate(every, 1)]
        kept = tuple(entries[forgotten:][::-1])
        targets.append(TargetFacts(target=Target(f"c{at}", "shop", "shop"), wanted=(), history=kept))
    return DeployFacts(environment="prod", version=version, commit="", images=_IMAGES, targets=tuple(targets))


@pytest.mark.parametrize(
    ("histories", "since"),
    [
        pytest.param([""], "", id="nothing ran there yet"),
        pytest.param(["1"], "01", id="it runs there"),
        pytest.param(["1!"], "", id="it failed there"),
        pytest.param(["1! 1"], "02", id="it failed at first, and runs"),
        pytest.param(["1 2"], "01", id="one back"),
        pytest.param(["1 2!"], "01", id="one back from what failed"),
        pytest.param(["1 2 3 2"], "01", id="two back"),
        pytest.param(["2 1 2"], "", id="forward again to what was gone back from"),
        pytest.param(["2 1! 2"], "", id="forward again to what never ran well"),
        pytest.param(["1? 2"], "", id="another release of that name"),
        pytest.param(["1 2", "1 2"], "01", id="one back in both clusters"),
        pytest.param(["1 2", "2"], "", id="in one of two clusters only"),
    ],
)
def test_what_ran_well_here_before_is_in_already(histories: list[str], since: str) -> None:
    assert ran_before(_facts(*histories)) == (f"2023-11-{since}T00:00:00Z" if since else "")


@pytest.mark.parametrize(
    ("history", "since"), [("2 1 2", ""), ("2 1! 1 3! 2 2", ""), ("3 1 2", "02")], ids=["forward", "later", "back"]
)
def test_what_history_has_forgotten_lets_nothing_in(history: str, since: str) -> None:
    assert ran_before(_facts(history, forgotten=1)) == (f"2023-11-{since}T00:00:00Z" if since else "")


@pytest.mark.parametrize(
    ("version", "history", "since"),
    [("1.1.0", "1.0.0 1.1.0 1.1.0 1.0.0", ""), ("1.0.0", "1.1.0 1.0.0 1.0.0 1.1.0", "03")],
    ids=["forward", "back"],
)
def test_what_is_later_goes_forward_where_history_has_forgotten(version: str, history: str, since: str) -> None:
    found = ran_before(_facts(history, version=version, forgotten=2))
    assert found == (f"2023-11-{since}T00:00:00Z" if since else "")


def test_going_back_opens_every_gate_and_says_why() -> None:
    found = passed_before(_ALL, "2023-11-01T00:00:00Z")
    assert [(it.name, it.of) for it in found] == list(names_of(_ALL))
    assert {(it.state, it.why) for it in found} == {("open", "it ran well here before, since 2023-11-01T00:00:00Z")}


# --- the plan -------------------------------------------------------------------------------------------------------


def test_a_plan_tells_its_gates_and_its_record_those_that_were_passed() -> None:
    gates = judge_door(_door(_SOAKED, _WELL, overridden=("soak",)))
    target = TargetFacts(target=TARGET, wanted=(want("Deployment/web"),))
    facts = replace(_facts(), targets=(target,), gates=gates, reason="the shop is down")
    plan = plan_deploy(facts, timeout=9)
    assert plan.gates == gates
    (head,) = plan.heads
    assert (head.reason, head.passed) == (
        "the shop is down",
        ("soak staging: it has run well in staging for 30 m of 1 h 00 m",),
    )


def test_what_gates_saw_makes_no_plan_stale_but_which_they_are_does() -> None:
    gate = Gate(name="soak", of="staging", state="overridden", why="for 30 m of 1 h 00 m")
    note = Attest(
        version="1",
        word="overridden",
        repository=Repository.parse("registry.example/shop"),
        tag="1",
        record=Descriptor("", "sha256:1", 1),
        gates=(gate,),
    )
    target = TargetFacts(target=TARGET, wanted=(want("Deployment/web"),))
    plan = plan_deploy(replace(_facts(), targets=(target,)), timeout=9)
    one, later, other = (
        replace(plan, stages=((replace(note, gates=(it,)),), *plan.stages))
        for it in (gate, replace(gate, why="for 31 m of 1 h 00 m"), replace(gate, of="dev"))
    )
    assert same_writes(one, later)
    assert not same_writes(one, other)
    assert not same_writes(one, plan)


@pytest.mark.parametrize("text", ["", "[", '"after dev"', "[1]", '["after"]', "[" * 100_000])
def test_what_cannot_be_read_let_nothing_pass(text: str) -> None:
    assert read_passed(text) == ()


def test_what_was_let_pass_is_read_as_it_was_written_whatever_people_say() -> None:
    gates = [
        Gate(name="after", of="dev", state="open", why="it runs well there"),
        Gate(name="soak", of="dev", state="closed", why='too early; after staging: open, "after staging"'),
        Gate(name="frozen", of="Fri 16:00 to Mon 08:00 Europe/Berlin", state="overridden", why="fairs"),
    ]
    assert read_passed(write_passed(gates)) == (("after", "dev"), ("frozen", "Fri 16:00 to Mon 08:00 Europe/Berlin"))
