"""A recording API server on loopback: what clients send goes on to the real one, and its shape is kept."""

from __future__ import annotations

import base64
import json
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import urllib3

from paasctl.adapters.kube.connect import Access, Where, open_access
from paasctl.embedded.http import certificates
from paasctl.embedded.http.message import Request, Response
from paasctl.embedded.http.server import Server
from scope.shapes import shape

_HOPS = {"connection", "transfer-encoding", "content-length", "host", "accept-encoding", "date", "keep-alive"}
"""What is about one connection, and not about the request."""


class Recorder:
    """Everything that was asked, each shape once."""

    def __init__(self, access: Access, authority: str) -> None:
        self._access = access
        self._ours = urllib3.PoolManager(maxsize=64, ssl_context=access.tls, retries=False)
        plain = ssl.create_default_context(cadata=authority)
        self._theirs = urllib3.PoolManager(maxsize=64, ssl_context=plain, retries=False)
        self._lock = threading.Lock()
        self.shapes: set[str] = set()

    def __call__(self, request: Request) -> Response:
        with self._lock:
            self.shapes.add(shape(request.method, request.path, request.query, request.headers))
        query = f"?{request.query}" if request.query else ""
        headers = {name: it for name, it in request.headers.items() if name not in _HOPS}
        pool = self._theirs if "authorization" in headers else self._ours  # a token says who asks, else it is us
        answer = pool.request(
            request.method,
            f"{self._access.host}{request.path}{query}",
            body=request.body.read(),
            headers=headers,
            preload_content=False,
            timeout=urllib3.Timeout(connect=5),
        )
        kept = {name: it for name, it in answer.headers.items() if name.lower() not in _HOPS}
        if "watch=" in request.query or "follow=" in request.query:
            return Response(answer.status, _told(answer), kept)
        content = answer.read()
        answer.release_conn()
        return Response(answer.status, content, kept)


def _told(answer: Any) -> Iterator[bytes]:
    """What comes, as soon as it comes."""
    try:
        while content := answer.read1():
            yield content
    finally:
        answer.close()


@contextmanager
def recording(kubeconfig: Path, folder: Path) -> Iterator[tuple[Recorder, Path]]:
    """The recorder before the cluster of a kubeconfig, and the kubeconfig that leads to it."""
    made = certificates.make(time.time())
    said = json.loads(kubeconfig.read_text())
    trusted = base64.b64decode(said["clusters"][0]["cluster"]["certificate-authority-data"]).decode()
    recorder = Recorder(open_access(Where(context="", kubeconfig=str(kubeconfig))), trusted)
    server = Server(recorder, tls=made.context())
    server.start()
    authority = base64.b64encode(made.authority).decode()
    for it in said["clusters"]:
        it["cluster"] = {"server": server.url, "certificate-authority-data": authority}
    path = folder / "kubeconfig"
    path.write_text(json.dumps(said))
    try:
        yield recorder, path
    finally:
        server.stop()
