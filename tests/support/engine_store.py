"""A Docker Engine's image store that is none: takes archives in, keeps configurations and plain layers, gives them out.

As Docker 20.10 does it: what comes out is `ID/layer.tar` and `manifest.json`, a layer that occurs twice a link.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import tarfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from support.docker_engine import FakeEngine, _Handler, _Server


@dataclass
class Store(FakeEngine):
    """Name -> (configuration, plain layers)."""

    images: dict[str, tuple[bytes, list[bytes]]] = field(default_factory=dict)
    refuses: str = ""
    """What it answers to the next load."""
    reads: int = -1
    """Bytes of a load that it reads before it says so; below 0: all of them."""
    broken_off: threading.Event = field(default_factory=threading.Event)
    """A load was broken off by whoever sent it."""

    def image_id(self, name: str) -> str:
        return f"sha256:{hashlib.sha256(self.images[name][0]).hexdigest()}"


@contextmanager
def engine_store(folder: Path) -> Iterator[Store]:
    """A running one; `DOCKER_HOST` is its `host`."""
    path = folder / "store.sock"
    store = Store(host=f"unix://{path}")

    class Handler(_StoreHandler):
        fake = store

    with _Server(str(path), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield store
        finally:
            server.shutdown()
            thread.join()


class _StoreHandler(_Handler):
    fake: Store

    def do_GET(self) -> None:  # noqa: N802 - the server's
        words = unquote(self.path.partition("?")[0]).split("/images/")
        name, _, what = words[-1].rpartition("/")
        found = self.fake.images.get(_tagged(name)) if len(words) > 1 else None
        if len(words) == 1:
            super().do_GET()
        elif found is None:
            self._note()
            self._json(404, {"message": f"No such image: {name}"})
        elif what == "json":
            self._note()
            self._json(200, {"Id": self.fake.image_id(_tagged(name))})
        else:
            self._note()
            self._stream(200, [saved(_tagged(name), *found)])

    def do_POST(self) -> None:  # noqa: N802 - the server's
        if self.fake.reads >= 0:
            self.rfile.read(self.fake.reads)
            self._json(500, {"message": self.fake.refuses})
            self.close_connection = True
            return
        try:
            self._note()
        except ConnectionResetError:
            self.fake.broken_off.set()
            self.close_connection = True
            return
        if self.fake.refuses:
            self._stream(200, [json.dumps({"error": self.fake.refuses}).encode()])
            return
        self.fake.images |= loaded(self.fake.asked[-1].body)
        self._stream(200, [b'{"stream":"Loaded image"}\r\n'])


def _tagged(name: str) -> str:
    return name if ":" in name.rpartition("/")[2] else f"{name}:latest"


def loaded(archive: bytes) -> dict[str, tuple[bytes, list[bytes]]]:
    """What `docker load` reads of an archive; diff_ids are checked."""
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        files = {it.name: (tar.extractfile(it) or io.BytesIO()).read() for it in tar if it.isreg()}
    found: dict[str, tuple[bytes, list[bytes]]] = {}
    for entry in json.loads(files["manifest.json"]):
        layers = [files[it] for it in entry["Layers"]]
        plain = [gzip.decompress(it) if it[:2] == b"\x1f\x8b" else it for it in layers]
        config = files[entry["Config"]]
        named = json.loads(config)["rootfs"]["diff_ids"]
        assert named == [f"sha256:{hashlib.sha256(it).hexdigest()}" for it in plain]
        found |= dict.fromkeys(entry["RepoTags"] or (), (config, plain))
    return found


def saved(name: str, config: bytes, layers: list[bytes], **more: Any) -> bytes:
    """What `docker save` writes."""
    out, digest = io.BytesIO(), hashlib.sha256(config).hexdigest()
    names = [f"{number:064x}/layer.tar" for number in range(len(layers))]
    entry = {"Config": f"{digest}.json", "RepoTags": [name], "Layers": names, **more}
    with tarfile.open(fileobj=out, mode="w") as tar:
        for number, (path, layer) in enumerate(zip(names, layers, strict=True)):
            first = layers.index(layer)
            if first < number:
                add_link(tar, path, f"../{names[first]}")
            else:
                add(tar, path, layer)
        add(tar, f"{digest}.json", config)
        add(tar, "manifest.json", json.dumps([entry]).encode())
    return out.getvalue()


def add(tar: tarfile.TarFile, name: str, content: bytes) -> None:
    member = tarfile.TarInfo(name)
    member.size = len(content)
    tar.addfile(member, io.BytesIO(content))


def add_link(tar: tarfile.TarFile, name: str, target: str, kind: bytes = tarfile.SYMTYPE) -> None:
    member = tarfile.TarInfo(name)
    member.type, member.linkname = kind, target
    tar.addfile(member)
