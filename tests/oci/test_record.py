"""The release record: the same bytes from the same release, all of it read back, and whatever is no record is told."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from paasctl.errors import Unavailable
from paasctl.model.image import Repository
from paasctl.model.release import RECORD_TYPE, Release
from paasctl.oci.documents.record import read_record, record_artifact, record_layers

_HERE = Repository.parse("registry.example/shop")
_DIGEST = "sha256:" + "1" * 64
_RELEASE = Release(
    app="shop",
    version="1.2.3",
    commit="a" * 40,
    created=1_700_000_000,
    images={"web": _HERE.child("web").pinned(_DIGEST), "tool": Repository.parse("other.example/tool").pinned(_DIGEST)},
    bases={"web": "sha256:" + "2" * 64},
    subjects=("feat: größer", "fix: one"),
    outside={"other.example/proxy:1": Repository.parse("other.example/proxy").pinned(_DIGEST)},
    changelog="### Features\n\n- größer (aaaaaaa)",
    files={"paas.yaml": b"app: shop\n", "config/\xe9": b"\xff\x00"},
)


def _read(release: Release, where: Repository = _HERE) -> Release:
    artifact = record_artifact(release, _HERE)
    content = {descriptor.digest: blob for descriptor, blob in artifact.blobs}
    document, files = record_layers(artifact.manifest, "it")
    return read_record(content[document.digest], content[files.digest], where)


def test_all_of_it_is_read_back() -> None:
    assert _read(_RELEASE) == _RELEASE
    assert _read(replace(_RELEASE, snapshot=True)).snapshot


def test_the_same_release_has_the_same_bytes_in_any_order() -> None:
    turned = replace(
        _RELEASE,
        images=dict(reversed(list(_RELEASE.images.items()))),
        files=dict(reversed(list(_RELEASE.files.items()))),
    )
    assert record_artifact(turned, _HERE) == record_artifact(_RELEASE, _HERE)


def test_copied_elsewhere_it_names_the_images_there_and_not_a_byte_changes() -> None:
    there = Repository.parse("prod.example/shop")
    images = _read(_RELEASE, there).images
    assert images["web"] == there.child("web").pinned(_DIGEST)
    assert images["tool"] == there.child("tool").pinned(_DIGEST), "at home it has a place of its own, and travels"


def test_a_record_that_does_not_say_where_it_is_at_home_names_such_a_place_for_good() -> None:
    artifact = record_artifact(_RELEASE, _HERE)
    content = {descriptor.digest: blob for descriptor, blob in artifact.blobs}
    document, files = record_layers(artifact.manifest, "it")
    said = json.loads(content[document.digest])
    assert said.pop("home") == str(_HERE)
    release = read_record(json.dumps(said).encode(), content[files.digest], Repository.parse("prod.example/shop"))
    assert release.images["tool"] == _RELEASE.images["tool"]


def test_it_carries_a_format_number_and_the_subjects() -> None:
    _, (_, document), _ = record_artifact(_RELEASE, _HERE).blobs
    said = json.loads(document)
    assert said["format"] == 1
    assert said["subjects"] == ["feat: größer", "fix: one"]


@pytest.mark.parametrize(
    ("manifest", "says"),
    [
        (b"", "no OCI manifest"),
        (b"[]", "no OCI manifest"),
        (b"[" * 200_000, "no OCI manifest"),
        (b'{"layers": [{}]}', "no OCI manifest"),
        (b"{}", "an image"),
        (b'{"artifactType": "application/vnd.other"}', "application/vnd.other"),
        (json.dumps({"artifactType": RECORD_TYPE, "layers": []}).encode(), "no record of ours"),
    ],
    ids=["nothing", "a list", "brackets", "half a descriptor", "an image", "another artifact", "without layers"],
)
def test_what_is_no_record_is_told(manifest: bytes, says: str) -> None:
    with pytest.raises(Unavailable, match=says) as caught:
        record_layers(manifest, "registry.example/shop:1.2.3")
    assert caught.value.code == "record-unreadable"


def test_a_newer_format_is_not_guessed_at() -> None:
    with pytest.raises(Unavailable, match="format 99") as caught:
        read_record(b'{"format": 99, "version": "1.2.3"}', b"", _HERE)
    assert caught.value.code == "record-too-new"


_DOCUMENT, _FILES = (blob for _, blob in record_artifact(_RELEASE, _HERE).blobs[1:])


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(list(json.loads(_DOCUMENT))), st.none() | st.integers() | st.text(max_size=3) | st.just([[]]))
def test_any_wrong_value_is_told_or_read(name: str, value: object) -> None:
    said = json.dumps({**json.loads(_DOCUMENT), name: value}).encode()
    with suppress(Unavailable):
        read_record(said, _FILES, _HERE)


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=1200))
def test_any_bytes_for_files_are_told_or_read(content: bytes) -> None:
    with suppress(Unavailable):
        read_record(_DOCUMENT, content, _HERE)
