"""Hands at docker, skopeo, crane and containerd's ctr: `Desk`, and a push and a pull with each, by its name."""

from __future__ import annotations

import json
import os
import re
import subprocess
import tarfile
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from e2e.parts import Testbed
from testbed import images

USER, PASSWORD = "ann", "secret"
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
TO, FROM, AT = "--dest-tls-verify=false", "--src-tls-verify=false", "--tls-verify=false"
"""skopeo wants to hear that loopback speaks plain HTTP; the others know."""


@dataclass(frozen=True)
class Sample:
    """An OCI layout with one image, or one index of images, and the same as a tar."""

    folder: Path
    digest: str

    @property
    def tar(self) -> Path:
        return self.folder.with_suffix(".tar")

    @property
    def layer(self) -> Path:
        """The tar, packed, that has `/app`."""
        return self.blob(json.loads(self.blob(self.digest).read_bytes())["layers"][0]["digest"])

    def blob(self, digest: str) -> Path:
        return self.folder / "blobs/sha256" / digest.removeprefix("sha256:")

    @classmethod
    def laid(cls, folder: Path, image: images.Image) -> Sample:
        tar = folder.with_suffix(".tar")
        tar.write_bytes(images.archive(image, f"sample.example/{folder.name}:1"))
        with tarfile.open(tar) as packed:
            packed.extractall(folder, filter="data")
        return cls(folder, images.digest(image.manifest))


@dataclass
class Desk:
    """Where somebody works with the clients: a home of its own, and names in containerd and docker that go with it."""

    testbed: Testbed
    host: str
    kind: str
    home: Path
    name: str = field(default_factory=lambda: f"e2e-{uuid.uuid4().hex[:8]}")

    @property
    def environ(self) -> dict[str, str]:
        login = self.home / "docker"
        return {
            "PATH": f"{self.testbed.bin}:{os.environ['PATH']}",
            "HOME": str(self.home),
            "DOCKER_CONFIG": str(login),
            "DOCKER_HOST": self.testbed.docker_host,
            "REGISTRY_AUTH_FILE": str(login / "config.json"),
            "_CONTAINERS_ROOTLESS_UID": "1000",  # else skopeo keeps what it knows of blobs below /var/lib
            "CONTAINERD_ADDRESS": os.environ["PAASCTL_TEST_CONTAINERD_ADDRESS"],
            "CONTAINERD_NAMESPACE": self.name,
        }

    def run(self, *command: str, text: str = "") -> subprocess.CompletedProcess[str]:
        """A client, however it ends."""
        return subprocess.run(
            command,
            env=self.environ,
            cwd=self.home,
            input=text,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )

    def do(self, *command: str, text: str = "") -> str:
        """A client, which must work; its output."""
        done = self.run(*command, text=text)
        assert done.returncode == 0, f"{' '.join(command)}: {done.stdout}{done.stderr}"
        return done.stdout.strip()

    def ref(self, path: str, tag: str = "1") -> str:
        """An image's name, in a repository of this desk's own."""
        return f"{self.host}/{self.name}/{path}:{tag}"

    def at(self, path: str, tag: str = "1") -> str:
        """The same for skopeo."""
        return f"docker://{self.ref(path, tag)}"

    def file(self, suffix: str = "") -> Path:
        """A place that is free."""
        return self.home / f"{uuid.uuid4().hex}{suffix}"

    def ctr(self, verb: str, *args: str) -> str:
        """`ctr images push` or `pull`: it has no login of its own."""
        login = ("--user", f"{USER}:{PASSWORD}") if self.is_guarded else ()
        return self.do("ctr", "images", verb, "--plain-http", *login, *args)

    @property
    def is_guarded(self) -> bool:
        return self.kind != "open"

    def log_in(self) -> None:
        self.do("docker", "login", "-u", USER, "--password-stdin", self.host, text=PASSWORD)

    def clean(self) -> None:
        """Nothing of it stays in docker or containerd."""
        pattern = f"reference={self.host}/*/*"
        if held := self.do("docker", "images", "--filter", pattern, "--format", "{{.Repository}}:{{.Tag}}"):
            self.do("docker", "image", "rm", *held.split())
        _empty_containerd(self)


