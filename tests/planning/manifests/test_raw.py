"""The project's own manifests, and what all manifests together must be."""

from __future__ import annotations

import pytest

from paasctl.errors import Refused
from paasctl.model.masked import Masked
from paasctl.planning.manifests import lint_render, render_release
from planning.manifests.rendering import body, config, inputs, problems, rendered, renderer, shop

_MAP = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n"
_NOTHING = """
app: shop
services: {}
registries: {dev: {repository: registry.example/shop}}
clusters: {local: {context: kind-local}}
environments: {dev: {cluster: local, registry: dev}}
"""


def _raw(text: str, name: str = "manifests/a.yaml") -> list[str]:
    return problems(inputs(shop("web: {}"), {name: text}))


def test_a_manifest_is_owned_and_placed_and_keeps_its_own_words() -> None:
    text = (
        _MAP.replace("{name: a}", "{name: a, labels: {mine: yes, app.kubernetes.io/version: v7}}")
        + "data: {on: 'off'}\n"
    )
    found = body(rendered(inputs(shop("web: {}"), {"manifests/a.yaml": text})), "ConfigMap/a")
    assert found["metadata"]["namespace"] == "shop-dev"
    assert found["metadata"]["labels"] == {
        "app.kubernetes.io/part-of": "shop",
        "app.kubernetes.io/managed-by": "paasctl",
        "paasctl.dev/app": "shop",
        "app.kubernetes.io/version": "v7",
        "mine": "yes",
    }
    assert found["data"] == {"on": "off"}


def test_only_what_is_called_a_template_is_one() -> None:
    text = _MAP + 'data: {a: "{{ values.a }}"}\n'
    for name, wanted in (("manifests/a.yaml", "{{ values.a }}"), ("manifests/deep/a.yml.j2", "told")):
        given = inputs(shop("web: {}"), {name: text}, values={"a": "told"})
        assert body(rendered(given), "ConfigMap/a")["data"] == {"a": wanted}


def test_other_files_there_are_left_alone() -> None:
    files = {"manifests/README.md": "hello", "manifests/values.txt": "x", "other/a.yaml": "x"}
    assert [str(it.key) for it in rendered(inputs(shop("web: {}"), files))] == ["Deployment/web"]


def test_the_pods_of_a_manifest_are_ours_too_and_run_by_digest() -> None:
    text = """
apiVersion: apps/v1
kind: DaemonSet
metadata: {name: agent}
spec:
  selector: {matchLabels: {agent: a}}
  template:
    metadata: {labels: {agent: a}}
    spec: {containers: [{name: agent, image: web}]}
"""
    found = body(rendered(inputs(shop("web: {}"), {"manifests/a.yaml": text})), "DaemonSet/agent")["spec"]["template"]
    assert found["metadata"]["labels"]["paasctl.dev/app"] == "shop"
    assert found["metadata"]["labels"]["agent"] == "a"
    assert found["spec"]["containers"][0]["image"].startswith("registry.example/shop/web@sha256:")


def test_a_secret_in_a_manifest_is_masked() -> None:  # D33
    text = "apiVersion: v1\nkind: Secret\nmetadata: {name: a}\ndata: {a: aHVudGVyMg==}\nstringData: {b: hunter2}\n"
    manifests = rendered(inputs(shop("web: {}"), {"manifests/a.yaml": text}))
    assert body(manifests, "Secret/a")["stringData"] == {"b": Masked("hunter2")}
    assert "hunter2" not in repr(manifests)
    assert "aHVudGVyMg" not in repr(manifests)


