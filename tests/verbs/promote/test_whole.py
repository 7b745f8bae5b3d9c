"""`promote` over two embedded registries: what travels, in which order, and what it takes."""

from __future__ import annotations

from paasctl.errors import Exit
from paasctl.model.plan import TagImage
from paasctl.model.promoting import PROMOTION_TYPE, CarryOver, NotePromotion, TagRecord
from paasctl.verbs.deploy import Deploy
from paasctl.verbs.reading import recorded
from support.conducted import go
from support.copying import put_index, sign_by_tag, vouch
from support.promoting import VERSION, Stops, facts, outcome, plan, record_again


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
    record_again(stops, index.digest)
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
