"""A user's project, made fresh for one test: a git repository with a remote, an app, a `paas.yaml`."""

from __future__ import annotations

import http.client
import json
import os
import shutil
import subprocess
import sys
import time
import uuid
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

_TIMEOUT = 180

_PAAS = """\
app: {app}
images:
  web: {{dockerfile: Dockerfile}}
services:
  web:
    image: web
    port: 8080
    replicas: 2
    hosts: ["{{{{ values.host }}}}"]
registries:
  dev: {{repository: {registry}/{app}}}
clusters:
  local: {{context: testbed, router: ingress}}
environments:
  dev: {{cluster: local, registry: dev, snapshots: true, values: {{host: {app}.example}}}}
"""


@dataclass(frozen=True)
class Testbed:
    """Where the real parts are."""

    __test__ = False
    kubeconfig: str
    kubectl: str
    registry: str
    docker_host: str
    traefik: str
    bin: str


@dataclass(frozen=True)
class Answer:
    """What an HTTP request through the router gave."""

    status: int
    headers: dict[str, str]
    body: str


@dataclass
class Project:
    """The checkout, and what one does with it. `app` is a name of its own in every test."""

    testbed: Testbed
    folder: Path
    app: str
    _started: list[subprocess.Popen[str]] = field(default_factory=list)

    @classmethod
    def make(cls, testbed: Testbed, tmp: Path) -> Project:
        """A repository with one commit, pushed to a bare remote."""
        project = cls(testbed, tmp / "project", f"e2e-{uuid.uuid4().hex[:8]}")
        project.folder.mkdir()
        subprocess.run(["git", "init", "-q", "--bare", "-b", "main", str(tmp / "remote.git")], check=True)
        project.git("init", "-q", "-b", "main")
        project.git("remote", "add", "origin", str(tmp / "remote.git"))
        shutil.copy(Path(testbed.bin) / "app", project.folder / "app")
        project.write("Dockerfile", 'FROM scratch\nCOPY app /app\nCOPY version /version\nENTRYPOINT ["/app"]\n')
        project.write("paas.yaml", _PAAS.format(app=project.app, registry=testbed.registry))
        project.write(".gitignore", ".paasctl/\n")
        project.commit("one")
        return project

    @property
    def namespace(self) -> str:
        return f"{self.app}-dev"

    @property
    def host(self) -> str:
        return f"{self.app}.example"

    def write(self, name: str, text: str) -> None:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def edit(self, name: str, old: str, new: str) -> None:
        text = (self.folder / name).read_text()
        assert old in text
        self.write(name, text.replace(old, new))

    def commit(self, version: str) -> None:
        """One more commit, whose app answers with this version, pushed."""
        self.write("version", version + "\n")
        self.git("add", "-A")
        self.git("commit", "-q", "-m", f"feat: {version}")
        self.git("push", "-q", "origin", "HEAD:main")

    def git(self, *args: str) -> str:
        env = {
            **os.environ,
            "GIT_AUTHOR_NAME": "A", "GIT_AUTHOR_EMAIL": "a@example.com",
            "GIT_COMMITTER_NAME": "A", "GIT_COMMITTER_EMAIL": "a@example.com",
        }  # fmt: skip
        done = subprocess.run(["git", *args], cwd=self.folder, env=env, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    @property
    def environ(self) -> dict[str, str]:
        """A caller's environment."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith("PAASCTL_")}
        return {
            **kept,
            "KUBECONFIG": self.testbed.kubeconfig,
            "DOCKER_HOST": self.testbed.docker_host,
            "GIT_COMMITTER_NAME": "A",
            "GIT_COMMITTER_EMAIL": "a@example.com",
        }

    def start(self, *args: str, **environ: str) -> subprocess.Popen[str]:
        """`paasctl ARGS` in the project, not waited for."""
        begun = subprocess.Popen(
            [sys.executable, "-m", "paasctl", *args],
            cwd=self.folder,
            env={**self.environ, **environ},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self._started.append(begun)
        return begun

    def paasctl(self, *args: str, expect: int = 0, **environ: str) -> subprocess.CompletedProcess[str]:
        """`paasctl ARGS` in the project; the exit status must be as expected."""
        begun = self.start(*args, **environ)
        out, err = begun.communicate(timeout=_TIMEOUT)
        assert begun.returncode == expect, f"paasctl {' '.join(args)} gave {begun.returncode}:\n{out}\n{err}"
        return subprocess.CompletedProcess(begun.args, begun.returncode, out, err)

    def events(self, *args: str, expect: int = 0) -> list[dict[str, Any]]:
        """The events of a run, from `--output jsonl`."""
        done = self.paasctl(*args, "--output", "jsonl", expect=expect)
        return [json.loads(line) for line in done.stdout.splitlines()]

    def kubectl(self, *args: str) -> str:
        done = subprocess.run(
            [self.testbed.kubectl, "--kubeconfig", self.testbed.kubeconfig, *args],
            capture_output=True, text=True, check=False, timeout=60,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return done.stdout

    def objects(self, kind: str, namespace: str = "") -> list[dict[str, Any]]:
        found: dict[str, Any] = json.loads(self.kubectl("get", kind, "-n", namespace or self.namespace, "-o", "json"))
        items: list[dict[str, Any]] = found["items"]
        return items

    def get(self, path: str = "/", host: str = "") -> Answer:
        """One request through the router."""
        connection = http.client.HTTPConnection(self.testbed.traefik, timeout=10)
        try:
            connection.request("GET", path, headers={"Host": host or self.host})
            answer = connection.getresponse()
            return Answer(answer.status, dict(answer.getheaders()), answer.read().decode())
        finally:
            connection.close()

    def served(self, within: float = 10.0) -> str:
        """The version that the router serves; waits a little for the router to learn of new routes."""
        deadline = time.monotonic() + within
        while (answer := self.get()).status != 200 and time.monotonic() < deadline:
            time.sleep(0.2)  # noqa: TID251 - a test's own wait
        assert answer.status == 200, answer
        return answer.headers["X-Version"]

    def remove(self) -> None:
        """End what was started and forget the namespace."""
        for begun in self._started:
            if begun.poll() is None:
                begun.kill()
                begun.communicate()
        self.kubectl("delete", "namespace", self.namespace, "--ignore-not-found", "--wait=false")
