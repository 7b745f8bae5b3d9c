"""Configurations, manifests and indexes after a squash, and of a build."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from paasctl.errors import BuildFailed, Refused
from paasctl.model.config import ImageConfig
from paasctl.model.counting import count
from paasctl.model.image import Descriptor, Platform
from paasctl.oci.documents import manifest as documents
from paasctl.oci.documents.config import built_config, diff_ids, rfc3339, squashed_config, with_layer
from paasctl.oci.documents.family import layer_type
from paasctl.oci.documents.squashed import squashed_index, squashed_manifest

LINUX = Platform("linux", "amd64")
DOCKERS: dict[str, Any] = {
    "architecture": "amd64",
    "os": "linux",
    "created": "2020-01-01T00:00:00Z",
    "container": "abc",
    "parent": "sha256:0",
    "container_config": {"Cmd": ["x"]},
    "docker_version": "20.10",
    "config": {
        "Healthcheck": {"Test": ["CMD", "x"]},
        "OnBuild": ["RUN x"],
        "Shell": ["/bin/bash"],
        "ArgsEscaped": True,
    },
    "rootfs": {"type": "layers", "diff_ids": ["sha256:a", "sha256:b", "sha256:c"]},
    "history": [
        {"created_by": "FROM"},
        {"created_by": "ENV x", "empty_layer": True},
        {"created_by": "RUN a"},
        {"created_by": "RUN b", "author": "me"},
        {"created_by": "CMD", "empty_layer": True},
    ],
}


def filled(config: dict[str, Any]) -> int:
    return sum(not it.get("empty_layer") for it in config["history"])


@pytest.mark.parametrize(("kept", "made"), [(0, 1), (1, 1), (1, 2), (2, 0), (0, 3)])
def test_history_and_layers_stay_in_step(kept: int, made: int) -> None:
    after = squashed_config(DOCKERS, kept, ["sha256:n"] * made, "sha256:old")
    assert len(after["rootfs"]["diff_ids"]) == filled(after) == kept + made
    assert [it["created_by"] for it in after["history"][:5]] == [it["created_by"] for it in DOCKERS["history"]]
    assert after["history"][-1] == {
        "created": "2020-01-01T00:00:00Z",
        "created_by": "paasctl squash sha256:old",
        "comment": f"{count(3 - kept, 'layer')} became {made}",
        **({} if made else {"empty_layer": True}),
    }


def test_dockers_own_fields_survive_and_stale_ones_go() -> None:
    after = squashed_config(DOCKERS, 1, ["sha256:n"], "sha256:old")
    assert after["config"] == DOCKERS["config"]
    assert {it: after[it] for it in ("created", "container_config", "docker_version")} == {
        it: DOCKERS[it] for it in ("created", "container_config", "docker_version")
    }
    assert not {"container", "parent"} & set(after)
    assert after["history"][3] == {"created_by": "RUN b", "author": "me", "empty_layer": True}


def test_a_history_that_never_matched_is_not_guessed_at() -> None:
    crooked = {**DOCKERS, "history": DOCKERS["history"][:3]}
    after = squashed_config(crooked, 2, ["sha256:n"], "sha256:old")
    assert filled(after) == 3
    assert [it["created_by"] for it in after["history"]][:3] == ["(unknown)", "(unknown)", "FROM"]


def test_no_history_stays_no_history() -> None:
    bare = {key: it for key, it in DOCKERS.items() if key != "history"}
    assert "history" not in squashed_config(bare, 0, ["sha256:n"], "sha256:old")


@pytest.mark.parametrize("config", [{}, {"rootfs": {}}, {"rootfs": {"diff_ids": "x"}}, {"rootfs": {"diff_ids": [1]}}])
def test_a_configuration_without_diff_ids_is_told(config: dict[str, Any]) -> None:
    with pytest.raises(BuildFailed, match="diff_ids"):
        diff_ids(config, "web")


MANIFEST: dict[str, Any] = {
    "schemaVersion": 2,
    "mediaType": documents.OCI_MANIFEST,
    "config": {"mediaType": documents.OCI_CONFIG, "digest": "sha256:c", "size": 1, "x-kept": True},
    "layers": [
        {"mediaType": documents.OCI_LAYER, "digest": "sha256:a", "size": 1, "annotations": {"k": "v"}},
        {"mediaType": documents.OCI_LAYER, "digest": "sha256:b", "size": 2, "annotations": {documents.STARGZ_TOC: "x"}},
    ],
    "annotations": {"a": "b", documents.BASE_NAME: "registry.example/base:1", documents.BASE_DIGEST: "sha256:d"},
}
CONFIG = Descriptor(documents.OCI_CONFIG, "sha256:e", 9)
LAYER = Descriptor(documents.OCI_LAYER, "sha256:f", 8)


def test_a_squash_above_the_base_keeps_the_bases_layers_and_annotations() -> None:
    after = squashed_manifest(MANIFEST, 1, CONFIG, [LAYER])
    assert after["annotations"] == MANIFEST["annotations"]
    assert after["layers"] == [
        MANIFEST["layers"][0],
        {"mediaType": documents.OCI_LAYER, "digest": "sha256:f", "size": 8},
    ]
    assert after["config"] == {"mediaType": documents.OCI_CONFIG, "digest": "sha256:e", "size": 9, "x-kept": True}


def test_a_squash_of_all_takes_the_bases_annotations_away() -> None:
    assert squashed_manifest(MANIFEST, 0, CONFIG, [LAYER])["annotations"] == {"a": "b"}


def test_the_family_of_media_types_is_kept() -> None:
    docker = {**MANIFEST, "config": {**MANIFEST["config"], "mediaType": documents.DOCKER_CONFIG}}
    assert layer_type(docker, "gzip") == documents.DOCKER_LAYER
    assert layer_type(MANIFEST, "gzip") == documents.OCI_LAYER


def test_an_index_keeps_its_order_and_platforms() -> None:  # B7
    arm = {"mediaType": documents.OCI_MANIFEST, "digest": "sha256:1", "size": 1, "platform": {"os": "linux"}, "x": 1}
    index = {
        "manifests": [arm, {**arm, "digest": "sha256:2"}, {**arm, "digest": "sha256:3"}],
        "annotations": {"k": "v"},
    }
    new = Descriptor(documents.OCI_MANIFEST, "sha256:f", 8)
    made = {"sha256:1": replace(new, digest="sha256:n1"), "sha256:2": None, "sha256:3": new}
    assert squashed_index(index, made) == {
        "manifests": [{**arm, "digest": "sha256:n1", "size": 8}, {**arm, "digest": "sha256:f", "size": 8}],
        "annotations": {"k": "v"},
    }


def test_canonical_json_has_one_spelling() -> None:
    assert documents.canonical({"b": 1, "a": {"ü": [1, 2]}}) == '{"a":{"ü":[1,2]},"b":1}'.encode()


@pytest.mark.parametrize(
    ("media_type", "why"),
    [
        ("application/vnd.oci.image.layer.v1.tar+gzip+encrypted", "encrypted"),
        ("application/vnd.oci.image.layer.nondistributable.v1.tar+gzip", "may not be distributed"),
        ("application/vnd.docker.image.rootfs.foreign.diff.tar.gzip", "may not be distributed"),
        ("application/vnd.oci.image.layer.v1.tar+zstd", "zstd"),
        ("application/vnd.cncf.helm.chart", "media type"),
    ],
)
def test_layers_that_cannot_be_handled_are_refused(media_type: str, why: str) -> None:
    with pytest.raises(Refused, match=why):
        documents.check_layer(Descriptor(media_type, "sha256:a", 1), "web")


@pytest.mark.parametrize(
    ("manifest", "media_type", "why"),
    [
        ({"schemaVersion": 1}, "application/vnd.docker.distribution.manifest.v1+prettyjws", "v1"),
        ({"schemaVersion": 1}, documents.OCI_MANIFEST, "manifest"),
        (
            {**MANIFEST, "config": {"mediaType": "application/vnd.oci.empty.v1+json"}},
            documents.OCI_MANIFEST,
            "artifact",
        ),
    ],
)
def test_what_is_no_image_is_refused(manifest: dict[str, Any], media_type: str, why: str) -> None:
    with pytest.raises(Refused, match=why):
        documents.check_image(manifest, media_type, "web")


def test_windows_is_refused() -> None:
    with pytest.raises(Refused, match="Windows"):
        documents.check_config({"os": "windows"}, "web")


@pytest.mark.parametrize("content", [b"{", b"[]", b"\xff"])
def test_documents_that_are_none_are_told(content: bytes) -> None:
    with pytest.raises(BuildFailed, match="web"):
        documents.parse_document(content, "web")


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ('{"config": [1]}', "'config' is no object"),
        ('{"config": {"Labels": ["a"]}}', "'Labels' is no object"),
        ('{"annotations": ["a"]}', "'annotations' is no object"),
        ('{"rootfs": "x"}', "'rootfs' is no object"),
        ('{"layers": [5]}', "'layers' is no list of objects"),
        ('{"manifests": {}}', "'manifests' is no list of objects"),
        ('{"history": [null]}', "'history' is no list of objects"),
    ],
)
def test_fields_of_another_kind_are_told(content: str, says: str) -> None:
    with pytest.raises(BuildFailed, match=says) as caught:
        documents.parse_document(content.encode(), "web")
    assert caught.value.code == "image-unreadable"


def test_fields_that_are_null_are_missing() -> None:
    said = {"config": None, "layers": None, "annotations": None, "rootfs": None, "history": None}
    assert documents.parse_document(documents.canonical(said), "web") == said


def test_a_descriptor_says_what_it_lacks() -> None:
    with pytest.raises(BuildFailed, match="a descriptor has no mediaType"):
        documents.descriptor_from({"digest": "sha256:a", "size": 1}, "web")


@pytest.mark.parametrize("said", [None, {}, {"mediaType": "x", "digest": "y", "size": "z"}, "x"])
def test_descriptors_that_are_none_are_told(said: Any) -> None:
    with pytest.raises(BuildFailed, match="web"):
        documents.descriptor_from(said, "web")


def test_descriptors_survive_the_way_there_and_back() -> None:
    one = Descriptor("m", "sha256:a", 3, {"k": "v"}, Platform("linux", "arm", "v7"), "t")
    assert documents.descriptor_from(documents.descriptor_json(one), "x") == one


@pytest.mark.parametrize(
    ("wanted", "found"),
    [("linux/arm64", "8"), ("linux/arm64/v8", "8"), ("linux/arm/v6", "6"), ("linux/amd64", "a"), ("linux/s390x", None)],
)
def test_the_platforms_child_is_chosen(wanted: str, found: str | None) -> None:
    def child(digest: str, architecture: str, **more: str) -> dict[str, Any]:
        return {
            "mediaType": "m",
            "digest": digest,
            "size": 1,
            "platform": {"os": "linux", "architecture": architecture, **more},
        }

    attestation = child("x", "amd64") | {"annotations": {"vnd.docker.reference.type": "attestation-manifest"}}
    unnamed = {"mediaType": "m", "digest": "u", "size": 1}
    children = [attestation, unnamed, child("7", "arm", variant="v7"), child("6", "arm", variant="v6")]
    index = {"manifests": [*children, child("8", "arm64", variant="v8"), child("a", "amd64")]}
    chosen = documents.choose(index, Platform.parse(wanted), "base")
    assert (chosen.digest if chosen else None) == found


BASE: dict[str, Any] = {
    "architecture": "arm64",
    "os": "linux",
    "variant": "v8",
    "created": "2020-01-01T00:00:00Z",
    "config": {
        "Env": ["PATH=/bin", "A=1"],
        "Cmd": ["sh"],
        "Entrypoint": ["/init"],
        "Labels": {"a": "1", "b": "2"},
        "Healthcheck": {"Test": ["CMD", "x"]},
    },
    "rootfs": {"type": "layers", "diff_ids": ["sha256:a"]},
    "history": [{"created_by": "FROM"}],
}
WANTED = ImageConfig(
    env={"A": "2", "B": "3"},
    user="5",
    workdir="/app",
    ports=("80", "53/udp"),
    labels={"b": "9"},
    stop_signal="SIGINT",
)


def test_a_build_merges_its_words_over_the_bases() -> None:
    made = built_config(BASE, LINUX, WANTED, 0)
    assert made["config"] == {
        "Env": ["PATH=/bin", "A=2", "B=3"],
        "Cmd": ["sh"],
        "Entrypoint": ["/init"],
        "Labels": {"a": "1", "b": "9"},
        "Healthcheck": {"Test": ["CMD", "x"]},
        "User": "5",
        "WorkingDir": "/app",
        "ExposedPorts": {"80/tcp": {}, "53/udp": {}},
        "StopSignal": "SIGINT",
    }
    assert (made["architecture"], made["variant"], made["created"]) == ("arm64", "v8", "1970-01-01T00:00:00Z")


@pytest.mark.parametrize(
    ("wish", "entrypoint", "cmd"),
    [
        (ImageConfig(entrypoint=("/x",)), ["/x"], None),
        (ImageConfig(entrypoint=("/x",), cmd=("y",)), ["/x"], ["y"]),
        (ImageConfig(cmd=("y",)), ["/init"], ["y"]),
    ],
)
def test_an_entrypoint_of_ones_own_sets_the_bases_command_aside(
    wish: ImageConfig, entrypoint: list[str], cmd: list[str] | None
) -> None:
    made = built_config(BASE, LINUX, wish, 0)["config"]
    assert (made["Entrypoint"], made.get("Cmd")) == (entrypoint, cmd)


def test_layers_add_to_history_and_diff_ids_alike() -> None:
    for base in (None, BASE, {**BASE, "history": []}):
        made = with_layer(built_config(base, LINUX, ImageConfig(), 5), "sha256:n", "paasctl layer a -> /b")
        assert len(made["rootfs"]["diff_ids"]) == filled(made) == (2 if base else 1)
        assert made["history"][-1] == {"created": rfc3339(5), "created_by": "paasctl layer a -> /b"}
