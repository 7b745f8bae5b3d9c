"""`config show`: what was understood, spelt as a file, without secrets."""

from __future__ import annotations

import json

import pytest

from config.reading import FULL, MINIMAL, config_of
from paasctl.config.cascade import parse_set
from paasctl.config.find import find_cluster, find_environment, find_image, find_registry
from paasctl.config.masking import masked
from paasctl.config.show import explain, show
from paasctl.errors import UsageError


@pytest.mark.parametrize("text", [FULL.read_text(), MINIMAL], ids=["full", "minimal"])
def test_what_is_shown_loads_again_and_means_the_same(text: str) -> None:
    config = config_of(text)
    again = config_of(json.dumps(show(config)))
    assert again == config
    assert show(again) == show(config)


def test_an_environment_is_shown_with_what_it_uses_and_its_values_as_they_come_out() -> None:
    shown = show(config_of(FULL.read_text()), "production", [parse_set("colour=blue")])
    assert list(shown["environments"]) == ["production"]
    assert list(shown["registries"]) == ["prod"]
    assert shown["clusters"]["eu"]["values"] == {"host": "shop.example", "colour": "blue"}
    assert shown["clusters"]["us"]["values"] == {"host": "us.shop.example", "colour": "blue"}
    assert "values" not in shown
    config_of(json.dumps(shown))


def test_explain_tells_clusters_apart_only_where_they_differ() -> None:
    lines = [f"{it.path} = {it.value!r}: {it.source}" for it in explain(config_of(FULL.read_text()), "production")]
    assert [it.partition(" (")[0] for it in lines] == [
        "host [eu] = 'shop.example': values",
        "host [us] = 'us.shop.example': clusters.us.values",
    ]


_SECRET = """\
app: shop
values:
  db: {password: hunter2, port: 5432}
  apiKey: hunter2
  url: "https://me:hunter2@db.example/x"
  secrets: [hunter2]
images: {web: {args: {NPM_TOKEN: hunter2}}}
services:
  web:
    env: {API_TOKEN: hunter2, LOG: info, DB_PASSWORD: {secret: db/password}}
    pod: {containers: [{name: web, env: [{name: SESSION_SECRET, value: hunter2}, {name: LOG, value: info}]}]}
registries: {dev: {repository: registry.example/shop}}
clusters: {eu: {context: eu}}
environments: {dev: {cluster: eu, registry: dev}}
"""


def test_what_looks_like_a_secret_is_never_shown() -> None:  # D33
    config = config_of(_SECRET)
    sets = [parse_set("admin.password=hunter2")]
    said = json.dumps([show(config), show(config, "dev", sets), [str(it) for it in explain(config, "dev", sets)]])
    assert "hunter2" not in said
    shown = show(config)
    assert shown["values"] == {
        "db": {"password": "***", "port": 5432},
        "apiKey": "***",
        "url": "https://me:***@db.example/x",
        "secrets": ["***"],
    }
    assert shown["services"]["web"]["env"] == {
        "API_TOKEN": "***",
        "LOG": "info",
        "DB_PASSWORD": {"secret": "db/password"},
    }


def test_masking_leaves_what_says_nothing() -> None:
    assert masked({"password": None, "tokens": True, "secret": ""}) == {"password": None, "tokens": True, "secret": ""}
    assert masked({"password": 12345, "ports": [1, 2]}) == {"password": "***", "ports": [1, 2]}


def test_names_of_the_command_line_are_found_or_guessed() -> None:
    config = config_of(FULL.read_text())
    assert find_environment(config, "dev").name == "dev"
    assert find_registry(config, "prod").name == "prod"
    assert find_cluster(config, "eu").name == "eu"
    assert find_image(config, "report").name == "report"
    with pytest.raises(UsageError, match=r'no environment "prodution" in paas.yaml \(did you mean "production"\?\)'):
        find_environment(config, "prodution")
    with pytest.raises(UsageError, match='no image "x"') as caught:
        find_image(config_of("app: shop"), "x")
    assert caught.value.hint == "it has none"
