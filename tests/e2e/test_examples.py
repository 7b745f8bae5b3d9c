"""Every example as it stands, on the testbed: accepted by the API server, run, and asked over HTTP or read back.

A kind counts as supported when it is seen to work here. Only what belongs to a machine is edited: the app's name,
registry, context and Gateway.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from e2e.parts import Testbed, until
from e2e.project import Project

_EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
_RUN = ("autoscaled", "hello", "raw", "stateful", "worker-and-cron")
_BUILT = ("files", "go", "jvm", "node", "python")
"""One per builder: `test_built_examples.py` runs them."""


def _project(testbed: Testbed, tmp: Path, name: str) -> Project:
    """The example in a repository of its own, with the program that its Dockerfiles want."""
    project = Project.make(testbed, tmp)
    ignored = shutil.ignore_patterns("expect.yaml")
    shutil.copytree(_EXAMPLES / name, project.folder, dirs_exist_ok=True, ignore=ignored)
    paas = (project.folder / "paas.yaml").read_text()
    app = next(line for line in paas.splitlines() if line.startswith("app: ")).removeprefix("app: ")
    for old, new in {
        f"app: {app}": f"app: {project.app}",
        f"127.0.0.1:5000/{app}": f"{testbed.registry}/{project.app}",
        "kind-local": "testbed",
        "infra/public": testbed.gateway,
        f"{app}.dev.example": f"{project.app}.dev.example",
        f"[{app}.example]": f"[{project.app}.example]",
    }.items():
        paas = paas.replace(old, new)
    project.write("paas.yaml", paas)
    for dockerfile in project.folder.rglob("Dockerfile"):
        if not (dockerfile.parent / "app").exists():
            shutil.copy(Path(testbed.bin) / "app", dockerfile.parent)
    project.commit("example")
    return project


@pytest.fixture
def example(request: pytest.FixtureRequest, real: Testbed, tmp_path: Path) -> Iterator[Project]:
    made = _project(real, tmp_path, request.param)
    made.make_namespace()
    yield made
    made.remove()


def _of(*names: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("example", names, indirect=True)


def _deploy(project: Project, **environ: Any) -> None:
    """Release and deploy, a second time for nothing; what is rendered is what the API server takes."""
    rendered = project.paasctl("render", "dev", "--placeholder-digests").stdout
    assert project.kubectl("apply", "--dry-run=server", "-f", "-", text=rendered)
    project.release()
    project.paasctl("deploy", "dev", **environ)
    assert "nothing to do" in project.paasctl("deploy", "dev", **environ).stderr


def _ask(project: Project, kind: str, name: str, path: str = "/") -> str:
    """What a pod or a service answers, through the API server, as nothing leads there from outside."""
    return project.kubectl("get", "--raw", f"/api/v1/namespaces/{project.namespace}/{kind}/{name}/proxy{path}")


def _one(project: Project, kind: str, name: str = "") -> dict[str, Any]:
    found = [it for it in project.objects(kind) if not name or it["metadata"]["name"] == name]
    assert len(found) == 1, [it["metadata"]["name"] for it in found]
    return found[0]


def test_every_example_that_can_run_is_run_here() -> None:
    """`full` names every key; its base image, its script and its second cluster are nowhere."""
    assert {it.name for it in _EXAMPLES.iterdir() if it.is_dir()} == {*_RUN, *_BUILT, "full"}


@_of("hello")
def test_hello(example: Project) -> None:
    _deploy(example)
    assert _ask(example, "services", "web:8080") == "hello from unknown\n"


@_of("autoscaled")
def test_autoscaled(example: Project, tmp_path: Path) -> None:
    """Ingress, HorizontalPodAutoscaler, PodDisruptionBudget, ConfigMap, Secret, ServiceAccount."""
    (tmp_path / "home/.config/shop").mkdir(parents=True)
    (tmp_path / "home/.config/shop/signing.pem").write_text("-- a key --\n")
    example.kubectl("create", "secret", "generic", "database", "--from-literal=url=postgres://here")
    example.kubectl("create", "secret", "generic", "shop-tls", "--from-literal=tls.crt=", "--from-literal=tls.key=")
    _deploy(example, HOME=str(tmp_path / "home"), SHOP_API_KEY="a secret of ours")

    host = f"{example.app}.dev.example"
    for each in (host, f"www.{host}"):
        assert example.served(host=each) == "unknown"
    env = example.get("/env", host).body
    assert "DATABASE_URL=postgres://here" in env
    assert "API_KEY=a secret of ours" in env
    assert f"host = {host}" in example.get("/file?path=/config/app.ini", host).body
    assert example.get("/file?path=/secrets/signing.pem", host).body.strip() == "-- a key --"

    assert {it["spec"]["serviceAccountName"] for it in example.objects("pods")} == {"shop-web"}
    until(lambda: _one(example, "poddisruptionbudgets")["status"].get("disruptionsAllowed") == 1)
    example.kubectl("scale", "deployment/web", "--replicas=1")
    until(lambda: _one(example, "deployments")["spec"]["replicas"] == 2, within=60)
    example.kubectl("patch", "hpa/web", "--type=merge", "-p", '{"spec": {"minReplicas": 3}}')
    until(lambda: _one(example, "deployments")["spec"]["replicas"] == 3, within=60)


@_of("raw")
def test_raw(example: Project) -> None:
    """HTTPRoute, a pod of its own with a sidecar, manifests and a template of the project's own."""
    _deploy(example)
    assert example.served(host=f"{example.app}.example") == "unknown"
    assert _one(example, "services", "web")["spec"]["sessionAffinity"] == "ClientIP"
    settings = _one(example, "configmaps", "settings")["data"]
    assert settings["environment"] == "dev"
    images = {it["name"]: it["image"] for it in _one(example, "deployments")["spec"]["template"]["spec"]["containers"]}
    assert settings["web-image"] == images["web"]
    assert all("@sha256:" in it for it in images.values())
    assert _one(example, "networkpolicies")["spec"]["podSelector"]["matchLabels"] == {"app.kubernetes.io/name": "web"}
    assert _one(example, "roles")["metadata"]["name"] == "settings-reader"
    for path in ("manifests/network.yaml", "manifests/settings.yaml.j2"):
        (example.folder / path).unlink()
    example.commit("without manifests")
    example.release()
    example.paasctl("deploy", "dev", "--yes")
    assert example.objects("networkpolicies") == []
    assert example.objects("roles") == []


