"""What a service of paas.yaml becomes."""

from __future__ import annotations

import base64
from dataclasses import replace
from typing import Any

import pytest

from paasctl.model.image import Repository
from paasctl.model.masked import Masked, revealed
from planning.manifests.rendering import COMMIT, body, container, inputs, masked, rendered, shop

_ZEROS = "sha256:" + "0" * 64


def keys(services: str, **changes: Any) -> list[str]:
    return [str(it.key) for it in rendered(inputs(shop(services), **changes))]


@pytest.mark.parametrize(
    ("services", "wanted"),
    [
        ("web: {}", ["Deployment/web"]),
        ("web: {port: 80}", ["Service/web", "Deployment/web"]),
        ("web: {port: 80, replicas: 2}", ["Service/web", "Deployment/web", "PodDisruptionBudget/web"]),
        ("web: {port: 80, replicas: 1}", ["Service/web", "Deployment/web"]),
        (
            "web: {port: 80, scale: {min: 2, max: 4, cpu: 50}}",
            ["Service/web", "Deployment/web", "HorizontalPodAutoscaler/web", "PodDisruptionBudget/web"],
        ),
        ("web: {scale: {min: 1, max: 4, cpu: 50}}", ["Deployment/web", "HorizontalPodAutoscaler/web"]),
        ("web: {port: 80, hosts: [a.example]}", ["Service/web", "Deployment/web", "Ingress/web"]),
        ('night: {schedule: "0 3 * * *"}', ["CronJob/night"]),
        (
            "db: {port: 5432, volumes: {data: {path: /data, claim: 1Gi}}}",
            ["Service/db", "Service/db-pods", "StatefulSet/db"],
        ),
        ("db: {volumes: {data: {path: /data, claim: 1Gi}}}", ["Service/db-pods", "StatefulSet/db"]),
        ("web: {volumes: {tmp: {path: /tmp}}}", ["Deployment/web"]),
        (
            "a: {serviceAccount: shared}\nb: {serviceAccount: shared}",
            ["ServiceAccount/shared", "Deployment/a", "Deployment/b"],
        ),
    ],
)
def test_a_service_becomes_these_objects_in_this_order(services: str, wanted: list[str]) -> None:
    assert keys(services) == wanted


def test_zero_downtime_is_on_without_a_word() -> None:
    manifests = rendered(inputs(shop("web: {port: 8080}")))
    deployment = body(manifests, "Deployment/web")
    pod = deployment["spec"]["template"]["spec"]
    assert deployment["spec"]["strategy"]["rollingUpdate"] == {"maxSurge": "25%", "maxUnavailable": 0}
    assert container(manifests, "Deployment/web")["readinessProbe"]["tcpSocket"] == {"port": 8080}
    assert container(manifests, "Deployment/web")["lifecycle"] == {"preStop": {"sleep": {"seconds": 5}}}
    assert pod["terminationGracePeriodSeconds"] == 35
    assert pod["automountServiceAccountToken"] is False


def test_health_drain_and_grace_tune_it() -> None:
    manifests = rendered(inputs(shop("web: {port: 8080, health: /ready, drain: 1500ms, grace: 60s}")))
    assert container(manifests, "Deployment/web")["readinessProbe"]["httpGet"] == {"path": "/ready", "port": 8080}
    assert container(manifests, "Deployment/web")["lifecycle"] == {"preStop": {"sleep": {"seconds": 2}}}
    assert body(manifests, "Deployment/web")["spec"]["template"]["spec"]["terminationGracePeriodSeconds"] == 62


def test_no_drain_means_no_hook() -> None:
    assert "lifecycle" not in container(rendered(inputs(shop("web: {port: 8080, drain: 0s}"))), "Deployment/web")


