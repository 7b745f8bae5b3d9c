"""`promote` over two embedded registries: what travels, in which order, what it takes, and what is refused."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from paasctl.errors import Exit
from paasctl.model.plan import TagImage
from paasctl.model.promoting import PROMOTION_TYPE, Brings, CarryOver, NotePromotion, TagRecord
from paasctl.verbs.deploy import Deploy
from paasctl.verbs.reading import recorded
from support.conducted import go
from support.copying import put_index, sign_by_tag, vouch
from support.promoting import VERSION, Stops, facts, outcome, path_in, plan
from support.registry_values import manifest_of


@pytest.fixture
def stops(tmp_path: Path) -> Iterator[Stops]:
    with path_in(tmp_path / "one") as found:
        yield found


@pytest.fixture
def within(tmp_path: Path) -> Iterator[Stops]:
    with path_in(tmp_path / "one", "shop-rc", one=True) as found:
        yield found


def test_the_whole_release_is_there_digest_for_digest(stops: Stops) -> None:
    status, events = stops.promote()
    assert status is Exit.OK
    for path in ("shop", "shop/web"):
        assert stops.there.tags[path] == stops.here.tags[path]
        for digest in stops.here.manifests[path]:
            assert stops.there.manifests[path][digest] == stops.here.manifests[path][digest]
        assert dict(stops.there.blobs[path]) == dict(stops.here.blobs[path])
    assert facts(events)["image.web"] == f"{stops.there.host}/shop/web@{stops.digest()}"
    assert facts(events)["record"] == f"{stops.there.host}/shop@{stops.digest(path='shop')}"


def test_all_platforms_and_all_that_vouches_travel(stops: Stops) -> None:  # M3
    web = stops.image()
    other = stops.here.put_image("shop/web", b"arm")
    index = put_index(stops.here, "shop/web", (web, "linux/amd64"), (other, "linux/arm64"), tag="several")
    _record_again(stops, index.digest)
    vouching = [vouch(stops.here, "shop/web", it, "SBOM").digest for it in (index, other)]
    sign_by_tag(stops.here, "shop/web", index, b"signature")
    record = stops.image("shop")
    signature = vouch(stops.here, "shop", record, "signature of the release").digest
    status, events = stops.promote()
    assert status is Exit.OK
    assert facts(events)["vouchers"] == "6", "two of them the build's own: what is in it, and how it was built"
    held = stops.there.manifests
    assert {index.digest, web.digest, other.digest, *vouching} <= set(held["shop/web"])
    assert signature in held["shop"]
    assert f"{index.digest.replace(':', '-')}.sig" in stops.there.tags["shop/web"]


def _record_again(stops: Stops, digest: str) -> None:
    """The same release, of another image under its tag."""
    manifest = stops.manifest(stops.here, "shop", stops.digest(path="shop"))
    document = json.loads(stops.here.blobs["shop"][manifest["layers"][0]["digest"]])
    document["images"]["web"]["digest"] = digest
    made = stops.here.put_blob("shop", json.dumps(document).encode(), manifest["layers"][0]["mediaType"])
    manifest["layers"][0] = {"mediaType": made.media_type, "digest": made.digest, "size": made.size}
    stops.here.put_manifest("shop", json.dumps(manifest).encode(), tag=VERSION)
    stops.here.tags["shop/web"][VERSION] = digest


def test_a_second_time_there_is_nothing_to_do_and_nothing_is_written(stops: Stops) -> None:
    assert stops.promote()[0] is Exit.OK
    stops.forget()
    status, events = stops.promote()
    assert (status, outcome(events).status) == (Exit.OK, "nothing-to-do")
    assert plan(events).is_empty
    assert (stops.here.writes, stops.there.writes) == (0, 0)
    assert facts(events)["image.web"] == f"{stops.there.host}/shop/web@{stops.digest()}"


def test_within_one_registry_no_byte_of_a_blob_moves(within: Stops) -> None:
    status, events = within.promote()
    assert status is Exit.OK
    assert within.here.received == 0
    assert within.here.requests["PUT uploads"] == within.here.requests["PATCH uploads"] == 0
    read = [it.path for it in within.here.log if it.method == "GET" and "/blobs/" in it.path]
    assert all(it.startswith("/v2/shop/blobs/") for it in read), "only the record is read, to know what it names"
    assert len(read) == 2
    assert facts(events)["blobs.sent"] == facts(events)["bytes.sent"] == "0"
    assert within.here.tags["shop-rc/web"] == within.here.tags["shop/web"]


def test_names_come_last_and_the_records_very_last(stops: Stops) -> None:
    assert stops.promote()[0] is Exit.OK
    written = [it.path for it in stops.there.log if it.method in ("PUT", "POST", "PATCH")]
    assert written[-2:] == [f"/v2/shop/web/manifests/{VERSION}", f"/v2/shop/manifests/{VERSION}"]
    assert not any(it.endswith(f"/{VERSION}") for it in written[:-2])
    assert {it.method for it in stops.here.log} <= {"GET", "HEAD"}


def test_the_plan_says_what_exists_and_what_is_sent_in_bytes(stops: Stops) -> None:
    status, events = stops.promote(dry_run=True)
    assert status is Exit.OK
    found = plan(events)
    assert [type(stage[0]) for stage in found.stages] == [CarryOver, NotePromotion, TagImage, TagRecord]
    web = next(it for it in found.stages[0] if it.name == "web")
    blobs = stops.here.blobs["shop/web"]
    assert web.plan.bytes_of("stream") >= sum(map(len, blobs.values()))
    assert (stops.here.writes, stops.there.writes) == (0, 0)


def test_within_one_registry_the_plan_says_mount(within: Stops) -> None:
    found = plan(within.promote(dry_run=True)[1])
    doing = {it.doing for step in found.stages[0] for it in step.plan.objects if it.is_blob}
    assert doing == {"mount"}
    assert within.here.writes == 0


def test_it_is_written_down_who_promoted_it_from_where_when_and_why(stops: Stops) -> None:
    assert stops.promote(reason="the release of June")[0] is Exit.OK
    (noted,) = stops.promotions()
    assert noted["artifactType"] == PROMOTION_TYPE
    assert noted["subject"]["digest"] == stops.digest(path="shop")
    said = noted["annotations"]
    assert said["dev.paasctl.promotion.by"] == "a@here"
    assert said["dev.paasctl.promotion.from"] == f"{stops.here.host}/shop (dev)"
    assert said["dev.paasctl.promotion.to"] == f"{stops.there.host}/shop (rc)"
    assert said["dev.paasctl.promotion.why"] == "the release of June"
    assert said["org.opencontainers.image.created"] == "2023-11-14T22:13:20Z"


def test_what_vouches_for_it_later_follows_and_it_is_not_noted_again(stops: Stops) -> None:
    assert stops.promote()[0] is Exit.OK
    late = vouch(stops.here, "shop/web", stops.image(), "scan").digest
    status, events = stops.promote()
    assert status is Exit.OK
    assert [type(it) for it in outcome(events).done] == [CarryOver]
    assert late in stops.there.manifests["shop/web"]
    assert len(stops.promotions()) == 1


def test_an_environment_is_promoted_to_through_its_registry_and_deploys_from_there(stops: Stops) -> None:
    paas = stops.world.project / "paas.yaml"
    showcase = "environments: {showcase: {cluster: testbed, registry: rc}, "
    paas.write_text(paas.read_text().replace("environments: {", showcase))
    assert stops.promote(to="showcase")[0] is Exit.OK
    assert go(Deploy(environment="showcase", version=VERSION), stops.world.afresh())[0] is Exit.OK


def test_an_image_with_a_repository_of_its_own_travels_to_the_records_side(stops: Stops) -> None:
    paas = stops.world.project / "paas.yaml"
    own = f"repository: {stops.here.host}/shared/web"
    paas.write_text(paas.read_text().replace("    base: scratch\n", f"    base: scratch\n    {own}\n"))
    stops.release()
    assert stops.promote("0.1.1")[0] is Exit.OK
    assert stops.there.tags["shop/web"]["0.1.1"] == stops.here.tags["shared/web"]["0.1.1"]
    there = stops.there.repository("shop")
    release = recorded(stops.world, there, "0.1.1")
    assert release
    assert release.images["web"].repository == there.child("web")


# --- what it brings -------------------------------------------------------------------------------------------------


def _brings(stops: Stops, version: str) -> Brings:
    (named,) = (it for it in plan(stops.promote(version, dry_run=True)[1]).steps if isinstance(it, TagRecord))
    assert isinstance(named.brings, Brings)
    return named.brings


def test_the_plan_says_what_the_release_brings_since_what_is_there(stops: Stops) -> None:
    assert _brings(stops, VERSION) == Brings(since="", commits=("feat: one",))
    assert stops.promote()[0] is Exit.OK
    paas, ini = (stops.world.project / it for it in ("paas.yaml", "app.ini"))
    stops.release("fix: two")
    paas.write_text(paas.read_text().replace("replicas: 2", "replicas: 3") + "values: {apiToken: hush}\n")
    ini.write_text("[two]\npassword: hush\n")
    (stops.world.project / "site" / "run").write_text("two\n")
    stops.release("feat: three")
    found = _brings(stops, "0.1.2")
    assert (found.since, found.commits, found.images) == (VERSION, ("feat: three", "fix: two"), ("web",))
    assert [(it.path, it.how) for it in found.files] == [("app.ini", "changed"), ("paas.yaml", "changed")]
    assert found.files[0].lines == ("- [one]", "+ [two]", "+ password: ***")
    assert "hush" not in str(found.files)


def test_of_several_each_brings_what_comes_after_the_one_before(stops: Stops) -> None:
    stops.release("fix: two")
    named = [it for it in plan(stops.promote(every=True, dry_run=True)[1]).steps if isinstance(it, TagRecord)]
    assert [(it.brings.since, it.brings.commits) for it in named if it.brings] == [
        ("", ("feat: one",)),
        (VERSION, ("fix: two",)),
    ]


def test_what_it_brings_could_not_be_found_out_is_said_and_stops_nothing(stops: Stops) -> None:
    stops.there.put_image("shop", b"no record", tag="0.0.9")
    found = _brings(stops, VERSION)
    assert "shop:0.0.9" in found.unknown
    assert stops.promote()[0] is Exit.OK


# --- the decision table ---------------------------------------------------------------------------------------------


def _record_taken(stops: Stops) -> None:
    stops.there.put_image("shop", b"other", tag=VERSION)


def _image_taken(stops: Stops) -> None:
    stops.there.put_image("shop/web", b"other", tag=VERSION)


def _record_absent(stops: Stops) -> None:
    del stops.here.tags["shop"][VERSION]


def _image_lost(stops: Stops) -> None:  # M1
    stops.here.folder.delete_manifest("shop/web", stops.digest())


def _source_silent(stops: Stops) -> None:
    stops.here.fault("GET manifests", status=503, times=10_000)


def _target_silent(stops: Stops) -> None:
    stops.there.fault("HEAD manifests", status=503, times=10_000)


def _target_forbidden(stops: Stops) -> None:
    stops.there.fault("HEAD manifests", status=403, times=10_000)


Arrange = Callable[[Stops], None]


@pytest.mark.parametrize(
    ("arrange", "status", "code"),
    [
        pytest.param(_record_taken, Exit.REFUSED, "tag-taken", id="the record's name is another's: never moved"),
        pytest.param(_image_taken, Exit.REFUSED, "tag-taken", id="an image's name is another's: never moved"),
        pytest.param(_record_absent, Exit.REFUSED, "release-not-found", id="no such release where it comes from"),
        pytest.param(_image_lost, Exit.REFUSED, "image-not-found", id="M1: an image is missing where it comes from"),
        pytest.param(_source_silent, Exit.UNAVAILABLE, "unavailable", id="could not find out what is at the source"),
        pytest.param(_target_silent, Exit.UNAVAILABLE, "unavailable", id="could not find out what is at the target"),
        pytest.param(_target_forbidden, Exit.FORBIDDEN, "forbidden", id="may not see what is at the target"),
    ],
)
def test_what_may_not_be_or_is_not_known_writes_nothing(
    stops: Stops, arrange: Arrange, status: Exit, code: str
) -> None:
    arrange(stops)
    before = {path: dict(it) for path, it in stops.there.tags.items()}
    stops.forget()
    found, events = stops.promote()
    (problem,) = outcome(events).problems
    assert (found, problem.code) == (status, code)
    assert problem.message.startswith("promoting 0.1.0 to rc: ") or status is not Exit.REFUSED
    assert stops.there.writes == 0
    assert {path: dict(it) for path, it in stops.there.tags.items()} == before


def test_names_that_are_on_this_very_digest_are_nothing_to_do(stops: Stops) -> None:
    assert stops.promote()[0] is Exit.OK
    del stops.there.tags["shop"][VERSION]
    status, events = stops.promote()
    assert status is Exit.OK
    assert [type(it) for it in outcome(events).done] == [TagRecord]


def test_an_image_that_is_there_without_its_name_gets_only_that(stops: Stops) -> None:
    assert stops.promote()[0] is Exit.OK
    del stops.there.tags["shop/web"][VERSION]
    stops.forget()
    assert [type(it) for it in outcome(stops.promote()[1]).done] == [TagImage]
    assert stops.there.received == 0


def test_a_snapshot_stays_where_it_was_made(stops: Stops) -> None:
    stops.world.git.files["site/run"] = b"edited"
    assert go(Deploy(environment="dev", build=True), stops.world)[0] is Exit.OK
    (snapshot,) = set(stops.here.tags["shop"]) - {VERSION}
    stops.forget()
    status, events = stops.promote(snapshot)
    assert (status, outcome(events).problems[0].code) == (Exit.REFUSED, "snapshot-not-promotable")
    assert stops.there.writes == 0


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"to": "rcc"}, 'no environment or registry "rcc"'),
        ({"to": "dev"}, "promoting to dev: it is the first of the path"),
        ({"to": "rc", "origin": "rc"}, "from {there}/shop to itself"),
        ({"to": "rc", "origin": "prod"}, 'no registry "prod"'),
        ({"to": "rc", "every": True}, "name versions, or --all-missing, and not both"),
    ],
    ids=lambda it: "" if isinstance(it, dict) else it,
)
def test_a_wrong_command_line_asks_no_registry(stops: Stops, typed: dict[str, str], said: str) -> None:
    status, events = stops.promote(VERSION, **typed)  # type: ignore[arg-type]  # what was typed
    assert status is Exit.USAGE
    assert said.format(there=stops.there.host) in outcome(events).problems[0].message
    assert sum(stops.here.requests.values()) == sum(stops.there.requests.values()) == 0


# --- what goes wrong on the way -------------------------------------------------------------------------------------


def test_what_is_deleted_between_the_look_and_the_copy_leaves_nothing_visible(stops: Stops) -> None:  # M5
    for digest in list(stops.here.blobs["shop/web"]):
        del stops.here.blobs["shop/web"][digest]
    status, events = stops.promote()
    assert status is not Exit.OK
    assert outcome(events).problems[0].code == "blob-missing"
    assert not any(VERSION in it for it in stops.there.tags.values())


def test_a_registry_that_changes_a_manifest_is_found_out_before_a_name_is_given(stops: Stops) -> None:  # M2
    stops.there.fault("GET manifests", status=200, body=manifest_of(stops.image(), []), times=10_000)
    status, events = stops.promote()
    assert status is not Exit.OK
    assert outcome(events).problems[0].code == "digest-mismatch"
    assert not any(VERSION in it for it in stops.there.tags.values())


def test_a_target_that_goes_away_half_way_gets_only_what_is_missing_the_next_time(stops: Stops) -> None:  # M6
    stops.there.fault("PUT manifests", status=503, times=10_000)
    status, events = stops.promote()
    assert status is Exit.UNAVAILABLE
    assert outcome(events).left
    assert not any(VERSION in it for it in stops.there.tags.values())
    stops.there.running.faults.clear()
    sent = stops.there.received
    assert sent
    assert stops.promote()[0] is Exit.OK
    assert stops.there.received == sent, "no blob is sent twice"


# --- several versions -----------------------------------------------------------------------------------------------


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
