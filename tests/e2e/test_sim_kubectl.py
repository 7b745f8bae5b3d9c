"""An unmodified kubectl on `paasctl cluster sim`: it works, and prints what it prints of the real API server."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from e2e.parts import Testbed, until
from e2e.twins import SHELL, Twins, plain, twins


@pytest.fixture(scope="module")
def both(real: Testbed, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Twins]:
    with twins(real, tmp_path_factory.mktemp("twins")) as made:
        yield made


@pytest.fixture(scope="module")
def web(both: Twins) -> str:
    """An application that serves in both, for whoever only reads."""
    both.same("apply", "-f", "-", text=manifests(both, "web"))
    rolled(both, "web")
    return "web"


def manifests(both: Twins, name: str, does: str = "greets", **changes: Any) -> str:
    """A ConfigMap, a Deployment and a Service of that name, as one file; `changes` are of the Deployment's spec."""
    labels = {"app": name}
    container = {
        "name": "main",
        "image": both.image,
        "command": ["sh", "-c", SHELL],
        "args": [does],
        "ports": [{"name": "http", "containerPort": 8080}],
        "env": [{"name": "LEVEL", "valueFrom": {"configMapKeyRef": {"name": name, "key": "level"}}}],
        "resources": {"requests": {"cpu": "10m", "memory": "16Mi"}},
    }
    spec = {
        "replicas": 1,
        "selector": {"matchLabels": labels},
        "template": {"metadata": {"labels": labels}, "spec": {"containers": [container]}},
    }
    head = {"name": name, "labels": labels}
    service = {"selector": labels, "ports": [{"name": "http", "port": 80, "targetPort": "http"}]}
    items = [
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": head, "data": {"level": "info"}},
        {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": head, "spec": spec | changes},
        {"apiVersion": "v1", "kind": "Service", "metadata": head, "spec": service},
    ]
    return "\n---\n".join(map(json.dumps, items))


def rolled(both: Twins, name: str) -> None:
    """Its rollout is over, and the pods of the last one are gone, in both."""
    assert f'deployment "{name}" successfully rolled out' in both.done("rollout", "status", f"deploy/{name}")
    until(lambda: len({len(it.out.splitlines()) for it in both.both("get", "pods", "-l", f"app={name}")}) == 1)


@pytest.mark.parametrize(
    "command",
    [
        "get deployments -l app=web",
        "get deployments,pods,services,replicasets -l app=web",
        "get deployments,pods,services,replicasets -l app=web -o wide",
        "get deployment web -o yaml",
        "get service web -o yaml",
        "get pods -l app=web -o yaml --show-managed-fields=false",
        "get pods -l app=web -o name",
        "get pods -l app=web --show-labels -L app",
        "get pods -l app=nobody",
        "get pods -l app=web --field-selector=status.phase=Running -o name",
        "get pods -l app=web -o custom-columns=PHASE:.status.phase",
        "get deployment web -o jsonpath={.status.readyReplicas}",
        "get deployment web --subresource=scale",
        "get endpoints web",
        "get deployments -l app=web --chunk-size=1",
        "describe deployment web",
        "describe pods -l app=web",
        "describe service web",
        "describe configmap web",
        "logs deployment/web",
        "logs -l app=web --tail=1",
        "wait --for=condition=Available deployment/web",
        "wait --for=jsonpath={.status.readyReplicas}=1 deployment/web",
        "wait --for=delete configmap/nobody",
        "rollout status deployment/web",
        "rollout history deployment/web",
        "rollout history deployment/web --revision=1",
        "auth can-i create deployments",
        "auth can-i * *",
        "get namespace default",
        "get nodes",
    ],
)
def test_what_it_prints_of_an_application_is_the_same(both: Twins, web: str, command: str) -> None:
    del web
    both.same(*command.split())


@pytest.mark.parametrize(
    "command",
    [
        "get nonsense",
        "get deployment nobody",
        "describe service nobody",
        "logs nobody",
        "delete configmap nobody",
        "scale deployment nobody --replicas=1",
        "rollout undo deployment/nobody",
        "wait --for=condition=Available deployment/nobody",
        "wait --for=condition=Nonsense deployment/web --timeout=1s",
        "get pods -l a=b=c",
        "get pods --field-selector=spec.nonsense=1",
        "explain deployment.spec.nonsense",
        "create configmap Not_A_Name",
        "top pods",
    ],
)
def test_what_it_refuses_it_refuses_in_the_same_words(both: Twins, web: str, command: str) -> None:
    del web
    both.same(*command.split(), code=1)


def test_it_lists_and_explains_what_it_serves(both: Twins) -> None:
    sim, real = both.both("api-resources", "--no-headers")
    named = {" ".join(it.split()) for it in sim.out.splitlines()}
    assert named < {" ".join(it.split()) for it in real.out.splitlines()}
    assert "deployments deploy apps/v1 true Deployment" in named
    said = both.sim("explain", "deployment.spec.replicas").out
    assert "KIND:       Deployment" in said
    assert "FIELD: replicas <integer>" in said
    fields = [it.out.partition("FIELDS:")[2] for it in both.both("explain", "deployment.spec", "--recursive")]
    assert fields[0] == fields[1] != ""


def test_what_happened_is_told_by_the_same_events(both: Twins, web: str) -> None:
    columns = "custom-columns=N:.involvedObject.name,K:.involvedObject.kind,R:.reason,T:.type"
    told = [{_event(it) for it in done.out.splitlines()} for done in both.both("get", "events", "-o", columns)]
    assert {"Deployment ScalingReplicaSet Normal", "Pod Started Normal"} <= told[0]
    assert told[0] - {""} == told[1] - {"", "Pod FailedMount Warning", "Pod Pulling Normal"}
    assert "Scheduled" in both.sim("events", "--for", f"pod/{_pod(both, web)}").out


def _event(line: str) -> str:
    """What happened to the application `web`; empty: it happened to another."""
    name, *said = line.split()
    return " ".join(said) if name.startswith("web") else ""


def _pod(both: Twins, name: str) -> str:
    return both.sim("get", "pods", "-l", f"app={name}", "-o", "name").out.strip().removeprefix("pod/")


def test_apply_and_diff(both: Twins) -> None:
    first, second = manifests(both, "applied"), manifests(both, "applied", replicas=2, minReadySeconds=1)
    both.same("apply", "-f", "-", text=first)
    rolled(both, "applied")
    both.same("diff", "-f", "-", text=first)
    both.same("apply", "-f", "-", text=first)
    changed = both.same("diff", "-f", "-", text=second, code=1)
    assert "+  replicas: 2" in changed
    both.same("apply", "-f", "-", "--dry-run=server", text=second)
    both.same("apply", "-f", "-", text=second)
    both.same("get", "deployment", "applied", "-o", "jsonpath={.spec}")
    both.same("apply", "view-last-applied", "deployment/applied")
    rolled(both, "applied")
    both.same("replace", "-f", "-", text=first)
    both.same("create", "-f", "-", text=first, code=1)


def test_a_list_is_checked_before_it_is_sent(both: Twins) -> None:
    item = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "listed"}, "data": {"a": "b"}}
    whole = {"apiVersion": "v1", "kind": "List", "items": [item]}
    both.same("apply", "-f", "-", text=json.dumps(whole))
    both.same("apply", "-f", "-", text=json.dumps(whole | {"items": [item, item | {"date": {}}]}), code=1)
    both.same("delete", "-f", "-", text=json.dumps(whole))