def _empty_containerd(desk: Desk) -> None:
    if held := desk.do("ctr", "images", "ls", "-q"):
        desk.do("ctr", "images", "rm", "--sync", *held.split())
    if desk.name in desk.do("ctr", "namespaces", "ls", "-q").split():
        desk.do("ctr", "namespaces", "rm", desk.name)


# --- a push and a pull with each; both give the digest that the client tells of, and leave nothing with it ---


def _docker_push(desk: Desk, sample: Sample, ref: str) -> str:
    """docker makes a manifest of its own: it gets the files alone."""
    desk.do("docker", "import", "-c", 'ENTRYPOINT ["/app"]', str(sample.layer), ref)
    desk.do("docker", "push", ref)
    return _docker_digest(desk, ref)


def _docker_pull(desk: Desk, ref: str) -> str:
    desk.do("docker", "pull", ref)
    return _docker_digest(desk, ref)


def _docker_digest(desk: Desk, ref: str) -> str:
    """And forget the image."""
    told: list[str] = json.loads(desk.do("docker", "image", "inspect", "-f", "{{json .RepoDigests}}", ref))
    repository = ref.rpartition(":")[0]
    desk.do("docker", "image", "rm", ref)
    return next(it.partition("@")[2] for it in told if it.startswith(f"{repository}@"))


def _skopeo_push(desk: Desk, sample: Sample, ref: str) -> str:
    told = desk.file()
    desk.do("skopeo", "copy", "--all", TO, "--digestfile", str(told), f"oci:{sample.folder}", f"docker://{ref}")
    return told.read_text()


def _skopeo_pull(desk: Desk, ref: str) -> str:
    """Into `dir:`, which leaves a manifest as it is."""
    folder = desk.file()
    desk.do("skopeo", "copy", "--all", FROM, f"docker://{ref}", f"dir:{folder}")
    return images.digest((folder / "manifest.json").read_bytes())


def _crane_push(desk: Desk, sample: Sample, ref: str) -> str:
    return desk.do("crane", "push", str(sample.folder), ref).partition("@")[2]


def _crane_pull(desk: Desk, ref: str) -> str:
    folder = desk.file()
    desk.do("crane", "pull", "--format", "oci", ref, str(folder))
    return named_in(folder)


def _ctr_push(desk: Desk, sample: Sample, ref: str) -> str:
    desk.do("ctr", "images", "import", "--all-platforms", str(sample.tar))
    desk.do("ctr", "images", "tag", desk.do("ctr", "images", "ls", "-q"), ref)
    desk.ctr("push", ref)
    return _ctr_digest(desk, ref)


def _ctr_pull(desk: Desk, ref: str) -> str:
    desk.ctr("pull", "--all-platforms", ref)
    return _ctr_digest(desk, ref)


def _ctr_digest(desk: Desk, ref: str) -> str:
    """And forget all images, with their content."""
    found = _DIGEST.search(desk.do("ctr", "images", "ls", f"name=={ref}"))
    assert found
    _empty_containerd(desk)
    return found[0]


def named_in(folder: Path) -> str:
    """What an OCI layout holds, one thing alone."""
    (entry,) = json.loads((folder / "index.json").read_bytes())["manifests"]
    digest: str = entry["digest"]
    return digest


PUSH = {"docker": _docker_push, "skopeo": _skopeo_push, "crane": _crane_push, "ctr": _ctr_push}
PULL: dict[str, Callable[[Desk, str], str]] = {
    "docker": _docker_pull,
    "skopeo": _skopeo_pull,
    "crane": _crane_pull,
    "ctr": _ctr_pull,
}


def pulled(desk: Desk, ref: str) -> dict[str, str]:
    """Its digest, as each client has it: all at once, since each waits most of the time."""
    with ThreadPoolExecutor() as pool:
        return dict(zip(PULL, pool.map(lambda pull: pull(desk, ref), PULL.values()), strict=True))
