"""Blobs that grow on their way to a registry."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

import pytest

from paasctl.adapters.registry import RegistryClient, growing
from paasctl.errors import Cancelled, PaasError, Unavailable
from paasctl.model.image import Descriptor
from support.registry import LAYER, Registry, describe
from support.registry_client import CountingClock, talking

CONTENT = random.Random(5).randbytes(1_000_000)
BLOB = describe(CONTENT)
PART = 256 << 10


@pytest.fixture(autouse=True)
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(growing, "PART", PART)


@pytest.fixture
def registry() -> Iterator[Registry]:
    with Registry() as found:
        yield found


def grow(client: RegistryClient, registry: Registry, content: bytes = CONTENT, step: int = 10_000) -> Descriptor:
    with client.writer(registry.repository("team/web")) as writer:
        for start in range(0, len(content), step):
            writer.write(content[start : start + step])
        return writer.commit(LAYER)


def test_a_blob_arrives_in_parts_and_its_last_part_names_it(registry: Registry) -> None:
    with talking(registry) as client:
        assert grow(client, registry) == BLOB
    assert registry.blobs["team/web"] == {BLOB.digest: CONTENT}
    assert registry.requests == {"POST uploads": 1, "PATCH uploads": 3, "PUT uploads": 1, "HEAD blobs": 1}
    assert registry.uploads == {}
    sizes = [int(it.headers["Content-Length"]) for it in registry.log if it.method == "PATCH"]
    assert all(PART <= size < PART + 10_000 for size in sizes)


def test_a_small_blob_is_one_piece_and_one_that_is_there_is_not_sent(registry: Registry) -> None:
    small = b"small"
    with talking(registry) as client:
        assert grow(client, registry, small) == describe(small)
        assert registry.requests == {"HEAD blobs": 2, "POST uploads": 1, "PUT uploads": 1}
        registry.forget_requests()
        assert grow(client, registry, small) == describe(small)
        assert registry.requests == {"HEAD blobs": 1}


def test_an_empty_blob_is_a_blob(registry: Registry) -> None:
    with talking(registry) as client:
        assert grow(client, registry, b"") == describe(b"")
    assert registry.blobs["team/web"] == {describe(b"").digest: b""}


def test_chunks_bigger_than_a_part_are_taken(registry: Registry) -> None:
    with talking(registry) as client:
        assert grow(client, registry, step=700_000) == BLOB


Break = tuple[str, dict[str, Any]]
BREAKS: dict[str, list[Break]] = {
    "the upload can't begin at first": [("POST uploads", {"status": 503, "times": 2})],
    "a part breaks off and what came is kept": [("PATCH uploads", {"cut": 100_000, "keeps": True})],
    "a part breaks off and what came of it is lost": [("PATCH uploads", {"cut": 100_000})],
    "every part breaks off once": [("PATCH uploads", {"cut": 100_000, "keeps": True, "times": 3})],
    "too many requests": [("PATCH uploads", {"status": 429, "headers": {"Retry-After": "3"}})],
    "the registry is down for a moment": [("PATCH uploads", {"status": 503, "times": 2})],
    "the last part breaks off": [("PUT uploads", {"cut": 100_000, "keeps": True})],
    "the last part breaks off and is lost": [("PUT uploads", {"cut": 100_000})],
    "the last answer gets lost": [("PUT uploads", {"mute": True})],
    "the answer to a part gets lost": [("PATCH uploads", {"mute": True})],
    "parts are too large for what stands before it": [("PATCH uploads", {"status": 413})],
    "the first part is forgotten": [("PATCH uploads", {"status": 404}), ("GET uploads", {"status": 404})],
}


@pytest.mark.parametrize("breaks", BREAKS.values(), ids=BREAKS)
def test_a_blob_arrives_whole_all_the_same(registry: Registry, breaks: list[Break]) -> None:
    for on, how in breaks:
        registry.fault(on, **how)
    with talking(registry) as client:
        assert grow(client, registry, CONTENT, step=100_000) == BLOB
    assert registry.blobs["team/web"] == {BLOB.digest: CONTENT}
    assert registry.due == []
    assert registry.uploads == {} or breaks == BREAKS["the first part is forgotten"]


def test_parts_are_as_big_as_the_registry_asks(registry: Registry) -> None:
    registry.rules.least = 400_000
    with talking(registry) as client:
        assert grow(client, registry) == BLOB
    sizes = [int(it.headers["Content-Length"]) for it in registry.log if it.method == "PATCH"]
    assert min(sizes) >= 400_000


def test_a_registry_that_asks_for_more_than_memory_is_refused(registry: Registry) -> None:
    registry.rules.least = 1 << 40
    with talking(registry) as client, pytest.raises(Unavailable, match="kept in memory"):
        grow(client, registry)
    assert registry.uploads == {}


def lose(client: RegistryClient, registry: Registry) -> None:
    with client.writer(registry.repository("a")) as it:
        it.write(CONTENT[:PART])
        it.write(CONTENT[:PART])
        registry.uploads.clear()
        it.write(CONTENT[:PART])
        it.commit(LAYER)


def test_an_upload_whose_earlier_parts_are_lost_is_said(registry: Registry) -> None:
    with talking(registry) as client:
        with pytest.raises(Unavailable, match="lost the upload") as caught:
            lose(client, registry)
        assert caught.value.code == "upload-lost"
        assert registry.blobs["a"] == {}


@pytest.mark.parametrize("parts", [1, 3])
def test_who_fails_while_writing_leaves_no_upload(registry: Registry, parts: int) -> None:
    def begin_and_fail(client: RegistryClient) -> None:
        with client.writer(registry.repository("a")) as it:
            for _ in range(parts):
                it.write(CONTENT[:PART])
            raise ZeroDivisionError

    with talking(registry) as client:
        with pytest.raises(ZeroDivisionError):
            begin_and_fail(client)
        assert registry.uploads == {}
        assert registry.blobs["a"] == {}


def test_who_is_asked_to_stop_leaves_no_upload(registry: Registry) -> None:
    with talking(registry, CountingClock(stops_after=3)) as client:
        with pytest.raises(Cancelled):
            grow(client, registry)
        assert registry.uploads == {}
        assert registry.requests["DELETE uploads"] == 1


@pytest.mark.parametrize("fault", ["PATCH uploads", "PUT uploads"])
def test_a_registry_that_stays_broken_ends_in_its_deadline(registry: Registry, fault: str) -> None:
    registry.fault(fault, status=503, times=1000)
    clock = CountingClock()
    with talking(registry, clock) as client, pytest.raises(Unavailable, match="503"):
        grow(client, registry)
    assert clock.time - 1000 <= 121
    assert registry.uploads == {}


def test_other_bytes_than_were_sent_are_not_believed(registry: Registry) -> None:
    registry.fault("PUT uploads", status=400, body=b'{"errors": [{"code": "DIGEST_INVALID"}]}')
    with talking(registry) as client, pytest.raises(PaasError) as caught:
        grow(client, registry)
    assert caught.value.code == "digest-mismatch"
    assert registry.uploads == {}