_POD = "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec:\n  containers:\n  - name: a\n"
_SERVICE = "apiVersion: v1\nkind: Service\nmetadata: {name: a}\nspec:\n  ports:\n"
_ROLE = "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {name: b}\n"
_TABLE = [
    (
        "a kind of the whole cluster",
        f"{_MAP}---\n{_ROLE}",
        ":7",
        "rendering",
        "ClusterRole/b belongs to the whole cluster",
    ),
    (
        "another namespace",
        _MAP.replace("{name: a}", "{name: a, namespace: kube-system}"),
        "",
        "rendering",
        "ConfigMap/a is for namespace kube-system, not shop-dev",
    ),
    (
        "another owner",
        _MAP.replace("{name: a}", "{name: a, labels: {paasctl.dev/app: bank}}"),
        "",
        "rendering",
        "ConfigMap/a is labelled paasctl.dev/app=bank",
    ),
    (
        "a tag",
        f"{_POD}    image: a.example/b:1\n",
        ":7",
        "rendering",
        "container a: the image a.example/b:1 can move; pin it by digest",
    ),
    ("no image", _POD, "", "rendering", "container a has no image"),
    ("a port twice: D12", f"{_SERVICE}  - port: 1\n  - port: 1\n", ":7", "reading", "Service/a has the port 1 twice"),
    ("no name", "apiVersion: v1\nkind: ConfigMap\n", "", "rendering", "ConfigMap without metadata.name"),
    (
        "a List",
        "apiVersion: v1\nkind: List\nitems: []\n",
        "",
        "rendering",
        "a List is no object; write its items as documents of their own",
    ),
    (
        "a Service's spec",
        _SERVICE.split("spec", maxsplit=1)[0] + "spec: x\n",
        "",
        "rendering",
        "Service/a: spec must be an object",
    ),
    ("a Service's ports", _SERVICE + "    a: b\n", "", "rendering", "spec.ports must be a list of objects"),
    (
        "a pod without a spec",
        _POD.split("spec", maxsplit=1)[0],
        "",
        "rendering",
        "Pod/a: the pod's spec must be an object",
    ),
    (
        "what JSON has not",
        _MAP + "data: {a: [!!binary aaaa]}\n",
        "",
        "reading",
        "data.a[0]: JSON has no bytes; quote it",
    ),
    ("no mapping", "- a\n", "", "reading", "a document is no mapping but list"),
    (
        "no YAML",
        "a: ]\n",
        ":1:4",
        "reading",
        "not YAML: while parsing a block node, did not find expected node content: line 1 is 'a: ]'",
    ),
]


@pytest.mark.parametrize(("what", "text", "line", "doing", "said"), _TABLE, ids=[it[0] for it in _TABLE])
def test_what_is_wrong_with_a_manifest_is_told_with_its_place(
    what: str, text: str, line: str, doing: str, said: str
) -> None:
    assert _raw(text) == [f"manifests/a.yaml{line}: {doing} manifests/a.yaml: {said}"], what


def test_an_undefined_name_in_a_manifest_is_told_with_its_line() -> None:
    assert _raw(_MAP + "data:\n  a: {{ values.a }}\n", "manifests/a.yaml.j2") == [
        'manifests/a.yaml.j2:5: expanding a template text: there is no "a" here; there is nothing'
    ]


def test_two_sources_of_one_object_are_both_named() -> None:
    text = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec: {template: {spec: {}}}\n"
    both = "templates/deployment.yaml.j2 for web and manifests/a.yaml"
    assert _raw(text) == [f"manifests/a.yaml: rendering Deployment/web: both {both} make it"]


def test_the_same_name_in_another_group_is_another_object() -> None:
    text = "apiVersion: widgets.example/v1\nkind: Deployment\nmetadata: {name: web}\nspec: {template: {spec: {}}}\n"
    assert _raw(text) == []


def test_manifests_alone_are_a_release() -> None:
    given = inputs(config(_NOTHING), {"manifests/a.yaml": _MAP})
    assert [str(it.key) for it in rendered(given)] == ["ConfigMap/a"]


def test_nothing_at_all_is_refused() -> None:  # D32
    given = inputs(config(_NOTHING))
    with pytest.raises(Refused, match="rendering shop for dev: nothing came out"):
        render_release(given, renderer(given.files))


def test_an_image_that_the_release_lacks_is_refused() -> None:
    given = inputs(shop("web: {}"), images={})
    (problem,) = lint_render(given, renderer(given.files))
    assert (problem.code, problem.message) == ("image-unknown", "rendering 1.2.3: it has no image web")


def test_a_project_switches_a_template_off_with_an_empty_one() -> None:
    given = inputs(shop("web: {port: 80, replicas: 2}"), {"templates/pdb.yaml.j2": "{# ours drains by hand #}\n"})
    assert [str(it.key) for it in rendered(given)] == ["Service/web", "Deployment/web"]


_OWN = """
{% from "_pod.j2" import pod_template %}
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  paused: true
  selector: {matchLabels: {{ pod.selector | tojson }}}
  template:
    {{ pod_template(service, pod) | indent(4) }}
"""


def test_a_projects_template_wins_and_can_use_ours() -> None:
    found = body(rendered(inputs(shop("web: {}"), {"templates/deployment.yaml.j2": _OWN})), "Deployment/web")
    assert (found["spec"]["paused"], found["metadata"]["labels"]["paasctl.dev/app"]) == (True, "shop")
