"""One example per kind of builder: built, pushed, run on the cluster and under Docker, and asked over HTTP.

What an ecosystem's own tools make (wheels, jars, node_modules, a program) is made by the example's `build.sh`.
"""

from __future__ import annotations

import http.client
import json
import os
import random
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from e2e.parts import Testbed, until
from e2e.project import Project
from support.attested import check_spdx, purls
from testbed.bases import push_runtimes

_EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
SAYS = {
    "files": "<h1>hello from files</h1>\n",
    "python": "hello from python, &lt;you&gt; (markupsafe._speedups)\n",
    "jvm": "hello from jvm\n",
    "node": "hello from node, for 2 days\n",
    "go": "hello from go, amd64\n",
    "hello": "hello from unknown\n",
}
PURLS = {
    "files": [],
    "python": ["pkg:pypi/markupsafe@3.0.2"],
    "jvm": [],
    "node": ["pkg:npm/ms@2.1.3"],
    "go": ["pkg:golang/example.com/hello", "pkg:golang/stdlib@"],
}
pytestmark = pytest.mark.xdist_group("builders")  # one after the other: they share the kept Debian, and a node


@pytest.fixture(scope="session")
def bases(real: Testbed) -> dict[str, str]:
    """The bases with a runtime in them, by runtime."""
    return push_runtimes(real.registry)


