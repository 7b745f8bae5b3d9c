"""An image over another base: what it inherited becomes the new base's, what it set itself stays."""

from __future__ import annotations

import json
from typing import Any

import pytest

from paasctl.errors import Refused
from paasctl.model.location import parse_location
from paasctl.oci.documents.manifest import (
    BASE_DIGEST,
    BASE_LAYERS,
    BASE_NAME,
    DOCKER_CONFIG,
    DOCKER_LAYER,
    DOCKER_MANIFEST,
    OCI_CONFIG,
    OCI_LAYER,
    OCI_MANIFEST,
    digest_of,
)
from paasctl.oci.documents.rebase import Documents, NewBase, Rebased, named, rebased, rebased_index

NAMED = NewBase("registry.example/base:2", "sha256:" + "b" * 64)


def image(*layers: str, docker: bool = False, annotations: Any = None, history: Any = None, **config: Any) -> Documents:
    """An image of these layers: `a` is a layer's diff_id and, packed, its digest."""
    kind, layer = (DOCKER_CONFIG, DOCKER_LAYER) if docker else (OCI_CONFIG, OCI_LAYER)
    return Documents(
        {
            "schemaVersion": 2,
            "mediaType": DOCKER_MANIFEST if docker else OCI_MANIFEST,
            "config": {"mediaType": kind, "digest": "sha256:old", "size": 1},
            "layers": [{"mediaType": layer, "digest": f"packed-{it}", "size": 1} for it in layers],
            **({"annotations": annotations} if annotations else {}),
        },
        {
            "os": "linux",
            "architecture": "amd64",
            "created": "2024-01-01T00:00:00Z",
            "config": config,
            "rootfs": {"type": "layers", "diff_ids": list(layers)},
            "history": [{"created_by": f"made {it}"} for it in layers] if history is None else history,
        },
    )


def made(of: Documents, old: Documents, new: Documents) -> tuple[dict[str, Any], dict[str, Any], Rebased]:
    result = rebased(of, old, new, NAMED, "it")
    return json.loads(result.manifest), json.loads(result.config), result


def test_its_own_layers_lie_over_the_new_bases() -> None:
    manifest, config, result = made(image("a", "b", "x", "y"), image("a", "b"), image("c"))
    assert [it["digest"] for it in manifest["layers"]] == ["packed-c", "packed-x", "packed-y"]
    assert config["rootfs"]["diff_ids"] == ["c", "x", "y"]
    assert [it["created_by"] for it in config["history"]] == ["made c", "made x", "made y"]
    assert manifest["config"]["digest"] == digest_of(result.config)
    assert manifest["config"]["size"] == len(result.config)
    assert manifest["annotations"] == {BASE_NAME: NAMED.name, BASE_DIGEST: NAMED.digest}
    assert config["created"] == "2024-01-01T00:00:00Z"
    assert result.moved == ()


def test_the_same_input_gives_the_same_bytes() -> None:
    one, other = (made(image("a", "x", A="1"), image("a"), image("c", B="2"))[2] for _ in range(2))
    assert (one.manifest, one.config) == (other.manifest, other.config)


@pytest.mark.parametrize(
    ("mine", "was", "now", "then"),
    [
        ("base", "base", "new", "new"),
        ("mine", "base", "new", "mine"),
        (None, "base", "new", None),
        ("mine", None, None, "mine"),
        ("mine", None, "new", "mine"),
        (None, None, "new", "new"),
        ("base", "base", None, None),
        ("base", "base", "base", "base"),
    ],
)
@pytest.mark.parametrize("name", ["User", "WorkingDir", "StopSignal", "Entrypoint", "Cmd", "Healthcheck", "NotOurs"])
def test_a_field_that_was_inherited_becomes_the_new_bases(
    name: str, mine: str | None, was: str | None, now: str | None, then: str | None
) -> None:
    def one(*layers: str, value: str | None) -> Documents:
        said: dict[str, Any] = {} if value is None else {name: value}
        return image(*layers, **said)

    _, config, result = made(one("a", "x", value=mine), one("a", value=was), one("c", value=now))
    assert config["config"].get(name) == then
    assert [(it.name, it.before, it.after) for it in result.moved] == (
        [] if mine == then else [(name, mine or "", then or "")]
    )


