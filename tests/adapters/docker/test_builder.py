from __future__ import annotations

import dataclasses
import gzip
import io
import json
import tarfile
from pathlib import Path
from typing import Any

import pytest

from paasctl.model.config import Image, Squash
from paasctl.model.image import Descriptor, Platform
from paasctl.oci.documents.manifest import BASE_DIGEST, BASE_LAYERS, BASE_NAME, OCI_LAYER
from support.docker_bench import BASE, GOOD, NO_BUILDKIT, PINNED, STEP, TOP, Bench
from support.docker_says import IMAGE, archive, image_id, layer, line, trace, vertex

# --- what comes out -------------------------------------------------------------------------------------------------


def test_an_image_lies_at_its_place(bench: Bench) -> None:
    built = bench.build()
    assert bench.layout.place("web") is not None
    assert built.descriptor.platform == Platform("linux", "amd64")
    layers = [Descriptor(it["mediaType"], it["digest"], it["size"]) for it in built.manifest["layers"]]
    assert [gzip.decompress(bench.layout.read(it)) for it in layers] == [BASE, TOP]
    assert {it.media_type for it in layers} == {OCI_LAYER}
    assert built.manifest["annotations"]["org.opencontainers.image.revision"] == "c0ffee"
    assert built.manifest["annotations"]["org.opencontainers.image.version"] == "1.2.3"
    assert built.log == ["#1 [1/2] FROM registry.example/base:1", "#1 DONE 1.0s"]


def test_the_same_build_gives_the_same_manifest(bench: Bench) -> None:
    assert bench.build().descriptor == bench.build().descriptor


def test_what_the_engine_is_asked(bench: Bench) -> None:
    bench.build(dataclasses.replace(STEP.image, target="final"))
    (asked,) = bench.engine.of("POST", "/build")
    assert json.loads(asked.query.pop("buildargs")) == {"JAVA": "21", "SOURCE_DATE_EPOCH": "1700000000"}
    assert json.loads(asked.query.pop("labels")) == {
        "org.opencontainers.image.revision": "c0ffee",
        "org.opencontainers.image.version": "1.2.3",
    }
    assert asked.query == {
        "version": "2",
        "dockerfile": "Dockerfile",
        "target": "final",
        "platform": "linux/amd64",
        "rm": "1",
        "forcerm": "1",
    }
    assert asked.headers["Content-Type"] == "application/x-tar"
    with tarfile.open(fileobj=io.BytesIO(asked.body)) as sent:
        assert sent.getnames() == ["Dockerfile", "app"]


def test_a_context_in_a_folder(bench: Bench) -> None:
    (bench.project / "sub").mkdir()
    (bench.project / "sub/web.Dockerfile").write_text("FROM scratch\n")
    bench.build(dataclasses.replace(STEP.image, context="sub", dockerfile="web.Dockerfile"))
    assert bench.engine.of("POST", "/build")[0].query["dockerfile"] == "web.Dockerfile"


def test_an_author_may_set_the_epoch(bench: Bench) -> None:
    bench.build(dataclasses.replace(STEP.image, args={"SOURCE_DATE_EPOCH": "1"}))
    assert json.loads(bench.engine.of("POST", "/build")[0].query["buildargs"]) == {"SOURCE_DATE_EPOCH": "1"}


def test_a_squash_of_everything_gets_plain_layers(bench: Bench) -> None:
    built = bench.build(dataclasses.replace(STEP.image, squash=Squash(base="squash")))
    assert {it["mediaType"] for it in built.manifest["layers"]} == {"application/vnd.oci.image.layer.v1.tar"}


# --- what stays in the engine ---------------------------------------------------------------------------------------


def test_the_engines_image_is_removed(bench: Bench) -> None:
    bench.build()
    assert len(bench.engine.of("DELETE", f"/images/{IMAGE}")) == 1


def test_an_image_that_somebody_named_stays(bench: Bench) -> None:
    bench.engine.objects[f"/images/{IMAGE}/json"] = {"RepoTags": ["mine:latest"]}
    bench.build()
    assert bench.engine.of("DELETE", f"/images/{IMAGE}") == []


# --- networks and builders ------------------------------------------------------------------------------------------


def test_an_engine_without_a_network(bench: Bench) -> None:
    del bench.engine.objects["/networks/bridge"]
    built = bench.build()
    assert bench.engine.of("POST", "/build")[0].query["networkmode"] == "none"
    assert built.log[0] == "this engine has no default network: steps run without one"


def test_a_network_by_name(bench: Bench) -> None:
    bench.build(network="host")
    assert bench.engine.of("POST", "/build")[0].query["networkmode"] == "host"


