"""Sending blobs to a registry that misbehaves."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from paasctl.adapters.registry import RegistryClient
from paasctl.adapters.registry.retry import Patience
from paasctl.errors import Cancelled, Unavailable
from paasctl.ports.images import Pushed
from support.registry import Registry, describe
from support.registry_client import Content, CountingClock, talking

CONTENT = bytes(range(256)) * 12_000
BLOB = describe(CONTENT)


def push(client: RegistryClient, registry: Registry, moved: Callable[[int], None] | None = None) -> Pushed:
    web = registry.repository("team/web")
    return client.push_blob(web, BLOB, Content.of(CONTENT), moved=moved)


def test_a_blob_is_sent_in_one_piece() -> None:
    moved: list[int] = []
    with Registry() as registry, talking(registry) as client:
        assert push(client, registry, moved.append) == "uploaded"
        assert registry.blobs["team/web"] == {BLOB.digest: CONTENT}
        assert registry.requests == {"HEAD blobs": 1, "POST uploads": 1, "PUT uploads": 1}
        assert sum(moved) == len(CONTENT)


def test_a_blob_that_is_there_costs_one_head() -> None:
    moved: list[int] = []
    with Registry() as registry, talking(registry) as client:
        registry.put_blob("team/web", CONTENT)
        assert push(client, registry, moved.append) == "exists"
        assert registry.requests == {"HEAD blobs": 1}
        assert moved == []


def test_an_empty_blob_is_a_blob() -> None:
    with Registry() as registry, talking(registry) as client:
        assert client.push_blob(registry.repository("a"), describe(b""), Content.of(b"")) == "uploaded"
        assert registry.blobs["a"] == {describe(b"").digest: b""}


# --- asking first ---


def test_asking_whether_one_may_push_leaves_nothing() -> None:
    with Registry() as registry, talking(registry) as client:
        client.check_writable(registry.repository("team/web"))
        assert registry.requests == {"POST uploads": 1, "DELETE uploads": 1}
        assert registry.running.registry.uploads.under_way == {}
        assert not registry.folder.knows("team/web")


def test_p5_a_repository_that_must_be_made_first_is_told_before_a_push() -> None:
    with Registry() as registry, talking(registry) as client:
        registry.rules.creates = False
        with pytest.raises(Unavailable) as caught:
            client.check_writable(registry.repository("team/web"))
    assert caught.value.code == "repository-missing"


def test_a_registry_that_ends_no_uploads_is_writable_all_the_same() -> None:
    with Registry() as registry, talking(registry) as client:
        registry.fault(on="DELETE uploads", status=405)
        client.check_writable(registry.repository("team/web"))


# --- mounts ---


def mount(client: RegistryClient, registry: Registry, *sources: str) -> Pushed:
    found = tuple(registry.repository(it) for it in sources)
    return client.push_blob(registry.repository("prod/web"), BLOB, Content.of(CONTENT), mount_from=found)


def test_a_mount_moves_no_bytes() -> None:
    with Registry() as registry, talking(registry) as client:
        registry.put_blob("team/web", CONTENT)
        assert mount(client, registry, "team/web") == "mounted"
        assert registry.received == 0
        assert registry.requests == {"HEAD blobs": 1, "POST mounts": 1}, "a 201 that names the digest is believed"


def test_a_mount_whose_answer_names_no_digest_is_looked_at() -> None:
    with Registry() as registry, talking(registry) as client:
        registry.put_blob("team/web", CONTENT)
        registry.rules.digests = False
        assert mount(client, registry, "team/web") == "mounted"
        assert registry.requests == {"HEAD blobs": 2, "POST mounts": 1}


def test_the_next_source_is_tried_and_uploads_left_open_are_closed() -> None:
    with Registry() as registry, talking(registry) as client:
        registry.put_blob("team/web", CONTENT)
        assert mount(client, registry, "team/other", "team/web") == "mounted"
        assert registry.uploads == {}
        assert registry.received == 0


def test_a_202_on_a_mount_is_an_upload_that_gets_used() -> None:
    with Registry() as registry, talking(registry) as client:
        registry.put_blob("team/web", CONTENT)
        registry.rules.mounts = False
        assert mount(client, registry, "team/web") == "uploaded"
        assert registry.requests == {"HEAD blobs": 1, "POST mounts": 1, "PUT uploads": 1}
        assert registry.uploads == {}


@pytest.mark.parametrize("status", [400, 401, 403, 404, 405])
def test_a_source_that_is_refused_is_no_error(status: int) -> None:
    with Registry() as registry, talking(registry) as client:
        registry.put_blob("team/web", CONTENT)
        registry.fault("POST mounts", times=2, status=status)
        assert mount(client, registry, "team/web") == "uploaded"


def test_a_201_that_is_not_true_is_found_out() -> None:
    with Registry() as registry, talking(registry) as client:
        registry.fault("POST mounts", status=201)
        assert mount(client, registry, "team/web") == "uploaded"
        assert registry.blobs["prod/web"][BLOB.digest] == CONTENT


def test_sources_elsewhere_and_the_place_itself_are_not_asked() -> None:
    with Registry() as registry, Registry() as elsewhere, talking(registry) as client:
        sources = (elsewhere.repository("team/web"), registry.repository("prod/web"))
        client.push_blob(registry.repository("prod/web"), BLOB, Content.of(CONTENT), mount_from=sources)
        assert "POST mounts" not in registry.requests


# --- uploads that break (P7, P8) ---

Break = tuple[str, dict[str, Any]]

BREAKS: dict[str, list[Break]] = {
    "P7 the upload can't begin, twice": [("POST uploads", {"status": 503, "times": 2})],
    "P7 429 at the end": [("PUT uploads", {"status": 429, "headers": {"Retry-After": "3"}})],
    "P7 a reset before the body": [("PUT uploads", {"cut": 0})],
    "P8 a reset within, all lost": [("PUT uploads", {"cut": 1_500_000})],
    "P8 a reset within, the part kept": [("PUT uploads", {"cut": 1_500_000, "keeps": True})],
    "P8 a reset after the last byte": [("PUT uploads", {"cut": len(CONTENT), "keeps": True})],
    "P8 a single byte kept": [("PUT uploads", {"cut": 1, "keeps": True})],
    "P8 416": [("PUT uploads", {"status": 416})],
    "P8 the upload is forgotten": [("PUT uploads", {"status": 404})],
    "P8 the place can't be told": [
        ("PUT uploads", {"cut": 1_500_000, "keeps": True}),
        ("GET uploads", {"status": 404}),
    ],
    "P8 resets in the rest too": [
        ("PUT uploads", {"cut": 1_000_000, "keeps": True}),
        ("PATCH uploads", {"cut": 500_000, "keeps": True, "times": 2}),
    ],
    "P8 416 in the rest": [
        ("PUT uploads", {"cut": 1_000_000, "keeps": True}),
        ("PATCH uploads", {"status": 416}),
    ],
}


@pytest.mark.parametrize("breaks", BREAKS.values(), ids=BREAKS)
def test_an_upload_ends_well(breaks: list[Break]) -> None:
    moved: list[int] = []
    with Registry() as registry, talking(registry) as client:
        for on, how in breaks:
            registry.fault(on, **how)
        assert push(client, registry, moved.append) == "uploaded"
        assert registry.blobs["team/web"] == {BLOB.digest: CONTENT}
        assert sum(moved) == len(CONTENT)
        assert registry.due == []


def test_p8_what_the_registry_kept_is_not_sent_again() -> None:
    with Registry() as registry, talking(registry) as client:
        registry.fault("PUT uploads", cut=1_500_000, keeps=True)
        push(client, registry)
        assert registry.received == len(CONTENT)


def test_an_answer_that_got_lost_is_no_reason_to_send_again() -> None:
    with Registry() as registry, talking(registry) as client:
        registry.fault("PUT uploads", mute=True)
        assert push(client, registry) == "uploaded"
        assert registry.requests["POST uploads"] == 1
        assert registry.received == len(CONTENT)


def test_p8_a_registry_that_stops_reading_is_waited_for_no_longer_than_for_a_connection() -> None:
    """Not as long as for an answer: what it has read by then is all that it will."""
    content = bytes(24 << 20)  # more than the buffers on the way take in
    began = time.monotonic()
    with Registry() as registry, talking(registry, patience=Patience(connect=0.3)) as client:
        registry.fault("PUT uploads", stall=True)
        assert client.push_blob(registry.repository("a"), describe(content), Content.of(content)) == "uploaded"
        assert registry.requests["PUT uploads"] == 2
    assert time.monotonic() - began < 30


def test_p8_a_registry_that_wants_small_parts_gets_them() -> None:
    with Registry() as registry, talking(registry) as client:
        registry.rules.largest = 1_000_000
        content = Content.of(CONTENT)
        assert client.push_blob(registry.repository("team/web"), BLOB, content) == "uploaded"
        assert registry.blobs["team/web"] == {BLOB.digest: CONTENT}
        assert registry.requests["PATCH uploads"] == 7  # 2 MiB is still too much, 512 KiB are taken
        assert content.opened == 3  # once for every size, and once for all parts together


def test_p8_a_registry_that_takes_next_to_nothing_is_quoted() -> None:
    with Registry() as registry, talking(registry) as client:
        registry.rules.largest = 1_000
        with pytest.raises(Unavailable, match="413"):
            push(client, registry)


def test_p8_a_registry_may_ask_for_bigger_parts() -> None:
    with Registry() as registry, talking(registry) as client:
        registry.fault("PUT uploads", status=413)
        registry.rules.least = 2_500_000
        assert push(client, registry) == "uploaded"
        assert registry.requests["PATCH uploads"] == 2


def test_p7_an_upload_that_never_gets_through_ends() -> None:
    clock = CountingClock()
    with Registry() as registry, talking(registry, clock) as client:
        registry.fault("PUT uploads", cut=1_500_000, times=999)
        with pytest.raises(Unavailable, match=r"pushing sha256:\w{12} to .*team/web: .*tries in"):
            push(client, registry)
        assert len(clock.pauses) < 100  # a little more in the socket's buffer counts as progress, now and then


def in_parts(client: RegistryClient, registry: Registry) -> None:
    registry.fault("PUT uploads", status=413)
    push(client, registry)


def as_it_grows(client: RegistryClient, registry: Registry) -> None:
    with client.writer(registry.repository("team/web")) as writer:
        for _ in range(34):
            writer.write(bytes(1 << 20))


@pytest.mark.parametrize("send", [in_parts, as_it_grows])
def test_p7_a_registry_that_takes_parts_and_keeps_none_is_left_some_day(
    send: Callable[[RegistryClient, Registry], None],
) -> None:
    clock = CountingClock(stops_after=20_000)  # or it would go on for ever
    with Registry() as registry, talking(registry, clock) as client:
        registry.fault("PATCH uploads", status=202, headers={"Range": "0-0"}, times=999_999)
        with pytest.raises(Unavailable, match="keeps nothing of them"):
            send(client, registry)


def test_p9_content_that_changed_under_way_is_not_sent_twice() -> None:
    with Registry() as registry, talking(registry) as client:
        registry.fault("PUT uploads", status=400, body=b'{"errors": [{"code": "DIGEST_INVALID"}]}')
        with pytest.raises(Unavailable) as caught:
            push(client, registry)
        assert caught.value.code == "digest-mismatch"
        assert registry.requests["PUT uploads"] == 1


WRONG_CONTENT = {"other": CONTENT[:-1] + b"!", "fewer": CONTENT[:-1], "more": CONTENT + b"!"}


@pytest.mark.parametrize("content", WRONG_CONTENT.values(), ids=WRONG_CONTENT)
def test_p9_wrong_content_on_our_side_never_arrives_whole(content: bytes) -> None:
    with Registry() as registry, talking(registry) as client:
        with pytest.raises(Unavailable):
            client.push_blob(registry.repository("team/web"), BLOB, Content({BLOB.digest: content}))
        assert registry.blobs["team/web"] == {}
        assert registry.received < len(CONTENT)


def test_p5_a_repository_that_must_be_made_first_is_named() -> None:
    with Registry() as registry, talking(registry) as client:
        registry.rules.creates = False
        with pytest.raises(Unavailable, match="team/web is missing") as caught:
            push(client, registry)
        assert caught.value.code == "repository-missing"
        assert caught.value.hint.startswith("create team/web in 127.0.0.1")


def test_an_upload_that_only_seemed_to_work_is_found_out() -> None:
    with Registry() as registry, talking(registry) as client:
        registry.fault("PUT uploads", status=201)
        with pytest.raises(Unavailable, match="took it, and it is not there"):
            push(client, registry)


def test_an_upload_whose_201_names_its_digest_is_not_looked_for_again() -> None:
    with Registry() as registry, talking(registry) as client:
        assert push(client, registry) == "uploaded"
        assert registry.requests == {"HEAD blobs": 1, "POST uploads": 1, "PUT uploads": 1}
    with Registry() as registry, talking(registry) as client:
        registry.rules.digests = False
        assert push(client, registry) == "uploaded"
        assert registry.requests == {"HEAD blobs": 2, "POST uploads": 1, "PUT uploads": 1}


def test_an_upload_whose_201_names_another_digest_is_looked_for() -> None:
    with Registry() as registry, talking(registry) as client:
        registry.fault("PUT uploads", status=201, headers={"Docker-Content-Digest": "sha256:" + "0" * 64})
        with pytest.raises(Unavailable, match="took it, and it is not there"):
            push(client, registry)


def test_somebody_who_asks_to_stop_is_heard_within_an_upload() -> None:
    with Registry() as registry, talking(registry, CountingClock(stops_after=10)) as client:
        with pytest.raises(Cancelled):
            push(client, registry)
        assert registry.blobs["team/web"] == {}


def test_eight_threads_share_a_client() -> None:
    contents = [bytes([number]) * 300_000 for number in range(24)]
    with Registry() as registry, talking(registry) as client, ThreadPoolExecutor(8) as pool:
        web = registry.repository("team/web")
        jobs = [pool.submit(client.push_blob, web, describe(it), Content.of(it)) for it in contents]
        assert {it.result() for it in jobs} == {"uploaded"}
        assert sorted(registry.blobs["team/web"].values()) == contents
        assert client.requests == {"HEAD": 24, "POST": 24, "PUT": 24}
