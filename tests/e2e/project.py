"""A user's project, made fresh for one test: a git repository with a remote, an app, a `paas.yaml`."""

from __future__ import annotations

import json
import os
import shutil
import string
import subprocess
import sys
import uuid
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from e2e.parts import Answer, Testbed, drawn, until

_TIMEOUT = 180

IMAGE = """\
  web:
    layers: [{src: app, dest: /}, {src: version, dest: /}]
    base: scratch
    config: {entrypoint: [/app]}
"""
"""The testbed's application, without a Dockerfile: quick to build, and the same digest from the same files."""

DOCKERFILE = 'FROM scratch\nCOPY app /app\nCOPY version /version\nENTRYPOINT ["/app"]\n'

PAAS = (
    """\
app: $app
images:
"""
    + IMAGE
    + """\
services:
  web:
    port: 8080
    hosts: ["{{ values.host }}"]
registries:
  dev: {repository: $registry/$app}
clusters:
  local: {context: testbed, router: ingress}
environments:
  dev: {cluster: local, registry: dev, snapshots: true, values: {host: $app.example}}
"""
)
"""One service, one environment. `$app` is the test's own name, `$registry` the testbed's open registry."""


@dataclass
class Project:
    """The checkout, and what one does with it. `app` is a name of its own in every test."""

    testbed: Testbed
    folder: Path
    app: str
    kubeconfig: str = ""
    _started: list[subprocess.Popen[str]] = field(default_factory=list)
    _namespaces: set[str] = field(default_factory=set)

    @classmethod
    def make(cls, testbed: Testbed, tmp: Path, paas: str = PAAS, **files: str) -> Project:
        """A repository with one commit, pushed to a bare remote. `files` are written beside `paas.yaml`."""
        project = cls(testbed, tmp / "project", f"e2e-{uuid.uuid4().hex[:8]}")
        project.folder.mkdir(parents=True)
        subprocess.run(["git", "init", "-q", "--bare", "-b", "main", str(tmp / "remote.git")], check=True)
        project.git("init", "-q", "-b", "main")
        project.git("remote", "add", "origin", str(tmp / "remote.git"))
        shutil.copy(Path(testbed.bin) / "app", project.folder / "app")
        for name, text in {"paas.yaml": paas, **files}.items():
            project.write(name, project.filled(text))
        project.write(".gitignore", ".paasctl/\n")
        project.commit("one")
        return project

    def at(self, folder: Path) -> Project:
        """The same in another checkout."""
        return replace(self, folder=folder)

    def clone(self, folder: Path) -> Project:
        """The same in a clone of the remote."""
        self.git("clone", "-q", self.git("remote", "get-url", "origin"), str(folder))
        return self.at(folder)

    @property
    def namespace(self) -> str:
        return f"{self.app}-dev"

    @property
    def host(self) -> str:
        return f"{self.app}.example"

    def filled(self, text: str) -> str:
        """`$app` and `$registry` filled in."""
        return string.Template(text).safe_substitute(app=self.app, registry=self.testbed.registry)

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

    def release(self, version: str = "") -> str:
        """Commit (where a version is given) and `paasctl release`; the release's own version."""
        if version:
            self.commit(version)
        return self.paasctl("release").stdout.strip()

    def git(self, *args: str) -> str:
        done = subprocess.run(
            ["git", *args], cwd=self.folder, env=self.environ, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    @property
    def environ(self) -> dict[str, str]:
        """A caller's environment."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("PAASCTL_", "GIT_"))}
        who = {f"GIT_{it}_{of}": "A" if of == "NAME" else "a@example.com"
               for it in ("AUTHOR", "COMMITTER") for of in ("NAME", "EMAIL")}  # fmt: skip
        return {
            **kept,
            **who,
            "KUBECONFIG": self.kubeconfig or self.testbed.kubeconfig,
            "DOCKER_HOST": self.testbed.docker_host,
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

    def on_terminal(self, *args: str) -> str:
        """What `paasctl ARGS`, which must work, draws on a terminal."""
        said = {**self.environ, "TERM": "xterm-256color", "COLUMNS": "100", "LINES": "30"}
        return drawn([sys.executable, "-m", "paasctl", *args], self.folder, said)

    def events(self, *args: str, expect: int = 0, **environ: str) -> list[dict[str, Any]]:
        """The events of a run, from `--output jsonl`."""
        done = self.paasctl(*args, "--output", "jsonl", expect=expect, **environ)
        return [json.loads(line) for line in done.stdout.splitlines()]

    def outcome(self, *args: str, expect: int = 0, **environ: str) -> dict[str, Any]:
        """How a run ended, from `--output json`."""
        found: dict[str, Any] = json.loads(self.paasctl(*args, "--output", "json", expect=expect, **environ).stdout)
        return found

    def kubectl(self, *args: str, text: str = "", namespace: str = "") -> str:
        """`kubectl` in the namespace of `dev`, or in another."""
        return self.testbed.do("-n", namespace or self.namespace, *args, text=text)

    def objects(self, kind: str, namespace: str = "") -> list[dict[str, Any]]:
        return self.testbed.objects(kind, namespace or self.namespace)

    def make_namespace(self, name: str = "") -> str:
        """A namespace that is there before the first deploy."""
        name = name or self.namespace
        self.testbed.do("create", "namespace", name)
        self._namespaces.add(name)
        return name

    def get(self, path: str = "/", host: str = "") -> Answer:
        """One request through the router."""
        return self.testbed.get(path, host or self.host)

    def served(self, host: str = "") -> str:
        """The version that the router serves; waits a little for the router to learn of new routes."""
        until(lambda: self.get(host=host).status == 200)
        return self.get(host=host).headers["X-Version"]

    def expect_served(self, version: str) -> None:
        """The router serves that version, as soon as it has heard of the pods that do: it tells itself every 2 s."""
        until(lambda: self._answers(version), within=25)

    def _answers(self, version: str) -> bool:
        try:
            return self.get().headers.get("X-Version") == version
        except TimeoutError:  # sent to a pod that is gone, before the router heard of it
            return False

    def remove(self) -> None:
        """End what was started and forget the namespaces."""
        for begun in self._started:
            if begun.poll() is None:
                begun.kill()
                begun.communicate()
            for pipe in (begun.stdout, begun.stderr):
                if pipe:
                    pipe.close()
        found = self.testbed.do("get", "namespaces", "-o", "name").split()
        ours = [it for it in found if it.startswith(f"namespace/{self.app}")]
        ours += [f"namespace/{it}" for it in self._namespaces if f"namespace/{it}" in found and it not in ours]
        if ours:
            self.testbed.do("delete", *dict.fromkeys(ours), "--wait=false")
