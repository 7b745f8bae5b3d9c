"""Where the images of the bench lie: made once, and pushed once."""

from __future__ import annotations

import http.client
import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bench.commands import BrokenCommandError
from bench.input.layout import Written, write_image, write_layer, write_manifest
from bench.input.material import Source
from bench.input.plan import BIG, SMALL, Entry, planned, tiny
from testbed.layout import cache_folder
from testbed.programs import locked

_PLANS: dict[str, Callable[[], list[list[Entry]]]] = {
    "big": lambda: planned(BIG),
    "small": lambda: planned(SMALL),
    "many": lambda: tiny(270_000),
    "tenth": lambda: tiny(27_000),
}
NAMES = tuple(_PLANS)
_ACCEPT = "application/vnd.oci.image.manifest.v1+json, application/vnd.docker.distribution.manifest.v2+json"


def kept(name: str) -> Path:
    """The OCI layout of an image; made where it is not there."""
    folder = cache_folder() / "images" / name
    with locked(folder.with_name(f".{name}.lock")):
        if not (folder / "index.json").exists():
            sys.stderr.write(f"making the image {name}; it is kept in {folder}\n")
            write_image(folder, _PLANS[name](), sys.stderr.write)
    return folder


def pushed(name: str, host: str) -> str:
    """Its reference in a registry; pushed where it is not there, as it is."""
    return push(kept(name), host, f"bench/{name}", "1")


def push(folder: Path, host: str, path: str, tag: str) -> str:
    """Push a layout under this name unless it is there. `BrokenCommandError`: skopeo could not."""
    reference = f"{host}/{path}:{tag}"
    if _digest_there(reference) != digest(folder):
        skopeo = shutil.which("skopeo") or "skopeo"
        fixed = ("copy", "-q", "--insecure-policy", "--preserve-digests", "--dest-tls-verify=false")
        argv = (skopeo, *fixed, f"oci:{folder}:1", f"docker://{reference}")
        done = subprocess.run(argv, capture_output=True, text=True, check=False)
        if done.returncode:
            raise BrokenCommandError(f"{' '.join(argv)}: {done.stderr[-500:]}")
    return reference


def digest(folder: Path) -> str:
    """The digest of the only manifest of a layout."""
    (named,) = json.loads((folder / "index.json").read_text())["manifests"]
    return str(named["digest"])


def manifest_there(reference: str) -> dict[str, Any]:
    """The manifest of a `HOST/PATH:TAG`. `BrokenCommandError`: it is not there."""
    answer, content = _ask("GET", reference)
    if answer.status != http.client.OK:
        raise BrokenCommandError(f"GET {reference}: {answer.status}")
    return dict(json.loads(content))


def _digest_there(reference: str) -> str:
    answer, _ = _ask("HEAD", reference)
    return answer.getheader("Docker-Content-Digest", "") if answer.status == http.client.OK else ""


def _ask(method: str, reference: str) -> tuple[http.client.HTTPResponse, bytes]:
    host, _, rest = reference.partition("/")
    path, _, tag = rest.rpartition(":")
    connection = http.client.HTTPConnection(host, timeout=30)
    try:
        connection.request(method, f"/v2/{path}/manifests/{tag}", headers={"Accept": _ACCEPT})
        answer = connection.getresponse()
        return answer, answer.read()
    finally:
        connection.close()


def changed(base: Path, folder: Path) -> Path:
    """In `folder`: the image with one more layer, which changes one file of its first layer. Blobs are linked."""
    shutil.copytree(base, folder, copy_function=lambda a, b: Path(b).hardlink_to(a))
    manifest = json.loads((base / "blobs/sha256" / digest(base).removeprefix("sha256:")).read_text())
    config = json.loads((base / "blobs/sha256" / manifest["config"]["digest"].removeprefix("sha256:")).read_text())
    below = [
        Written(it["digest"], it["size"], diff)
        for it, diff in zip(manifest["layers"], config["rootfs"]["diff_ids"], strict=True)
    ]
    (folder / "index.json").unlink()
    (folder / "oci-layout").unlink()
    entry = Entry("usr/share/changed.txt", source=Source("", "", 2000))
    write_manifest(folder, [*below, write_layer(folder / "blobs/sha256", len(below), [entry])])
    return folder
