"""`paasctl image` as it is typed, in this process; and images in every kind of place."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from typer.testing import CliRunner

from paasctl.adapters.images import Images
from paasctl.adapters.images.engine import Store
from paasctl.adapters.layout import create_layout
from paasctl.adapters.registry import RegistryClient
from paasctl.cli.table import app
from paasctl.engine.cancel import Cancel
from paasctl.engine.images.copy import CopyWish, copy_image
from paasctl.model.image import Descriptor
from paasctl.model.location import parse_location
from paasctl.oci.documents.manifest import OCI_MANIFEST, canonical, descriptor_from
from paasctl.ports.images import CopySource, CopyTarget
from support.clock import FakeClock
from support.engine_store import Store as EngineStore
from support.engine_store import engine_store
from support.images import lay_image
from support.registry import Registry
from support.tars import entry, tar_of

_CONFIG = {"os": "linux", "architecture": "amd64", "config": {"Healthcheck": {"Test": ["NONE"]}}}
KINDS = ("registry", "layout", "archive", "engine")
LAYERS = (
    tar_of("etc/", entry("etc/os=one"), entry("bin/tool=tool", mode=0o755)),
    tar_of(entry("app=first"), entry("big=" + "x" * 5000)),
    tar_of(entry("app=second"), entry(".wh.big"), entry("run->app")),
)


@dataclass
class Said:
    """What one command line gave."""

    status: int
    out: str
    err: str

    @property
    def outcome(self) -> dict[str, Any]:
        """Of `--output json`."""
        found: dict[str, Any] = json.loads(self.out)
        return found


def image(*args: object, folder: Path | None = None, environ: Mapping[str, str] | None = None) -> Said:
    """`paasctl image …`."""
    where = ["-C", str(folder)] if folder else []
    result = CliRunner().invoke(app, [*where, "image", *map(str, args)], prog_name="paasctl", env=environ)
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return Said(result.exit_code, result.stdout, result.stderr)


@dataclass
class Somewhere:
    """A folder, a registry and an engine, and images in them."""

    folder: Path
    registry: Registry
    store: EngineStore
    stack: ExitStack = field(default_factory=ExitStack)

    @property
    def host(self) -> str:
        """Of the engine."""
        return self.store.host

    def named(self, kind: str, tag: str = "one") -> str:
        """How a place of that kind is typed."""
        return {
            "registry": f"{self.registry.host}/shop/web:{tag}",
            "layout": f"oci:{self.folder}/layout-{tag}:{tag}",
            "archive": f"{self.folder}/{tag}.tar:shop/web:{tag}",
            "engine": f"docker:shop/web:{tag}",
        }[kind]

    def lay(self, place: str = "made", layers: Sequence[bytes] = LAYERS, **how: Any) -> Descriptor:
        """An image in the layout `made`."""
        return lay_image(create_layout(self.folder / "made"), place, layers, **how)

    def fill(self, kind: str, tag: str = "one", place: str = "made", **how: Any) -> str:
        """Have an image there; the name of it."""
        laid = self.lay(place, **how)
        del laid
        name = self.named(kind, tag)
        copy_image(
            self.places.source(parse_location(f"oci:{self.folder}/made:{place}")),
            self.places.target(parse_location(name)),
            CopyWish(),
            progress=lambda *_: None,
            warn=lambda _: None,
            cancel=Cancel(),
        )
        return name

    @property
    def places(self) -> Images:
        """Fresh eyes."""
        store = Store(environ={"DOCKER_HOST": self.host}, cancel=Cancel(), note=lambda _: None)
        registry = RegistryClient(self.registry.host, clock=FakeClock(), insecure=True)
        self.stack.callback(registry.close)
        return Images(registry=lambda _: registry, folder=self.folder, store=lambda: store, stack=self.stack)

    def source(self, name: str) -> CopySource:
        return self.places.source(parse_location(name))

    def document(self, name: str) -> dict[str, Any]:
        """The manifest or index there."""
        source = self.source(name)
        found: dict[str, Any] = json.loads(source.read(source.root()))
        return found

    def config(self, name: str) -> dict[str, Any]:
        source = self.source(name)
        found: dict[str, Any] = json.loads(source.read(descriptor_from(self.document(name)["config"], name)))
        return found

    def files(self, name: str) -> dict[str, str]:
        """What a container sees: regular files and symlinks, by a naive reading of the layers."""
        seen: dict[str, str] = {}
        source = self.source(name)
        for said in self.document(name)["layers"]:
            with source.open(descriptor_from(said, name)) as chunks:
                _stack(b"".join(chunks), seen)
        return seen

    def leftovers(self) -> list[Path]:
        """Temporary files in the folder."""
        return [it for it in self.folder.rglob("*") if ".tmp-" in it.name]


@contextmanager
def somewhere(folder: Path) -> Iterator[Somewhere]:
    """All of it, running."""
    with Registry() as registry, engine_store(folder) as store, ExitStack() as stack:
        yield Somewhere(folder, registry, store, stack)


def _stack(layer: bytes, seen: dict[str, str]) -> None:
    with tarfile.open(fileobj=io.BytesIO(layer)) as tar:
        for it in tar:
            head, _, name = it.name.rpartition("/")
            if name.startswith(".wh."):
                seen.pop("/".join(filter(None, (head, name.removeprefix(".wh.")))), None)
            elif it.isreg():
                found = tar.extractfile(it)
                seen[it.name] = found.read().decode() if found else ""
            elif it.issym():
                seen[it.name] = f"-> {it.linkname}"


def config_of(*layers: bytes) -> bytes:
    """A configuration over these plain layers."""
    ids = [f"sha256:{hashlib.sha256(it).hexdigest()}" for it in layers]
    return json.dumps({**_CONFIG, "rootfs": {"type": "layers", "diff_ids": ids}}).encode()


def put_image(target: CopyTarget, *layers: bytes) -> tuple[Descriptor, bytes]:
    """The documents and blobs of an image, all but its name."""
    config = target.put_blob("application/vnd.oci.image.config.v1+json", config_of(*layers))
    made = []
    for it in layers:
        with target.writer() as writer:
            writer.write(it)
            made.append(writer.commit("application/vnd.oci.image.layer.v1.tar"))
    content = canonical(
        {
            "schemaVersion": 2,
            "mediaType": OCI_MANIFEST,
            "config": {"mediaType": config.media_type, "digest": config.digest, "size": config.size},
            "layers": [{"mediaType": it.media_type, "digest": it.digest, "size": it.size} for it in made],
        }
    )
    return target.put(OCI_MANIFEST, content), content
