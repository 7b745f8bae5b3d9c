"""`promote` of several versions: a table of what became of each; and what each of them brings."""

from __future__ import annotations

from paasctl.errors import Exit
from paasctl.model.promoting import Brings, TagRecord
from paasctl.verbs.deploy import Deploy
from support.conducted import go
from support.promoting import VERSION, Stops, facts, outcome, plan


def test_all_that_is_missing_goes_in_one_run_and_snapshots_stay(stops: Stops) -> None:
    stops.release()
    assert stops.promote()[0] is Exit.OK
    stops.release()
    stops.world.git.files["site/run"] = b"edited"
    assert go(Deploy(environment="dev", build=True), stops.world)[0] is Exit.OK
    status, events = stops.promote(every=True)
    assert status is Exit.OK
    assert {name: it for name, it in facts(events).items() if name.startswith("version.")} == {
        "version.0.1.1": "promoted",
        "version.0.1.2": "promoted",
    }
    assert set(stops.there.tags["shop"]) == {"0.1.0", "0.1.1", "0.1.2"}
    stops.forget()
    status, events = stops.promote(every=True)
    assert (status, outcome(events).status, stops.there.writes) == (Exit.OK, "nothing-to-do", 0)


def test_one_that_may_not_go_does_not_stop_the_others(stops: Stops) -> None:
    stops.release()
    stops.release()
    stops.there.put_image("shop/web", b"other", tag="0.1.1")
    status, events = stops.promote("0.1.0", "0.1.1", "0.1.2", "9.9.9")
    assert status is Exit.FAILED, "4 would say that nothing changed"
    assert {name: it for name, it in facts(events).items() if name.startswith("version.")} == {
        "version.0.1.0": "promoted",
        "version.0.1.1": "refused: tag-taken",
        "version.0.1.2": "promoted",
        "version.9.9.9": "refused: release-not-found",
    }
    assert [it.code for it in outcome(events).problems] == ["tag-taken", "release-not-found"]
    assert set(stops.there.tags["shop"]) == {"0.1.0", "0.1.2"}


def test_a_dry_run_of_several_tells_a_job_that_one_would_be_refused(stops: Stops) -> None:
    stops.release()
    stops.there.put_image("shop/web", b"other", tag="0.1.1")
    stops.forget()
    status, events = stops.promote("0.1.0", "0.1.1", dry_run=True)
    told = outcome(events)
    assert (status, told.status, [it.code for it in told.problems]) == (Exit.REFUSED, "dry-run", ["tag-taken"])
    assert {it.version for it in told.left if isinstance(it, TagRecord)} == {"0.1.0"}
    assert [it.code for it in plan(events).amiss] == ["tag-taken"]
    assert stops.there.writes == 0
    assert stops.promote("0.1.0", dry_run=True)[0] is Exit.OK


def test_a_dry_run_in_which_two_things_are_wrong(stops: Stops) -> None:
    stops.release()
    stops.release()
    stops.there.put_image("shop/web", b"other", tag="0.1.1")
    record = stops.manifest(stops.here, "shop", stops.digest("0.1.2", "shop"))
    del stops.here.blobs["shop"][record["layers"][0]["digest"]]
    assert stops.promote("0.1.0", "0.1.1", "0.1.2", dry_run=True)[0] is Exit.FAILED
    assert stops.promote("0.1.0", "0.1.2", dry_run=True)[0] is Exit.UNAVAILABLE


def test_where_all_are_refused_nothing_changed_and_the_exit_says_so(stops: Stops) -> None:
    stops.forget()
    assert stops.promote("9.9.8", "9.9.9")[0] is Exit.REFUSED
    assert stops.there.writes == 0


def test_one_that_breaks_on_the_way_does_not_stop_the_others(stops: Stops) -> None:  # M1
    stops.world.git.files["site/run"] = b"one more"
    (stops.world.project / "site" / "run").write_text("one more\n")
    stops.release()
    lost = set(stops.here.blobs["shop/web"]) - _blobs_of(stops, "0.1.0")
    for digest in lost:
        del stops.here.blobs["shop/web"][digest]
    status, events = stops.promote("0.1.1", "0.1.0")
    assert status is not Exit.OK
    told = facts(events)
    assert (told["version.0.1.1"], told["version.0.1.0"]) == ("failed: blob-missing", "promoted")
    assert set(stops.there.tags["shop"]) == {"0.1.0"}
    assert any(isinstance(it, TagRecord) and it.version == "0.1.1" for it in outcome(events).left)


def _blobs_of(stops: Stops, tag: str) -> set[str]:
    """Of an image and of what vouches for it."""
    digest = stops.digest(tag)
    found = set[str]()
    for name in stops.here.manifests["shop/web"]:
        manifest = stops.manifest(stops.here, "shop/web", name)
        if name == digest or (manifest.get("subject") or {}).get("digest") == digest:
            found |= {it["digest"] for it in (manifest["config"], *manifest["layers"])}
    return found


def _brings(stops: Stops, version: str) -> Brings:
    (named,) = (it for it in plan(stops.promote(version, dry_run=True)[1]).steps if isinstance(it, TagRecord))
    (found,) = named.brings
    return found


def test_the_plan_says_what_the_release_brings_since_what_is_there(stops: Stops) -> None:
    first = _brings(stops, VERSION)
    assert (first.since, first.commits) == ("", ("feat: one",))
    assert [(group, len(lines)) for group, lines in first.changelog] == [("Features", 1)]
    assert stops.promote()[0] is Exit.OK
    paas, ini = (stops.world.project / it for it in ("paas.yaml", "app.ini"))
    stops.release("fix: two")
    paas.write_text(paas.read_text().replace("replicas: 2", "replicas: 3") + "values: {apiToken: hush}\n")
    ini.write_text("[two]\npassword: hush\n")
    (stops.world.project / "site" / "run").write_text("two\n")
    stops.release("feat: three")
    found = _brings(stops, "0.1.2")
    assert (found.since, found.commits, found.images) == (VERSION, ("feat: three", "fix: two"), ("web",))
    assert [(group, [it.rpartition(" (")[0] for it in lines]) for group, lines in found.changelog] == [
        ("Features", ["three"]),
        ("Fixes", ["two"]),
    ]
    assert [(it.path, it.how) for it in found.files] == [("app.ini", "changed"), ("paas.yaml", "changed")]
    assert found.files[0].lines == ("- [one]", "+ [two]", "+ password: ***")
    assert "hush" not in str(found.files)


def test_of_several_each_brings_what_comes_after_the_one_before(stops: Stops) -> None:
    stops.release("fix: two")
    named = [it for it in plan(stops.promote(every=True, dry_run=True)[1]).steps if isinstance(it, TagRecord)]
    assert [(of.since, of.commits) for it in named for of in it.brings] == [
        ("", ("feat: one",)),
        (VERSION, ("fix: two",)),
    ]


def test_what_it_brings_could_not_be_found_out_is_said_and_stops_nothing(stops: Stops) -> None:
    stops.there.put_image("shop", b"no record", tag="0.0.9")
    found = _brings(stops, VERSION)
    assert "shop:0.0.9" in found.unknown
    assert stops.promote()[0] is Exit.OK