@pytest.mark.parametrize(
    ("mine", "was", "now", "then"),
    [
        ("P=1 V=1 M=m", "P=1 V=1", "P=2 V=2 W=w", "P=2 V=2 W=w M=m"),
        ("P=mine V=1", "P=1 V=1", "P=2", "P=mine"),
        ("V=1", "P=1 V=1", "P=2 V=1", "V=1"),
        ("W=mine", "", "W=w", "W=mine"),
        ("P=1 V=1", "V=1 P=1", "V=1 P=1", "V=1 P=1"),
        ("E=a=b", "E=a=b", "E=c=d=e", "E=c=d=e"),
    ],
    ids=["all", "set by itself", "taken out by itself", "of both", "the new order", "equals signs"],
)
def test_the_environment_is_merged_variable_by_variable(mine: str, was: str, now: str, then: str) -> None:
    images = [image(*ids, Env=env.split()) for ids, env in ((("a", "x"), mine), (("a",), was), (("c",), now))]
    _, config, _ = made(*images)
    assert config["config"]["Env"] == then.split()


@pytest.mark.parametrize("name", ["Labels", "ExposedPorts", "Volumes"])
def test_so_are_labels_ports_and_volumes(name: str) -> None:
    mine, was, now = ({"base": "1", "mine": "m"}, {"base": "1", "gone": "1"}, {"base": "2", "new": "n", "gone": "2"})
    said: list[dict[str, Any]] = [{name: it} for it in (mine, was, now)]
    _, config, result = made(image("a", "x", **said[0]), image("a", **said[1]), image("c", **said[2]))
    assert config["config"][name] == {"base": "2", "new": "n", "mine": "m"}
    assert [it.name for it in result.moved] == [f"{name}.base", f"{name}.new"]


def test_what_is_stale_goes() -> None:
    of = image("a", "x", Image="sha256:parent", Hostname="builder", User="1")
    of.config.update(container="c", container_config={"Image": "p"}, parent="p", author="ann")
    _, config, _ = made(of, image("a"), image("c"))
    assert config["config"] == {"User": "1"}
    assert {"container", "container_config", "parent"} & set(config) == set()
    assert config["author"] == "ann"


EMPTY = {"created_by": "CMD", "empty_layer": True}


@pytest.mark.parametrize(
    ("mine", "base", "own"),
    [
        ([{"created_by": "a"}, EMPTY, {"created_by": "x"}, EMPTY], [{"created_by": "a"}, EMPTY], ["x", "CMD"]),
        ([{"created_by": "other"}, EMPTY, {"created_by": "x"}], [{"created_by": "a"}, EMPTY], ["CMD", "x"]),
        ([], [{"created_by": "a"}], ["(unknown)"]),
        ([{"created_by": "a"}, {"created_by": "x"}], [], ["x"]),
        ([EMPTY, {"created_by": "a"}, {"created_by": "x"}], [EMPTY, {"created_by": "a"}], ["x"]),
    ],
    ids=["the base's is its beginning", "it is told otherwise", "it has none", "the base has none", "empty ones first"],
)
def test_history_fits_to_the_layers(mine: list[Any], base: list[Any], own: list[str]) -> None:
    _, config, _ = made(image("a", "x", history=mine), image("a", history=base), image("c", "d"))
    said = [it["created_by"] for it in config["history"]]
    assert said == ["made c", "made d", *own]
    assert sum(not it.get("empty_layer") for it in config["history"]) == len(config["rootfs"]["diff_ids"])


def test_a_new_base_without_history_is_told_as_unknown() -> None:
    _, config, _ = made(image("a", "x"), image("a"), image("c", "d", history=[]))
    assert [it["created_by"] for it in config["history"]] == ["(unknown)", "(unknown)", "made x"]


