"""A release on its whole way: built and signed, through dev and showcase, approved, to production, stopped."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from e2e.boxed import Boxed
from e2e.hollow import hollow_node
from e2e.parts import Testbed, contexts
from e2e.project import IMAGE, Project
from support.vouching import make_key

_PAAS = (
    """\
app: $app
images:
"""
    + IMAGE
    + """\
services:
  web: {port: 8080, replicas: 2, env: {WHERE: "{{ cluster }}"}}
registries:
  dev: {repository: $registry/$app}
  rc: {repository: $registry/$app-rc}
  prod: {repository: $registry/$app-prod}
clusters:
  one: {context: one}
  two: {context: two}
environments:
  dev: {cluster: one, registry: dev}
  showcase: {cluster: one, registry: rc, after: [dev]}
  production:
    clusters: [one, two]
    registry: prod
    after: [showcase]
    requires: [sbom, {what: signature, key: cosign.pub}]
    approvals: {count: 1, notAuthor: true}
    protected: true
approvers:
  anna: {keys: [keys/anna.pub], emails: [anna@shop.example]}
"""
)


@pytest.fixture
def node(testbed: Testbed, second: str) -> Iterator[None]:
    """Where pods of the second cluster run: a simulated one has nodes of its own."""
    if isinstance(testbed, Boxed):
        yield
        return
    with hollow_node(second):
        yield


@pytest.fixture
def path(testbed: Testbed, second: str, node: None, tmp_path: Path) -> Iterator[Project]:  # noqa: ARG001 - it is there
    made = Project.make(testbed, tmp_path, _PAAS)
    make_key(tmp_path / "cosign.pem")
    made.write("cosign.pub", (tmp_path / "cosign.pub").read_text())
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(tmp_path / "anna")], check=True)
    made.write("keys/anna.pub", (tmp_path / "anna.pub").read_text())
    made.kubeconfig = str(tmp_path / "kubeconfig")
    contexts(Path(made.kubeconfig), one=testbed.kubeconfig, two=second)
    for name in ("one", "two"):
        made.paasctl("cluster", "pin", name)
    made.commit("one")
    yield made
    made.remove()
    namespace = f"{made.app}-production"
    testbed.do("delete", "namespace", namespace, "--ignore-not-found", "--wait=false", kubeconfig=second)


def _runs(project: Project, environment: str, kubeconfig: str = "") -> dict[str, Any]:
    """The Deployment, which is rolled out, by what it is made of."""
    said = project.testbed.do(
        "get", "deployments", "-n", f"{project.app}-{environment}", "-o", "json", kubeconfig=kubeconfig
    )
    (found,) = json.loads(said)["items"]
    assert found["status"]["readyReplicas"] == 2
    container = found["spec"]["template"]["spec"]["containers"][0]
    where = next(it["value"] for it in container["env"] if it["name"] == "WHERE")
    return {"image": container["image"], "where": where}


def test_from_a_commit_to_two_clusters_and_stopped(path: Project, second: str, tmp_path: Path) -> None:
    released = path.outcome("release", "--sign-key", str(tmp_path / "cosign.pem"))
    digest = released["facts"]["image.web"].partition("@")[2]
    registry = path.testbed.registry
    path.paasctl("deploy", "dev")
    assert _runs(path, "dev") == {"image": f"{registry}/{path.app}/web@{digest}", "where": "one"}

    early = path.paasctl("promote", "0.1.0", "--to", "production", "--from", "dev", expect=4)
    assert "after showcase: it never ran well in showcase" in early.stderr

    path.paasctl("promote", "0.1.0", "--to", "rc")
    path.paasctl("deploy", "showcase", "--version", "0.1.0")
    assert _runs(path, "showcase")["image"] == f"{registry}/{path.app}-rc/web@{digest}"

    lacking = path.outcome("promote", "0.1.0", "--to", "production", "--deploy", "--yes", expect=4)
    assert lacking["problems"][0]["evidence"] == ["approvals production: 0 of 1 approvals, missing 1: anna may"]
    path.paasctl("approve", "0.1.0", "--to", "production", "--key", str(tmp_path / "anna"))

    asks = path.paasctl("promote", "0.1.0", "--to", "production", "--deploy", expect=4)
    assert "error[protected]" in asks.stderr
    assert path.testbed.of_registry(f"{path.app}-prod/tags/list").status == 404, "nothing moves before it is agreed to"

    done = path.outcome("promote", "0.1.0", "--to", "production", "--deploy", "--yes", "--reason", "tested")
    assert [(it["verb"], it["status"]) for it in done["chapters"]] == [("promote", "done"), ("deploy", "done")]
    noted = next(it for it in done["done"] if it["do"] == "notePromotion")
    gates = {(it["name"], it["of"]): it["state"] for it in noted["gates"]}
    assert gates == {
        ("after", "showcase"): "open",
        ("requires", "sbom"): "open",
        ("requires", "signature by cosign.pub"): "open",
        ("approvals", "production"): "open",
    }
    image = f"{registry}/{path.app}-prod/web@{digest}"
    assert _runs(path, "production", path.testbed.kubeconfig) == {"image": image, "where": "one"}
    assert _runs(path, "production", second) == {"image": image, "where": "two"}
    (row,) = path.outcome("releases")["answer"]["matrix"]
    assert row["environments"] == [["dev", "runs"], ["showcase", "runs"], ["production", "runs"]]

    path.paasctl("reject", "0.1.0", "--reason", "loses baskets")
    for words in (
        ("deploy", "production", "--version", "0.1.0", "--yes"),
        ("promote", "0.1.0", "--to", "production"),
        ("promote", "0.1.0", "--to", "production", "--deploy", "--yes"),
    ):
        refused = path.outcome(*words, expect=4)
        assert [it["code"] for it in refused["problems"]] == ["release-rejected"], words
    assert _runs(path, "production", second)["image"] == image, "what runs is left alone"
