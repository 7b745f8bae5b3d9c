"""Is what we want already true? Tables of (applied before, wanted now) and the fields that differ."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from paasctl.model.kube import MANAGER
from paasctl.model.masked import Masked
from paasctl.planning.fields.compare import changed_fields, needs_preview
from support.apply import applied, touched

Body = dict[str, Any]


def deployment(*containers: Body, **pod: Any) -> Body:
    spec = {"containers": list(containers), **pod}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "web", "namespace": "dev", "labels": {"app": "shop"}},
        "spec": {"replicas": 2, "template": {"spec": spec}},
    }


def web(**more: Any) -> Body:
    return {"name": "web", "image": "web@1", **more}


def said(wanted: Body, live: Body, previewed: Body | None = None) -> list[str]:
    return [f"{it.path}: {it.before} -> {it.after}" for it in changed_fields(wanted, live, previewed)]


POD = "spec.template.spec"
WEB = f'{POD}.containers[name="web"]'
DOUBLE = '{"name": "A", "value": "2"}'
CASES = {
    "nothing differs, although the server filled in defaults": (deployment(web()), deployment(web()), []),
    "an image": (deployment(web()), deployment(web(image="web@2")), [f"{WEB}.image: web@1 -> web@2"]),
    "one container of two, whatever their number": (
        deployment(web(), {"name": "side", "image": "s"}),
        deployment(web(), {"name": "side", "image": "t"}),
        [f'{POD}.containers[name="side"].image: s -> t'],
    ),
    "a container that is no longer wanted": (
        deployment(web(), {"name": "side", "image": "s"}),
        deployment(web()),
        [f'{POD}.containers[name="side"]: {{"name": "side", "image": "s", "imagePullPolicy": "IfNotPresent"}} -> None'],
    ),
    "a container that is new": (
        deployment(web()),
        deployment(web(), {"name": "side", "image": "s"}),
        [f'{POD}.containers[name="side"]: None -> {{"name": "side", "image": "s"}}'],
    ),
    "ports merge by number and protocol, TCP where none is said": (
        deployment(web(ports=[{"containerPort": 80}, {"containerPort": 80, "protocol": "UDP"}])),
        deployment(web(ports=[{"containerPort": 80, "protocol": "TCP"}, {"containerPort": 80, "protocol": "UDP"}])),
        [],
    ),
    "a port that changes is one less and one more": (
        deployment(web(ports=[{"containerPort": 80}])),
        deployment(web(ports=[{"containerPort": 81}])),
        [
            f'{WEB}.ports[containerPort=81,protocol="TCP"]: None -> {{"containerPort": 81}}',
            f'{WEB}.ports[containerPort=80,protocol="TCP"]: {{"containerPort": 80, "protocol": "TCP"}} -> None',
        ],
    ),
    "environment by name": (
        deployment(web(env=[{"name": "A", "value": "1"}, {"name": "B", "value": "2"}])),
        deployment(web(env=[{"name": "A", "value": "1"}, {"name": "B", "value": "3"}])),
        [f'{WEB}.env[name="B"].value: 2 -> 3'],
    ),
    "the order of the environment, which decides what $(NAME) sees": (
        deployment(web(env=[{"name": "A", "value": "1"}, {"name": "B", "value": "2"}])),
        deployment(web(env=[{"name": "B", "value": "2"}, {"name": "A", "value": "1"}])),
        [f'{WEB}.env: [name="A"], [name="B"] -> [name="B"], [name="A"]'],
    ),
    "volume mounts by path": (
        deployment(web(volumeMounts=[{"mountPath": "/a", "name": "x"}])),
        deployment(web(volumeMounts=[{"mountPath": "/a", "name": "y"}])),
        [f'{WEB}.volumeMounts[mountPath="/a"].name: x -> y'],
    ),
    "arguments are one whole": (
        deployment(web(args=["-v", "a"])),
        deployment(web(args=["-v", "b"])),
        [f"{WEB}.args[1]: a -> b"],
    ),
    "an argument more": (
        deployment(web(args=["-v"])),
        deployment(web(args=["-v", "b"])),
        [f'{WEB}.args: ["-v"] -> ["-v", "b"]'],
    ),
    "1000m is 1, and 1Gi is 1024Mi": (
        deployment(web(resources={"limits": {"cpu": "1", "memory": "1Gi"}})),
        deployment(web(resources={"limits": {"cpu": "1000m", "memory": "1024Mi"}})),
        [],
    ),
    "a number of cpus is a quantity too": (
        deployment(web(resources={"requests": {"cpu": "500m"}})),
        deployment(web(resources={"requests": {"cpu": 0.5}})),
        [],
    ),
    "an environment variable is no quantity": (
        deployment(web(env=[{"name": "CPU", "value": "1"}])),
        deployment(web(env=[{"name": "CPU", "value": "1000m"}])),
        [f'{WEB}.env[name="CPU"].value: 1 -> 1000m'],
    ),
    "empty and absent are the same": (
        deployment(web()),
        deployment(web(env=[], resources={}, command=None), securityContext={}),
        [],
    ),
    "an emptyDir means something by being there": (
        deployment(web(), volumes=[{"name": "v", "hostPath": {"path": "/x"}}]),
        deployment(web(), volumes=[{"name": "v", "emptyDir": {}}]),
        [
            f'{POD}.volumes[name="v"].emptyDir: None -> {{}}',
            f'{POD}.volumes[name="v"].hostPath: {{"path": "/x"}} -> None',
        ],
    ),
    "false is not absent: some defaults are true": (
        deployment(web()),
        deployment(web(), automountServiceAccountToken=False),
        [f"{POD}.automountServiceAccountToken: None -> false"],
    ),
    "true is not 1": (
        deployment(web(), hostNetwork=True),
        deployment(web(), hostNetwork=1),
        [f"{POD}.hostNetwork: true -> 1"],
    ),
    "a port's number is not a port's name": (
        deployment(web(readinessProbe={"httpGet": {"port": 80}})),
        deployment(web(readinessProbe={"httpGet": {"port": "80"}})),
        [f"{WEB}.readinessProbe.httpGet.port: 80 -> 80"],
    ),
    "a field that we set and no longer do": (
        deployment(web(workingDir="/srv")),
        deployment(web()),
        [f"{WEB}.workingDir: /srv -> None"],
    ),
    "null is a field that we do not set": (
        deployment(web(workingDir="/srv")),
        deployment(web(workingDir=None)),
        [f"{WEB}.workingDir: /srv -> None"],
    ),
    "doubled names have no identity: compared as one list": (
        deployment(web(env=[{"name": "A", "value": "1"}])),
        deployment(web(env=[{"name": "A", "value": "1"}, {"name": "A", "value": "2"}])),
        [
            f'{WEB}.env: [{{"name": "A", "value": "1"}}] -> [{{"name": "A", "value": "1"}}, {DOUBLE}]',
        ],
    ),
}


@pytest.mark.parametrize(("before", "now", "expected"), CASES.values(), ids=CASES)
def test_what_we_applied_against_what_we_want(before: Body, now: Body, expected: list[str]) -> None:
    live = applied(before, MANAGER, uid="u")
    assert said(now, live) == expected
    assert needs_preview(now, live) is bool(expected)


@pytest.mark.parametrize(("before", "now", "expected"), CASES.values(), ids=CASES)
def test_nothing_differs_once_it_is_applied(before: Body, now: Body, expected: list[str]) -> None:
    del expected
    live = applied(before, MANAGER, uid="u")
    after = applied(now, MANAGER, live=live)
    assert said(now, after, applied(now, MANAGER, live=after)) == []


def test_what_others_add_is_theirs() -> None:
    live = touched(applied(deployment(web()), MANAGER), "sidecar-injector", ("metadata", "labels", "injected"), "yes")
    assert said(deployment(web()), live) == []


def test_what_others_change_of_ours_is_a_change_and_says_who() -> None:
    live = touched(applied(deployment(web()), MANAGER), "kubectl-scale", ("spec", "replicas"), 7)
    (change,) = changed_fields(deployment(web()), live)
    assert (change.path, change.before, change.after, change.manager) == ("spec.replicas", "7", "2", "kubectl-scale")


def test_an_atomic_map_is_compared_whole() -> None:
    service = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web"}, "spec": {"selector": {"a": "1"}}}
    live = applied({**service, "spec": {"selector": {"a": "1", "b": "2"}}}, MANAGER)
    (entry,) = live["metadata"]["managedFields"]
    entry["fieldsV1"]["f:spec"]["f:selector"] = {}  # structType=atomic: the server owns it as one
    assert said(service, live) == ["spec.selector.b: 2 -> None"]


def test_an_element_of_a_set_that_we_added_is_removed() -> None:
    body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c", "finalizers": ["ours"]}}
    live = applied(body, MANAGER)
    live["metadata"]["finalizers"] = ["theirs", "ours"]
    live["metadata"]["managedFields"][0]["fieldsV1"]["f:metadata"]["f:finalizers"] = {".": {}, 'v:"ours"': {}}
    assert said(body, live) == []
    assert said({**body, "metadata": {"name": "c", "finalizers": ["new"]}}, live) == [
        'metadata.finalizers: ["theirs", "ours"] -> ["new"]'
    ]


def test_without_an_entry_of_ours_only_the_server_can_tell() -> None:
    live = applied(deployment(web()), "helm", operation="Update")
    assert said(deployment(web()), live) == []
    assert needs_preview(deployment(web()), live)


# --- with the server's dry run --------------------------------------------------------------------------------------


def test_the_dry_run_decides_where_the_spelling_differs() -> None:
    wanted = deployment(web(), tolerations=[{"key": "a"}])
    live = applied(wanted, MANAGER)
    live["spec"]["template"]["spec"]["tolerations"] = [{"key": "a", "operator": "Equal"}]  # a default inside of a list
    assert needs_preview(wanted, live)
    previewed = copy.deepcopy(live)
    previewed["metadata"] |= {"resourceVersion": "99", "generation": 9, "managedFields": []}
    previewed["status"] = {"replicas": 4}
    assert said(wanted, live, previewed) == []


def test_the_dry_run_is_compared_whole() -> None:
    live = applied(deployment(web()), MANAGER)
    previewed = copy.deepcopy(live)
    previewed["spec"]["template"]["spec"]["containers"].append({"name": "injected", "image": "i"})
    del previewed["spec"]["strategy"]
    assert said(deployment(web()), live, previewed) == [
        f'{POD}.containers[name="injected"]: None -> {{"name": "injected", "image": "i"}}',
        'spec.strategy: {"type": "RollingUpdate"} -> None',
    ]


# --- secrets (D33) --------------------------------------------------------------------------------------------------

SECRET = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}}


def test_string_data_is_data() -> None:
    live = applied({**SECRET, "data": {"a": "aHVudGVyMg=="}}, MANAGER)
    assert said({**SECRET, "stringData": {"a": "hunter2"}}, live) == []
    assert said({**SECRET, "data": {"a": Masked("aHVudGVyMg==")}}, live) == []


def test_a_secrets_values_are_never_shown() -> None:
    live = applied({**SECRET, "data": {"a": "b2xk", "gone": "b2xk"}}, MANAGER)
    assert said({**SECRET, "stringData": {"a": "new", "more": "x"}}, live) == [
        "data.a: *** -> ***",
        "data.more: None -> ***",
        "data.gone: *** -> None",
    ]


def test_a_masked_value_is_masked_wherever_it_stands() -> None:
    live = applied(deployment(web(env=[{"name": "T", "value": "old-token"}])), MANAGER)
    wanted = deployment(web(env=[{"name": "T", "value": Masked("new-token")}]))
    assert said(wanted, live) == [f'{WEB}.env[name="T"].value: *** -> ***']
    after = applied(wanted, MANAGER, live=live)
    assert said(wanted, live, after) == [f'{WEB}.env[name="T"].value: *** -> ***']


def test_the_last_applied_annotation_of_a_secret_is_masked() -> None:
    name = "kubectl.kubernetes.io/last-applied-configuration"
    live = applied({**SECRET, "data": {"a": "eA=="}}, MANAGER)
    live["metadata"]["annotations"] = {name: '{"data":{"a":"eA=="}}'}
    previewed = copy.deepcopy(live)
    previewed["metadata"]["annotations"] = {name: '{"data":{"a":"eQ=="}}'}
    assert said({**SECRET}, live, previewed) == [f"metadata.annotations['{name}']: *** -> ***"]


# --- how it is told -------------------------------------------------------------------------------------------------


def config(text: str) -> Body:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c"}, "data": {"app.ini": text}}


def test_of_a_long_text_the_first_line_that_differs_is_told() -> None:
    live = applied(config("a\nb\nc\n"), MANAGER)
    assert said(config("a\nB\nc\n"), live) == ["data['app.ini']: line 2: b -> line 2: B"]
    assert said(config("a\nb\nc\nd\n"), live) == ["data['app.ini']: 3 lines -> line 4: d"]


def test_long_values_are_shortened() -> None:
    (change,) = changed_fields(config("x" * 5000), applied(config("y"), MANAGER))
    assert change.after == "x" * 999 + "…"
