"""What is built in the contract of builders: said once, written as `layers:` or as a Dockerfile for each of them."""

from __future__ import annotations

import gzip
import io
import json
import os
import tarfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from paasctl.adapters.layout import FolderLayout
from paasctl.model.config import Image, ImageConfig, Squash
from paasctl.model.image import Descriptor, Platform
from paasctl.model.layer import FileLayer
from paasctl.oci.documents.manifest import descriptor_from

LINUX = Platform("linux", "amd64")
ARM = Platform("linux", "arm64")
EPOCH = 1_700_000_000


@dataclass(frozen=True)
class Link:
    """A symlink."""

    to: str


@dataclass(frozen=True)
class Program:
    """An executable file."""

    text: str = "#!"


Content = str | bytes | Link | Program | None
"""Of a file in the context; None: an empty folder."""


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """An image: what lies in its context, what of it goes where, over which base, with which configuration."""

    files: Mapping[str, Content] = field(default_factory=lambda: {"app/run": "code"})
    copies: Sequence[tuple[str, str]] = (("app", "/app"),)
    """(source, destination): the content of a folder goes into the folder that is named."""
    base: str = "scratch"
    config: ImageConfig = field(default_factory=ImageConfig)
    platforms: tuple[Platform, ...] = (LINUX,)
    name: str = "web"
    context: str = "."
    squash: Squash | None = None
    ignore: str | bytes = ""

    def written(self, project: Path) -> None:
        """Put the context there."""
        root = project / self.context
        root.mkdir(parents=True, exist_ok=True)
        for name, content in self.files.items():
            put(root / name, content)
        if self.ignore:
            put(root / ".dockerignore", self.ignore)

    def as_layers(self) -> Image:
        """For the builder that needs no engine."""
        layers = tuple(FileLayer(src=source, dest=to) for source, to in self.copies)
        return Image(layers=layers, base=self.base, config=self.config, **self._common())

    def as_dockerfile(self, project: Path) -> Image:
        """For the others; the Dockerfile is written."""
        (project / self.context).mkdir(parents=True, exist_ok=True)
        (project / self.context / "Dockerfile").write_text("".join(f"{it}\n" for it in self._lines()))
        return Image(**self._common())

    def _common(self) -> dict[str, Any]:
        return {"name": self.name, "context": self.context, "platforms": self.platforms, "squash": self.squash}

    def _lines(self) -> list[str]:
        config = self.config
        return [
            f"FROM {self.base}",
            *(f"COPY {json.dumps([source, to])}" for source, to in self.copies),
            *(f"ENV {name}={json.dumps(value)}" for name, value in config.env.items()),
            *(f"LABEL {name}={json.dumps(value)}" for name, value in config.labels.items()),
            *(f"EXPOSE {it}" for it in config.ports),
            *([f"WORKDIR {config.workdir}"] if config.workdir else []),
            *([f"USER {config.user}"] if config.user else []),
            *([f"STOPSIGNAL {config.stop_signal}"] if config.stop_signal else []),
            *([f"ENTRYPOINT {json.dumps(list(config.entrypoint))}"] if config.entrypoint else []),
            *([f"CMD {json.dumps(list(config.cmd))}"] if config.cmd else []),
        ]


def put(path: Path, content: Content) -> None:
    """Have it there; files are younger than any commit."""
    if content is None:
        path.mkdir(parents=True, exist_ok=True)
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    if isinstance(content, Link):
        path.symlink_to(content.to)
        return
    said = content.text if isinstance(content, Program) else content
    path.write_bytes(said if isinstance(said, bytes) else os.fsencode(said))
    path.chmod(0o755 if isinstance(content, Program) else 0o644)


@dataclass(frozen=True)
class File:
    """What an image has under a name: `content` of a file, `link` of a symlink, neither of a folder."""

    mode: int
    content: bytes | None = None
    link: str = ""
    owner: tuple[int, int] = (0, 0)

    @property
    def is_folder(self) -> bool:
        """Whether it is one."""
        return self.content is None and not self.link


@dataclass(frozen=True)
class Built:
    """What came of it."""

    descriptor: Descriptor
    layout: FolderLayout
    log: Sequence[str] = ()

    def document(self, said: Descriptor | Mapping[str, Any]) -> dict[str, Any]:
        """A manifest or configuration."""
        found = said if isinstance(said, Descriptor) else descriptor_from(said, "the image")
        return dict(json.loads(self.layout.read(found)))

    @property
    def manifest(self) -> dict[str, Any]:
        return self.document(self.descriptor)

    @property
    def annotations(self) -> dict[str, str]:
        return dict(self.manifest.get("annotations") or {})

    @property
    def config(self) -> dict[str, Any]:
        return self.document(self.manifest["config"])

    @property
    def runs(self) -> dict[str, Any]:
        """The part of the configuration that says how it is run."""
        return dict(self.config["config"])

    @property
    def diff_ids(self) -> list[str]:
        return list(self.config["rootfs"]["diff_ids"])

    @property
    def layers(self) -> list[Descriptor]:
        return [descriptor_from(it, "the image") for it in self.manifest["layers"]]

    def tars(self) -> list[bytes]:
        """The layers, unpacked."""
        packed = [self.layout.read(it) for it in self.layers]
        return [gzip.decompress(it) if it[:2] == b"\x1f\x8b" else it for it in packed]

    def tree(self) -> dict[str, File]:
        """All layers over each other, by the simplest means: no whiteouts, no hard links."""
        found: dict[str, File] = {}
        for it in self.tars():
            with tarfile.open(fileobj=io.BytesIO(it)) as layer:
                for member in layer:
                    _lay(layer, member, found)
        return found

    def names(self) -> set[str]:
        """Of files and links."""
        return {name for name, it in self.tree().items() if not it.is_folder}


def _lay(layer: tarfile.TarFile, member: tarfile.TarInfo, found: dict[str, File]) -> None:
    name = member.name.strip("/").removeprefix("./")
    if not name or name == ".":
        return
    content = layer.extractfile(member) if member.isreg() else None
    if not member.isdir():
        for it in [it for it in found if it.startswith(f"{name}/")]:
            del found[it]
    owner = (member.uid, member.gid)
    link = member.linkname if member.issym() else ""
    found[name] = File(member.mode & 0o7777, content.read() if content else None, link, owner)
