"""What is wrong with config files and secrets is told with its place in paas.yaml."""

from __future__ import annotations

import base64
from dataclasses import replace

import pytest

from paasctl.model.masked import revealed
from planning.manifests.rendering import body, inputs, masked, problems, rendered, shop

_SECRET = """
apiVersion: v1
kind: Secret
metadata: {name: {{ secret.name | tojson }}}
stringData: {{ secret.data | tojson }}
data: {EXTRA: {{ "more" | tojson }}}
"""


@pytest.mark.parametrize(
    ("what", "services", "files", "said"),
    [
        (
            "a missing file",
            "web: {config: {a.ini: conf/a.ini}}",
            {},
            "paas.yaml:2:18: rendering service web: config.a.ini names conf/a.ini; there is no such file",
        ),
        (
            "more than a ConfigMap holds",
            "web: {config: {a: a, b: b}}",
            {"a": "x" * 600_000, "b": b"\xff" * 400_000},
            "paas.yaml:2:9: rendering service web: config is over 1 MiB, more than a ConfigMap holds",
        ),
        (
            "an undefined name in a file",
            "web: {config: {a: a.j2}}",
            {"a.j2": "one\n{{ values.x }}\n"},
            'a.j2:2: expanding a template text: there is no "x" here; there is nothing',
        ),
        (
            "a pod that is no text",
            "web: {pod: pod.yml}",
            {"pod.yml": b"\xff"},
            "pod.yml: reading pod.yml: it is not UTF-8 text",
        ),
        (
            "a manifest that is no text",
            "web: {}",
            {"manifests/a.yaml": b"\xff"},
            "manifests/a.yaml: reading manifests/a.yaml: it is not UTF-8 text",
        ),
    ],
)
def test_a_file_that_is_wrong(what: str, services: str, files: dict[str, str | bytes], said: str) -> None:
    assert problems(inputs(shop(services), files)) == [said], what


def test_every_missing_file_is_told_at_once() -> None:
    services = "web: {config: {a: a, b: b}}\napi: {pod: c.yml, env: {X: '{{ x }}', Y: '{{ y }}'}}"
    assert len(problems(inputs(shop(services)))) == 5


def test_a_secret_without_a_value_is_told_where_it_is_named() -> None:
    given = inputs(shop("web: {secrets: {KEY: {env: KEY}}}"), secrets={})
    assert problems(given) == ["paas.yaml:2:19: rendering service web: secrets.KEY has no value"]


def test_a_name_that_no_file_can_have_is_told_also_without_the_file_loader() -> None:
    given = inputs(shop("web: {config: {a: a}}"), {"a": "a"})
    service = replace(given.config.services["web"], config={"../a": "a"})
    (problem,) = problems(replace(given, config=replace(given.config, services={"web": service})))
    assert problem.endswith("config.../a is no file name: letters, digits, '-', '_' and '.' only")


def test_a_projects_own_secret_template_may_write_texts_and_more() -> None:
    given = inputs(
        shop("web: {secrets: {KEY: {env: KEY}}}"),
        {"templates/secret.yaml.j2": _SECRET},
        secrets=masked(KEY="hunter2"),
    )
    manifests = rendered(given)
    secret = body(manifests, "Secret/web-secrets-*")
    assert "hunter2" not in repr(manifests)
    assert revealed(secret)["stringData"] == {"KEY": "hunter2"}
    assert revealed(secret)["data"] == {"EXTRA": "more"}
    plain = body(rendered(replace(given, files={})), "Secret/web-secrets-*")
    assert revealed(plain)["data"] == {"KEY": base64.b64encode(b"hunter2").decode()}


@pytest.mark.parametrize("value", ["", "ünïcode", "line\nbreak\n", "$(NOT_EXPANDED)", "{{ not }}"])
def test_any_secret_arrives_as_it_is(value: str) -> None:
    secret = body(rendered(inputs(shop("web: {secrets: {KEY: {env: KEY}}}"), secrets=masked(KEY=value))), "Secret/web*")
    assert base64.b64decode(revealed(secret)["data"]["KEY"]).decode() == value