@_of("stateful")
def test_stateful(example: Project, tmp_path: Path) -> None:
    """StatefulSet: every pod keeps its name and its own volume through a rollout."""
    volumes = [_volume(example, tmp_path, at) for at in (0, 1)]
    try:
        _deploy(example)
        for at in (0, 1):
            assert _ask(example, "pods", f"store-{at}:8080", "/file?path=/data/name").strip() == f"volume {at}"
        before = {it["metadata"]["uid"] for it in example.objects("pods")}
        example.edit("paas.yaml", "    replicas: 2\n", "    replicas: 2\n    env: {APP_VERSION: two}\n")
        example.release("two")
        example.paasctl("deploy", "dev")
        assert before.isdisjoint(it["metadata"]["uid"] for it in example.objects("pods"))
        for at in (0, 1):
            assert _ask(example, "pods", f"store-{at}:8080", "/file?path=/data/name").strip() == f"volume {at}"
            assert "two" in _ask(example, "pods", f"store-{at}:8080")
    finally:
        example.testbed.do("delete", "pv", *volumes, "--wait=false")


def _volume(project: Project, tmp: Path, at: int) -> str:
    """A volume for the claim of pod `at`: the testbed has no storage class."""
    name, folder = f"{project.app}-{at}", tmp / f"volume-{at}"
    folder.mkdir()
    (folder / "name").write_text(f"volume {at}\n")
    for it in (folder, *folder.parents[:2]):
        it.chmod(0o755)
    spec = {
        "capacity": {"storage": "1Gi"},
        "accessModes": ["ReadWriteOnce"],
        "hostPath": {"path": str(folder)},
        "claimRef": {"namespace": project.namespace, "name": f"data-store-{at}"},
        "persistentVolumeReclaimPolicy": "Retain",
    }
    volume = {"apiVersion": "v1", "kind": "PersistentVolume", "metadata": {"name": name}, "spec": spec}
    project.testbed.do("create", "-f", "-", text=json.dumps(volume))
    return name


@_of("worker-and-cron")
def test_worker_and_cron(example: Project) -> None:
    """Job, CronJob, and a Deployment without visitors."""
    _deploy(example)
    job = _one(example, "jobs")
    assert job["metadata"]["name"].startswith("migrate-")
    assert job["status"]["succeeded"] == 1
    assert "migrated 3 tables" in example.kubectl("logs", f"job/{job['metadata']['name']}")
    example.kubectl("create", "job", "tonight", "--from=cronjob/nightly")
    until(lambda: _one(example, "jobs", "tonight")["status"].get("succeeded") == 1, within=60)
    assert _one(example, "deployments")["status"]["readyReplicas"] == 2
    worker = next(it for it in example.objects("pods") if it["metadata"]["name"].startswith("worker-"))
    assert "QUEUE=jobs-dev" in _ask(example, "pods", f"{worker['metadata']['name']}:8080", "/env")
