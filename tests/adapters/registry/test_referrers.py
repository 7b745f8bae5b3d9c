"""What vouches for an image: asked of the API, or of the tag that clients keep where there is none."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from paasctl.adapters.registry import RegistryClient
from paasctl.embedded.http.message import Request
from paasctl.errors import PaasError, Unavailable
from paasctl.model.image import Descriptor
from support.registry import INDEX, MANIFEST, Registry, describe
from support.registry_client import talking
from support.registry_values import vouching

WEB = "team/web"
KIND = "application/vnd.example.signature"


@pytest.fixture(params=["with the API", "without the API"])
def registry(request: pytest.FixtureRequest) -> Iterator[Registry]:
    with Registry() as found:
        found.rules.referrers = request.param == "with the API"
        yield found


@pytest.fixture
def bare() -> Iterator[Registry]:
    with Registry() as found:
        found.rules.referrers = False
        yield found


def sign(client: RegistryClient, registry: Registry, subject: Descriptor, note: str) -> Descriptor:
    empty = registry.put_blob(WEB, b"{}", "application/vnd.oci.empty.v1+json")
    return client.put_manifest(registry.repository(WEB), MANIFEST, vouching(subject, empty, KIND, note))


def found(client: RegistryClient, registry: Registry, subject: Descriptor) -> list[str]:
    return sorted(it.digest for it in client.referrers(registry.repository(WEB), subject.digest))


def tag_of(subject: Descriptor) -> str:
    return subject.digest.replace(":", "-")


def test_what_vouches_is_found(registry: Registry) -> None:
    with talking(registry) as client:
        image = registry.put_image(WEB, b"layer", tag="1")
        assert client.referrers(registry.repository(WEB), image.digest) == ()
        signed = [sign(client, registry, image, note) for note in ("one", "two", "three")]
        assert found(client, registry, image) == sorted(it.digest for it in signed)
        first = client.referrers(registry.repository(WEB), image.digest)[0]
        assert (first.media_type, first.artifact_type) == (MANIFEST, KIND)
        assert first.annotations["note"] in ("one", "two", "three")


def test_a_repository_that_does_not_exist_has_no_referrers(registry: Registry) -> None:
    with talking(registry) as client:
        assert client.referrers(registry.repository("nobody/here"), describe(b"x").digest) == ()


def test_referrers_come_page_by_page() -> None:
    with Registry() as registry, talking(registry) as client:
        image = registry.put_image(WEB, b"layer")
        signed = [sign(client, registry, image, str(number)) for number in range(5)]
        registry.rules.page = 2
        registry.forget_requests()
        assert found(client, registry, image) == sorted(it.digest for it in signed)
        assert registry.requests == {"GET referrers": 3}


def test_a_registry_without_the_api_is_asked_for_it_once(bare: Registry) -> None:
    with talking(bare) as client:
        image, other = bare.put_image(WEB, b"layer"), bare.put_image(WEB, b"other")
        for it in (image, other, image):
            assert found(client, bare, it) == []
        assert bare.requests == {"GET referrers": 1, "GET manifests": 3}


def test_a_registry_that_lists_it_itself_gets_no_tag() -> None:
    with Registry() as registry, talking(registry) as client:
        sign(client, registry, registry.put_image(WEB, b"layer"), "one")
        assert registry.tags[WEB] == {}


def test_the_tag_that_clients_keep_is_an_index_as_the_spec_has_it(bare: Registry) -> None:
    with talking(bare) as client:
        image = bare.put_image(WEB, b"layer")
        signed = sign(client, bare, image, "one")
        media_type, content = bare.manifests[WEB][bare.tags[WEB][tag_of(image)]]
        assert media_type == INDEX
        assert json.loads(content) == {
            "schemaVersion": 2,
            "mediaType": INDEX,
            "manifests": [
                {
                    "mediaType": MANIFEST,
                    "digest": signed.digest,
                    "size": signed.size,
                    "artifactType": KIND,
                    "annotations": {"note": "one"},
                }
            ],
        }


def test_the_same_again_writes_nothing(registry: Registry) -> None:
    with talking(registry) as client:
        image = registry.put_image(WEB, b"layer")
        sign(client, registry, image, "one")
        before = registry.writes
        sign(client, registry, image, "one")
        assert registry.writes == before


def test_a_run_that_was_killed_before_the_tag_is_made_good_by_the_next(bare: Registry) -> None:
    with talking(bare) as client:
        image = bare.put_image(WEB, b"layer")
        signed = sign(client, bare, image, "one")
        bare.folder.untag(WEB, tag_of(image))
        assert found(client, bare, image) == []
        sign(client, bare, image, "one")
        assert found(client, bare, image) == [signed.digest]


def test_what_the_index_says_of_others_stays_as_it_is(bare: Registry) -> None:
    with talking(bare) as client:
        image, old = bare.put_image(WEB, b"layer"), bare.put_image(WEB, b"old")
        entry = {"mediaType": MANIFEST, "digest": old.digest, "size": old.size, "future": {"a": 1}}
        kept = {"schemaVersion": 2, "mediaType": INDEX, "manifests": [entry], "annotations": {"x": "y"}}
        bare.put_manifest(WEB, json.dumps(kept).encode(), INDEX, tag_of(image))
        sign(client, bare, image, "one")
        said = json.loads(bare.manifests[WEB][bare.tags[WEB][tag_of(image)]][1])
        assert said["annotations"] == {"x": "y"}
        assert said["manifests"][0] == entry
        assert len(said["manifests"]) == 2


def test_entries_of_what_was_deleted_are_left_out_where_the_registry_refuses_them(bare: Registry) -> None:
    with talking(bare) as client:
        image = bare.put_image(WEB, b"layer")
        gone, kept = sign(client, bare, image, "gone"), sign(client, bare, image, "kept")
        bare.folder.delete_manifest(WEB, gone.digest)
        new = sign(client, bare, image, "new")
        assert found(client, bare, image) == sorted([kept.digest, new.digest])


# --- others write the same tag ---


def between(registry: Registry, number: int, act: Callable[[], object]) -> None:
    """Let somebody else act after the client has sent its `number`th PUT of the fallback tag."""
    server, seen = registry.running.server, [0]
    before = server.names

    def names(request: Request) -> Any:
        if request.method == "GET" and "/manifests/sha256-" in request.path:
            seen[0] += 1
            if seen[0] == number:
                act()
        return before(request)

    server.names = names


@pytest.mark.parametrize("etags", [True, False])
def test_who_is_written_over_notices_and_adds_itself_again(bare: Registry, etags: bool) -> None:
    bare.rules.etags = etags
    with talking(bare) as client:
        image = bare.put_image(WEB, b"layer")
        other = bare.put_image(WEB, b"another signature")

        def write_over() -> None:
            entry = {"mediaType": MANIFEST, "digest": other.digest, "size": other.size}
            index = {"schemaVersion": 2, "mediaType": INDEX, "manifests": [entry]}
            bare.put_manifest(WEB, json.dumps(index).encode(), INDEX, tag_of(image))

        between(bare, 2, write_over)  # the second look is the one after the write
        signed = sign(client, bare, image, "one")
        assert found(client, bare, image) == sorted([other.digest, signed.digest])


def test_who_is_written_over_after_its_last_look_settles_that(bare: Registry) -> None:
    """By somebody who had read the tag before: the registry knows no condition for a write."""
    bare.rules.etags = False
    with talking(bare) as client:
        image = bare.put_image(WEB, b"layer")
        other = bare.put_image(WEB, b"another signature")
        signed = sign(client, bare, image, "one")
        entry = {"mediaType": MANIFEST, "digest": other.digest, "size": other.size}
        index = {"schemaVersion": 2, "mediaType": INDEX, "manifests": [entry]}
        bare.put_manifest(WEB, json.dumps(index).encode(), INDEX, tag_of(image))
        assert found(client, bare, image) == [other.digest]
        client.settle(bare.repository(WEB), image.digest)
        assert found(client, bare, image) == sorted([other.digest, signed.digest])
        bare.forget_requests()
        client.settle(bare.repository(WEB), image.digest)
        assert (bare.writes, sum(bare.requests.values())) == (0, 1)


def test_where_the_api_lists_there_is_nothing_to_settle() -> None:
    with Registry() as registry, talking(registry) as client:
        image = registry.put_image(WEB, b"layer")
        sign(client, registry, image, "one")
        registry.forget_requests()
        client.settle(registry.repository(WEB), image.digest)
        assert sum(registry.requests.values()) == 0


def test_many_at_once_lose_nothing_where_the_registry_has_etags(bare: Registry) -> None:
    with talking(bare) as one, talking(bare) as two:
        image = bare.put_image(WEB, b"layer")
        with ThreadPoolExecutor(4) as pool:
            jobs = [pool.submit(sign, (one, two)[it % 2], bare, image, str(it)) for it in range(12)]
            signed = sorted(it.result().digest for it in jobs)
        assert found(one, bare, image) == signed


def test_a_tag_that_others_never_leave_alone_is_said(bare: Registry) -> None:
    with talking(bare) as client:
        image = bare.put_image(WEB, b"layer")
        empty = json.dumps({"schemaVersion": 2, "mediaType": INDEX, "manifests": []}).encode()
        for number in range(40):
            between(bare, number, lambda: bare.put_manifest(WEB, empty, INDEX, tag_of(image)))
        with pytest.raises(Unavailable, match="somebody else keeps writing that tag"):
            sign(client, bare, image, "one")


# --- answers that are none ---


@pytest.mark.parametrize(
    "body",
    [b"", b"<html>", b"[]", b"{}", b'{"manifests": 1}', b'{"manifests": [1]}', b'{"manifests": [{}]}', b"[" * 100_000],
)
def test_garbage_is_not_nothing(body: bytes) -> None:
    with Registry() as registry, talking(registry) as client:
        image = registry.put_image(WEB, b"layer")
        registry.fault("GET referrers", status=200, body=body)
        with pytest.raises(Unavailable, match=r"listing what vouches|referrers"):
            client.referrers(registry.repository(WEB), image.digest)


@pytest.mark.parametrize("status", [401, 403, 500])
def test_not_knowing_is_not_nothing(status: int) -> None:
    with Registry() as registry, talking(registry) as client:
        image = registry.put_image(WEB, b"layer")
        registry.fault("GET referrers", status=status, times=1000)
        with pytest.raises(PaasError):
            client.referrers(registry.repository(WEB), image.digest)


def test_a_list_that_goes_on_elsewhere_is_refused() -> None:
    with Registry() as registry, Registry() as elsewhere, talking(registry) as client:
        image = registry.put_image(WEB, b"layer")
        link = {"Link": f'<{elsewhere.url}/v2/{WEB}/referrers/{image.digest}?n=1>; rel="next"'}
        registry.fault("GET referrers", status=200, body=b'{"manifests": []}', headers=link)
        with pytest.raises(Unavailable, match="another host"):
            client.referrers(registry.repository(WEB), image.digest)
        assert elsewhere.requests == {}
