"""`examples/full` runs, too: every key of paas.yaml at once, with a world made for it.

Edited are only names of places: app, registries, context, kubeconfig, Gateway, namespace, hosts.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from pathlib import Path
from typing import Any

import pytest

from e2e.parts import Testbed
from e2e.project import Project
from paasctl.oci.documents.manifest import OCI_INDEX
from support.artifacts import make_jar, make_package, make_wheel, sha256
from testbed import images

_FULL = Path(__file__).resolve().parents[2] / "examples" / "full"
_DOCKERFILE = """\
FROM $registry/$app-base/both:1 AS production
ARG JAVA
COPY app /bin/app
COPY server worker migrate /
RUN --mount=type=secret,id=npm --mount=type=secret,id=maven --mount=type=ssh \\
    test -s /run/secrets/npm && test -s /run/secrets/maven && test -S "$$SSH_AUTH_SOCK" && echo "$${JAVA}" > /java
FROM $registry/base/busybox:1
RUN false
"""
_FILES = {
    "Dockerfile": _DOCKERFILE,
    "server": "#!/bin/sh\nexec /bin/app\n",
    "worker": "#!/bin/sh\nexec /bin/app\n",
    "migrate": "#!/bin/sh\nexec /bin/app job\n",
    "scripts/session-key": "#!/bin/sh\necho a key of this session\n",
    "report/__main__.py": "print('the report')\n",
    "ui/package.json": '{"name": "ui", "version": "1.0.0"}',
    "ui/index.js": "console.log('the tools')\n",
    "target/classes/com/example/Main.class": "a class",
    "admin/Dockerfile": 'FROM scratch\nCOPY app /app\nENV PORT=8081\nENTRYPOINT ["/app"]\n',
}


@pytest.fixture
def full(real: Testbed, tmp_path: Path) -> Iterator[Project]:
    project = Project.make(real, tmp_path)
    shutil.copytree(_FULL, project.folder, dirs_exist_ok=True)
    for old, new in {
        "app: shop ": f"app: {project.app} ",
        "127.0.0.1:5000/shop": f"{real.registry}/{project.app}",
        "registry.example/base/python": f"{real.registry}/{project.app}-base/python",
        "registry.example/base/tools": f"{real.registry}/{project.app}-base/tools",
        "registry.example/tools/report": f"{real.registry}/{project.app}-tools/report",
        "registry.example/shop/cache": f"{real.registry}/{project.app}/cache",
        "context: staging ": f"gateway: {real.gateway}\n    context: testbed ",
        "~/.kube/staging": real.kubeconfig,
        "shop-team-a": f"{project.app}-team-a",
        "shop.dev.example": f"{project.app}.example",
    }.items():
        project.edit("paas.yaml", old, new)
    for name, text in _FILES.items():
        project.write(name, project.filled(text))
        (project.folder / name).chmod(0o755)
    shutil.copy(project.folder / "app", project.folder / "admin" / "app")
    _made(project.folder)
    project.commit("one")
    yield project
    project.remove()


def _made(folder: Path) -> None:
    """What other tools leave for the builder without an engine: wheels, jars, packages, a program."""
    wheel = make_wheel(folder / "vendor", "clock")
    (folder / "requirements.txt").write_text(f"clock==1.0 --hash=sha256:{sha256(wheel)}\n")
    make_jar(folder / "target/lib/words-1.0.jar")
    make_package(folder / "ui/node_modules/words", "words")
    (folder / "bin/linux-amd64").mkdir(parents=True)
    shutil.copy(folder / "app", folder / "bin/linux-amd64/tool")


def _push_bases(project: Project) -> None:
    """A Python, a Java with a Node.js, and one for two platforms; none of them real."""
    shell: dict[str, bytes | str] = {"bin/busybox": images.BUSYBOX.read_bytes(), "bin/sh": "busybox"}
    python = {**shell, "bin/python": b'#!/bin/sh\necho "python $* in $PWD"\n', "usr/local/bin/python3": "/bin/python"}
    tools = {**shell, "usr/bin/java": b"#!/bin/sh\n", "usr/bin/node": b"#!/bin/sh\n"}
    registry = images.Registry(project.testbed.registry)
    registry.push(f"{project.app}-base/python", "3.13", images.make_image([python]))
    registry.push(f"{project.app}-base/tools", "1", images.make_image([tools]))
    both = images.make_image([{**shell, "bin/echo": "busybox", "bin/test": "busybox"}])
    children = []
    for architecture in ("amd64", "arm64"):
        config = {**json.loads(both.config), "architecture": architecture}
        made = images.Image(both.layers, json.dumps(config).encode())
        digest = registry.push(f"{project.app}-base/both", architecture, made)
        its = {"digest": digest, "size": len(made.manifest), "platform": {"os": "linux", "architecture": architecture}}
        children.append({"mediaType": images.MANIFEST, **its})
    index = json.dumps({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": children}).encode()
    put = registry.ask("PUT", f"/v2/{project.app}-base/both/manifests/1", index, Content_Type=OCI_INDEX)
    assert put.status == HTTPStatus.CREATED


def _world(project: Project, home: Path) -> list[str]:
    """What the example takes for granted: bases, the caller's files, other people's Secret, ConfigMap, volumes."""
    _push_bases(project)
    (home / ".m2").mkdir(parents=True)
    (home / ".m2/settings.xml").write_text("<settings/>\n")
    (home / ".shop").mkdir()
    (home / ".shop/signing.pem").write_text("-- a key --\n")
    namespace = project.make_namespace(f"{project.app}-team-a")
    project.kubectl("create", "secret", "generic", "db", "--from-literal=url=postgres://here", namespace=namespace)
    project.kubectl("create", "configmap", "cluster", "--from-literal=region=eu", namespace=namespace)
    return [_volume(project, namespace, home, at) for at in range(3)]


def _volume(project: Project, namespace: str, home: Path, at: int) -> str:
    name = f"{project.app}-{at}"
    spec = {
        "capacity": {"storage": "1Gi"},
        "accessModes": ["ReadWriteOnce"],
        "storageClassName": "fast",
        "hostPath": {"path": str(home / name), "type": "DirectoryOrCreate"},
        "claimRef": {"namespace": namespace, "name": f"cache-web-{at}"},
    }
    volume = {"apiVersion": "v1", "kind": "PersistentVolume", "metadata": {"name": name}, "spec": spec}
    project.testbed.do("create", "-f", "-", text=json.dumps(volume))
    return name


def test_every_key_at_once(full: Project, tmp_path: Path) -> None:
    volumes = _world(full, tmp_path / "home")
    namespace, home = f"{full.app}-team-a", str(tmp_path / "home")
    try:
        rendered = full.paasctl("render", "dev", "--placeholder-digests").stdout
        full.kubectl("apply", "--dry-run=server", "-f", "-", text=rendered, namespace=namespace)
        with _agent(home) as agent:
            full.paasctl("release", HOME=home, NPM_TOKEN="a token of ours", SSH_AUTH_SOCK=agent, **_builder(full))
        full.paasctl("deploy", "dev", HOME=home, API_KEY="a secret of ours")
        _asked_over_http(full)
        _looked_at(full, namespace)
        assert "nothing to do" in full.paasctl("deploy", "dev", HOME=home, API_KEY="a secret of ours").stderr
    finally:
        full.testbed.do("delete", "pv", *volumes, "--wait=false")


def _builder(full: Project) -> dict[str, Any]:
    """Only BuildKit with a session has secrets, keys, caches and several platforms."""
    address = os.environ["PAASCTL_TEST_BUILDKIT_HOST"]
    path = f"{os.environ['PATH']}:{full.testbed.bin}"
    return {"PAASCTL_BUILDER": "buildctl", "BUILDKIT_HOST": address, "PATH": path}


@contextmanager
def _agent(home: str) -> Iterator[str]:
    """A socket where an agent would be: no step asks it for anything."""
    path = str(Path(home) / "agent")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(path)
        listening.listen()
        yield path


def _asked_over_http(full: Project) -> None:
    assert full.served() == "unknown"
    env = full.get("/env").body
    for line in ("LOG=info", "DB_URL=postgres://here", "REGION=eu"):
        assert line in env
    read = {
        "/config/app.ini": "[shop]\ncurrency = EUR\n",
        "/secrets/api-key": "a secret of ours",
        "/secrets/signing.pem": "-- a key --\n",
        "/secrets/session-key": "a key of this session",
        "/java": "21\n",
    }
    assert {path: full.get(f"/file?path={path}").body.rstrip() for path in read} == {
        path: text.rstrip() for path, text in read.items()
    }
    assert full.served(host=f"admin.{full.host}") == "unknown"


def _looked_at(full: Project, namespace: str) -> None:
    index = full.testbed.manifest(f"{full.app}/web", "0.1.0")
    assert [it["platform"]["architecture"] for it in index["manifests"]] == ["amd64", "arm64"]
    layers = [full.testbed.manifest(f"{full.app}/web", it["digest"])["layers"] for it in index["manifests"]]
    assert list(map(len, layers)) == [4, 4]  # nothing is dead: no squash pays
    assert full.testbed.of_registry(f"{full.app}/cache/manifests/latest").status == HTTPStatus.OK
    assert full.testbed.manifest(f"{full.app}-tools/report", "0.1.0")
    (web,) = full.objects("statefulsets", namespace)
    assert web["status"]["readyReplicas"] == 3
    pod = web["spec"]["template"]["spec"]
    assert pod["terminationGracePeriodSeconds"] == 40
    assert pod["containers"][0]["livenessProbe"]["periodSeconds"] == 30
    assert {it["status"]["phase"] for it in full.objects("persistentvolumeclaims", namespace)} == {"Bound"}
    jobs = full.objects("jobs", namespace)
    assert [it["status"]["succeeded"] for it in jobs] == [1]
    full.kubectl("create", "job", "tonight", "--from=cronjob/nightly", namespace=namespace)
    full.kubectl("wait", "--for=condition=complete", "job/tonight", "--timeout=50s", namespace=namespace)
    assert full.kubectl("logs", "job/tonight", namespace=namespace) == "python -m report --daily in /app\n"
