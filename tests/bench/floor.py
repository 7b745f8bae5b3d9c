"""What any squash of an image in a registry has to do at least, as fast as this machine's libraries do it.

`python floor.py inflate HOST/PATH:TAG`: pull all layers and inflate them, on every processor.
`python floor.py inflate-in-turn HOST/PATH:TAG`: the same, one layer after the other.
`python floor.py squash HOST/PATH:TAG HOST/PATH LIVE`: the same; one SHA-256 over the share LIVE of the bytes; push the
same share of the packed bytes. No tar is read, nothing is packed, no digest is compared: it is no tool, only a floor.
"""

from __future__ import annotations

import hashlib
import http.client
import json
import os
import queue
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from isal import isal_zlib

_CHUNK = 1 << 20
_ACCEPT = "application/vnd.oci.image.manifest.v1+json, application/vnd.docker.distribution.manifest.v2+json"


def main(verb: str, source: str, target: str = "", live: str = "1") -> None:
    """See above."""
    repository, _, tag = source.rpartition(":")
    manifest: dict[str, Any] = json.loads(b"".join(_get(repository, f"manifests/{tag}")))
    hashed = _Hash() if verb == "squash" else None
    largest = sorted(manifest["layers"], key=lambda it: -int(it["size"]))
    with ThreadPoolExecutor(1 if verb == "inflate-in-turn" else os.cpu_count()) as pool:
        inflated = sum(pool.map(lambda it: _inflate(repository, it["digest"], hashed, float(live)), largest))
    if hashed:
        hashed.end()
        moved = _push(repository, manifest["layers"], target, float(live))
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


def _push(repository: str, layers: list[dict[str, Any]], target: str, live: float) -> int:
    """Push layers, as they are, until it is enough; how many bytes."""
    wanted, moved = live * sum(it["size"] for it in layers), 0
    for it in sorted(layers, key=lambda it: -int(it["size"])):
        if moved + it["size"] / 2 <= wanted:
            content = b"".join(_get(repository, f"blobs/{it['digest']}"))
            _upload(target, it["digest"], content)
            moved += len(content)
    return moved


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
