"""What hands and others did meanwhile: shown with their names, never forced; what is not ours stays."""

from __future__ import annotations

import json

from e2e.project import Project

_OTHER = """
  worker:
    image: web
    replicas: 1
"""


def test_hand_edits_are_shown_with_their_manager_and_never_forced(project: Project) -> None:  # D10, D31, L7
    project.edit("paas.yaml", "    port: 8080\n", "    port: 8080\n    replicas: 1\n")
    project.edit("paas.yaml", "registries:\n", f"{_OTHER.lstrip(chr(10))}registries:\n")
    project.release("one")
    project.paasctl("deploy", "dev")
    project.kubectl("create", "configmap", "foreign", "--from-literal=a=b")
    busybox = f"{project.testbed.registry}/base/busybox:1"
    project.kubectl("create", "deployment", "foreign", f"--image={busybox}", "--replicas=0")

    _scaled_by_hand(project)
    _taken_over_by_another(project)
    _dropped(project)


def _scaled_by_hand(project: Project) -> None:
    project.kubectl("scale", "deployment/web", "--replicas=2")
    shown = project.paasctl("diff", "dev", "--exit-code", expect=3).stdout
    assert "spec.replicas: 2 → 1" in shown
    assert "set by kubectl" in shown
    refused = project.paasctl("deploy", "dev", expect=4)
    assert "field-conflict" in refused.stderr
    assert "kubectl" in refused.stderr
    assert "spec.replicas" in refused.stderr
    assert project.kubectl("get", "deployment/web", "-o", "jsonpath={.spec.replicas}") == "2"
    project.kubectl("scale", "deployment/web", "--replicas=1")
    assert "nothing to do" in project.paasctl("deploy", "dev").stderr


def _taken_over_by_another(project: Project) -> None:
    service = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web"}, "spec": {"ports": [
        {"name": "http", "port": 8080, "targetPort": 9999}]}}  # fmt: skip
    project.kubectl(
        "apply", "--server-side", "--force-conflicts", "--field-manager=robot", "-f", "-", text=json.dumps(service)
    )
    shown = project.paasctl("diff", "dev").stdout
    assert "targetPort" in shown
    assert "robot" in shown
    refused = project.paasctl("deploy", "dev", expect=4)
    assert "robot" in refused.stderr
    assert "targetPort" in refused.stderr
    assert project.objects("services")[0]["spec"]["ports"][0]["targetPort"] == 9999
    service["spec"] = {"ports": [{"name": "http", "port": 8080, "targetPort": 8080}]}
    project.kubectl(
        "apply", "--server-side", "--force-conflicts", "--field-manager=robot", "-f", "-", text=json.dumps(service)
    )


def _dropped(project: Project) -> None:
    project.edit("paas.yaml", _OTHER.lstrip("\n"), "")
    project.release("two")
    done = project.outcome("deploy", "dev")
    deleted = [f"{it['key']['kind']}/{it['key']['name']}" for it in done["done"] if it["do"] == "delete"]
    assert "Deployment/worker" in deleted
    assert all(it.endswith("/worker") for it in deleted)
    assert {it["metadata"]["name"] for it in project.objects("deployments")} == {"foreign", "web"}
    assert "foreign" in {it["metadata"]["name"] for it in project.objects("configmaps")}
    project.expect_served("two")


def test_an_object_of_somebody_else_is_not_taken(project: Project) -> None:  # D31
    project.make_namespace()
    project.kubectl("create", "service", "clusterip", "web", "--tcp=8080:1")
    project.release()
    refused = project.paasctl("deploy", "dev", expect=4)
    assert "not-ours" in refused.stderr
    assert "Service/web" in refused.stderr
    assert project.objects("deployments") == []


def test_a_protected_environment_wants_a_pin_and_a_yes_and_the_right_cluster(project: Project) -> None:  # D1, X12
    project.edit("paas.yaml", "snapshots: true", "protected: true")
    project.release("one")
    assert "cluster-not-pinned" in project.paasctl("deploy", "dev", "--yes", expect=4).stderr

    project.paasctl("cluster", "pin", "local")
    uid = json.loads(project.testbed.do("get", "namespace", "kube-system", "-o", "json"))["metadata"]["uid"]
    assert uid in (project.folder / "paas.yaml").read_text()
    assert "nothing to do" in project.paasctl("cluster", "pin", "local").stderr

    refused = project.paasctl("deploy", "dev", "--version", "0.1.0", expect=4)
    assert "protected" in refused.stderr
    assert "--yes" in refused.stderr

    project.edit("paas.yaml", uid, "00000000-0000-0000-0000-000000000000")
    wrong = project.paasctl("deploy", "dev", "--version", "0.1.0", "--yes", expect=4)
    assert "wrong-cluster" in wrong.stderr
    assert uid in wrong.stderr
    assert project.namespace not in project.testbed.do("get", "namespaces", "-o", "name")

    project.edit("paas.yaml", "00000000-0000-0000-0000-000000000000", uid)
    project.paasctl("deploy", "dev", "--version", "0.1.0", "--yes")
    project.expect_served("one")
