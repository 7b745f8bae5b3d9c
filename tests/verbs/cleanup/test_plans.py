"""Plans of a cleanup: capped, agreed to, saved, and looked at again right before they are carried out."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from paasctl.errors import Exit
from paasctl.model.cleanup import DeleteManifests
from paasctl.model.event import Started
from paasctl.planning.cleanup.decide import Cap
from support.cleaning import Dump, answer, pod
from support.copying import put_index
from support.promoting import outcome

ALL = Cap(number=1000, share=1.0)
NEWEST = {"shop": {"0.1.2"}, "shop/web": {"0.1.2"}}


def _at_the_images(act: Callable[[], object]) -> Callable[[object], bool]:
    """Records are gone by then."""

    def heard(event: object) -> bool:
        if isinstance(event, Started) and isinstance(event.step, DeleteManifests) and event.step.what == "image":
            act()
        return False

    return heard


def test_a_cap_stops_before_anything(dump: Dump) -> None:
    before = dump.state
    status, events = dump.clean()
    assert (status, outcome(events).problems[0].code) == (Exit.REFUSED, "too-much-to-delete")
    assert outcome(events).problems[0].hint.endswith(f"--max-delete {len(answer(dump.ask()).doomed)}")
    assert dump.state == before
    assert answer(dump.ask()).refused == f"that is more than 50% of the {answer(dump.ask()).held} there"


def test_it_is_asked_first_and_may_be_declined(dump: Dump) -> None:
    before = dump.state
    status, events = dump.clean(cap=ALL, agreed=lambda _: False)
    assert (status, outcome(events).problems[0].code) == (Exit.REFUSED, "declined")
    status, events = dump.clean(cap=ALL, agreed=lambda _: None)
    assert (status, outcome(events).problems[0].code) == (Exit.REFUSED, "protected")
    assert dump.state == before


def test_what_begins_to_run_while_somebody_thinks_is_seen(dump: Dump) -> None:
    before = dump.state

    def thinking(_: object) -> bool:
        dump.run("/Pod", "late", spec=pod(dump.image("0.1.0")))
        return True

    status, events = dump.clean(cap=ALL, agreed=thinking)
    assert (status, outcome(events).problems[0].code) == (Exit.REFUSED, "plan-stale")
    assert dump.state == before


def test_what_is_pushed_while_somebody_thinks_is_seen(dump: Dump) -> None:
    digest = dump.registry.tags["shop/web"]["0.1.0"]

    def thinking(_: object) -> bool:
        dump.registry.tags["shop/web"]["stable"] = digest
        return True

    status, events = dump.clean(cap=ALL, agreed=thinking)
    assert (status, outcome(events).problems[0].code) == (Exit.REFUSED, "plan-stale")
    assert digest in dump.registry.manifests["shop/web"]


def test_a_tag_that_is_moved_while_somebody_thinks_is_seen(dump: Dump) -> None:
    dump.registry.tags["shop/web"]["stable"] = dump.registry.tags["shop/web"]["0.1.2"]

    def thinking(_: object) -> bool:
        dump.registry.tags["shop/web"]["stable"] = dump.registry.tags["shop/web"]["0.1.0"]
        return True

    status, events = dump.clean(cap=ALL, agreed=thinking)
    assert (status, outcome(events).problems[0].code) == (Exit.REFUSED, "plan-stale")


def test_a_version_that_is_moved_to_what_is_to_go_while_somebody_thinks_is_seen(dump: Dump) -> None:
    going = dump.registry.tags["shop/web"]["0.1.0"]

    def thinking(_: object) -> bool:
        dump.registry.tags["shop/web"]["0.1.2"] = going
        return True

    status, events = dump.clean(cap=ALL, agreed=thinking)
    assert (status, outcome(events).problems[0].code) == (Exit.REFUSED, "plan-stale")
    assert dump.registry.tags["shop/web"]["0.1.2"] == going


@pytest.mark.parametrize("to", ["0.1.1", "0.1.2"], ids=["what is to go, too", "what stays"])
def test_a_tag_that_is_moved_right_before_its_turn_survives_and_is_said(dump: Dump, to: str) -> None:
    web = dump.registry.tags["shop/web"]
    moved = web[to]

    def move() -> None:
        web["0.1.0"] = moved

    status, events = dump.clean(cap=ALL, heard=_at_the_images(move))
    told = outcome(events)
    assert [it.code for it in told.problems] == ["plan-stale"], status
    assert f"tag 0.1.0 was moved to {moved}" in told.problems[0].message
    assert dump.registry.tags["shop/web"]["0.1.0"] == moved
    assert moved in dump.registry.manifests["shop/web"]
    assert any(isinstance(it, DeleteManifests) and it.what == "image" for it in told.left)
    dump.whole()
    assert dump.clean(cap=ALL)[0] is Exit.OK, "the note tells it of the rest"
    dump.whole()


def test_a_version_that_comes_back_after_its_name_was_deleted_keeps_its_image(dump: Dump) -> None:
    digest = dump.registry.tags["shop"]["0.1.0"]
    kind, record = dump.registry.manifests["shop"][digest]
    image = dump.registry.tags["shop/web"]["0.1.0"]

    def promoted() -> None:
        assert "0.1.0" not in dump.registry.tags["shop"]
        dump.registry.put_manifest("shop", record, kind, "0.1.0")

    status, events = dump.clean(cap=ALL, heard=_at_the_images(promoted))
    assert [it.code for it in outcome(events).problems] == ["needed-meanwhile"], status
    assert image in dump.registry.manifests["shop/web"]
    dump.whole()


def test_what_an_index_of_a_new_release_lists_stays(dump: Dump) -> None:
    """The same image for one platform, in another index: its digest is in no record."""
    here = dump.registry
    going = here.tags["shop/web"]["0.1.0"]
    kind, content = here.manifests["shop/web"][going]

    def released() -> None:
        child = here.put_manifest("shop/web", content, kind)
        index = put_index(here, "shop/web", (child, "linux/amd64"), tag="0.9.0")
        kind_of, record = here.manifests["shop"][here.tags["shop"]["0.1.2"]]
        said = json.loads(record)
        document = here.blobs["shop"][said["layers"][0]["digest"]]
        other = document.replace(here.tags["shop/web"]["0.1.2"].encode(), index.digest.encode())
        said["layers"][0]["digest"] = here.put_blob("shop", other.replace(b"0.1.2", b"0.9.0")).digest
        here.put_manifest("shop", json.dumps(said).encode(), kind_of, "0.9.0")

    status, events = dump.clean(cap=ALL, heard=_at_the_images(released))
    assert [it.code for it in outcome(events).problems] == ["needed-meanwhile"], status
    assert going in here.manifests["shop/web"]
    dump.whole()


def test_a_saved_plan_is_what_is_done(dump: Dump) -> None:
    plan = dump.plan()
    dump.release("newer\n")
    status, _ = dump.clean(cap=ALL, plan=("plan.json", plan), agreed=lambda _: None)
    assert status is Exit.OK, "it was agreed to already"
    assert dump.names["shop"] == {"0.1.2", "0.1.3"}, "0.1.2 was not in the plan"
    assert outcome(dump.clean(cap=ALL, plan=("plan.json", plan))[1]).status == "nothing-to-do"


def test_a_saved_plan_is_looked_at_again(dump: Dump) -> None:
    plan, before = dump.plan(), dump.state
    dump.run("/Pod", "late", spec=pod(dump.image("0.1.0")))
    status, events = dump.clean(cap=ALL, plan=("plan.json", plan))
    assert (status, outcome(events).problems[0].code) == (Exit.REFUSED, "plan-stale")
    assert "testbed: Pod/late in elsewhere runs it" in outcome(events).problems[0].message
    assert dump.state == before


def test_a_line_struck_out_of_the_plan_stays(dump: Dump) -> None:
    said = json.loads(dump.plan())
    said["deletes"] = [it for it in said["deletes"] if "0.1.1" not in it["tags"]]
    assert dump.clean(cap=ALL, plan=("plan.json", json.dumps(said).encode()))[0] is Exit.OK
    assert dump.names["shop"] == {"0.1.1", "0.1.2"}


def test_the_last_line_may_be_struck_out_as_any_other(dump: Dump) -> None:
    lines = dump.plan().decode().splitlines()
    spared = json.loads(lines[-2])["manifest"].partition("@")[2]
    fewer = "\n".join([*lines[:-2], lines[-1]]).encode()
    assert dump.clean(cap=ALL, plan=("plan.json", fewer))[0] is Exit.OK
    assert spared in dump.registry.manifests["shop/web"]
    assert dump.names["shop"] == {"0.1.2"}


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "plan-unreadable"),
        (b"[]", "plan-unreadable"),
        (b'{"format": 2, "verb": "cleanup", "repository": "a.b/c", "deletes": []}', "plan-unreadable"),
        (b'{"format": 1, "verb": "cleanup", "repository": "a.b/c", "deletes": [{"manifest": "x"}]}', "plan-unreadable"),
        (b'{"format": 1, "verb": "cleanup", "repository": "a.b/c", "deletes": []}', "plan-of-another"),
    ],
)
def test_what_is_no_plan_is_refused(dump: Dump, content: bytes, code: str) -> None:
    _, events = dump.clean(cap=ALL, plan=("plan.json", content))
    assert outcome(events).problems[0].code == code
