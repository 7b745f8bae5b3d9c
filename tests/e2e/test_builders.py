"""An image that needs a secret and a cache: by buildctl, and by docker buildx on the Docker Engine; run and asked."""

from __future__ import annotations

import hashlib
import os
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from e2e.parts import Testbed, until
from e2e.project import IMAGE, PAAS, Project

_PAAS = PAAS.replace(IMAGE, "  web: {dockerfile: Dockerfile, secrets: [{id: token, env: TOKEN}]}\n")
_DOCKERFILE = """\
FROM $registry/base/busybox:1 AS build
ENV NAME=$app
RUN --mount=type=secret,id=token --mount=type=cache,id=$app,target=/cache \\
    cat /run/secrets/token && sha256sum < /run/secrets/token > /sum && echo once >> /cache/runs && cp /cache/runs /runs
FROM scratch
COPY app version /
COPY --from=build /sum /runs /
ENTRYPOINT ["/app"]
"""
_TOKEN = f"a token of {uuid.uuid4()}"


@pytest.fixture
def project(real: Testbed, tmp_path: Path) -> Iterator[Project]:
    made = Project.make(real, tmp_path, _PAAS, Dockerfile=_DOCKERFILE)
    yield made
    made.remove()


@pytest.fixture(params=["buildctl", "buildx"])
def builder(request: pytest.FixtureRequest, real: Testbed, tmp_path: Path) -> dict[str, Any]:
    """The caller's variables with which this one builds: BuildKit's daemon, or the engine with docker's plugin."""
    told = {"TOKEN": _TOKEN, "PAASCTL_BUILDER": request.param, "PATH": f"{os.environ['PATH']}:{real.bin}"}
    if request.param == "buildctl":
        return {**told, "BUILDKIT_HOST": os.environ["PAASCTL_TEST_BUILDKIT_HOST"]}
    plugins = tmp_path / "docker" / "cli-plugins"
    plugins.mkdir(parents=True)
    (plugins / "docker-buildx").symlink_to(Path(real.bin) / "docker-buildx")
    return {**told, "DOCKER_CONFIG": str(tmp_path / "docker")}


def test_an_image_with_a_secret_and_a_cache(project: Project, builder: dict[str, Any]) -> None:
    doctor = project.paasctl("doctor", **builder)
    assert builder["PAASCTL_BUILDER"] in doctor.stdout + doctor.stderr
    released = project.paasctl("release", "--output", "jsonl", **builder)
    assert "***" in released.stdout
    assert _TOKEN not in released.stdout + released.stderr
    project.paasctl("deploy", "dev")
    project.expect_served("one")
    assert project.get("/file?path=/sum").body.split()[0] == hashlib.sha256(_TOKEN.encode()).hexdigest()
    assert project.get("/file?path=/runs").body == "once\n"

    project.edit("Dockerfile", "ENV NAME=", "ENV AGAIN=1 NAME=")
    project.commit("two")
    project.paasctl("release", **builder)
    project.paasctl("deploy", "dev")
    project.expect_served("two")  # perhaps by one of two pods, and by the other a moment longer the one before
    until(lambda: project.get("/file?path=/runs").body == "once\nonce\n", within=25)


def test_the_engine_alone_has_no_secrets_and_says_where_one_is_wanted(project: Project) -> None:
    refused = project.paasctl("release", expect=78, PAASCTL_BUILDER="engine", TOKEN=_TOKEN)
    assert "paas.yaml:3:33" in refused.stderr
    assert "docker buildx" in refused.stderr
    assert project.git("tag") == ""


def test_a_secret_that_is_not_set_is_asked_for(project: Project, builder: dict[str, Any]) -> None:
    del builder["TOKEN"]
    refused = project.paasctl("release", expect=78, **builder)
    assert "the variable TOKEN is not set" in refused.stderr
    assert "export TOKEN=" in refused.stderr
