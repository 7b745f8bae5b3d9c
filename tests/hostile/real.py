"""The same images by the tools that people run: umoci, and a Docker Engine with overlay2.

Each gives a tree, or says why it refuses. Both need root.
"""

from __future__ import annotations

import hashlib
import http.client
import io
import json
import shutil
import socket
import subprocess
import tarfile
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from hostile.disk import exported, on_disk
from hostile.model import Seen

_AT_ONCE = 2
_BATCH = 60
"""Images in one archive: what a load refuses ends it, so it goes on behind that one."""


@dataclass(frozen=True, slots=True)
class No:
    """The tool refuses, and why."""

    why: str


Verdict = Seen | No
Images = Mapping[str, Sequence[bytes]]
"""Layers by a name that is a tag."""


def by_umoci(images: Images, folder: Path) -> dict[str, Verdict]:
    """What `umoci raw unpack` makes of each."""
    layout = folder / "layout"
    _lay(images, layout)

    def unpack(name: str) -> Verdict:
        into = folder / "out" / name
        into.parent.mkdir(exist_ok=True)
        command = ["umoci", "--log=error", "raw", "unpack", "--image", f"{layout}:{name}", str(into)]
        try:
            done = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False)
            if done.returncode:
                return No(done.stderr.strip())
            return on_disk(into) if into.exists() else No("it made nothing, and said nothing")
        finally:
            subprocess.run(["rm", "-rf", str(into)], check=True)  # names and modes that Python's rmtree stumbles over

    with ThreadPoolExecutor(_AT_ONCE) as pool:
        return dict(zip(images, pool.map(unpack, images), strict=True))


def _lay(images: Images, layout: Path) -> None:
    """An OCI layout with all of them, their layers plain tars."""
    blobs = layout / "blobs/sha256"
    blobs.mkdir(parents=True)

    def blob(content: bytes, kind: str) -> dict[str, Any]:
        digest = hashlib.sha256(content).hexdigest()
        (blobs / digest).write_bytes(content)
        return {"mediaType": f"application/vnd.oci.image.{kind}", "digest": f"sha256:{digest}", "size": len(content)}

    manifests = []
    for name, layers in images.items():
        manifest = {
            "schemaVersion": 2,
            "mediaType": "application/vnd.oci.image.manifest.v1+json",
            "config": blob(_config(layers), "config.v1+json"),
            "layers": [blob(it, "layer.v1.tar") for it in layers],
        }
        described = blob(json.dumps(manifest).encode(), "manifest.v1+json")
        manifests.append({**described, "annotations": {"org.opencontainers.image.ref.name": name}})
    (layout / "oci-layout").write_text('{"imageLayoutVersion":"1.0.0"}')
    (layout / "index.json").write_text(json.dumps({"schemaVersion": 2, "manifests": manifests}))


def _config(layers: Sequence[bytes]) -> bytes:
    document = {
        "architecture": "amd64",
        "os": "linux",
        "config": {"Cmd": ["/none"]},
        "rootfs": {"type": "layers", "diff_ids": [f"sha256:{hashlib.sha256(it).hexdigest()}" for it in layers]},
        "history": [{"created_by": f"layer {number}"} for number in range(len(layers))],
    }
    return json.dumps(document).encode()


def by_docker(images: Images, host: str) -> dict[str, Verdict]:
    """What a container of each sees: `docker load`, create, export. The engine keeps nothing of it."""
    engine = _Engine(host)
    names = list(images)
    verdicts: dict[str, Verdict] = {}
    while names:
        some = names[:_BATCH]
        refusal = engine.load({name: images[name] for name in some})
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            verdicts |= dict(zip(some, pool.map(engine.look, some), strict=True))
        there = [name for name in some if not isinstance(verdicts[name], No)]
        reached = len(there)
        if refusal and there == some[:reached] and reached < len(some):
            verdicts[some[reached]] = No(refusal)
            reached += 1
        names = names[reached:]
    return {name: verdicts[name] for name in images}


@dataclass(frozen=True, slots=True)
class _Engine:
    """A Docker Engine at the socket of a `unix://` host."""

    host: str

    def load(self, images: Images) -> str:
        """Load them; why it ended early, or nothing."""
        with self.asked("POST", "/images/load?quiet=1", _archive(images)) as (_, said):
            lines = [json.loads(it) for it in said.splitlines() if it]
        return next((str(it["error"]) for it in lines if "error" in it), "")

    def look(self, name: str) -> Verdict:
        """The tree of a container of an image that was loaded."""
        body = json.dumps({"Image": f"{_REPOSITORY}:{name}"}).encode()
        with self.asked("POST", "/containers/create", body) as (status, said):
            made = json.loads(said)
        if status == http.client.NOT_FOUND:
            return No("it was not loaded")
        assert status == http.client.CREATED, made
        try:
            with self.asked("GET", f"/containers/{made['Id']}/export") as (status, tar):
                assert status == http.client.OK, tar
                return exported(tar)
        finally:
            for path in (f"/containers/{made['Id']}?force=1", f"/images/{quote(f'{_REPOSITORY}:{name}')}?force=1"):
                with self.asked("DELETE", path):
                    pass

    @contextmanager
    def asked(self, method: str, path: str, body: bytes = b"") -> Iterator[tuple[int, bytes]]:
        """Status and body of an answer."""
        connection = http.client.HTTPConnection("docker", timeout=300)
        connection.sock = socket.socket(socket.AF_UNIX)
        try:
            connection.sock.connect(self.host.removeprefix("unix://"))
            headers = {"Content-Type": "application/x-tar" if path.startswith("/images/load") else "application/json"}
            connection.request(method, path, body, headers if body else {})
            answer = connection.getresponse()
            yield answer.status, answer.read()
        finally:
            connection.close()


_REPOSITORY = "hostile"


def _archive(images: Images) -> bytes:
    """What `docker save` writes, of several images."""
    out = io.BytesIO()
    listed, there = [], set[str]()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as tar:

        def put(name: str, content: bytes) -> str:
            if name not in there:
                there.add(name)
                info = tarfile.TarInfo(name)
                info.size = len(content)
                tar.addfile(info, io.BytesIO(content))
            return name

        for name, layers in images.items():
            config = _config(layers)
            listed.append(
                {
                    "Config": put(f"{hashlib.sha256(config).hexdigest()}.json", config),
                    "RepoTags": [f"{_REPOSITORY}:{name}"],
                    "Layers": [put(f"{hashlib.sha256(it).hexdigest()}/layer.tar", it) for it in layers],
                }
            )
        put("manifest.json", json.dumps(listed).encode())
    return out.getvalue()


def there_are_both(host: str) -> bool:
    """Whether both tools can be asked here."""
    return bool(host) and shutil.which("umoci") is not None
