from __future__ import annotations

from pathlib import Path

import pytest

from adapters.buildkit.conftest import nobody
from paasctl.adapters.buildkit.buildctl import BuildctlBuilder
from paasctl.adapters.buildkit.buildx import BuildxBuilder
from paasctl.adapters.buildkit.choose import builder_version, choose, dockerfile_builder
from paasctl.adapters.docker.builder import EngineBuilder
from paasctl.errors import ConfigError, Unavailable, UsageError
from paasctl.model.config import BuildCache, BuildSecret, Image
from paasctl.model.image import Platform
from paasctl.ports.images import Builder
from support.buildkit_says import Program
from support.docker_engine import docker_engine

_IMAGE = Image(name="web")


@pytest.fixture(autouse=True)
def _nothing_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")


@pytest.fixture
def docker(tmp_path: Path) -> Program:
    """A docker with buildx."""
    made = Program.make(tmp_path / "docker", "docker")
    made.knows(version="github.com/docker/buildx v0.29.1 abc", inspect="Name:   mine\nDriver: docker-container\n")
    return made


@pytest.fixture
def buildctl(tmp_path: Path) -> Program:
    made = Program.make(tmp_path / "buildctl", "buildctl")
    made.knows(info="BuildKit: github.com/moby/buildkit v0.26.3 abc\n")
    return made


def both(*programs: Program) -> str:
    return ":".join(it.path for it in programs)


def built_by(environ: dict[str, str], image: Image = _IMAGE) -> Builder:
    return dockerfile_builder(environ, nobody, image, lambda key: f"paas.yaml:{len(key)}:1")


def test_buildx_comes_first(docker: Program, buildctl: Program) -> None:
    environ = {"PATH": both(docker, buildctl), "BUILDKIT_HOST": "unix:///x"}
    assert choose(environ).kind == "buildx"
    assert isinstance(built_by(environ), BuildxBuilder)


def test_docker_without_buildx(buildctl: Program, tmp_path: Path) -> None:
    plain = Program.make(tmp_path / "plain", "docker")
    environ = {"PATH": both(plain, buildctl), "BUILDKIT_HOST": "unix:///x"}
    assert choose(environ).kind == "buildctl"
    builder = built_by(environ)
    assert isinstance(builder, BuildctlBuilder)
    assert builder.address == "unix:///x"


def test_buildctl_needs_to_be_told_where(buildctl: Program) -> None:
    assert choose({"PATH": buildctl.path}).kind == "engine"


def test_an_address_is_nothing_without_buildctl() -> None:
    assert choose({"PATH": "/nowhere", "BUILDKIT_HOST": "unix:///x"}).kind == "engine"
    assert isinstance(built_by({"PATH": "/nowhere"}), EngineBuilder)


def test_no_buildkit_is_the_classic_builder(docker: Program) -> None:
    environ = {"PATH": docker.path, "DOCKER_BUILDKIT": "0"}
    assert choose(environ).kind == "classic"
    builder = built_by(environ)
    assert isinstance(builder, EngineBuilder)
    assert builder.environ["DOCKER_BUILDKIT"] == "0"


@pytest.mark.parametrize("kind", ["buildx", "buildctl", "engine", "classic"])
def test_a_builder_by_name(docker: Program, buildctl: Program, kind: str) -> None:
    environ = {"PATH": both(docker, buildctl), "BUILDKIT_HOST": "unix:///x", "PAASCTL_BUILDER": kind}
    assert choose(environ).kind == kind
    classes = {"buildx": BuildxBuilder, "buildctl": BuildctlBuilder}
    assert isinstance(built_by(environ), classes.get(kind, EngineBuilder))


def test_a_name_that_means_nothing() -> None:
    with pytest.raises(UsageError, match="PAASCTL_BUILDER is 'podman'") as caught:
        choose({"PAASCTL_BUILDER": "podman"})
    assert caught.value.hint == "one of buildx, buildctl, engine, classic"


def test_buildctl_by_name_without_an_address() -> None:
    with pytest.raises(Unavailable, match="BUILDKIT_HOST does not say where"):
        built_by({"PAASCTL_BUILDER": "buildctl"})


@pytest.mark.parametrize(
    ("image", "key"),
    [
        (Image(name="web", secrets=(BuildSecret(id="a", env="A"),)), "secrets"),
        (Image(name="web", ssh=("default",)), "ssh"),
        (Image(name="web", cache=BuildCache(targets=("type=inline",))), "cache"),
        (Image(name="web", platforms=(Platform("linux", "amd64"), Platform("linux", "arm64"))), "platforms"),
    ],
)
@pytest.mark.parametrize("kind", ["engine", "classic"])
def test_what_the_engine_alone_can_t(image: Image, key: str, kind: str) -> None:
    with pytest.raises(ConfigError) as caught:
        built_by({"PAASCTL_BUILDER": kind}, image)
    assert (caught.value.code, caught.value.where) == ("builder-unable", f"paas.yaml:{len(key)}:1")
    assert f"`{key}`" in caught.value.message
    assert "docker buildx" in caught.value.hint


def test_doctor_says_which_buildx(docker: Program) -> None:
    assert builder_version({"PATH": docker.path}) == (
        "docker buildx v0.29.1, builder mine (docker-container) (docker has it)"
    )


def test_doctor_says_when_buildx_has_no_builder(docker: Program) -> None:
    docker.knows(inspect="")
    with pytest.raises(Unavailable, match="asking docker buildx for its builder"):
        builder_version({"PATH": docker.path})


def test_doctor_says_which_buildkit(buildctl: Program) -> None:
    environ = {"PATH": buildctl.path, "BUILDKIT_HOST": "unix:///x"}
    assert builder_version(environ) == "buildctl, BuildKit v0.26.3 at unix:///x (BUILDKIT_HOST is set)"


def test_doctor_says_when_buildkit_does_not_answer(tmp_path: Path) -> None:
    silent = Program.make(tmp_path / "silent", "buildctl")
    with pytest.raises(Unavailable, match="asking BuildKit at unix:///x: no info"):
        builder_version({"PATH": silent.path, "BUILDKIT_HOST": "unix:///x"})


def test_doctor_says_which_engine(tmp_path: Path) -> None:
    with docker_engine(tmp_path) as engine:
        said = builder_version({"DOCKER_HOST": engine.host, "DOCKER_BUILDKIT": "0"})
    assert said == f"the classic builder of Docker Engine 20.10.24 at {engine.host} (DOCKER_BUILDKIT is 0)"