def test_an_autoscaler_owns_the_replicas_and_the_least_number_is_for_the_creation() -> None:  # D11
    manifests = rendered(inputs(shop("web: {scale: {min: 3, max: 9, cpu: 70, memory: 80}}")))
    deployment = body(manifests, "Deployment/web")
    assert "replicas" not in deployment["spec"]
    assert deployment["metadata"]["annotations"]["paasctl.dev/replicas-on-create"] == "3"
    scaler = body(manifests, "HorizontalPodAutoscaler/web")["spec"]
    assert [(it["containerResource"]["name"], it["containerResource"]["container"]) for it in scaler["metrics"]] == [
        ("cpu", "web"),
        ("memory", "web"),
    ]
    assert container(manifests, "Deployment/web")["resources"] == {"requests": {"cpu": "100m", "memory": "128Mi"}}


@pytest.mark.parametrize(
    ("said", "wanted"),
    [
        ("{requests: {cpu: 1}}", {"requests": {"cpu": "1"}}),
        ("{limits: {cpu: 2}}", {"limits": {"cpu": "2"}}),
        ("{limits: {memory: 1Gi}}", {"limits": {"memory": "1Gi"}, "requests": {"cpu": "100m"}}),
    ],
)
def test_what_is_asked_for_already_is_not_asked_for_again(said: str, wanted: dict[str, Any]) -> None:
    manifests = rendered(inputs(shop(f"web: {{scale: {{min: 1, max: 2, cpu: 50}}, resources: {said}}}")))
    found = container(manifests, "Deployment/web")["resources"]
    assert {of: {name: str(it) for name, it in amounts.items()} for of, amounts in found.items()} == wanted


def test_without_a_number_the_number_is_not_ours() -> None:
    assert "replicas" not in body(rendered(inputs(shop("web: {}"))), "Deployment/web")["spec"]
    assert body(rendered(inputs(shop("web: {replicas: 0}"))), "Deployment/web")["spec"]["replicas"] == 0


def test_everything_is_labelled_ours() -> None:
    manifests = rendered(inputs(shop("web: {port: 80, replicas: 2, hosts: [a.example], serviceAccount: a}")))
    for manifest in manifests:
        meta = manifest.body["metadata"]
        assert meta["namespace"] == manifest.key.namespace == "shop-dev"
        assert meta["labels"] == {
            "app.kubernetes.io/name": "web",
            "app.kubernetes.io/part-of": "shop",
            "app.kubernetes.io/instance": "shop-dev",
            "app.kubernetes.io/component": "server",
            "app.kubernetes.io/managed-by": "paasctl",
            "paasctl.dev/app": "shop",
            **({"app.kubernetes.io/version": "1.2.3"} if manifest.key.kind == "Deployment" else {}),
        }


def test_only_what_runs_says_which_release_so_that_a_release_writes_no_more_than_it_changes() -> None:
    manifests = rendered(inputs(shop("web: {port: 80, replicas: 2, hosts: [a.example], serviceAccount: a}")))
    marked = {it.key.kind: it.body["metadata"].get("annotations") for it in manifests}
    assert marked.pop("Deployment") == {"paasctl.dev/version": "1.2.3", "paasctl.dev/commit": COMMIT}
    assert set(marked.values()) == {None}


def test_a_long_version_becomes_a_label_that_kubernetes_takes() -> None:
    version = "1.2.4-" + "a-very-long-branch-name-" * 3 + ".7.gabc1234"
    manifests = rendered(inputs(shop("web: {}"), version=version))
    meta = body(manifests, "Deployment/web")["metadata"]
    label = meta["labels"]["app.kubernetes.io/version"]
    assert (len(label) <= 63, version.startswith(label), label[-1].isalnum()) == (True, True, True)
    assert meta["annotations"]["paasctl.dev/version"] == version


_MANY = """
web: {port: 80, replicas: 2, hosts: [a.example], config: {a: a.ini}, secrets: {KEY: {env: KEY}}}
db: {port: 80, volumes: {data: {path: /data, claim: 1Gi}}}
night: {schedule: "@daily"}
once: {run: once}
"""


def test_a_new_version_of_the_same_image_touches_no_pod() -> None:
    first = inputs(shop(_MANY), {"a.ini": "a"})
    again = replace(first, version="9.9.9", commit="f" * 40)
    before, after = rendered(first), rendered(again)
    assert [it.key for it in before] == [it.key for it in after]
    for one, other in zip(before, after, strict=True):
        assert {k: v for k, v in one.body.items() if k != "metadata"} == {
            k: v for k, v in other.body.items() if k != "metadata"
        }


