"""What a right `paas.yaml` means."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from config.reading import FULL, MINIMAL, config_of
from paasctl.adapters.yaml.read import read
from paasctl.config.load import load
from paasctl.errors import ConfigError, Exit
from paasctl.model.config import (
    BranchRule,
    Environment,
    FromKey,
    Image,
    Scale,
    SecretSource,
    Service,
    Squash,
    Tls,
    Volume,
)
from paasctl.model.image import Platform, Repository
from paasctl.model.layer import FileLayer, GoLayer, JvmLayer, NodeLayer, PythonLayer


def test_the_smallest_file_is_complete() -> None:
    config = config_of(MINIMAL)
    assert config.app == "hello"
    assert dict(config.images) == {"web": Image(name="web", context=".", squash=Squash(base="auto"))}
    assert dict(config.services) == {"web": Service(name="web", image="web", port=8080)}
    assert config.registries["dev"].repository == Repository("127.0.0.1:5000", "hello")
    assert config.environments["dev"] == Environment(
        name="dev", clusters=("local",), registry="dev", namespace="hello-dev"
    )


def test_equal_files_are_equal_and_have_one_hash() -> None:
    one, other = config_of(MINIMAL), config_of("# a comment moves every place\n" + MINIMAL)
    assert one == other
    assert hash(one) == hash(other)
    assert one.where("app") == "paas.yaml:1:1"
    assert other.where("app") == "paas.yaml:2:1"
    assert one != config_of(MINIMAL.replace("8080", "8081"))


def test_the_full_example_as_values() -> None:
    config = config_of(FULL.read_text())
    web = config.services["web"]
    assert config.version.branches == (
        BranchRule(pattern="release/.*", increment="patch"),
        BranchRule(pattern="legacy/.*", tag_prefix="legacy-"),
        BranchRule(pattern="feature/.*", increment="minor", decorate="branch"),
    )
    assert config.version.release_from == ("main", "release/.*")
    assert list(config.images) == ["web", "report", "tools", "admin"]
    assert config.images["web"].squash == Squash(layers="auto", base="auto")
    assert config.images["web"].platforms == (Platform("linux", "amd64"), Platform("linux", "arm64"))
    assert config.images["report"].layers == (
        PythonLayer(
            wheels="vendor",
            lock="requirements.txt",
            dest="/app/lib",
            interpreter="/usr/local/bin/python3",
            python="3.13",
        ),
        FileLayer(src="report", dest="/app", uid=1000, gid=1000, mode=0o644, exclude=("*.tmp", ".git")),
    )
    assert config.images["tools"].layers == (
        JvmLayer(libs="target/lib", classes="target/classes", dest="/srv", main="com.example.Main"),
        NodeLayer(src="ui", dest="/ui", modules="node_modules", exclude=("*.md",)),
        GoLayer(src="bin/{os}-{arch}/tool", dest="/tool"),
    )
    assert config.images["report"].config.ports == ("9090/udp",)
    assert config.images["report"].repository == Repository("registry.example", "tools/report")
    assert web.scale == Scale(min=3, max=12, cpu=70, memory=80)
    assert (web.drain, web.grace) == (5.0, 30.0)
    assert web.env == {
        "LOG": "info",
        "DB_URL": FromKey(kind="secret", name="db", key="url"),
        "REGION": FromKey(kind="config", name="cluster", key="region"),
    }
    assert web.secrets["signing.pem"] == SecretSource(kind="file", of="~/.shop/signing.pem")
    assert web.tls == Tls(secret="shop-tls")
    assert web.volumes == (Volume(name="cache", path="/var/cache/shop", claim="1Gi", storage_class="fast"),)
    assert config.services["admin"].image == "admin"
    assert config.services["migrate"].run == "once"
    assert config.environments["dev"].namespace == "shop-team-a"
    assert config.environments["production"].clusters == ("eu", "us")
    assert list(config.registries) == ["dev", "prod"], "the promotion path is the order of the file"


@pytest.mark.parametrize(
    ("squash", "meant"),
    [
        ("none", None),
        ("auto", Squash(layers="auto", base="auto")),
        ("{}", Squash(layers="auto", base="keep")),
        ("{layers: auto, base: squash}", Squash(base="squash")),
        ("{base: auto, layers: 3}", Squash(layers=3, base="auto")),
        ("{layers: 7}", Squash(layers=7)),
    ],
)
def test_squash(squash: str, meant: Squash | None) -> None:
    assert config_of(f"app: shop\nimages: {{web: {{squash: {squash}}}}}").images["web"].squash == meant


def test_an_image_that_says_nothing_is_squashed_where_that_pays_and_layers_made_one_by_one_are_not() -> None:
    config = config_of(
        "app: shop\nimages: {web: {}, own: {layers: [{src: a, dest: /a}], base: scratch}, no: {squash: none}}"
    )
    assert {name: it.squashes for name, it in config.images.items()} == {"web": True, "own": False, "no": False}
    assert config.images["web"].squash == config.images["own"].squash == Squash(layers="auto", base="auto")


@pytest.mark.parametrize(
    ("services", "image"),
    [
        ("{web: {port: 80}}", "only"),
        ("{web: {image: only}}", "only"),
        ("{web: {pod: {containers: [{name: a}]}}}", "only"),
    ],
)
def test_a_service_without_an_image_takes_the_only_one(services: str, image: str) -> None:
    config = config_of(f"app: shop\nimages: {{only: {{}}}}\nservices: {services}")
    assert config.services["web"].image == image


def test_a_pod_may_name_its_own_images() -> None:
    config = config_of("app: shop\nservices: {web: {pod: pod.yml}}")
    assert (config.services["web"].image, config.services["web"].pod) == ("", "pod.yml")


def test_an_inline_image_says_where_it_stands() -> None:
    config = config_of(MINIMAL)
    assert config.where("images", "web", "context") == "paas.yaml:3:17"
    assert config.where("images", "web", "dockerfile") == "paas.yaml:3:9"
    assert config.where("nothing") == "paas.yaml"


def test_words_of_yaml_1_1_are_texts() -> None:
    text = (
        "app: shop\nservices: {web: {image: {context: .}, env: {A: no, B: on, C: 1:20, D: 1_000, E: 2001-01-01, F: y}}}"
    )
    env = config_of(text).services["web"].env
    assert env == {"A": "no", "B": "on", "C": "1:20", "D": "1_000", "E": "2001-01-01", "F": "y"}


def test_anchors_and_merges_spare_repetition() -> None:
    config = config_of(
        "app: shop\n"
        "services:\n"
        "  web: &web {image: {context: .}, port: 80, replicas: 2}\n"
        "  admin: {<<: *web, port: 81, image: web}\n"
    )
    assert (config.services["admin"].port, config.services["admin"].replicas) == (81, 2)
    assert config.where("services", "admin", "replicas") == "paas.yaml:3:45", "a merged key stands where it was written"


@pytest.mark.parametrize("context", ["../shared", "/srv/build", "."])
def test_a_build_may_see_more_than_the_project(context: str) -> None:
    assert config_of(f"app: shop\nimages: {{web: {{context: {context}}}}}").images["web"].context == context


def test_a_newer_project_is_refused_before_anything_else_is_said() -> None:
    with pytest.raises(ConfigError, match="requires paasctl >=2") as caught:
        config_of("app: 7\nrequires: '>=2'\nfrobnicate: 1")
    assert len(caught.value.problems) == 1
    assert (caught.value.code, caught.value.exit) == ("paasctl-version", Exit.CONFIG)


def test_every_problem_is_raised_as_one() -> None:
    with pytest.raises(ConfigError) as caught:
        config_of("app: 7\nfrobnicate: 1\nvalues: {a: 0644}")
    assert [it.where for it in caught.value.problems] == ["paas.yaml:1:1", "paas.yaml:2:1", "paas.yaml:3:13"]


def test_values_are_plain_and_the_callers_own() -> None:
    parsed = read(b"app: shop\nvalues: {a: [1, {b: null}], c: 1.5}", "paas.yaml")
    values: Any = load(parsed.values, parsed.places, "paas.yaml", running="0.1.0").values
    assert values == {"a": [1, {"b": None}], "c": 1.5}
    assert type(values) is dict


def test_config_can_be_changed_in_a_test() -> None:
    assert dataclasses.replace(config_of(MINIMAL), app="other").app == "other"
