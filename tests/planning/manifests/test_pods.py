"""`pod.yml`: what the author says of the pod, and what of it is refused, with its place."""

from __future__ import annotations

from typing import Any

import pytest

from planning.manifests.rendering import body, config, container, inputs, problems, rendered, shop

_DIGEST = "@sha256:" + "a" * 64


def _web(pod: str, service: str = "image: web, port: 80", **changes: Any) -> Any:
    return rendered(inputs(shop(f"web: {{{service}, pod: pod.yml}}"), {"pod.yml": pod}, **changes))


def test_the_authors_words_win_and_the_platform_completes_them() -> None:
    pod = """
nodeSelector: {disk: fast}
terminationGracePeriodSeconds: 90
containers:
  - name: web
    readinessProbe: {exec: {command: [/ready]}}
"""
    manifests = _web(pod)
    spec = body(manifests, "Deployment/web")["spec"]["template"]["spec"]
    assert (spec["nodeSelector"], spec["terminationGracePeriodSeconds"]) == ({"disk": "fast"}, 90)
    web = container(manifests, "Deployment/web")
    assert web["readinessProbe"] == {"exec": {"command": ["/ready"]}}
    assert web["image"].startswith("registry.example/shop/web@sha256:")
    assert web["ports"] == [{"name": "http", "containerPort": 80}]


def test_a_container_of_another_name_is_the_service_where_it_is_the_first() -> None:
    manifests = _web(f"containers: [{{name: app}}, {{name: side, image: registry.example/side{_DIGEST}}}]")
    assert container(manifests, "Deployment/web", "app")["ports"] == [{"name": "http", "containerPort": 80}]
    assert container(manifests, "Deployment/web", "side") == {
        "name": "side",
        "image": f"registry.example/side{_DIGEST}",
    }


def test_images_are_named_by_what_is_built_here_or_by_digest() -> None:
    services = (
        "web: {image: web, pod: {containers: [{name: web}, {name: api, image: api}], initContainers: [{name: wait}]}}"
    )
    given = config(
        f"{'services:'}\n  {services}\napp: shop\nimages: {{web: {{}}, api: {{context: api}}}}\n"
        "registries: {dev: {repository: registry.example/shop}}\nclusters: {local: {context: kind-local}}\n"
        "environments: {dev: {cluster: local, registry: dev}}\n"
    )
    manifests = rendered(inputs(given))
    assert container(manifests, "Deployment/web", "api")["image"].startswith("registry.example/shop/api@sha256:")
    (first,) = body(manifests, "Deployment/web")["spec"]["template"]["spec"]["initContainers"]
    assert first["image"].startswith("registry.example/shop/web@sha256:")


def test_a_whole_deployment_spec_is_taken_where_it_has_a_template() -> None:
    pod = "replicas: 3\nstrategy: {type: Recreate}\ntemplate: {metadata: {labels: {a: b}}, spec: {}}"
    manifests = _web(pod)
    spec = body(manifests, "Deployment/web")["spec"]
    assert (spec["replicas"], spec["strategy"]) == (3, {"type": "Recreate"})
    assert spec["template"]["metadata"]["labels"]["a"] == "b"
    assert "PodDisruptionBudget/web" in [str(it.key) for it in manifests]


def test_null_takes_an_addition_of_ours_away() -> None:
    manifests = _web("containers: [{name: web, readinessProbe: null, lifecycle: null}]")
    assert not {"readinessProbe", "lifecycle"} & set(container(manifests, "Deployment/web"))


def test_pod_yml_is_no_template_but_pod_yml_j2_is() -> None:
    text = 'containers: [{name: web, env: [{name: A, value: "{{ values.a }}"}]}]'
    for name, wanted in (("pod.yml", "{{ values.a }}"), ("pod.yml.j2", "told")):
        given = inputs(shop(f"web: {{image: web, pod: {name}}}"), {name: text}, values={"a": "told"})
        assert container(rendered(given), "Deployment/web")["env"][0]["value"] == wanted


def test_an_account_of_the_pods_own_keeps_its_token() -> None:
    spec = body(_web("serviceAccountName: robot"), "Deployment/web")["spec"]["template"]["spec"]
    assert "automountServiceAccountToken" not in spec


def test_a_cronjobs_pod_goes_where_a_cronjob_has_it() -> None:
    given = inputs(shop('web: {image: web, schedule: "@daily", pod: pod.yml}'), {"pod.yml": "nodeSelector: {a: b}"})
    job = body(rendered(given), "CronJob/web")["spec"]["jobTemplate"]["spec"]
    assert job["template"]["spec"]["nodeSelector"] == {"a": "b"}
    assert job["template"]["spec"]["containers"][0]["image"].startswith("registry.example/shop/web@")