@pytest.mark.parametrize("docker", [True, False])
@pytest.mark.parametrize("base", [True, False])
def test_all_layers_are_of_the_images_own_family(*, docker: bool, base: bool) -> None:
    manifest, _, result = made(image("a", "x", docker=docker), image("a"), image("c", docker=base))
    assert {it["mediaType"] for it in manifest["layers"]} == {DOCKER_LAYER if docker else OCI_LAYER}
    assert result.media_type == manifest["mediaType"] == (DOCKER_MANIFEST if docker else OCI_MANIFEST)
    assert result.config_type == manifest["config"]["mediaType"] == (DOCKER_CONFIG if docker else OCI_CONFIG)


def test_zstd_is_ocis_alone() -> None:
    new = image("c")
    new.manifest["layers"][0]["mediaType"] = "application/vnd.oci.image.layer.v1.tar+zstd"
    manifest, _, _ = made(image("a", "x", docker=True), image("a", docker=True), new)
    assert manifest["mediaType"] == OCI_MANIFEST
    assert manifest["config"]["mediaType"] == OCI_CONFIG
    assert manifest["layers"][1]["mediaType"] == OCI_LAYER


@pytest.mark.parametrize("base", [("b",), ("a", "x", "y"), ()], ids=["another", "a longer one", "none at all"])
def test_what_is_no_prefix_is_no_base(base: tuple[str, ...]) -> None:
    with pytest.raises(Refused) as caught:
        rebased(image("a", "x"), image(*base), image("c"), NAMED, "it")
    assert caught.value.code == "base-unknown"
    assert "--old-base" in caught.value.hint


def test_another_platform_is_refused() -> None:
    new = image("c")
    new.config["architecture"] = "arm64"
    with pytest.raises(Refused, match="it is for linux/amd64, the new base for linux/arm64") as caught:
        rebased(image("a", "x"), image("a"), new, NAMED, "it")
    assert caught.value.code == "platform-missing"


def test_what_is_said_of_the_base_is_true_again() -> None:
    said = {BASE_NAME: "old", BASE_DIGEST: "old", BASE_LAYERS: "1", "mine": "kept"}
    manifest, config, result = made(
        image("a", "x", annotations=said, Labels={BASE_NAME: "old", BASE_DIGEST: "old"}), image("a"), image("c", "d")
    )
    fresh = {BASE_NAME: NAMED.name, BASE_DIGEST: NAMED.digest}
    assert manifest["annotations"] == {**fresh, BASE_LAYERS: "2", "mine": "kept"}
    assert config["config"]["Labels"] == fresh
    assert result.moved == ()


def test_an_index_keeps_order_and_drops_what_speaks_of_the_old() -> None:
    index = {
        "manifests": [
            {"digest": "one", "platform": {"os": "linux", "architecture": "arm64"}, "annotations": {"a": "b"}},
            {"digest": "attestation"},
            {"digest": "two"},
        ],
        "annotations": {BASE_NAME: "old", "mine": "kept"},
        "unknown": 1,
    }
    found = rebased_index(index, {"two": {"digest": "new two"}, "one": {"digest": "new one", "size": 5}}, NAMED)
    assert [it["digest"] for it in found["manifests"]] == ["new one", "new two"]
    assert found["manifests"][0]["annotations"] == {"a": "b"}
    assert found["annotations"] == {BASE_NAME: NAMED.name, BASE_DIGEST: NAMED.digest, "mine": "kept"}
    assert found["unknown"] == 1


@pytest.mark.parametrize(
    ("place", "name"),
    [
        ("registry.example/base:2", "registry.example/base:2"),
        (f"registry.example/base@sha256:{'b' * 64}", ""),
        ("oci:base:2", ""),
        ("docker:base", ""),
    ],
)
def test_only_a_name_that_others_can_read_is_written(place: str, name: str) -> None:
    assert named(parse_location(place), "sha256:x") == NewBase(name, "sha256:x")
