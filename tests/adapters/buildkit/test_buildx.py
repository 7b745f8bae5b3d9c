from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from adapters.buildkit.conftest import STEP, nobody
from paasctl.adapters.buildkit.buildx import BuildxBuilder
from paasctl.adapters.layout import FolderLayout, create_layout
from paasctl.errors import BuildFailed, ConfigError, PaasError, Unavailable
from paasctl.model.config import BuildSecret
from paasctl.model.image import Descriptor, Platform
from support.buildkit_says import Program
from support.docker_bench import BASE, TOP, Stop
from support.docker_engine import FakeEngine, docker_engine
from support.docker_says import IMAGE
from support.docker_says import archive as saved_archive

_CONTAINERD = {"DriverStatus": [["driver-type", "io.containerd.snapshotter.v1"]]}


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[FakeEngine]:
    with docker_engine(tmp_path) as fake:
        fake.saved = saved_archive([BASE, TOP])
        fake.objects["/info"] = {"DriverStatus": [["Backing Filesystem", "extfs"]]}
        fake.objects[f"/images/{IMAGE}/json"] = {"RepoTags": []}
        yield fake


@pytest.fixture
def docker(tmp_path: Path, archive: bytes) -> Program:
    made = Program.make(tmp_path / "program", "docker")
    made.knows(version="buildx v0.29.1", inspect="Name: mine\nDriver: remote\n", image=IMAGE)
    made.says(b"", archive)
    return made


@pytest.fixture
def layout(tmp_path: Path) -> FolderLayout:
    return create_layout(tmp_path / "layout")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    made = tmp_path / "project"
    made.mkdir()
    (made / "Dockerfile").write_text("FROM registry.example/base:1\nRUN make\n")
    return made


class Bench:
    def __init__(self, docker: Program, engine: FakeEngine, project: Path, layout: FolderLayout) -> None:
        self.docker, self.engine, self.project, self.layout = docker, engine, project, layout
        self.log: list[str] = []

    def build(self, **image: Any) -> Descriptor:
        environ = {"PATH": self.docker.path, "DOCKER_HOST": self.engine.host, "KEY": "value"}
        step = replace(STEP, image=replace(STEP.image, **image))
        builder = BuildxBuilder(environ=environ, registry=nobody)
        return builder.build(step, self.project, self.layout, log=self.log.append, cancel=Stop())

    def fails(self, **image: Any) -> PaasError:
        with pytest.raises(PaasError) as caught:
            self.build(**image)
        assert self.layout.places() == ()
        return caught.value


@pytest.fixture
def bench(docker: Program, engine: FakeEngine, project: Path, layout: FolderLayout) -> Bench:
    return Bench(docker, engine, project, layout)


def test_what_docker_is_asked(bench: Bench) -> None:
    bench.build(args={"A": "b"}, target="last", secrets=(BuildSecret(id="key", env="KEY"),))
    argv = bench.docker.argv
    dockerfile = argv[argv.index("--file") + 1]
    assert argv == [
        *("buildx", "build", "--progress", "rawjson", "--provenance", "false", "--sbom", "false"),
        *("--file", dockerfile, "--platform", "linux/amd64", "--target", "last"),
        *("--build-arg", "A=b", "--build-arg", "SOURCE_DATE_EPOCH=1700000000"),
        *("--label", "org.opencontainers.image.revision=c0ffee", "--label", "org.opencontainers.image.version=1.2.3"),
        *("--secret", "id=key,env=KEY"),
        *("--output", "type=oci,rewrite-timestamp=true,dest=-"),
        str(bench.project),
    ]
    assert Path(dockerfile).name == "Dockerfile"
    assert bench.log[0] == "building with docker buildx, builder mine (remote)"


def test_a_builder_that_writes_layouts(bench: Bench) -> None:
    made = bench.build()
    laid = bench.layout.place("web")
    assert laid is not None
    assert laid.digest == made.digest
    assert bench.engine.asked == []


def test_an_engine_with_containerd_writes_layouts(bench: Bench) -> None:
    bench.docker.knows(inspect="Name: default\nDriver: docker\n")
    bench.engine.objects["/info"] = _CONTAINERD
    bench.build()
    assert "type=oci,rewrite-timestamp=true,dest=-" in bench.docker.argv


def test_an_engine_without_it_gives_its_image_away(bench: Bench) -> None:
    bench.docker.knows(inspect="Name: default\nDriver: docker\n")
    bench.docker.says(b"", b"")
    manifest = json.loads(bench.layout.read(bench.build()))
    assert len(manifest["layers"]) == 2
    argv = bench.docker.argv
    assert argv[argv.index("--output") + 1] == "type=docker"
    assert argv[-1] == str(bench.project)
    assert len(bench.engine.of("DELETE", f"/images/{IMAGE}")) == 1


def test_an_engine_without_a_network(bench: Bench) -> None:
    bench.docker.knows(inspect="Name: default\nDriver: docker\n")
    del bench.engine.objects["/networks/bridge"]
    bench.build()
    argv = bench.docker.argv
    assert argv[argv.index("--network") + 1] == "none"
    assert "this engine has no default network: steps run without one" in bench.log


def test_an_engine_that_names_no_image(bench: Bench) -> None:
    bench.docker.knows(inspect="Name: default\nDriver: docker\n", image="")
    error = bench.fails()
    assert isinstance(error, BuildFailed)
    assert "without naming an image" in error.message


def test_an_engine_makes_one_platform_at_a_time(bench: Bench) -> None:
    bench.docker.knows(inspect="Name: default\nDriver: docker\n")
    error = bench.fails(platforms=(Platform("linux", "amd64"), Platform("linux", "arm64")))
    assert isinstance(error, ConfigError)
    assert error.hint == "docker buildx create --use"


@pytest.mark.parametrize(
    "said",
    [
        'ERROR: no builder "gone" found',
        "ERROR: Cannot connect to the Docker daemon at unix:///x. Is the docker daemon running?",
    ],
)
def test_b1_no_builder(bench: Bench, said: str) -> None:
    bench.docker.says(f"{said}\n".encode(), b"", 1)
    error = bench.fails()
    assert isinstance(error, Unavailable)
    assert error.code == "builder-absent"


def test_b1_a_buildx_that_knows_no_rawjson(bench: Bench) -> None:
    bench.docker.says(b"ERROR: invalid progress mode rawjson\n", b"", 1)
    assert bench.fails().code == "builder-too-old"


def test_words_of_buildx_are_stripped_of_what_says_nothing(bench: Bench) -> None:
    bench.docker.says(b"ERROR: failed to build: failed to solve: it is broken\n", b"", 1)
    assert bench.fails().message == "building image web: it is broken"


def test_a_second_image(bench: Bench) -> None:
    bench.build()
    bench.build(name="other")
    assert {place for place, _ in bench.layout.places()} == {"web", "other"}