_TABLE = [
    (
        "a tag can move",
        "containers:\n  - name: web\n  - name: side\n    image: side.example/a:1.2\n",
        "pod.yml:4: rendering pod.yml: container side: the image side.example/a:1.2 can move; pin it by digest",
    ),
    (
        "neither an image of ours nor a reference",
        "containers: [{name: web, image: wbe}]",
        "pod.yml:1: rendering pod.yml: container web: the image 'wbe' is neither in `images` (web) nor a reference",
    ),
    (
        "a variable twice",  # D12
        "containers:\n- name: web\n  env:\n  - {name: LOG}\n- name: b\n  env:\n  - name: LOG\n  - name: LOG\n",
        "pod.yml:8: reading pod.yml: env of container b has the name LOG twice",
    ),
    (
        "a port twice",  # D12
        "containers:\n- name: web\n  ports:\n  - containerPort: 80\n  - containerPort: 80\n    protocol: TCP\n",
        "pod.yml:5: reading pod.yml: ports of container web has the containerPort 80 twice",
    ),
    (
        "a port's name twice",  # D12
        "containers: [{name: web, ports: [{name: a, containerPort: 1}, {name: a, containerPort: 2}]}]",
        "pod.yml:1: reading pod.yml: ports of container web has the name a twice",
    ),
    (
        "a mount path twice",
        "containers:\n- name: web\n  volumeMounts:\n  - {name: a, mountPath: /x}\n  - {name: b, mountPath: /x}\n",
        "pod.yml:5: reading pod.yml: volumeMounts of container web has the mountPath /x twice",
    ),
    (
        "a volume twice",
        "volumes:\n- {name: a, emptyDir: {}}\n- {name: a, emptyDir: {}}\n",
        "pod.yml:3: reading pod.yml: volumes has the name a twice",
    ),
    (
        "a container twice, once as an init container",
        "initContainers: [{name: web}]\ncontainers:\n- name: web\n",
        "pod.yml:1: reading pod.yml: the pod has the name web twice",
    ),
    ("a container without a name", "containers: [{image: web}]", "pod.yml: reading pod.yml: containers[0] has no name"),
    (
        "resources as a text",
        "containers: [{name: web, resources: much}]",
        "pod.yml: reading pod.yml: containers[0].resources must be an object",
    ),
    (
        "labels as a list",
        "template: {metadata: {labels: [a]}, spec: {}}",
        "pod.yml: rendering pod.yml: Deployment/web: the pod's metadata must be an object",
    ),
    (
        "a selector as a text",
        "selector: {matchLabels: a}\ntemplate: {spec: {}}",
        "pod.yml: rendering pod.yml: Deployment/web: spec.selector.matchLabels must be an object",
    ),
    ("containers as a mapping", "containers: {}", "pod.yml: reading pod.yml: containers must be a list of objects"),
    (
        "a whole object",
        "apiVersion: v1\nkind: Pod\nspec: {}\n",
        "pod.yml: reading pod.yml: a PodSpec is wanted, not a whole Pod",
    ),
    ("two documents", "a: 1\n---\nb: 1\n", "pod.yml: reading pod.yml: one PodSpec is wanted, not 2 documents"),
    ("a template without a spec", "template: {}", "pod.yml: reading pod.yml: template has no spec"),
    (
        "labels that the selector does not find",  # D30
        "template: {metadata: {labels: {app.kubernetes.io/name: other}}, spec: {}}",
        "pod.yml: reading pod.yml: the labels of Deployment/web's pods are not those they are selected by",
    ),
    (
        "no YAML",
        "containers: [\n",
        "pod.yml:2:1: reading pod.yml: not YAML: while parsing a flow node, did not find expected node content",
    ),
]


@pytest.mark.parametrize(("what", "pod", "said"), _TABLE, ids=[it[0] for it in _TABLE])
def test_what_is_wrong_with_a_pod_is_told_with_its_place(what: str, pod: str, said: str) -> None:
    given = inputs(shop("web: {image: web, port: 80, pod: pod.yml}"), {"pod.yml": pod})
    assert problems(given) == [said], what


def test_all_of_a_pods_problems_are_told_at_once() -> None:
    pod = "containers: [{name: web, env: [{name: A}, {name: A}], ports: [{containerPort: 1}, {containerPort: 1}]}]"
    assert len(problems(inputs(shop("web: {image: web, pod: pod.yml}"), {"pod.yml": pod}))) == 2


def test_a_pod_that_is_missing_is_told_where_it_is_named() -> None:
    assert problems(inputs(shop("web: {image: web, pod: pod.yml}"))) == [
        "paas.yaml:2:21: reading pod.yml: there is no such file"
    ]


def test_a_whole_deployment_spec_fits_no_cronjob() -> None:
    given = inputs(shop('web: {schedule: "@daily", pod: pod.yml}'), {"pod.yml": "template: {spec: {}}"})
    assert problems(given) == ["pod.yml: reading pod.yml: web is a CronJob, which takes only a PodSpec"]


def test_replicas_beside_an_autoscaler_are_refused() -> None:  # D11
    given = inputs(
        shop("web: {scale: {min: 1, max: 2, cpu: 50}, pod: pod.yml}"),
        {"pod.yml": "replicas: 3\ntemplate: {spec: {}}"},
    )
    assert problems(given) == ["paas.yaml:2:9: rendering service web: pod.yml sets replicas, which `scale` owns"]


def test_scaling_by_what_is_not_asked_for_is_refused() -> None:
    given = inputs(
        shop("web: {scale: {min: 1, max: 2, cpu: 50}, pod: pod.yml}"),
        {"pod.yml": "containers: [{name: web, resources: {requests: {memory: 1Gi}}}]"},
    )
    assert problems(given) == [
        "paas.yaml:2:9: rendering service web: scale by cpu needs resources.requests.cpu of container web"
    ]
