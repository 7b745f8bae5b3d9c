"""What any squash of an image has to do at least, as fast as this machine's libraries do it.

`python floor.py inflate HOST/PATH:TAG`: pull all layers and inflate them, on every processor.
`python floor.py inflate-in-turn HOST/PATH:TAG`: the same, one layer after the other.
`python floor.py squash HOST/PATH:TAG HOST/PATH LIVE`: the same as `inflate`; one SHA-256 over the share LIVE of the
bytes; push the same share of the packed bytes. With `oci:DIR:TAG` and a folder for the first two: from there to there.
No tar is read, nothing is packed, no digest is compared: it is no tool, only a floor.
"""

from __future__ import annotations

import hashlib
import http.client
import json
import os
import queue
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

from isal import isal_zlib

_CHUNK = 1 << 20
_LAYOUT = "oci:"
_ACCEPT = "application/vnd.oci.image.manifest.v1+json, application/vnd.docker.distribution.manifest.v2+json"


def main(verb: str, source: str, target: str = "", live: str = "1") -> None:
    """See above."""
    repository, _, tag = source.rpartition(":")
    manifest: dict[str, Any] = json.loads(b"".join(_get(repository, f"manifests/{tag}")))
    moving = _write if source.startswith(_LAYOUT) else _upload
    hashed = _Hash() if verb == "squash" else None
    largest = sorted(manifest["layers"], key=lambda it: -int(it["size"]))
    with ThreadPoolExecutor(1 if verb == "inflate-in-turn" else os.cpu_count()) as pool:
        inflated = sum(pool.map(lambda it: _inflate(repository, it["digest"], hashed, float(live)), largest))
    if hashed:
        hashed.end()
        moved = _push(repository, manifest["layers"], partial(moving, target), float(live))
        sys.stdout.write(f"hashed {hashed.size:,} bytes, pushed {moved:,}; ")
    sys.stdout.write(f"inflated {inflated:,} bytes: done\n")


class _Hash:
    """One SHA-256 in a thread of its own, which the others wait for when it falls behind."""

    def __init__(self) -> None:
        self.size = 0
        self._asked: queue.Queue[bytes] = queue.Queue(16)
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def put(self, chunk: bytes) -> None:
        self._asked.put(chunk)

    def end(self) -> None:
        self._asked.put(b"")
        self._thread.join()

    def _run(self) -> None:
        whole = hashlib.sha256()
        while chunk := self._asked.get():
            whole.update(chunk)
            self.size += len(chunk)


def _inflate(repository: str, digest: str, hashed: _Hash | None, live: float) -> int:
    """How many bytes a layer has. The first of them, as many as are alive on average, are hashed."""
    unpack = isal_zlib.decompressobj(31)
    size = taken = 0
    for chunk in _get(repository, f"blobs/{digest}"):
        plain = unpack.decompress(chunk)
        size += len(plain)
        if hashed and taken < live * size:
            taken += len(plain)
            hashed.put(plain)
    return size


def _get(repository: str, what: str) -> Iterator[bytes]:
    if repository.startswith(_LAYOUT):
        yield from _read(Path(repository.removeprefix(_LAYOUT)), what)
        return
    host, _, path = repository.partition("/")
    connection = http.client.HTTPConnection(host, timeout=60)
    try:
        connection.request("GET", f"/v2/{path}/{what}", headers={"Accept": _ACCEPT})
        answer = connection.getresponse()
        assert answer.status == http.client.OK, f"GET {repository}/{what}: {answer.status}"
        while chunk := answer.read(_CHUNK):
            yield chunk
    finally:
        connection.close()


def _read(layout: Path, what: str) -> Iterator[bytes]:
    """The same from a layout, of which the only image is meant."""
    (named,) = json.loads((layout / "index.json").read_text())["manifests"]
    digest = named["digest"] if what.startswith("manifests/") else what.removeprefix("blobs/")
    with (layout / "blobs" / "sha256" / digest.removeprefix("sha256:")).open("rb") as file:
        while chunk := file.read(_CHUNK):
            yield chunk


def _push(repository: str, layers: list[dict[str, Any]], moving: Callable[[str, bytes], None], live: float) -> int:
    """Push layers, as they are, until it is enough; how many bytes."""
    wanted, moved = live * sum(it["size"] for it in layers), 0
    for it in sorted(layers, key=lambda it: -int(it["size"])):
        if moved + it["size"] / 2 <= wanted:
            content = b"".join(_get(repository, f"blobs/{it['digest']}"))
            moving(it["digest"], content)
            moved += len(content)
    return moved


def _write(folder: str, digest: str, content: bytes) -> None:
    """Onto the disk, as whoever is told that it is there expects it."""
    Path(folder).mkdir(exist_ok=True)
    with (Path(folder) / digest.removeprefix("sha256:")).open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _upload(repository: str, digest: str, content: bytes) -> None:
    host, _, path = repository.partition("/")
    connection = http.client.HTTPConnection(host, timeout=60)
    try:
        connection.request("POST", f"/v2/{path}/blobs/uploads/")
        answer = connection.getresponse()
        answer.read()
        location = str(answer.getheader("Location")).removeprefix(f"http://{host}")
        connection.request("PUT", f"{location}&digest={digest}", body=content)
        answer = connection.getresponse()
        answer.read()
        assert answer.status == http.client.CREATED, f"PUT {digest}: {answer.status}"
    finally:
        connection.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