def test_selectors_name_neither_version_nor_environment() -> None:
    manifests = rendered(inputs(shop("web: {port: 80, replicas: 2}")))
    wanted = {"app.kubernetes.io/name": "web", "app.kubernetes.io/part-of": "shop"}
    assert body(manifests, "Deployment/web")["spec"]["selector"]["matchLabels"] == wanted
    assert body(manifests, "Service/web")["spec"]["selector"] == wanted
    assert body(manifests, "PodDisruptionBudget/web")["spec"]["selector"]["matchLabels"] == wanted


def test_a_claim_never_gets_the_label_that_pruning_goes_by() -> None:  # D14, D31
    manifests = rendered(inputs(shop("db: {volumes: {data: {path: /data, claim: 1Gi, storageClass: fast}}}")))
    spec = body(manifests, "StatefulSet/db")["spec"]
    assert "paasctl.dev/app" not in spec["selector"]["matchLabels"]  # which Kubernetes copies onto the claims
    assert spec["volumeClaimTemplates"] == [
        {
            "metadata": {"name": "data"},
            "spec": {
                "accessModes": ["ReadWriteOnce"],
                "storageClassName": "fast",
                "resources": {"requests": {"storage": "1Gi"}},
            },
        }
    ]
    assert spec["serviceName"] == "db-pods"
    assert body(manifests, "Service/db-pods")["spec"]["clusterIP"] == "None"
    assert "volumes" not in spec["template"]["spec"]


def test_cronjobs_wait_for_the_last_one_and_jobs_are_named_by_content() -> None:
    manifests = rendered(inputs(shop('night: {schedule: "0 3 * * *"}\nonce: {run: once, command: [migrate]}')))
    assert body(manifests, "CronJob/night")["spec"]["concurrencyPolicy"] == "Forbid"
    changed = rendered(inputs(shop("once: {run: once, command: [migrate, --all]}")))
    names = [next(it.key.name for it in some if it.key.kind == "Job") for some in (manifests, changed)]
    assert names[0] != names[1]
    assert all(it.startswith("once-") and len(it) == len("once-") + 8 for it in names)


def test_a_new_image_makes_a_new_job() -> None:
    given = inputs(shop("once: {run: once}"))
    newer = replace(given, images={"web": given.images["web"].repository.pinned("sha256:" + "1" * 64)})
    assert rendered(given)[0].key != rendered(newer)[0].key


def test_changed_config_gets_a_new_name_and_the_old_content_its_old_one() -> None:  # D34
    def name(content: str) -> str:
        manifests = rendered(inputs(shop("web: {config: {app.ini: app.ini}}"), {"app.ini": content}))
        (volume,) = body(manifests, "Deployment/web")["spec"]["template"]["spec"]["volumes"]
        assert f"ConfigMap/{volume['configMap']['name']}" in [str(it.key) for it in manifests]
        return str(volume["configMap"]["name"])

    first, second, back = name("a=1\n"), name("a=2\n"), name("a=1\n")
    assert (first != second, first == back) == (True, True)


def test_config_files_are_texts_bytes_or_templates() -> None:
    files: dict[str, str | bytes] = {
        "plain": "{{ not a template }}",
        "bytes": b"\xff\x00",
        "told.j2": "{{ values.host }} {{ service.name }}",
    }
    services = "web: {configPath: /etc/web, config: {plain: plain, bytes: bytes, told: told.j2}}"
    manifests = rendered(inputs(shop(services), files, values={"host": "a.example"}))
    config = body(manifests, "ConfigMap/web-config-*")
    assert config["data"] == {"plain": "{{ not a template }}", "told": "a.example web"}
    assert config["binaryData"] == {"bytes": base64.b64encode(b"\xff\x00").decode()}
    assert container(manifests, "Deployment/web")["volumeMounts"] == [
        {"name": "config-files", "mountPath": "/etc/web", "readOnly": True}
    ]


