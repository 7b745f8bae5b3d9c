"""Writing manifests and tags to a registry that misbehaves."""

from __future__ import annotations

import pytest

from paasctl.errors import PaasError, Unavailable, WouldClobber
from paasctl.model.image import Descriptor
from support.registry import CONFIG, INDEX, MANIFEST, Registry, describe, index_of, manifest_of
from support.registry_client import Content, CountingClock, talking

LAYERS = (b"one", b"two", b"three")


def image(registry: Registry, path: str = "team/web") -> bytes:
    """The blobs of an image are there; its manifest is ours to put."""
    layers = [registry.put_blob(path, layer) for layer in LAYERS]
    return manifest_of(registry.put_blob(path, b"{}", CONFIG), layers)


def test_a_push_of_an_image_whose_blobs_are_there_is_a_head_each_and_no_upload() -> None:
    with Registry() as registry, talking(registry) as client:
        manifest = image(registry)
        web = registry.repository("team/web")
        for layer in (*LAYERS, b"{}"):
            assert client.push_blob(web, describe(layer), Content.of(layer)) == "exists"
        assert registry.requests == {"HEAD blobs": 4}
        client.put_manifest(web, MANIFEST, manifest)
        assert registry.received == 0


def test_a_second_push_of_the_same_writes_nothing() -> None:
    with Registry() as registry, talking(registry) as client:
        manifest = image(registry)
        web = registry.repository("team/web")

        def push_all() -> Descriptor:
            for layer in (*LAYERS, b"{}"):
                client.push_blob(web, describe(layer), Content.of(layer))
            client.put_manifest(web, MANIFEST, manifest)
            return client.put_manifest(web, MANIFEST, manifest, tag="1.2.3")

        first = push_all()
        registry.forget_requests()
        assert push_all() == first == describe(manifest, MANIFEST)
        assert registry.writes == 0
        assert registry.requests == {"HEAD blobs": 4, "HEAD manifests": 2}


def test_a_manifest_that_was_looked_for_and_not_found_is_not_looked_for_again() -> None:
    with Registry() as registry, talking(registry) as client:
        manifest = image(registry)
        web = registry.repository("team/web")
        digest = describe(manifest, MANIFEST).digest
        assert client.resolve(web.pinned(digest)) is None
        registry.forget_requests()
        client.put_manifest(web, MANIFEST, manifest)
        assert registry.requests == {"PUT manifests": 1, "GET manifests": 1, "HEAD blobs": 4}
        client.put_manifest(web, MANIFEST, manifest)
        assert registry.requests["HEAD manifests"] == 1, "it is looked for once it was written"


def test_a_manifest_and_then_its_tag_are_written_read_back_and_looked_through_once() -> None:
    with Registry() as registry, talking(registry) as client:
        manifest = image(registry)
        web = registry.repository("team/web")
        digest = client.put_manifest(web, MANIFEST, manifest).digest
        assert registry.requests == {"HEAD manifests": 1, "PUT manifests": 1, "GET manifests": 1, "HEAD blobs": 4}
        registry.forget_requests()
        client.put_manifest(web, MANIFEST, manifest, tag="1.2.3")
        assert registry.requests == {"HEAD manifests": 1, "PUT manifests": 1, "GET manifests": 1}
        assert registry.tags["team/web"] == {"1.2.3": digest}


def test_p10_an_immutable_tag_that_is_this_already_is_success_without_a_write() -> None:
    with Registry() as registry, talking(registry) as client:
        done = registry.put_image("team/web", *LAYERS, tag="1.2.3")
        registry.rules.immutable = True
        content = registry.manifests["team/web"][done.digest][1]
        assert client.put_manifest(registry.repository("team/web"), MANIFEST, content, tag="1.2.3") == done
        assert registry.writes == 0


def test_p10_a_twin_that_wrote_the_immutable_tag_first_is_no_error() -> None:
    with Registry() as registry, talking(registry) as client:
        done = registry.put_image("team/web", *LAYERS, tag="1.2.3")
        registry.rules.immutable = True
        registry.fault("HEAD manifests", status=404)  # it comes between our look and our write
        content = registry.manifests["team/web"][done.digest][1]
        assert client.put_manifest(registry.repository("team/web"), MANIFEST, content, tag="1.2.3") == done


def test_p11_a_tag_on_another_digest_is_not_moved_and_both_are_named() -> None:
    with Registry() as registry, talking(registry) as client:
        before = registry.put_image("team/web", b"old", tag="1.2.3")
        manifest = image(registry)
        with pytest.raises(WouldClobber) as caught:
            client.put_manifest(registry.repository("team/web"), MANIFEST, manifest, tag="1.2.3")
        assert before.digest in caught.value.message
        assert describe(manifest).digest in caught.value.message
        assert "--allow-tag-move" in caught.value.hint
        assert registry.writes == 0


