from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from paasctl.adapters.buildkit.buildctl import BuildctlBuilder
from paasctl.adapters.layout import FolderLayout, create_layout
from paasctl.errors import PaasError, Unavailable
from paasctl.model.config import Image
from paasctl.model.image import Descriptor
from paasctl.model.plan import Build
from paasctl.ports.cancel import Cancel
from paasctl.ports.images import RegistryReads
from support.buildkit_says import Program, oci_archive
from support.docker_bench import Stop
from support.images import lay_image
from support.tars import tar_of

STEP = Build(image=Image(name="web"), version="1.2.3", revision="c0ffee", epoch=1_700_000_000)


def nobody(host: str) -> RegistryReads:
    """A registry that does not answer."""
    raise Unavailable(f"asking {host}: nobody there")


@dataclass
class Bench:
    """A project, a layout, and a `buildctl` that says what it was told."""

    program: Program
    project: Path
    layout: FolderLayout
    log: list[str] = field(default_factory=list)
    environ: dict[str, str] = field(default_factory=dict)

    def build(self, cancel: Cancel | None = None, **image: Any) -> Descriptor:
        builder = BuildctlBuilder(
            environ={"PATH": self.program.path, **self.environ}, registry=nobody, address="unix:///buildkit.sock"
        )
        step = replace(STEP, image=replace(STEP.image, **image))
        return builder.build(step, self.project, self.layout, log=self.log.append, cancel=cancel or Stop())

    def fails(self, **image: Any) -> PaasError:
        with pytest.raises(PaasError) as caught:
            self.build(**image)
        assert self.layout.places() == ()
        return caught.value


@pytest.fixture
def archive(tmp_path: Path) -> bytes:
    """An image as BuildKit writes one."""
    made = create_layout(tmp_path / "made")
    lay_image(made, "", [tar_of("below")], config={"config": {}})
    lay_image(made, "it", [tar_of("below"), tar_of("above")], config={"config": {}})
    return oci_archive(made.root)


@pytest.fixture
def bench(tmp_path: Path, archive: bytes, monkeypatch: pytest.MonkeyPatch) -> Bench:
    monkeypatch.setenv("PATH", "/nowhere")
    project = tmp_path / "project"
    project.mkdir()
    (project / "Dockerfile").write_text("FROM registry.example/base:1\nRUN make\n")
    program = Program.make(tmp_path / "program", "buildctl")
    program.says(b"", archive)
    return Bench(program, project, create_layout(tmp_path / "layout"))