_SECRETS = "web: {secrets: {API_KEY: {env: KEY}, key.pem: {file: key}}}"


def test_secrets_are_variables_where_they_can_be_and_files_otherwise() -> None:
    manifests = rendered(inputs(shop(_SECRETS), secrets=masked(**{"API_KEY": "hunter2", "key.pem": "---"})))
    (secret,) = [it.key.name for it in manifests if it.key.kind == "Secret"]
    assert container(manifests, "Deployment/web")["env"] == [
        {"name": "API_KEY", "valueFrom": {"secretKeyRef": {"name": secret, "key": "API_KEY"}}}
    ]
    assert container(manifests, "Deployment/web")["volumeMounts"][0]["mountPath"] == "/secrets"
    assert body(manifests, "Deployment/web")["spec"]["template"]["spec"]["volumes"] == [
        {"name": "secret-files", "secret": {"secretName": secret, "items": [{"key": "key.pem", "path": "key.pem"}]}}
    ]


def test_a_secret_is_told_to_the_api_server_only() -> None:  # D33
    manifests = rendered(inputs(shop(_SECRETS), secrets=masked(**{"API_KEY": "hunter2", "key.pem": "---"})))
    encoded = base64.b64encode(b"hunter2").decode()
    assert "hunter2" not in repr(manifests)
    assert encoded not in repr(manifests)
    secret = body(manifests, "Secret/web-secrets-*")
    assert secret["data"]["API_KEY"] == Masked(encoded)
    assert revealed(secret)["data"]["API_KEY"] == encoded


def test_a_changed_secret_gets_a_new_name() -> None:  # D34
    names = {
        next(
            it.key.name
            for it in rendered(inputs(shop("web: {secrets: {KEY: {env: KEY}}}"), secrets=masked(KEY=value)))
            if it.key.kind == "Secret"
        )
        for value in ("one", "two", "one")
    }
    assert len(names) == 2


def test_env_is_expanded_and_refers() -> None:
    services = 'web: {env: {URL: "https://{{ values.host }}/", DB: {secret: db/url}, MODE: {config: modes/web}}}'
    manifests = rendered(inputs(shop(services), values={"host": "a.example"}))
    assert container(manifests, "Deployment/web")["env"] == [
        {"name": "URL", "value": "https://a.example/"},
        {"name": "DB", "valueFrom": {"secretKeyRef": {"name": "db", "key": "url"}}},
        {"name": "MODE", "valueFrom": {"configMapKeyRef": {"name": "modes", "key": "web"}}},
    ]


@pytest.mark.parametrize(
    "text", ["🦀 & <b>", "line\nbreak\ttab", 'quote " and \\', "\x7f\x85\u2028", "{a: b}", "- x", "~", "yes"]
)
def test_any_text_goes_through_the_templates_unharmed(text: str) -> None:
    manifests = rendered(inputs(shop("web: {env: {TEXT: '{{ values.text }}'}}"), values={"text": text}))
    assert container(manifests, "Deployment/web")["env"] == [{"name": "TEXT", "value": text}]


def test_the_registrys_pull_secret_is_used() -> None:
    given = inputs(shop("web: {}"))
    registry = replace(given.config.registries["dev"], pull_secret="login")
    config = replace(given.config, registries={"dev": registry})
    pod = body(rendered(replace(given, config=config)), "Deployment/web")["spec"]["template"]["spec"]
    assert pod["imagePullSecrets"] == [{"name": "login"}]


def test_images_run_by_digest() -> None:
    image = Repository("registry.example", "shop/web").pinned(_ZEROS)
    manifests = rendered(inputs(shop("web: {}"), images={"web": image}))
    assert container(manifests, "Deployment/web")["image"] == f"registry.example/shop/web@{_ZEROS}"


def test_rendering_twice_gives_the_same() -> None:
    given = inputs(shop(_MANY), {"a.ini": "a"})
    assert repr(rendered(given)) == repr(rendered(given))
    backwards = replace(given.config, services=dict(reversed(list(given.config.services.items()))))
    assert rendered(replace(given, config=backwards)) == rendered(given)
