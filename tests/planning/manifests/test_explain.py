"""`render --explain`: of every field, where it came from."""

from __future__ import annotations

from dataclasses import replace

from paasctl.planning.manifests import RenderInputs, explain_release
from planning.manifests.rendering import inputs, masked, renderer, shop

_LABELS = "platform default: labels of ownership and role"
_SERVICES = """
web:
  image: web
  port: 80
  pod: pod.yml
  drain: 9s
  env: {LOG: info}
  secrets: {KEY: {env: KEY}}
  config: {app.ini: app.ini}
  hosts: [a.example]
"""
_POD = """
priorityClassName: high
containers:
  - name: web
    env: [{name: MINE, value: a}]
    readinessProbe: {exec: {command: ["true"]}}
  - name: side
    image: web
    args: [a]
"""


def _explained(given: RenderInputs, key: str) -> dict[str, str]:
    found = explain_release(given, renderer(given.files)).explained
    (origins,) = [of for name, of in found.items() if name.startswith(key)]
    assert len(dict(origins)) == len(origins), "every path once"
    return dict(origins)


def _given(**files: str) -> RenderInputs:
    told = {name.replace("__", "/").replace("_", "."): text for name, text in files.items()}
    return inputs(shop(_SERVICES), {"pod.yml": _POD, "app.ini": "a", **told}, secrets=masked(KEY="hunter2"))


def test_a_deployment_is_explained_field_by_field() -> None:
    origins = _explained(_given(), "Deployment/web")
    pod, web = "spec.template.spec.", 'spec.template.spec.containers[name="web"].'
    assert origins["metadata.namespace"] == "platform default: the environment's namespace"
    assert origins["metadata.labels"] == origins["spec.template.metadata.labels"] == _LABELS
    assert origins["spec.strategy"] == "platform default: zero downtime"
    assert origins[pod + "priorityClassName"] == "pod.yml"
    assert origins[pod + "terminationGracePeriodSeconds"] == "paas.yaml services.web.drain"
    assert origins[web + "readinessProbe"] == "pod.yml"
    assert origins[web + "lifecycle"] == "paas.yaml services.web.drain"
    assert origins[web + "image"] == "release 1.2.3: images.web"
    assert origins[web + 'env[name="LOG"]'] == "paas.yaml services.web.env.LOG"
    assert origins[web + 'env[name="KEY"]'] == "paas.yaml services.web.secrets.KEY"
    assert origins[web + 'env[name="MINE"]'] == "pod.yml"
    assert origins[web + "ports"] == "paas.yaml services.web.port"
    assert origins[web + 'volumeMounts[mountPath="/config"]'] == "paas.yaml services.web.config"
    side = 'spec.template.spec.containers[name="side"].'
    assert (origins[side + "args"], origins[side + "image"]) == ("pod.yml", "release 1.2.3: images.web")
    assert origins["spec.revisionHistoryLimit"] == "templates/deployment.yaml.j2"


def test_a_default_says_so_until_the_key_is_written() -> None:
    for services, wanted in (
        ("web: {port: 80}", "platform default: drain 5s"),
        ("web: {port: 80, drain: 5s}", "paas.yaml services.web.drain"),
    ):
        origins = _explained(inputs(shop(services)), "Deployment/web")
        assert origins['spec.template.spec.containers[name="web"].lifecycle'] == wanted


def test_the_projects_own_template_is_named_instead_of_our_reasons() -> None:
    own = "apiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec: {ports: [{port: 80}]}\n"
    origins = _explained(_given(templates__service_yaml_j2=own), "Service/web")
    assert origins['spec.ports[port=80,protocol="TCP"].port'] == "templates/service.yaml.j2 of the project"
    assert origins["metadata.labels"] == _LABELS


def test_a_manifest_of_the_projects_own_is_explained_too() -> None:
    text = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, labels: {a: b}}\ndata: {a: b}\n"
    origins = _explained(_given(manifests__a_yaml=text), "ConfigMap/a")
    assert (origins["data"], origins["metadata.labels.a"]) == ("manifests/a.yaml", "manifests/a.yaml")
    assert origins["metadata.labels.paasctl.dev/app"] == _LABELS


def test_the_pull_secret_is_the_registrys_and_a_volume_the_services() -> None:
    given = inputs(shop("web: {image: web, volumes: {tmp: {path: /tmp}}}"))
    registry = replace(given.config.registries["dev"], pull_secret="login")
    given = replace(given, config=replace(given.config, registries={"dev": registry}))
    origins = _explained(given, "Deployment/web")
    assert origins["spec.template.spec.imagePullSecrets"] == "paas.yaml registries.dev.pullSecret"
    assert origins['spec.template.spec.volumes[name="tmp"]'] == "paas.yaml services.web.volumes.tmp"


def test_no_value_is_ever_in_an_explanation() -> None:  # D33
    given = _given()
    assert "hunter2" not in repr(explain_release(given, renderer(given.files)))


def test_every_field_of_every_object_is_explained() -> None:
    given = _given()
    rendered = explain_release(given, renderer(given.files))
    for manifest in rendered.manifests:
        origins = dict(rendered.explained[str(manifest.key)])
        assert all(
            any(path == top or path.startswith((f"{top}.", f"{top}[")) for path in origins) for top in manifest.body
        )
        assert all(origins.values())
