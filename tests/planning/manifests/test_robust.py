"""Whatever a person writes: manifests, or problems with a place. Never a traceback."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from paasctl.errors import PaasError
from paasctl.planning.manifests import explain_release, lint_render, render_release
from planning.manifests.rendering import inputs, renderer, shop

_WORDS = st.sampled_from(
    ["web", "name", "spec", "template", "containers", "env", "ports", "volumes", "labels", "selector", "x"]
)
_SCALARS = st.one_of(st.none(), st.booleans(), st.integers(-1, 9), _WORDS)
_KEYS = st.sampled_from(
    [
        "name",
        "image",
        "env",
        "ports",
        "value",
        "containerPort",
        "resources",
        "requests",
        "cpu",
        "labels",
        "metadata",
        "spec",
        "template",
        "containers",
        "initContainers",
        "volumes",
        "volumeMounts",
        "mountPath",
        "imagePullSecrets",
        "selector",
        "matchLabels",
        "replicas",
        "strategy",
        "data",
        "stringData",
        "protocol",
        "port",
        "jobTemplate",
        "annotations",
        "lifecycle",
        "readinessProbe",
    ]
)
_ANYTHING: st.SearchStrategy[Any] = st.recursive(
    _SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_KEYS, inner, max_size=4), max_leaves=12
)
_CONTAINER = st.fixed_dictionaries({"name": st.sampled_from(["web", "side"])}, optional={"image": _WORDS}).flatmap(
    lambda it: st.dictionaries(_KEYS, _ANYTHING, max_size=3).map(lambda more: {**more, **it})
)
_POD = st.dictionaries(_KEYS, _ANYTHING, max_size=3).flatmap(
    lambda it: st.lists(_CONTAINER, max_size=3).map(lambda containers: {**it, "containers": containers})
)
_SERVICES = (
    "web: {image: web, pod: pod.yml, port: 80, scale: {min: 1, max: 2, cpu: 50}}",
    "web: {image: web, pod: pod.yml, replicas: 3, volumes: {data: {path: /data, claim: 1Gi}}}",
    'web: {image: web, pod: pod.yml, schedule: "* * * * *"}',
    "web: {image: web, pod: pod.yml, run: once}",
)


def _survives(services: str, files: dict[str, str]) -> None:
    given_ = inputs(shop(services), files)
    speaking = renderer(given_.files)
    problems = lint_render(given_, speaking)
    assert all(it.message and it.where for it in problems)
    try:
        assert render_release(given_, speaking).manifests == explain_release(given_, speaking).manifests
    except PaasError as error:
        assert error in problems or error.message == problems[0].message  # noqa: PT017 - both ways are right
    else:
        assert problems == ()


@settings(max_examples=40, deadline=None)
@given(
    services=st.sampled_from(_SERVICES), said=_POD | _ANYTHING | st.builds(lambda it: {"template": {"spec": it}}, _POD)
)
def test_any_pod_renders_or_is_a_problem(services: str, said: Any) -> None:
    _survives(services, {"pod.yml": json.dumps(said)})


@settings(max_examples=40, deadline=None)
@given(
    kind=st.sampled_from(["Secret", "Service", "Deployment", "CronJob", "Pod", "Widget", "Namespace", "List"]),
    said=st.dictionaries(st.sampled_from(["spec", "data", "stringData"]), _ANYTHING, max_size=3),
    meta=st.dictionaries(st.sampled_from(["namespace", "labels", "annotations"]), _ANYTHING, max_size=2),
)
def test_any_manifest_renders_or_is_a_problem(kind: str, said: dict[str, Any], meta: dict[str, Any]) -> None:
    document = {"apiVersion": "v1", "kind": kind, "metadata": {"name": "a", **meta}, **said}
    _survives("web: {image: web}", {"manifests/a.yaml": json.dumps(document)})
    override = {"templates/deployment.yaml.j2": json.dumps(document)}
    _survives("web: {image: web}", override)
