"""What an image says of its base: annotations, labels, provenance."""

from __future__ import annotations

from typing import Any

import pytest

from paasctl.oci.documents.bases import (
    BaseSaid,
    made_from,
    materials,
    provenance_layer,
    said_base,
    starts_with,
)
from paasctl.oci.documents.manifest import BASE_DIGEST, BASE_LAYERS, BASE_NAME

DIGEST = "sha256:" + "a" * 64


@pytest.mark.parametrize(
    ("said", "found", "reference"),
    [
        ({}, None, ""),
        (
            {BASE_NAME: "alpine:3"},
            BaseSaid("docker.io/library/alpine:3", "", None, "who"),
            "docker.io/library/alpine:3",
        ),
        (
            {BASE_NAME: "alpine:3", BASE_DIGEST: DIGEST},
            BaseSaid("docker.io/library/alpine:3", DIGEST, None, "who"),
            f"docker.io/library/alpine@{DIGEST}",
        ),
        (
            {BASE_NAME: f"alpine:3@{DIGEST}"},
            BaseSaid("docker.io/library/alpine:3", DIGEST, None, "who"),
            f"docker.io/library/alpine@{DIGEST}",
        ),
        ({BASE_DIGEST: DIGEST}, BaseSaid("", DIGEST, None, "who"), f"@{DIGEST}"),
        ({BASE_LAYERS: "3"}, BaseSaid("", "", 3, "who"), ""),
        ({BASE_LAYERS: "many"}, None, ""),
        ({BASE_LAYERS: "²"}, None, ""),
        ({BASE_LAYERS: "9" * 5000}, None, ""),
        ({BASE_NAME: ""}, None, ""),
    ],
)
@pytest.mark.parametrize("where", ["manifest", "index", "labels"])
def test_annotations_and_labels_name_the_base(
    where: str, said: dict[str, str], found: BaseSaid | None, reference: str
) -> None:
    holder: dict[str, dict[str, Any]] = {"manifest": {}, "index": {}, "labels": {}}
    holder[where] = {"annotations": said} if where != "labels" else {"config": {"Labels": said}}
    result = said_base(holder["manifest"], holder["index"], holder["labels"])
    by = {"manifest": "its annotations", "index": "annotations of its index", "labels": "its labels"}[where]
    assert result == (found and BaseSaid(found.name, found.digest, found.layers, by))
    assert result is None or result.reference == reference


@pytest.mark.parametrize("name", ["oci:/var/lib/images", "/etc/base.tar", "../base.tar"])
def test_an_image_does_not_choose_which_files_are_read(name: str) -> None:
    found = said_base({"annotations": {BASE_NAME: name}}, {}, {})
    assert found is None or not found.is_usable


def test_what_the_manifest_says_comes_first() -> None:
    manifest, index = ({"annotations": {BASE_NAME: name}} for name in ("one.example/a:1", "two.example/b:2"))
    found = said_base(manifest, index, {})
    assert found
    assert found.name == "one.example/a:1"


@pytest.mark.parametrize(
    "predicate",
    [
        {"materials": [{"uri": "pkg:docker/alpine@3.18?platform=linux%2Famd64", "digest": {"sha256": "a" * 64}}]},
        {
            "buildDefinition": {
                "resolvedDependencies": [{"uri": "pkg:docker/alpine@3.18", "digest": {"sha256": "a" * 64}}]
            }
        },
    ],
    ids=["SLSA 0.2", "SLSA 1"],
)
def test_provenance_lists_what_a_build_took_in(predicate: dict[str, Any]) -> None:
    assert materials({"predicate": predicate}) == (
        BaseSaid("docker.io/library/alpine:3.18", DIGEST, None, "its provenance"),
    )


@pytest.mark.parametrize(
    "listed",
    [
        [{"uri": "https://github.com/x/y", "digest": {"sha1": "b"}}],
        [{"uri": "pkg:docker/alpine@3.18"}],
        ["nonsense"],
        [],
        None,
    ],
)
def test_what_is_no_image_among_it_is_passed_over(listed: Any) -> None:
    assert materials({"predicate": {"materials": listed}}) == ()


def test_the_provenance_is_found_among_an_attestations_layers() -> None:
    kind = "in-toto.io/predicate-type"
    layers = [
        {"digest": "sbom", "annotations": {kind: "https://spdx.dev/Document"}},
        {"digest": "it", "annotations": {kind: "https://slsa.dev/provenance/v0.2"}},
    ]
    assert provenance_layer({"layers": layers}) == layers[1]
    assert provenance_layer({"layers": layers[:1]}) is None
    assert provenance_layer({}) is None


def test_history_says_what_it_was_squashed_from() -> None:
    history = [{"created_by": "RUN x"}, {"created_by": f"paasctl squash {DIGEST}"}, {}]
    assert made_from({"history": history}) == {DIGEST}
    assert made_from({}) == set()


def test_a_base_is_the_first_layers() -> None:
    assert starts_with(["a", "b", "c"], ["a", "b"])
    assert not starts_with(["a", "b"], ["b"])
    assert not starts_with(["a"], ["a", "b"])
    assert not starts_with(["a"], []), "an image of no layers is nobody's base"