def test_p11_a_tag_moves_when_told_to() -> None:
    with Registry() as registry, talking(registry) as client:
        registry.put_image("team/web", b"old", tag="1.2.3")
        manifest = image(registry)
        moved = client.put_manifest(registry.repository("team/web"), MANIFEST, manifest, tag="1.2.3", move=True)
        assert registry.tags["team/web"]["1.2.3"] == moved.digest == describe(manifest).digest


@pytest.mark.parametrize("move", [False, True])
def test_p11_a_registry_that_keeps_its_tags_is_quoted(move: bool) -> None:
    with Registry() as registry, talking(registry) as client:
        registry.put_image("team/web", b"old", tag="1.2.3")
        registry.rules.immutable = True
        if not move:
            registry.fault("HEAD manifests", status=404)
        with pytest.raises(WouldClobber, match="TAG_IMMUTABLE"):
            client.put_manifest(registry.repository("team/web"), MANIFEST, image(registry), tag="1.2.3", move=move)


def test_p11_a_tag_that_somebody_moves_at_the_same_moment_is_found_out() -> None:
    with Registry() as registry, talking(registry) as client:
        other = registry.put_image("team/web", b"other")
        manifest = image(registry)
        content = registry.manifests["team/web"][other.digest][1]
        registry.fault("GET manifests", status=200, body=content, headers={"Content-Type": MANIFEST})
        with pytest.raises(WouldClobber, match="somebody moved it meanwhile"):
            client.put_manifest(registry.repository("team/web"), MANIFEST, manifest, tag="1.2.3")


def test_p13_a_manifest_that_was_taken_although_its_blobs_are_gone_is_an_error() -> None:
    with Registry() as registry, talking(registry) as client:
        manifest = image(registry)
        gone = describe(b"two").digest
        del registry.blobs["team/web"][gone]
        registry.rules.checks_manifests = False
        with pytest.raises(Unavailable, match="the registry took it") as caught:
            client.put_manifest(registry.repository("team/web"), MANIFEST, manifest)
        assert (caught.value.code, caught.value.evidence) == ("blob-missing", (gone,))


def test_p13_a_registry_that_refuses_such_a_manifest_is_understood() -> None:
    with Registry() as registry, talking(registry) as client:
        manifest = image(registry)
        registry.blobs["team/web"].clear()
        with pytest.raises(Unavailable, match="MANIFEST_BLOB_UNKNOWN") as caught:
            client.put_manifest(registry.repository("team/web"), MANIFEST, manifest)
        assert caught.value.code == "blob-missing"


def test_p13_one_whose_blobs_are_not_there_for_a_moment_is_written_again() -> None:
    """docker-registry rewrites the link of a blob that two upload at once."""
    with Registry() as registry:
        manifest, blobs = image(registry), registry.blobs["team/web"]
        there = dict(blobs)

        class _Comes(CountingClock):
            def pause(self, seconds: float) -> None:
                super().pause(seconds)
                if seconds:
                    blobs.update(there)

        with talking(registry, _Comes()) as client:
            blobs.clear()
            made = client.put_manifest(registry.repository("team/web"), MANIFEST, manifest)
            assert made.digest in registry.manifests["team/web"]


def test_p13_an_index_whose_child_is_gone_is_an_error() -> None:
    with Registry() as registry, talking(registry) as client:
        here = registry.put_image("team/web", b"here")
        gone = describe(manifest_of(describe(b"{}", CONFIG), []), MANIFEST)
        registry.rules.checks_manifests = False
        with pytest.raises(Unavailable) as caught:
            client.put_manifest(registry.repository("team/web"), INDEX, index_of([here, gone]))
        assert caught.value.evidence == (gone.digest,)
        done = client.put_manifest(registry.repository("team/web"), INDEX, index_of([here]))
        assert done.digest in registry.manifests["team/web"]


def test_p13_a_manifest_that_vanished_is_an_error() -> None:
    with Registry() as registry, talking(registry) as client:
        registry.fault("PUT manifests", status=201)
        with pytest.raises(Unavailable, match="took it, and it is not there"):
            client.put_manifest(registry.repository("team/web"), MANIFEST, image(registry))


def test_a_manifest_is_written_again_after_a_passing_fault() -> None:
    with Registry() as registry, talking(registry) as client:
        manifest = image(registry)
        registry.fault("PUT manifests", status=502)
        registry.fault("PUT manifests", cut=0)
        done = client.put_manifest(registry.repository("team/web"), MANIFEST, manifest, tag="1")
        assert registry.tags["team/web"] == {"1": done.digest}


def test_a_refused_manifest_says_what_the_registry_said() -> None:
    body = b'{"errors": [{"code": "MANIFEST_INVALID", "message": "no\\u001b[31m such schema"}]}'
    with Registry() as registry, talking(registry) as client:
        registry.fault("PUT manifests", status=400, body=body)
        with pytest.raises(PaasError, match=r"MANIFEST_INVALID: no \[31m such schema") as caught:
            client.put_manifest(registry.repository("team/web"), MANIFEST, image(registry))
        assert "\x1b" not in caught.value.message