def made(testbed: Testbed, tmp: Path, name: str) -> Project:
    """The example in a repository of its own, with what its ecosystem's tools make of it."""
    project = Project.make(testbed, tmp)
    shutil.copytree(_EXAMPLES / name, project.folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns("expect.yaml"))
    paas = (project.folder / "paas.yaml").read_text()
    for old, new in {
        f"app: {name}\n": f"app: {project.app}\n",
        f"127.0.0.1:5000/{name}}}": f"{testbed.registry}/{project.app}}}",
        "127.0.0.1:5000/base/": f"{testbed.registry}/base/",
        "kind-local": "testbed",
    }.items():
        paas = paas.replace(old, new)
    project.write("paas.yaml", paas)
    if (script := project.folder / "build.sh").exists():
        path = f"{os.environ['PATH']}:/usr/local/go/bin"
        environ = {**os.environ, "PATH": path, "PYTHON": sys.executable}
        done = subprocess.run([script], env=environ, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
    project.commit("example")
    return project


@pytest.fixture
def example(request: pytest.FixtureRequest, real: Testbed, bases: dict[str, str], tmp_path: Path) -> Iterator[Project]:
    assert bases
    project = made(real, tmp_path, request.param)
    project.make_namespace()
    yield project
    project.remove()


def image_of(project: Project) -> str:
    """The released image, by digest."""
    outcome = project.outcome("release")
    return str(outcome["facts"]["image.web"])


@pytest.mark.parametrize(("example", "name"), [(it, it) for it in SAYS], indirect=["example"])
def test_an_example_is_built_and_answers_on_the_cluster_and_under_docker(example: Project, name: str) -> None:
    image = image_of(example)
    if name in PURLS:
        check_vouchers(example, image, PURLS[name])
    example.paasctl("deploy", "dev")
    path = f"/api/v1/namespaces/{example.namespace}/services/web:8080/proxy/"
    assert until(lambda: example.kubectl("get", "--raw", path), within=30) == SAYS[name]
    with under_docker(example, image, name) as port:
        assert until(lambda: asked(port), within=60) == SAYS[name]


@contextmanager
def under_docker(project: Project, image: str, name: str) -> Iterator[int]:
    """A container of the image, and the port it listens on: Docker has no network of its own here."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    said = [str(port)] if name == "files" else []
    container = docker(project, "run", "-d", "--network", "host", "-e", f"PORT={port}", image, *said).strip()
    try:
        yield port
    finally:
        docker(project, "rm", "-f", container)


def docker(project: Project, *args: str) -> str:
    done = subprocess.run(["docker", *args], env=project.environ, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def asked(port: int) -> str:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/")
        return connection.getresponse().read().decode()
    except OSError:
        return ""
    finally:
        connection.close()


def check_vouchers(example: Project, image: str, wanted: list[str]) -> None:
    """The registry has, for every image of it, what is in it and how it was built."""
    _, _, digest = image.partition("@")
    repository = f"{example.app}/web"
    for it in images(example, repository, digest):
        said = vouchers(example, repository, it["digest"])
        check_spdx(said["application/spdx+json"])
        found = purls(said["application/spdx+json"])
        assert len(found) == len(wanted)
        assert all(one.startswith(start) for one, start in zip(found, wanted, strict=True))
        statement = said["application/vnd.in-toto+json"]
        assert statement["subject"][0]["digest"]["sha256"] == it["digest"].removeprefix("sha256:")
        source = statement["predicate"]["buildDefinition"]["resolvedDependencies"][0]
        assert source["digest"] == {"gitCommit": example.git("rev-parse", "HEAD")}


def images(project: Project, repository: str, digest: str) -> list[dict[str, Any]]:
    """The image's manifest, or those of an index."""
    found = crane(project, "manifest", f"{repository}@{digest}")
    return list(found["manifests"]) if "manifests" in found else [{"digest": digest}]


def vouchers(project: Project, repository: str, digest: str) -> dict[str, Any]:
    """What refers to a manifest, by artifact type: by the tag that stands in for the API, which this registry lacks."""
    index = crane(project, "manifest", f"{repository}:{digest.replace(':', '-')}")
    found = {}
    for it in index["manifests"]:
        manifest = crane(project, "manifest", f"{repository}@{it['digest']}")
        assert manifest["subject"]["digest"] == digest
        assert it["artifactType"] == manifest["artifactType"]
        (layer,) = manifest["layers"]
        found[manifest["artifactType"]] = crane(project, "blob", f"{repository}@{layer['digest']}")
    return found


def crane(project: Project, what: str, name: str) -> dict[str, Any]:
    """What somebody else's client reads there."""
    argv = [str(Path(project.testbed.bin) / "crane"), what, f"{project.testbed.registry}/{name}"]
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    said: dict[str, Any] = json.loads(done.stdout)
    return said


def test_one_changed_file_of_many_sends_one_layer(real: Testbed, tmp_path: Path) -> None:
    """20,000 files; the registry's own count of what it got."""
    paas = """\
app: $app
images:
  web: {base: scratch, layers: [{src: many, dest: /srv}], config: {entrypoint: [/srv/none]}}
services:
  web: {port: 8080}
registries:
  dev: {repository: $registry/$app}
clusters:
  local: {context: testbed}
environments:
  dev: {cluster: local, registry: dev}
"""
    project = Project.make(real, tmp_path, paas)
    for number in range(20_000):
        path = project.folder / f"many/{number // 100:03}/{number}"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(random.Random(number).randbytes(2_000) + b"x" * 3_000)
    project.commit("many")
    first = layers(project)
    (project.folder / "many/100/10050").write_text("changed")
    project.commit("one")
    second = layers(project)
    assert 8 <= len(first) == len(second)
    assert len(set(second) - set(first)) == 1


def layers(project: Project) -> list[str]:
    """The digests of the layers of a new release."""
    _, _, digest = image_of(project).partition("@")
    found = crane(project, "manifest", f"{project.app}/web@{digest}")
    return [it["digest"] for it in found["layers"]]


def test_a_base_merged_into_usr_stays_so(bases: dict[str, str], real: Testbed, tmp_path: Path) -> None:
    """Debian's `/lib`, `/bin` and `/sbin` are links: files that go there land behind them, and the links stay."""
    paas = f"""\
app: $app
images:
  web:
    base: {bases["python"]}
    layers:
      - {{src: tool, dest: /bin/tool, mode: "0755"}}
      - {{src: lib, dest: /lib/more}}
      - {{src: top, dest: /}}
    config: {{entrypoint: [/bin/tool]}}
services:
  web: {{port: 8080}}
registries:
  dev: {{repository: $registry/$app}}
clusters:
  local: {{context: testbed}}
environments:
  dev: {{cluster: local, registry: dev}}
"""
    tool = "#!/bin/sh\nfor it in /bin /lib /sbin; do readlink $it; done\ncat /usr/lib/more/a /lib/more/a /usr/sbin/b\n"
    files = {"tool": tool, "lib/a": "a\n", "top/sbin/b": "b\n"}
    project = Project.make(real, tmp_path, paas, **files)
    image = image_of(project)
    assert docker(project, "run", "--rm", image) == "usr/bin\nusr/lib\nusr/sbin\na\na\nb\n"
