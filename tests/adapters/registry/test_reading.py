"""Reading manifests, tags and blobs from a registry that misbehaves."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

import pytest

from paasctl.adapters.registry import Patience, RegistryClient
from paasctl.errors import Cancelled, Forbidden, Unavailable
from paasctl.model.image import Repository
from support.registry import INDEX, MANIFEST, Registry, describe, digest_of, index_of
from support.registry_client import CountingClock, talking

CONTENT = bytes(range(256)) * 12_000  # 3 MB: three chunks and a bit


def test_what_is_not_there_is_none() -> None:
    with Registry() as registry, talking(registry) as client:
        web = registry.repository("team/web")
        assert client.resolve(web.tagged("1")) is None
        assert client.manifest(web.pinned(digest_of(b""))) is None
        assert not client.has_blob(web, digest_of(b""))
        assert client.tags(web) == ()


def test_a_tag_is_resolved_by_one_head_whatever_the_manifests_kind() -> None:
    with Registry() as registry, talking(registry) as client:
        web = registry.repository("team/web")
        image = registry.put_image("team/web", b"layer", tag="1")
        index = registry.put_manifest("team/web", index_of([image]), INDEX, tag="all")
        assert client.resolve(web.tagged("1")) == image
        assert client.resolve(web.tagged("all")) == index
        assert client.requests == {"HEAD": 2}
        assert client.manifest(web.pinned(index.digest)) == (index, index_of([image]))


def test_a_head_that_says_too_little_is_followed_by_a_get() -> None:
    with Registry() as registry, talking(registry) as client:
        image = registry.put_image("team/web", b"layer", tag="1")
        registry.fault("HEAD manifests", status=200, headers={"Content-Type": MANIFEST})
        assert client.resolve(registry.repository("team/web").tagged("1")) == image
        registry.fault("HEAD manifests", status=405)
        assert client.resolve(registry.repository("team/web").tagged("1")) == image


@pytest.mark.parametrize("by_digest", [True, False])
def test_p9_other_bytes_than_their_digest_are_refused_and_not_asked_for_again(by_digest: bool) -> None:
    with Registry() as registry, talking(registry) as client:
        image = registry.put_image("team/web", b"layer", tag="1")
        web = registry.repository("team/web")
        registry.fault("GET manifests", flip=True)
        with pytest.raises(Unavailable, match=image.digest) as caught:
            client.manifest(web.pinned(image.digest) if by_digest else web.tagged("1"))
        assert caught.value.code == "digest-mismatch"
        assert registry.requests == {"GET manifests": 1}


def test_tags_come_page_by_page() -> None:
    with Registry() as registry, talking(registry) as client:
        for number in range(7):
            registry.put_image("team/web", b"layer", tag=f"1.{number}")
        registry.rules.page = 3
        assert client.tags(registry.repository("team/web")) == tuple(f"1.{number}" for number in range(7))
        assert registry.requests == {"GET tags": 3}


def test_a_full_page_without_a_link_is_asked_on_by_its_last_tag() -> None:
    with Registry() as registry, talking(registry) as client:
        image = registry.put_image("team/web", b"layer")
        registry.tags["team/web"].clear()
        registry.tags["team/web"].update({f"{number:04}": image.digest for number in range(2500)})
        assert len(client.tags(registry.repository("team/web"))) == 2500
        assert registry.requests == {"GET tags": 3}


def test_a_link_in_circles_ends() -> None:
    with Registry() as registry, talking(registry) as client:
        registry.put_image("team/web", b"layer")
        link = {"Link": '</v2/team/web/tags/list?n=1000>; rel="next"'}
        registry.fault("GET tags", times=99, status=200, headers=link, body=b'{"tags": ["a"]}')
        assert client.tags(registry.repository("team/web")) == ("a",)
        assert registry.requests == {"GET tags": 2}


def test_a_blob_arrives_in_chunks_of_a_mebibyte_at_most() -> None:
    with Registry() as registry, talking(registry) as client:
        blob = registry.put_blob("team/web", CONTENT)
        with client.open_blob(registry.repository("team/web"), blob) as chunks:
            found = list(chunks)
        assert b"".join(found) == CONTENT
        assert max(map(len, found)) == 1 << 20


def test_an_empty_blob_is_empty() -> None:
    with Registry() as registry, talking(registry) as client:
        blob = registry.put_blob("team/web", b"")
        with client.open_blob(registry.repository("team/web"), blob) as chunks:
            assert list(chunks) == []


def read(client: RegistryClient, registry: Registry, content: bytes = CONTENT) -> bytes:
    with client.open_blob(registry.repository("team/web"), describe(content)) as chunks:
        return b"".join(chunks)


@pytest.mark.parametrize("cut", [0, 1, 65_537, 1 << 20, 2_000_000, len(CONTENT) - 1])
def test_p7_a_broken_download_goes_on_where_it_broke(cut: int) -> None:
    with Registry() as registry, talking(registry) as client:
        registry.put_blob("team/web", CONTENT)
        registry.fault("GET blobs", cut=cut)
        assert hashlib.sha256(read(client, registry)).digest() == hashlib.sha256(CONTENT).digest()
        assert registry.requests == {"GET blobs": 2}
        assert registry.log[1].headers.get("Range") == (f"bytes={cut}-" if cut else None)


def test_p7_a_download_that_breaks_again_and_again_still_ends() -> None:
    with Registry() as registry, talking(registry) as client:
        registry.put_blob("team/web", CONTENT)
        registry.fault("GET blobs", cut=1_100_000, times=2)
        assert read(client, registry) == CONTENT


def test_a_slow_reader_does_not_use_up_the_patience() -> None:
    clock = CountingClock()
    with Registry() as registry, talking(registry, clock) as client:
        blob = registry.put_blob("team/web", CONTENT)
        registry.fault("GET blobs", cut=2_500_000)
        found = b""
        with client.open_blob(registry.repository("team/web"), blob) as chunks:
            for chunk in chunks:
                found += chunk
                clock.time += 3600.0
        assert found == CONTENT


def test_a_registry_that_ignores_ranges_is_read_past() -> None:
    with Registry() as registry, talking(registry) as client:
        registry.put_blob("team/web", CONTENT)
        registry.fault("GET blobs", cut=1_500_000)
        registry.fault("GET blobs", status=200, body=CONTENT)
        assert read(client, registry) == CONTENT


WRONG_RANGES = ["bytes 5-9/3072000", "bytes */3072000", ""]


@pytest.mark.parametrize("told", WRONG_RANGES)
def test_another_range_than_asked_for_is_refused(told: str) -> None:
    with Registry() as registry, talking(registry) as client:
        registry.put_blob("team/web", CONTENT)
        registry.fault("GET blobs", cut=1_500_000)
        registry.fault("GET blobs", status=206, body=CONTENT[5:10], headers={"Content-Range": told})
        with pytest.raises(Unavailable, match="asked for bytes from 1500000"):
            read(client, registry)


ALTERED: dict[str, Callable[[Registry], None]] = {
    "other bytes": lambda registry: registry.fault("GET blobs", flip=True),
    "fewer": lambda registry: registry.fault("GET blobs", status=200, body=CONTENT[:-1]),
    "more": lambda registry: registry.fault("GET blobs", status=200, body=CONTENT + b"!"),
}


@pytest.mark.parametrize("alter", ALTERED.values(), ids=ALTERED)
def test_p9_a_blob_is_never_given_out_whole_when_it_is_wrong(alter: Callable[[Registry], None]) -> None:
    with Registry() as registry, talking(registry) as client:
        blob = registry.put_blob("team/web", CONTENT)
        alter(registry)
        got: list[bytes] = []
        with client.open_blob(registry.repository("team/web"), blob) as chunks, pytest.raises(Unavailable) as caught:
            got.extend(chunks)
        assert caught.value.code == "digest-mismatch"
        assert sum(map(len, got)) < len(CONTENT)
        assert registry.requests == {"GET blobs": 1}


def test_a_missing_blob_says_so() -> None:
    with Registry() as registry, talking(registry) as client:
        with pytest.raises(Unavailable, match="it is not there") as caught:
            read(client, registry)
        assert caught.value.code == "blob-missing"


def test_a_reader_may_leave_early() -> None:
    with Registry() as registry, talking(registry) as client:
        blob = registry.put_blob("team/web", CONTENT)
        with client.open_blob(registry.repository("team/web"), blob) as chunks:
            assert len(next(chunks)) == 1 << 20
        assert read(client, registry) == CONTENT


PASSING = {
    "too many requests": {"status": 429, "headers": {"Retry-After": "7"}},
    "unavailable": {"status": 503},
    "a bad gateway": {"status": 502},
    "a request timeout": {"status": 408},
    "a reset": {"cut": 0},
}


@pytest.mark.parametrize("fault", PASSING.values(), ids=PASSING)
def test_p7_what_passes_is_waited_for(fault: dict[str, object]) -> None:
    clock = CountingClock()
    with Registry() as registry, talking(registry, clock) as client:
        image = registry.put_image("team/web", b"layer", tag="1")
        registry.fault("GET manifests", times=2, **fault)  # type: ignore[arg-type]  # a table of keyword arguments
        found = client.manifest(registry.repository("team/web").tagged("1"))
        assert found
        assert found[0] == image
        assert registry.requests == {"GET manifests": 3}
        assert len(clock.pauses) == 2


def test_p6_retry_after_is_honoured() -> None:
    clock = CountingClock()
    with Registry() as registry, talking(registry, clock) as client:
        registry.fault("GET tags", status=429, headers={"Retry-After": "7"})
        client.tags(registry.repository("team/web"))
        assert clock.pauses == [7.0]


def test_p6_a_wait_beyond_the_budget_ends_at_once() -> None:
    clock = CountingClock()
    with Registry() as registry, talking(registry, clock) as client:
        registry.fault("GET tags", status=429, headers={"Retry-After": "3600"})
        with pytest.raises(Unavailable, match="429 Too Many Requests"):
            client.tags(registry.repository("team/web"))
        assert clock.pauses == []


def test_p7_a_registry_that_stays_broken_ends_in_its_deadline() -> None:
    clock = CountingClock()
    with Registry() as registry, talking(registry, clock, patience=Patience(total=30.0)) as client:
        registry.fault("HEAD manifests", times=99, status=500)
        with pytest.raises(Unavailable, match=r"reading .*team/web:1: the registry answers 500 .*tries in"):
            client.resolve(registry.repository("team/web").tagged("1"))
        assert 10.0 < sum(clock.pauses) <= 30.0


def test_p7_silence_is_not_waited_for_longer_than_the_timeout() -> None:
    with Registry() as registry, talking(registry, patience=Patience(read=0.05, total=0.5)) as client:
        registry.fault("GET tags", times=99, stall=True)
        with pytest.raises(Unavailable, match="the answer took too long"):
            client.tags(registry.repository("team/web"))


def test_a_registry_that_is_gone_is_unavailable_within_three_tries() -> None:
    with Registry() as registry:
        host = registry.host
    client = RegistryClient(host, clock=CountingClock(), environ={})
    with pytest.raises(Unavailable, match=f"no connection to {host}: Connection refused \\(3 tries"):
        client.tags(Repository(host, "team/web"))


def test_somebody_who_asks_to_stop_is_heard_between_tries_and_between_chunks() -> None:
    with Registry() as registry, talking(registry, CountingClock(stops_after=3)) as client:
        registry.put_blob("team/web", CONTENT)
        with pytest.raises(Cancelled):
            read(client, registry)
        registry.fault("GET tags", times=99, status=503)
        with pytest.raises(Cancelled):
            client.tags(registry.repository("team/web"))


def test_an_odd_status_is_no_absence() -> None:
    with Registry() as registry, talking(registry) as client:
        for status in (400, 410, 418):
            registry.fault("HEAD blobs", status=status)
            with pytest.raises(Unavailable, match=str(status)):
                client.has_blob(registry.repository("team/web"), digest_of(b""))
        registry.fault("HEAD blobs", status=403)
        with pytest.raises(Forbidden):
            client.has_blob(registry.repository("team/web"), digest_of(b""))


def test_an_answer_that_is_no_list_of_tags_is_not_an_empty_one() -> None:
    with Registry() as registry, talking(registry) as client:
        registry.fault("GET tags", status=200, body=b"<html>welcome to the hotel</html>")
        with pytest.raises(Unavailable, match="no JSON"):
            client.tags(registry.repository("team/web"))
        registry.fault("GET tags", status=200, body=b'{"tags": 5}')
        with pytest.raises(Unavailable, match="not a list of tags"):
            client.tags(registry.repository("team/web"))


PAGES = {
    "a login page": (
        "text/html; charset=utf-8",
        b"\n<!DOCTYPE html>\n<html><head>\n<Title>\n Sign in to  Guest WiFi</title>",
        "text/html and no JSON (its title is 'Sign in to Guest WiFi')",
    ),
    "a text": (
        "text/plain",
        b"\n\nhello \x1b[31mthere\nbye",
        "text/plain and no JSON (it begins with 'hello  [31mthere')",
    ),
    "nothing": ("", b"", "and no JSON (it is empty)"),
    "a list": ("application/json", b"[1]", "application/json and no JSON (it begins with '[1]')"),
}


@pytest.mark.parametrize("page", PAGES)
def test_a_page_in_the_place_of_a_registry_is_told_as_what_it_is(page: str) -> None:
    kind, body, says = PAGES[page]
    with Registry() as registry, talking(registry) as client:
        image = registry.put_image("team/web", b"layer", tag="1")
        web = registry.repository("team/web")
        asks: dict[str, Callable[[], object]] = {
            "GET manifests": lambda: client.manifest(web.pinned(image.digest)),
            "GET tags": lambda: client.tags(web),
            "GET referrers": lambda: client.referrers(web, image.digest),
        }
        for route, ask in asks.items():
            registry.fault(route, status=200, body=body, headers={"Content-Type": kind} if kind else {})
            with pytest.raises(Unavailable) as caught:
                ask()
            assert f"what came from {registry.host} is " in caught.value.message
            assert says in caught.value.message
            assert caught.value.code == "not-a-registry"
            assert caught.value.hint.startswith("check the proxy (HTTPS_PROXY, NO_PROXY), the host's name, and https")
            assert f"curl -i {registry.url}/v2/" in caught.value.hint