@pytest.mark.parametrize("status", [400, 500])
def test_an_engine_without_buildkit(bench: Bench, status: int) -> None:
    classic = [line(stream="Step 1/1 : FROM registry.example/base:1\n"), line(aux={"ID": IMAGE})]
    bench.engine.builds = [
        (status, [json.dumps({"message": "buildkit not supported by daemon"}).encode()]),
        (200, classic),
    ]
    built = bench.build()
    first, second = bench.engine.of("POST", "/build")
    assert (first.query["version"], second.query["version"]) == ("2", "1")
    assert "platform" not in second.query  # the engine's own; an old classic builder refuses to be told
    assert second.body == first.body
    assert "this engine has no BuildKit: building with its classic builder" in built.log
    assert bench.engine.of("DELETE", f"/images/{IMAGE}") == []  # it is the classic builder's cache


def test_the_classic_builder_gets_the_credentials(bench: Bench, tmp_path: Path) -> None:
    (tmp_path / "docker/config.json").write_text(
        json.dumps({"auths": {"registry.example": {"auth": "YW5uOnNlY3JldA=="}}})
    )
    bench.engine.builds = [NO_BUILDKIT, (200, [line(aux={"ID": IMAGE})])]
    bench.build()
    first, second = bench.engine.of("POST", "/build")
    assert "X-Registry-Config" not in first.headers
    assert "X-Registry-Config" in second.headers


@pytest.mark.parametrize("why", ["pull access denied, 401 Unauthorized", "no active sessions"])
def test_a_private_base_is_fetched_for_buildkit(bench: Bench, tmp_path: Path, why: str) -> None:
    (tmp_path / "docker/config.json").write_text(
        json.dumps({"auths": {"registry.example": {"auth": "YW5uOnNlY3JldA=="}}})
    )
    bench.engine.builds = [(200, [line(error=f"failed to solve: registry.example/base:1: {why}")]), (200, GOOD)]
    built = bench.build()
    (pulled,) = bench.engine.of("POST", "/images/create")
    assert pulled.query == {"fromImage": "registry.example/base", "tag": "1"}
    assert "X-Registry-Auth" in pulled.headers
    assert "fetching registry.example/base:1 with the credentials found here" in built.log


# --- the base -------------------------------------------------------------------------------------------------------


def below(bench: Bench, image: Image = STEP.image) -> tuple[str | None, str | None, str | None]:
    said = bench.build(image).manifest["annotations"]
    return said.get(BASE_NAME), said.get(BASE_DIGEST), said.get(BASE_LAYERS)


def inspected(*layers: bytes, digest: str = PINNED) -> dict[str, Any]:
    diff_ids = json.loads(_config(layers))["rootfs"]["diff_ids"]
    return {"RepoDigests": [f"registry.example/base@{digest}"], "RootFS": {"Layers": diff_ids}}


def _config(layers: tuple[bytes, ...]) -> bytes:
    with tarfile.open(fileobj=io.BytesIO(archive(layers))) as saved:
        (name,) = [it for it in saved.getnames() if it.endswith(".json") and it != "manifest.json"]
        content = saved.extractfile(name)
        assert content is not None
        return content.read()


def test_b4_the_base_that_buildkit_resolved(bench: Bench) -> None:
    traced = trace(vertex("a", f"[1/2] FROM registry.example/base:1@{PINNED}", 1.0, 2.0))
    bench.engine.builds = [(200, [traced, image_id()])]
    assert below(bench) == ("registry.example/base:1", PINNED, None)


def test_b4_the_base_that_the_engine_had(bench: Bench) -> None:
    bench.engine.objects["/images/registry.example/base:1/json"] = inspected(BASE)
    assert below(bench) == ("registry.example/base:1", PINNED, "1")


def test_b4_the_engines_base_is_another_by_now(bench: Bench) -> None:
    bench.engine.objects["/images/registry.example/base:1/json"] = inspected(layer(base="moved"))
    assert below(bench) == ("registry.example/base:1", None, None)


def test_b4_a_pinned_base(bench: Bench) -> None:
    (bench.project / "Dockerfile").write_text(f"FROM registry.example/base:1@{PINNED}\n")
    assert below(bench) == ("registry.example/base:1", PINNED, None)


def test_b4_a_base_that_was_never_in_a_registry(bench: Bench) -> None:
    bench.engine.objects["/images/registry.example/base:1/json"] = {**inspected(BASE), "RepoDigests": []}
    assert below(bench) == ("registry.example/base:1", None, "1")


def test_nothing_below(bench: Bench) -> None:
    (bench.project / "Dockerfile").write_text("FROM scratch\nCOPY app /\n")
    assert below(bench) == (None, None, "0")


def test_a_squash_that_keeps_the_base_has_it_fetched_to_count_its_layers(bench: Bench) -> None:
    traced = trace(vertex("a", f"[1/2] FROM registry.example/base:1@{PINNED}", 1.0, 2.0))
    bench.engine.builds = [(200, [traced, image_id()])]
    bench.build(dataclasses.replace(STEP.image, squash=Squash(base="keep")))
    (pulled,) = bench.engine.of("POST", "/images/create")
    assert pulled.query == {"fromImage": "registry.example/base", "tag": PINNED}
