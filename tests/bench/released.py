"""A released project on the testbed, ready to be deployed, and the same manifests for kubectl and helm."""

from __future__ import annotations

import http.client
import shutil
import subprocess
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.commands import BrokenCommandError, Command, run
from bench.place import Place, program, testbed

NEEDS = ("KUBECONFIG", "REGISTRY", "DOCKER_HOST", "TRAEFIK", "BIN", "kubectl")
"""What these rows need."""
NOTE = "bench-note-0"
"""What the environment variable says until it is changed."""
WEB = """\
images:
  web: {dockerfile: Dockerfile}
services:
  web:
    image: web
    port: 8080
    replicas: 2
    hosts: ["{{ values.host }}"]
    env: {NOTE: "{{ values.note }}"}
"""
"""One service behind a router, without a probe of its own; the program exits at once on SIGTERM."""
_ENVIRONMENTS = ("dev", "kubectl", "helm")
_ENVIRONMENT = "  {name}: {{cluster: local, registry: dev, values: {{host: {host}, note: {note}}}}}\n"
_HEAD = """\
app: {app}
registries:
  dev: {{repository: {registry}/{app}}}
clusters:
  local: {{context: testbed, router: ingress}}
environments:
"""
_DOCKERFILE = 'FROM scratch\nCOPY app /app\nENTRYPOINT ["/app"]\n'


@dataclass(frozen=True, slots=True)
class Released:
    """The project, with an environment for us (`dev`) and one for each peer, each in a namespace of its own."""

    app: str
    place: Place

    @property
    def folder(self) -> Path:
        """The checkout."""
        return self.place.folder / "project"

    def paasctl(self, *args: str, says: str = "") -> Command:
        """Our command in the project."""
        return Command(argv=(self.place.paasctl, *args), folder=self.folder, environ=self.place.environ, says=says)

    def change(self, number: int) -> Command:
        """A deploy of one changed environment variable."""
        return self.paasctl("deploy", "dev", "--yes", "--set", f"note=note-{number}")

    def shell(self, line: str) -> Command:
        """A line for a shell, where a peer takes two commands to do what we do in one."""
        return Command(argv=("sh", "-ec", line), folder=self.place.folder, environ=self.place.environ)

    def namespace(self, name: str) -> str:
        """The namespace of `dev`, or of a peer."""
        return f"{self.app}-{name}"

    def host(self, name: str) -> str:
        """The host that the router knows `dev`, or a peer, by."""
        return f"{name}.{self.app}.example"

    def manifests(self, name: str) -> str:
        """What we would deploy there."""
        return run(self.paasctl("render", name))[1]

    def write(self, path: str, text: str) -> Path:
        """A file beside the checkout."""
        file = self.place.folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        return file

    def await_answer(self, name: str, within: float = 30.0) -> None:
        """Return once the router answers 200 for that host; `BrokenCommandError` when it never does."""
        deadline = time.monotonic() + within
        while (status := self._status(self.host(name))) != http.client.OK:
            if time.monotonic() > deadline:
                raise BrokenCommandError(f"GET http://{self.host(name)}/ by {testbed('TRAEFIK')}: {status}")
            time.sleep(0.2)  # noqa: TID251 - a bench's own wait

    def _status(self, host: str) -> int:
        connection = http.client.HTTPConnection(testbed("TRAEFIK"), timeout=10)
        try:
            connection.request("GET", "/", headers={"Host": host})
            return connection.getresponse().status
        finally:
            connection.close()


@contextmanager
def released(place: Place, what: str = WEB, manifests: str = "") -> Iterator[Released]:
    """Made, released and, at the end, removed again with all its namespaces. `what`: the file's own part."""
    there = Released(f"bench-{uuid.uuid4().hex[:8]}", place)
    kubectl = program("kubectl")
    try:
        _write(there, what, manifests)
        run(there.paasctl("release"))
        for name in _ENVIRONMENTS[1:]:
            run(there.shell(f"{kubectl} create namespace {there.namespace(name)}"))
        yield there
    finally:
        names = " ".join(map(there.namespace, _ENVIRONMENTS))
        run(there.shell(f"{kubectl} delete namespace {names} --ignore-not-found --wait=false"))


def _write(there: Released, what: str, manifests: str) -> None:
    there.folder.mkdir()
    shutil.copy(Path(testbed("BIN")) / "app", there.folder / "app")
    (there.folder / "Dockerfile").write_text(_DOCKERFILE)
    environments = "".join(_ENVIRONMENT.format(name=it, host=there.host(it), note=NOTE) for it in _ENVIRONMENTS)
    head = _HEAD.format(app=there.app, registry=testbed("REGISTRY"))
    (there.folder / "paas.yaml").write_text(head + environments + what)
    if manifests:
        there.write("project/manifests/many.yaml", manifests)
    for args in (("init", "-q", "-b", "main"), ("add", "-A"), ("commit", "-q", "-m", "one")):
        subprocess.run(["git", *args], cwd=there.folder, env=there.place.environ, check=True, capture_output=True)
