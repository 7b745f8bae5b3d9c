"""Copying what vouches for an image: by subject, by tag, recursively, in order; and what is left behind is said."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from paasctl.engine.images.copy import CopyWish
from paasctl.model.image import Descriptor
from support.copying import LAYERS, SIGNATURE, Bench, at, bench_in, put_index, sign_by_tag, vouch
from support.registry import INDEX, MANIFEST
from support.registry_values import vouching


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    with bench_in(tmp_path) as found:
        yield found


@pytest.mark.parametrize("api", [(True, True), (True, False), (False, True), (False, False)])
def test_everything_that_vouches_travels(bench: Bench, api: tuple[bool, bool]) -> None:
    bench.here.rules.referrers, bench.there.rules.referrers = api
    one, two = (bench.here.put_image("dev/web", it) for it in LAYERS[:2])
    index = put_index(bench.here, "dev/web", (one, "linux/amd64"), (two, "linux/arm64"))
    by_client = bench.client(bench.here.host)
    repository = bench.here.repository("dev/web")
    empty = bench.here.put_blob("dev/web", b"{}", "application/vnd.oci.empty.v1+json")

    def vouched(subject: Descriptor, note: str) -> Descriptor:
        return by_client.put_manifest(repository, MANIFEST, vouching(subject, empty, SIGNATURE, note))

    sbom = vouched(one, "SBOM of a child")
    expected = {
        sbom.digest: one,
        vouched(sbom, "signature of the SBOM").digest: sbom,
        vouched(index, "index").digest: index,
    }
    made = bench.copy(at(bench.here, "dev/web"), at(bench.there, "prod/web"))
    assert made.vouchers == 3
    assert bench.warned == []
    target = bench.client(bench.there.host)
    for digest, subject in expected.items():
        listed = target.referrers(bench.there.repository("prod/web"), subject.digest)
        assert [it.digest for it in listed] == [digest]


def test_cosigns_tags_travel_and_what_is_signed_of_them(bench: Bench) -> None:
    image = bench.here.put_image("dev/web", *LAYERS, tag="1")
    sbom = sign_by_tag(bench.here, "dev/web", image, b"sbom", suffix=".sbom")
    for it in (image, sbom):
        sign_by_tag(bench.here, "dev/web", it, b"signature")
    sign_by_tag(bench.here, "dev/web", image, b"attestation", suffix=".att")
    bench.copy(at(bench.here, "dev/web"), at(bench.there, "prod/web"))
    moved = dict(bench.here.tags["dev/web"])
    assert bench.there.tags["prod/web"] == moved
    assert len(moved) == 5


def test_tags_come_last_and_the_image_after_all_that_vouches_for_it(bench: Bench) -> None:
    one, two = (bench.here.put_image("dev/web", it) for it in LAYERS[:2])
    index = put_index(bench.here, "dev/web", (one, "linux/amd64"), (two, "linux/arm64"))
    child, whole = vouch(bench.here, "dev/web", one), vouch(bench.here, "dev/web", index)
    signed = sign_by_tag(bench.here, "dev/web", index, b"signature")
    bench.copy(at(bench.here, "dev/web"), at(bench.there, "prod/web"))
    puts = [it.path.rpartition("/")[2] for it in bench.there.log if it.method == "PUT" and "/manifests/" in it.path]
    assert set(puts[:2]) == {one.digest, two.digest}
    assert puts[2:] == [child.digest, index.digest, whole.digest, f"{index.digest.replace(':', '-')}.sig", "1"]
    uploads = [number for number, it in enumerate(bench.there.log) if it.method == "PUT" and "/uploads/" in it.path]
    first = next(number for number, it in enumerate(bench.there.log) if it.method == "PUT" and "/manifests/" in it.path)
    assert max(uploads) < first
    assert signed.digest in bench.there.manifests["prod/web"]


def test_signatures_that_were_added_since_follow(bench: Bench) -> None:
    image = bench.here.put_image("dev/web", *LAYERS, tag="1")
    for signatures in ((b"ann",), (b"ann", b"bob")):
        sign_by_tag(bench.here, "dev/web", image, *signatures)
        bench.copy(at(bench.here, "dev/web"), at(bench.there, "prod/web"))
        assert bench.there.tags["prod/web"] == bench.here.tags["dev/web"]


def test_signatures_of_the_target_are_not_written_over_and_that_is_said(bench: Bench) -> None:
    image = bench.here.put_image("dev/web", *LAYERS, tag="1")
    sign_by_tag(bench.here, "dev/web", image, b"ann")
    theirs = sign_by_tag(bench.there, "prod/web", image, b"carol")
    made = bench.copy(at(bench.here, "dev/web"), at(bench.there, "prod/web"))
    tag = f"{image.digest.replace(':', '-')}.sig"
    assert bench.there.tags["prod/web"] == {"1": image.digest, tag: theirs.digest}
    assert [tag in it for it in bench.warned] == [True]
    assert len(made.left) == 1
    bench.copy(at(bench.here, "dev/web"), at(bench.there, "prod/web"), CopyWish(move=True))
    assert bench.there.tags["prod/web"][tag] == bench.here.tags["dev/web"][tag]


def test_what_is_left_behind_on_purpose_is_said(bench: Bench) -> None:
    image = bench.here.put_image("dev/web", *LAYERS, tag="1")
    referrer = vouch(bench.here, "dev/web", image)
    sign_by_tag(bench.here, "dev/web", image, b"ann")
    bench.copy(at(bench.here, "dev/web"), at(bench.there, "prod/web"), CopyWish(referrers=False))
    assert bench.there.tags["prod/web"] == {"1": image.digest}
    assert list(bench.there.manifests["prod/web"]) == [image.digest]
    assert any(referrer.digest in it for it in bench.warned)
    assert any(".sig" in it for it in bench.warned)


def test_what_vouches_for_an_image_of_an_index_is_said_to_be_left_too(bench: Bench) -> None:
    """There lie the SBOM and the provenance of builds for several platforms."""
    one, two = (bench.here.put_image("dev/web", it) for it in LAYERS[:2])
    put_index(bench.here, "dev/web", (one, "linux/amd64"), (two, "linux/arm64"))
    child = vouch(bench.here, "dev/web", one)
    bench.copy(at(bench.here, "dev/web"), at(bench.there, "prod/web"), CopyWish(referrers=False))
    (said,) = bench.warned
    assert f"{child.digest} vouches for {one.digest}, and is left behind" in said


def test_a_registry_that_lists_what_does_not_vouch_is_not_believed(bench: Bench) -> None:
    bench.here.put_image("dev/web", *LAYERS, tag="1")
    other = bench.here.put_image("dev/web", b"other")
    entry = {"mediaType": MANIFEST, "digest": other.digest, "size": other.size}
    body = json.dumps({"schemaVersion": 2, "mediaType": INDEX, "manifests": [entry]}).encode()
    bench.here.fault("GET referrers", status=200, body=body)
    bench.copy(at(bench.here, "dev/web"), at(bench.there, "prod/web"))
    assert other.digest not in bench.there.manifests["prod/web"]
    assert any("says nothing of it" in it for it in bench.warned)
