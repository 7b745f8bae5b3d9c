"""Projects to build without a daemon, and builds of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from paasctl.adapters.codecs import MachineCodecs
from paasctl.adapters.layers import LayersBuilder
from paasctl.adapters.layout import FolderLayout
from paasctl.model.config import Image
from paasctl.model.image import Descriptor
from paasctl.model.layer import FileLayer, Layer
from paasctl.model.plan import Build
from paasctl.ports.images import RegistryReads
from support.clock import FakeCancel

COMMIT = "0123456789abcdef0123456789abcdef01234567"
FILES = {
    "app/main.py": "print()",
    "app/run.sh": "#!/bin/sh",
    "app/lib/a": "a",
    "app/lib/b": "b",
    "site/index.html": "hi",
}
LAYERS = (FileLayer(src="app", dest="/app", uid=10, gid=20), FileLayer(src="site", dest="/srv/www"))


def project(folder: Path, files: dict[str, str] | None = None) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in (files or FILES).items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
        path.chmod(0o755 if name.endswith(".sh") else 0o644)
    return folder


def step(*layers: Layer, base: str = "scratch", **more: object) -> Build:
    image = replace(Image(name="web", layers=layers or LAYERS, base=base), **more)  # type: ignore[arg-type]  # fields
    return Build(image=image, version="1.2.3", revision=COMMIT, epoch=1_700_000_000)


def no_registry(host: str) -> RegistryReads:
    raise AssertionError(f"nothing should be asked of {host}")


def builder_of(registry: Callable[[str], RegistryReads], into: FolderLayout) -> LayersBuilder:
    """A builder whose cache lies beside the layout."""
    return LayersBuilder(registry, MachineCodecs(), into.root.parent / f"{into.root.name}-cache")


def build(
    it: Build, folder: Path, into: FolderLayout, cancel: FakeCancel | None = None, log: list[str] | None = None
) -> Descriptor:
    lines: list[str] = [] if log is None else log
    builder = builder_of(no_registry, into)
    return builder.build(it, folder, into, log=lines.append, cancel=cancel or FakeCancel())
