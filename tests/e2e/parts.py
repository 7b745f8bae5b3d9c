"""The testbed's parts, as a test reaches for them: kubectl, the router, the registries, as a user would by hand."""

from __future__ import annotations

import base64
import contextlib
import http.client
import json
import os
import pty
import subprocess
import threading
import time
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

_MANIFESTS = (
    "application/vnd.oci.image.manifest.v1+json, application/vnd.oci.image.index.v1+json, "
    "application/vnd.docker.distribution.manifest.v2+json"
)


@dataclass(frozen=True)
class Answer:
    """What an HTTP request gave."""

    status: int
    headers: dict[str, str]
    body: str


@dataclass(frozen=True)
class Testbed:
    """Where the real parts are: the PAASCTL_TEST_* variables."""

    __test__ = False
    kubeconfig: str
    kubectl: str
    bin: str
    registry: str
    registry_auth: str
    registry_auth_user: str
    registry_auth_password: str
    docker_host: str
    traefik: str
    gateway: str

    @classmethod
    def found(cls) -> Testbed:
        """The running one; the first variable that is missing is named."""
        names = {it.name: f"PAASCTL_TEST_{it.name.upper()}" for it in fields(cls)}
        missing = [it for it in names.values() if it not in os.environ]
        assert not missing, f"e2e needs the testbed: {missing[0]} is not set (nox -s testbed -- up)"
        return cls(**{name: os.environ[it] for name, it in names.items()})

    def run_kubectl(self, *args: str, text: str = "", kubeconfig: str = "") -> subprocess.CompletedProcess[str]:
        """`kubectl ARGS`, however it ends; `text` is its standard input."""
        return subprocess.run(
            [self.kubectl, "--kubeconfig", kubeconfig or self.kubeconfig, *args],
            input=text, capture_output=True, text=True, check=False, timeout=60,
        )  # fmt: skip

    def do(self, *args: str, text: str = "", kubeconfig: str = "") -> str:
        """`kubectl ARGS`, which must work; its output."""
        done = self.run_kubectl(*args, text=text, kubeconfig=kubeconfig)
        assert done.returncode == 0, f"kubectl {' '.join(args)}: {done.stderr}"
        return done.stdout

    def objects(self, kind: str, namespace: str, *args: str) -> list[dict[str, Any]]:
        """All objects of a kind in a namespace."""
        found: dict[str, Any] = json.loads(self.do("get", kind, "-n", namespace, "-o", "json", *args))
        items: list[dict[str, Any]] = found["items"]
        return items

    def get(self, path: str, host: str) -> Answer:
        """One request through the router."""
        return _asked(self.traefik, "GET", path, {"Host": host})

    def of_registry(self, path: str, *, method: str = "GET", secret: bool = False) -> Answer:
        """One request to the open registry, or to the one with a password."""
        headers = {"Accept": _MANIFESTS}
        if secret:
            token = base64.b64encode(f"{self.registry_auth_user}:{self.registry_auth_password}".encode()).decode()
            headers["Authorization"] = f"Basic {token}"
        return _asked(self.registry_auth if secret else self.registry, method, f"/v2/{path}", headers)

    def manifest(self, name: str, reference: str, *, secret: bool = False) -> dict[str, Any]:
        """An image's manifest, which must be there, with its digest under `digest`."""
        answer = self.of_registry(f"{name}/manifests/{reference}", secret=secret)
        assert answer.status == http.HTTPStatus.OK, answer
        found: dict[str, Any] = json.loads(answer.body)
        return found | {"digest": answer.headers["Docker-Content-Digest"]}


def contexts(into: Path, **files: str) -> None:
    """One kubeconfig of several: a context each. Behind `down` nobody listens."""
    whole: dict[str, list[dict[str, object]]] = {"clusters": [], "users": [], "contexts": []}
    for name, file in files.items():
        config = json.loads(Path(file).read_text())
        cluster, user = config["clusters"][0]["cluster"], config["users"][0]["user"]
        server = "https://127.0.0.1:9" if name == "down" else cluster["server"]
        whole["clusters"].append({"name": name, "cluster": cluster | {"server": server}})
        whole["users"].append({"name": name, "user": user})
        whole["contexts"].append({"name": name, "context": {"cluster": name, "user": name}})
    into.write_text(json.dumps({"apiVersion": "v1", "kind": "Config", **whole}))


def until(look: Any, *, within: float = 10.0, every: float = 0.2) -> Any:
    """What `look()` gives as soon as it gives something true."""
    deadline = time.monotonic() + within
    while not (found := look()):
        assert time.monotonic() < deadline, f"not within {within:g} s"
        time.sleep(every)  # noqa: TID251 - a test's own wait
    return found


def drawn(argv: list[str], folder: Path, environ: dict[str, str], *, within: float = 180.0) -> str:
    """What a command, which must work, draws on a terminal; killed after `within` seconds."""
    ours, theirs = pty.openpty()
    drawing = subprocess.Popen(argv, cwd=folder, env=environ, stdin=theirs, stdout=theirs, stderr=theirs)
    os.close(theirs)
    late = threading.Timer(within, drawing.kill)
    late.start()
    seen = b""
    with contextlib.suppress(OSError):  # what Linux says at the end of it
        while chunk := os.read(ours, 1 << 16):
            seen += chunk
    os.close(ours)
    status = drawing.wait(timeout=within)
    late.cancel()
    assert status == 0, seen.decode()
    return seen.decode()


def _asked(address: str, method: str, path: str, headers: dict[str, str]) -> Answer:
    connection = http.client.HTTPConnection(address, timeout=10)
    try:
        connection.request(method, path, headers=headers)
        answer = connection.getresponse()
        return Answer(answer.status, dict(answer.getheaders()), answer.read().decode())
    finally:
        connection.close()