def test_server_side_apply_names_who_is_in_the_way(both: Twins) -> None:
    manifest = manifests(both, "shared", replicas=0)
    other = json.dumps(
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "shared"}, "data": {"level": "x"}}
    )
    both.same("apply", "--server-side", "-f", "-", text=manifest)
    both.same("apply", "--server-side", "-f", "-", text=manifest)
    assert 'conflict with "kubectl"' in both.same(
        "apply", "--server-side", "--field-manager=robot", "-f", "-", text=other, code=1
    )
    both.same("diff", "--server-side", "--field-manager=robot", "--force-conflicts", "-f", "-", text=other, code=1)
    both.same("apply", "--server-side", "--field-manager=robot", "--force-conflicts", "-f", "-", text=other)
    both.same("get", "configmap", "shared", "-o", "yaml", "--show-managed-fields")
    assert 'conflict with "robot"' in both.same("apply", "--server-side", "-f", "-", text=manifest, code=1)


def test_rollouts(both: Twins) -> None:
    both.same("apply", "-f", "-", text=manifests(both, "rolling"))
    rolled(both, "rolling")
    both.same("set", "env", "deployment/rolling", "COLOR=red")
    both.same("annotate", "deployment", "rolling", "kubernetes.io/change-cause=red")
    rolled(both, "rolling")
    both.same("rollout", "history", "deployment/rolling")
    both.same("rollout", "undo", "deployment/rolling")
    rolled(both, "rolling")
    both.same("rollout", "history", "deployment/rolling")
    both.same("rollout", "undo", "deployment/rolling", "--to-revision=9", code=1)
    both.same("rollout", "restart", "deployment/rolling")
    rolled(both, "rolling")
    both.same("rollout", "pause", "deployment/rolling")
    both.same("rollout", "restart", "deployment/rolling", code=1)
    both.same("rollout", "resume", "deployment/rolling")


