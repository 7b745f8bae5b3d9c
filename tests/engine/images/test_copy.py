"""Copying images between registries and layouts: what travels, in which order, and at what price."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from paasctl.embedded.http.faults import Fault
from paasctl.engine.images.copy import CopyWish
from paasctl.errors import Missing, PaasError, Refused, WouldClobber
from paasctl.model.copied import Copied
from paasctl.model.image import Platform
from paasctl.model.location import InLayout
from support.copying import LAYERS, Bench, at, bench_in, put_index, sign_by_tag, vouch
from support.registry import CONFIG, LAYER, Registry, describe, manifest_of


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    with bench_in(tmp_path) as found:
        yield found


# --- what it costs ---


def test_in_one_registry_no_byte_of_a_blob_moves(bench: Bench) -> None:
    image = bench.here.put_image("dev/web", *LAYERS, tag="1")
    bench.here.forget_requests()
    made = bench.copy(at(bench.here, "dev/web"), at(bench.here, "prod/web", "2"))
    assert made == Copied(root=image, mounted=6, manifests=1)
    assert bench.here.received == 0
    assert [it for it in bench.here.log if it.method == "GET" and "/blobs/" in it.path] == []
    assert bench.here.tags["prod/web"] == {"2": image.digest}
    assert dict(bench.here.blobs["prod/web"]) == dict(bench.here.blobs["dev/web"])


@pytest.mark.parametrize(("names", "looks"), [(True, {}), (False, {"HEAD blobs": 6})])
def test_a_first_copy_in_one_registry_asks_for_each_blob_once(
    bench: Bench, *, names: bool, looks: dict[str, int]
) -> None:
    """Once more where the answer to a mount does not name the digest."""
    bench.here.put_image("dev/web", *LAYERS, tag="1")
    bench.here.rules.digests = names
    bench.here.forget_requests()
    bench.copy(at(bench.here, "dev/web"), at(bench.here, "prod/web"))
    assert bench.here.requests == {
        "GET manifests": 1 + 2,  # the image; both writes read back
        "GET referrers": 1,
        "HEAD manifests": 3 + 3,  # three companions' tags; the tag, the digest; the tag once more before it is written
        "POST mounts": 6,
        **looks,
        "PUT manifests": 2,
    }


def test_the_same_copy_again_writes_nothing_and_asks_for_no_blob(bench: Bench) -> None:
    bench.here.put_image("dev/web", *LAYERS, tag="1")
    for host in (bench.here, bench.there):
        bench.copy(at(bench.here, "dev/web"), at(host, "prod/web"))
    for host in (bench.here, bench.there):
        bench.here.forget_requests()
        bench.there.forget_requests()
        made = bench.copy(at(bench.here, "dev/web"), at(host, "prod/web"))
        assert (made.exists, made.streamed, made.mounted, made.manifests) == (6, 0, 0, 0)
        assert bench.here.writes + bench.there.writes == 0
        asked = bench.here.requests + bench.there.requests
        assert asked == {"GET manifests": 1, "GET referrers": 1, "HEAD manifests": 3 + 3}


def test_another_name_for_what_is_there_costs_one_manifest(bench: Bench) -> None:
    image = bench.here.put_image("dev/web", *LAYERS, tag="1")
    bench.copy(at(bench.here, "dev/web"), at(bench.there, "prod/web"))
    bench.there.forget_requests()
    bench.copy(at(bench.here, "dev/web"), at(bench.there, "prod/web", "stable"))
    assert bench.there.writes == 1
    assert bench.there.tags["prod/web"] == {"1": image.digest, "stable": image.digest}


def test_to_another_registry_every_blob_is_sent_once(bench: Bench) -> None:
    image = bench.here.put_image("dev/web", *LAYERS, tag="1")
    bench.here.forget_requests()
    made = bench.copy(at(bench.here, "dev/web"), at(bench.there, "prod/web"))
    size = sum(map(len, LAYERS)) + 2
    assert made == Copied(root=image, streamed=6, bytes_streamed=size, manifests=1)
    assert bench.there.received == size
    assert bench.here.requests["GET blobs"] == 6
    assert bench.there.requests["POST uploads"] == bench.there.requests["PUT uploads"] == 6
    assert bench.there.requests["HEAD blobs"] == 6
    assert bench.there.manifests["prod/web"][image.digest][1] == bench.here.manifests["dev/web"][image.digest][1]


def test_what_was_moved_before_is_not_moved_again(bench: Bench) -> None:
    bench.here.put_image("dev/web", *LAYERS, tag="1")
    for it in LAYERS[:3]:
        bench.there.put_blob("prod/web", it)
    made = bench.copy(at(bench.here, "dev/web"), at(bench.there, "prod/web"))
    assert (made.exists, made.streamed) == (3, 3)
    assert bench.there.received == sum(map(len, LAYERS[3:])) + 2


def test_a_base_that_the_other_registry_has_is_mounted_from_there(bench: Bench) -> None:
    base = bench.there.repository("base/python").tagged("3")
    bench.there.put_blob("base/python", LAYERS[0])
    config = bench.here.put_blob("dev/web", b"{}", CONFIG)
    said = json.loads(manifest_of(config, [bench.here.put_blob("dev/web", it) for it in LAYERS[:2]]))
    said["annotations"] = {"org.opencontainers.image.base.name": str(base)}
    bench.here.put_manifest("dev/web", json.dumps(said).encode(), tag="1")
    made = bench.copy(at(bench.here, "dev/web"), at(bench.there, "prod/web"))
    assert (made.mounted, made.streamed) == (1, 2)


def test_a_registry_that_mounts_nothing_gets_the_bytes_and_keeps_no_open_upload(bench: Bench) -> None:
    bench.here.put_image("dev/web", *LAYERS, tag="1")
    bench.here.rules.mounts = False
    made = bench.copy(at(bench.here, "dev/web"), at(bench.here, "prod/web"))
    assert (made.mounted, made.streamed) == (0, 6)
    assert bench.here.uploads == {}


# --- indexes and platforms ---


def test_an_index_travels_byte_by_byte(bench: Bench) -> None:
    one, two = (bench.here.put_image("dev/web", it) for it in LAYERS[:2])
    index = put_index(bench.here, "dev/web", (one, "linux/amd64"), (two, "linux/arm64"))
    bench.copy(at(bench.here, "dev/web"), at(bench.there, "prod/web"))
    assert bench.there.manifests["prod/web"] == bench.here.manifests["dev/web"]
    assert bench.there.tags["prod/web"] == {"1": index.digest}


def test_one_platform_of_an_index_is_an_image_and_what_stays_is_said(bench: Bench) -> None:
    one, two = (bench.here.put_image("dev/web", it) for it in LAYERS[:2])
    index = put_index(bench.here, "dev/web", (one, "linux/amd64"), (two, "linux/arm64"))
    made = bench.copy(
        at(bench.here, "dev/web"), at(bench.there, "prod/web"), CopyWish(platform=Platform.parse("linux/arm64"))
    )
    assert made.root.digest == two.digest
    assert bench.there.tags["prod/web"] == {"1": two.digest}
    assert len(bench.there.blobs["prod/web"]) == 2
    assert any(index.digest in it for it in bench.warned)


def test_a_platform_that_is_not_there_is_refused(bench: Bench) -> None:
    put_index(bench.here, "dev/web", (bench.here.put_image("dev/web", b"x"), "linux/amd64"))
    with pytest.raises(Refused, match="there is: linux/amd64") as caught:
        bench.copy(at(bench.here, "dev/web"), at(bench.there, "a"), CopyWish(platform=Platform.parse("linux/s390x")))
    assert caught.value.code == "platform-missing"
    assert bench.there.writes == 0


def test_layers_that_may_not_be_distributed_stay_and_that_is_said(bench: Bench) -> None:
    config = bench.here.put_blob("dev/web", b"{}", CONFIG)
    mine = bench.here.put_blob("dev/web", b"mine")
    said: dict[str, Any] = json.loads(manifest_of(config, [mine]))
    kind = "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip"
    foreign = describe(b"foreign")
    said["layers"] += [{"mediaType": kind, "digest": foreign.digest, "size": 7, "urls": ["https://example.com/l"]}]
    bench.here.put_manifest("dev/web", json.dumps(said).encode(), tag="1")
    bench.copy(at(bench.here, "dev/web"), at(bench.there, "prod/web"))
    assert set(bench.there.blobs["prod/web"]) == {config.digest, mine.digest}
    assert any(foreign.digest in it for it in bench.warned)


# --- names ---


def test_a_name_that_is_another_images_is_refused_before_anything_moves(bench: Bench) -> None:
    bench.here.put_image("dev/web", *LAYERS, tag="1")
    old = bench.there.put_image("prod/web", b"old", tag="1")
    with pytest.raises(WouldClobber, match=old.digest):
        bench.copy(at(bench.here, "dev/web"), at(bench.there, "prod/web"))
    assert bench.there.writes == 0
    made = bench.copy(at(bench.here, "dev/web"), at(bench.there, "prod/web"), CopyWish(move=True))
    assert bench.there.tags["prod/web"] == {"1": made.root.digest}


def test_an_image_that_is_not_there_is_said(bench: Bench) -> None:
    with pytest.raises(Missing) as caught:
        bench.copy(at(bench.here, "dev/web"), at(bench.there, "prod/web"))
    assert caught.value.code == "image-not-found"
    assert bench.there.writes == 0


# --- folders ---


def test_into_a_folder_and_back_nothing_is_lost(bench: Bench) -> None:
    image = bench.here.put_image("dev/web", *LAYERS, tag="1")
    vouch(bench.here, "dev/web", vouch(bench.here, "dev/web", image))
    sign_by_tag(bench.here, "dev/web", image, b"ann")
    bench.copy(at(bench.here, "dev/web"), InLayout("layout", "1"))
    bench.copy(InLayout("layout", "1"), at(bench.there, "prod/web"))
    assert bench.there.manifests["prod/web"] == bench.here.manifests["dev/web"]
    assert bench.there.tags["prod/web"] == bench.here.tags["dev/web"]
    assert dict(bench.there.blobs["prod/web"]) == dict(bench.here.blobs["dev/web"])


# --- what goes wrong ---

Fails = tuple[str, str, dict[str, Any]]


@pytest.mark.parametrize(
    "fault",
    [
        ("there", "PUT uploads", {"status": 403, "times": 100}),
        ("there", "POST uploads", {"status": 404, "times": 100}),
        ("there", "PUT manifests", {"status": 403, "times": 100}),
        ("here", "GET blobs", {"status": 404}),
        ("here", "GET blobs", {"flip": True}),
        ("there", "PUT uploads", {"status": 503, "times": 1000}),
    ],
    ids=["no push", "no repository", "no manifest", "a blob is missing", "a byte is wrong", "it stays broken"],
)
def test_a_copy_that_fails_shows_no_tag_and_leaves_no_upload(
    bench: Bench, fault: tuple[str, str, dict[str, Any]]
) -> None:
    side, on, how = fault
    bench.here.put_image("dev/web", *LAYERS, tag="1")
    (bench.here if side == "here" else bench.there).fault(on, **how)
    with pytest.raises(PaasError):
        bench.copy(at(bench.here, "dev/web"), at(bench.there, "prod/web"))
    assert bench.there.tags["prod/web"] == {}
    assert bench.there.uploads == {}


def test_a_copy_that_fails_at_any_write_is_finished_by_the_next(bench: Bench) -> None:
    image = bench.here.put_image("dev/web", *LAYERS, tag="1")
    vouch(bench.here, "dev/web", image)
    sign_by_tag(bench.here, "dev/web", image, b"ann")
    bench.copy(at(bench.here, "dev/web"), at(bench.there, "straight/web"))
    writes = bench.there.writes
    for survived in range(writes):
        path = f"broken{survived}/web"
        bench.there.forget_requests()
        stop_after(bench.there, survived)
        with pytest.raises(PaasError):
            bench.copy(at(bench.here, "dev/web"), at(bench.there, path))
        bench.there.running.server.names = bench.there.running.registry.names
        bench.copy(at(bench.here, "dev/web"), at(bench.there, path))
        assert bench.there.tags[path] == bench.there.tags["straight/web"]
        assert bench.there.manifests[path] == bench.there.manifests["straight/web"]


def stop_after(registry: Registry, writes: int) -> None:
    """From the write after so many on, refuse all of them."""
    before: Callable[[Any], Sequence[str]] = registry.running.registry.names
    seen = [0]

    def names(request: Any) -> Sequence[str]:
        if request.method not in ("GET", "HEAD"):
            seen[0] += 1
            if seen[0] > writes:
                return ("broken",)
        return before(request)

    registry.running.server.names = names
    registry.running.faults.switch_on(Fault(on="broken", word="403", times=10_000))


def test_a_blob_whose_type_sounds_like_a_manifests_travels(bench: Bench) -> None:
    """Artifacts may call their layers what they like."""
    layer = bench.here.put_blob("dev/app", b"kind: Pod", "application/vnd.example.manifest.v1+yaml")
    content = manifest_of(bench.here.put_blob("dev/app", b"{}", CONFIG), [layer])
    made = bench.here.put_manifest("dev/app", content, tag="1")
    bench.copy(at(bench.here, "dev/app"), at(bench.there, "prod/app"))
    assert bench.there.tags["prod/app"] == {"1": made.digest}
    assert layer.digest in bench.there.blobs["prod/app"]


def test_a_lying_layer_type_is_no_secret(bench: Bench) -> None:
    """What is in a layer is nobody's business here: any bytes travel."""
    image = bench.here.put_image("dev/web", b"not a tar at all", tag="1")
    bench.copy(at(bench.here, "dev/web"), at(bench.there, "prod/web"))
    assert bench.there.tags["prod/web"] == {"1": image.digest}
    assert LAYER in bench.there.manifests["prod/web"][image.digest][1].decode()
