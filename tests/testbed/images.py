"""Images of our own making, for a machine that can pull none; pure but for `push` and the paths.

Tests get here too: `app_binary(instance)` for a Dockerfile, `app_image` and `push` for a registry.
"""

import base64
import gzip
import hashlib
import http.client
import io
import json
import platform
import tarfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from .failure import Failed
from .layout import Instance

MANIFEST = "application/vnd.oci.image.manifest.v1+json"
CONFIG = "application/vnd.oci.image.config.v1+json"
LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"
MACHINES = {"x86_64": "amd64", "aarch64": "arm64"}
BUSYBOX = Path("/bin/busybox")
CREATED = "2026-01-01T00:00:00Z"


def digest(content: bytes) -> str:
    """As registries name it."""
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def descriptor(kind: str, content: bytes) -> dict[str, Any]:
    """How one blob is pointed at."""
    return {"mediaType": kind, "digest": digest(content), "size": len(content)}


@dataclass(frozen=True)
class Image:
    """A whole image in memory: its layers as they are sent, and its configuration."""

    layers: tuple[bytes, ...]
    config: bytes

    @cached_property
    def manifest(self) -> bytes:
        """What its digest is the hash of."""
        return json.dumps(
            {
                "schemaVersion": 2,
                "mediaType": MANIFEST,
                "config": descriptor(CONFIG, self.config),
                "layers": [descriptor(LAYER, each) for each in self.layers],
            }
        ).encode()

    @property
    def blobs(self) -> tuple[bytes, ...]:
        """Everything but the manifest."""
        return (*self.layers, self.config)


def plain_layer(files: Mapping[str, bytes | str]) -> bytes:
    """An uncompressed tar: bytes become an executable file, a text becomes a symbolic link to it."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for name, content in files.items():
            entry = tarfile.TarInfo(name.lstrip("/"))
            entry.mode = 0o755
            if isinstance(content, str):
                entry.type, entry.linkname = tarfile.SYMTYPE, content
                tar.addfile(entry)
            else:
                entry.size = len(content)
                tar.addfile(entry, io.BytesIO(content))
    return buffer.getvalue()


def make_image(
    files: Sequence[Mapping[str, bytes | str]], entrypoint: Sequence[str] = (), environment: Sequence[str] = ()
) -> Image:
    """An image with one layer for each of `files`; the same content gives the same digest."""
    tars = [plain_layer(each) for each in files]
    config = {
        "created": CREATED,
        "architecture": MACHINES.get(platform.machine(), platform.machine()),
        "os": "linux",
        "config": {"Entrypoint": list(entrypoint), "Env": ["PATH=/bin:/usr/bin", *environment]},
        "rootfs": {"type": "layers", "diff_ids": [digest(tar) for tar in tars]},
        "history": [{"created": CREATED, "created_by": "testbed"} for _ in tars],
    }
    packed = tuple(gzip.compress(tar, compresslevel=1, mtime=0) for tar in tars)
    return Image(packed, json.dumps(config).encode())


def archive(image: Image, name: str) -> bytes:
    """An OCI layout in a tar, as `ctr images import` takes it."""
    pointer = descriptor(MANIFEST, image.manifest) | {"annotations": {"io.containerd.image.name": name}}
    files = {f"blobs/sha256/{digest(blob)[7:]}": blob for blob in (*image.blobs, image.manifest)}
    files["oci-layout"] = b'{"imageLayoutVersion":"1.0.0"}'
    files["index.json"] = json.dumps({"schemaVersion": 2, "manifests": [pointer]}).encode()
    return plain_layer(files)


def app_binary(instance: Instance) -> Path:
    """The static test application, to be put into images."""
    return instance.bin / "app"


def app_image(instance: Instance, version: str) -> Image:
    """The test application; what changes with the version is a small layer of its own."""
    files = [{"app": app_binary(instance).read_bytes()}, {"version": version.encode()}]
    return make_image(files, ["/app"])


def pause_image(instance: Instance) -> Image:
    """What holds a pod's namespaces."""
    return make_image([{"pause": (instance.bin / "pause").read_bytes()}], ["/pause"])


def busybox_image() -> Image:
    """A shell and the usual programs, all one static file."""
    applets = "sh ls cat echo env sleep true false mkdir rm cp mv ln touch chmod wget nc id head tail grep sed tar"
    files: dict[str, bytes | str] = {"bin/busybox": BUSYBOX.read_bytes()}
    files |= {f"bin/{name}": "busybox" for name in applets.split()}
    return make_image([files], ["/bin/sh"])


class Registry:
    """As much of a registry's interface as a push needs; plain HTTP."""

    def __init__(self, address: str, user: str = "", password: str = "") -> None:
        """With a user, every request carries the password."""
        self._address = address
        token = base64.b64encode(f"{user}:{password}".encode()).decode()
        self._headers = {"Authorization": f"Basic {token}"} if user else {}

    def ask(self, method: str, path: str, body: bytes = b"", **headers: str) -> http.client.HTTPResponse:
        """One request, its answer read to the end."""
        connection = http.client.HTTPConnection(self._address, timeout=30)
        connection.request(method, path, body, self._headers | {k.replace("_", "-"): v for k, v in headers.items()})
        response = connection.getresponse()
        response.read()
        connection.close()
        return response

    def has(self, repository: str, reference: str) -> bool:
        """Whether the registry holds that manifest."""
        return self.ask("HEAD", f"/v2/{repository}/manifests/{reference}", Accept=MANIFEST).status == http.HTTPStatus.OK

    def push(self, repository: str, tag: str, image: Image) -> str:
        """The digest under which it can now be pulled."""
        for blob in image.blobs:
            self._push_blob(repository, blob)
        path = f"/v2/{repository}/manifests/{tag}"
        put = self.ask("PUT", path, image.manifest, Content_Type=MANIFEST)
        self._demand(put, path)
        return digest(image.manifest)

    def _push_blob(self, repository: str, blob: bytes) -> None:
        if self.ask("HEAD", f"/v2/{repository}/blobs/{digest(blob)}").status == http.HTTPStatus.OK:
            return
        opened = self.ask("POST", f"/v2/{repository}/blobs/uploads/")
        self._demand(opened, repository)
        where = opened.getheader("Location", "").removeprefix(f"http://{self._address}")
        mark = "&" if "?" in where else "?"
        put = self.ask("PUT", f"{where}{mark}digest={digest(blob)}", blob, Content_Type="application/octet-stream")
        self._demand(put, repository)

    def _demand(self, response: http.client.HTTPResponse, path: str) -> None:
        if response.status not in (201, 202):
            raise Failed(f"pushing to {self._address}: {path}: HTTP {response.status}")