def test_edits(both: Twins) -> None:
    both.same("apply", "-f", "-", text=manifests(both, "edited", replicas=0))
    rolled(both, "edited")
    patch = ("patch", "deployment", "edited")
    for command in (
        ("scale", "deployment/edited", "--replicas=1"),
        ("scale", "deployment/edited", "--replicas=0", "--current-replicas=1"),
        ("label", "deployment", "edited", "tier=back"),
        ("label", "deployment", "edited", "tier=front", "--overwrite"),
        ("annotate", "configmap", "edited", "note=hello"),
        ("annotate", "configmap", "edited", "note-"),
        (*patch, "-p", '{"spec":{"template":{"spec":{"containers":[{"name":"main","workingDir":"/tmp"}]}}}}'),
        (*patch, "--type=merge", "-p", '{"metadata":{"labels":{"tier":null,"x":"y"}}}'),
        (*patch, "--type=json", "-p", '[{"op":"remove","path":"/metadata/labels/x"}]'),
        (*patch, "--subresource=scale", "--type=merge", "-p", '{"spec":{"replicas":0}}'),
        ("set", "image", "deployment/edited", "main=nothing:1"),
        ("expose", "deployment", "edited", "--name=exposed", "--port=81"),
        ("get", "deployment", "edited", "-o", "yaml"),
        ("get", "service", "exposed", "-o", "yaml"),
    ):
        both.same(*command)
    both.same("scale", "deployment/edited", "--replicas=2", "--current-replicas=5", code=1)
    both.same("label", "deployment", "edited", "app=other", code=1)
    both.same(*patch, "-p", '{"spec":{"replicas":"x"}}', code=1)
    both.same(*patch, "--type=json", "-p", '[{"op":"remove","path":"/metadata/labels/x"}]', code=1)


def test_a_crash_loop_and_its_last_words(both: Twins) -> None:
    both.sim("apply", "-f", "-", text=manifests(both, "crashing", "crashes"))
    until(lambda: "CrashLoopBackOff" in both.sim("get", "pods", "-l", "app=crashing").out)
    assert both.sim("logs", "deployment/crashing", "--previous").out == "no database\n"
    told = ("Reason: CrashLoopBackOff", "Last State: Terminated", "Exit Code: 3", "BackOff")
    until(lambda: all(it in plain(both.sim("describe", "pods", "-l", "app=crashing").out) for it in told))


def test_jobs_end(both: Twins) -> None:
    both.same("create", "job", "once", f"--image={both.image}", "--", "sh", "-c", SHELL, "ends")
    both.same("create", "cronjob", "yearly", f"--image={both.image}", "--schedule=0 0 1 1 *", "--", "true")
    both.same("wait", "--for=condition=Complete", "job/once", "--timeout=20s")
    assert both.same("logs", "job/once") == "done\n"
    for it in (
        "get job once",
        "describe job once",
        "get cronjob yearly",
        "describe cronjob yearly",
        "get job once -o wide",
    ):
        both.same(*it.split())


def test_other_kinds(both: Twins) -> None:
    for command in (
        "create configmap made --from-literal=a=b",
        "create secret generic made --from-literal=a=b",
        "get secret made -o yaml",
        "describe secret made",
        "create serviceaccount made",
        "create role made --verb=get --resource=pods",
        "create rolebinding made --role=made --serviceaccount=x:made",
        "get role,rolebinding",
        "create ingress made --class=nobody --rule=made.example/*=made:80",
        "get ingress made",
        "create poddisruptionbudget made --selector=app=made --min-available=1",
        "get poddisruptionbudget made",
        "create quota made --hard=pods=100",
        "run made --image=nothing --restart=Never --labels=app=made --dry-run=server",
        "create deployment made --image=nothing --replicas=0",
        "autoscale deployment made --max=3",
        "get horizontalpodautoscaler made",
        "delete horizontalpodautoscaler,ingress made",
    ):
        both.same(*command.split())
    both.same("create", "configmap", "made", code=1)


def test_deletions(both: Twins) -> None:
    both.same("apply", "-f", "-", text=manifests(both, "ended"))
    both.same("apply", "-f", "-", text=manifests(both, "orphaned", replicas=0))
    rolled(both, "ended")
    both.same("delete", "pods", "-l", "app=ended", "--wait=false")
    rolled(both, "ended")
    both.same("delete", "deployment", "orphaned", "--cascade=orphan")
    both.same("get", "replicasets", "-l", "app=orphaned")
    both.same("delete", "replicaset", "-l", "app=orphaned", "--dry-run=server")
    both.same("delete", "deployment", "ended", "--cascade=foreground")
    both.same("get", "replicasets,pods", "-l", "app=ended")
    both.same("delete", "service,configmap", "ended", "--wait")
    both.same("delete", "service", "ended", "--ignore-not-found")
    both.same("get", "all", "-l", "app=ended")


def test_a_watch_tells_as_it_happens(both: Twins) -> None:
    both.same("create", "deployment", "watched", f"--image={both.image}", "--replicas=0")
    watch = both.watched("get", "deployment", "watched", "--watch")
    try:
        assert watch.stdout
        assert watch.stdout.readline().split()[:2] == ["NAME", "READY"]
        assert watch.stdout.readline().split()[:2] == ["watched", "0/0"]
        both.sim("scale", "deployment/watched", "--replicas=1")
        assert any("1/1" in line for line in watch.stdout)
    finally:
        watch.terminate()
        watch.communicate(timeout=10)


@pytest.mark.parametrize(
    "command", ["exec deployment/web -- true", "get --raw /api/v1/namespaces/default/pods/x/proxy/"]
)
def test_what_is_not_simulated_is_said(both: Twins, web: str, command: str) -> None:
    del web
    done = both.sim(*command.split())
    assert done.code == 1
    assert "(NotImplemented): the simulated API server has no" in done.err
