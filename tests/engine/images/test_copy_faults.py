"""The fault matrix of a copy: what registries do wrong, and how a copy ends then.

In every case: the outcome is the right one, it comes within the patience that a run has (on a clock that only counts),
memory stays small, a failed copy shows no tag, and no upload is left open.
"""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterator

import pytest

from paasctl.adapters.registry import RegistryClient
from paasctl.errors import PaasError
from paasctl.model.image import Repository
from support.copy_faults import (
    BY_FAULT,
    BY_RULE,
    DIGEST,
    DONE,
    LAYERS,
    MEMORY,
    WHOLE,
    Arrange,
    Own,
    sent_on_to_another_host,
)
from support.endless import Endless
from support.registry import Registry, describe
from support.registry_client import CountingClock

CASES = {**BY_FAULT, **BY_RULE}


@pytest.fixture
def scene() -> Iterator[Own]:
    with Registry() as here, Registry() as there, Registry() as elsewhere:
        here.put_image("dev/web", *LAYERS, tag="1")
        yield Own(here, there, elsewhere=elsewhere)


@pytest.mark.parametrize(("arrange", "outcome"), CASES.values(), ids=CASES)
def test_a_copy_ends_as_it_should(scene: Own, arrange: Arrange, outcome: str) -> None:
    arrange(scene)
    tracemalloc.start()
    try:
        ended = scene.ended()
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    to = scene.there
    shown = to.tags["prod/web"].get("1")
    assert ended == outcome
    assert (shown == scene.here.tags["dev/web"]["1"]) == (outcome == DONE)
    assert shown is None or outcome in (DONE, "would-clobber")
    assert to.uploads == {}
    assert scene.clock.time - 1000.0 <= WHOLE
    assert peak < MEMORY


def test_what_a_registry_asks_for_is_waited_for_by_all(scene: Own) -> None:
    scene.there.fault("POST uploads", status=429, headers={"Retry-After": "7"})
    scene.copy()
    assert scene.clock.time >= 1007.0


def test_no_credentials_go_to_another_host(scene: Own) -> None:
    sent_on_to_another_host(scene)
    scene.copy()
    assert scene.elsewhere
    assert scene.elsewhere.requests["GET blobs"] == 4
    assert [it for it in scene.elsewhere.log if "Authorization" in it.headers] == []


# --- bodies without end ---


@pytest.mark.parametrize("chunked", [True, False])
@pytest.mark.parametrize("status", [200, 401, 404, 429, 500])
def test_an_answer_without_end_is_not_read_to_its_end(status: int, chunked: bool) -> None:
    with Endless({"/v2/web/": status} if status != 404 else {"/v2/web/": 400}, chunked=chunked) as server:
        client = RegistryClient(server.host, clock=CountingClock(), environ={"HOME": "/nonexistent"})
        web = Repository(server.host, "web")
        for ask in (
            lambda: client.manifest(web.tagged("1")),
            lambda: client.tags(web),
            lambda: client.referrers(web, DIGEST),
        ):
            with pytest.raises(PaasError):
                ask()
        client.close()
        assert server.sent < 300


def test_a_blob_without_end_is_left_after_its_size() -> None:
    with Endless({"/v2/web/": 200}) as server:
        client = RegistryClient(server.host, clock=CountingClock(), environ={"HOME": "/nonexistent"})
        with client.open_blob(Repository(server.host, "web"), describe(b"x" * 5)) as chunks:
            with pytest.raises(PaasError) as caught:
                list(chunks)
            assert caught.value.code == "digest-mismatch"
        client.close()
        assert server.sent < 100


def test_the_cases_are_those_of_the_issue() -> None:
    """Nobody takes one out without noticing."""
    wanted = (
        *("202", "401 in the middle", "403", "repository", "429, seconds", "429, a date", "503", "cut", "wrong byte"),
        *("no Docker-Content-Digest", "absolute", "relative", "out of order", "another host", "takes the tag"),
        *("no JSON", "never ends"),
    )
    assert [it for it in wanted if not any(it in name for name in CASES)] == []
