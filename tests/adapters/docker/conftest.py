from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from paasctl.adapters.layout import FolderLayout, create_layout
from support.docker_bench import BASE, GOOD, TOP, Bench
from support.docker_engine import FakeEngine, docker_engine
from support.docker_says import IMAGE, archive


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[FakeEngine]:
    with docker_engine(tmp_path) as fake:
        fake.builds = [(200, GOOD)]
        fake.saved = archive([BASE, TOP])
        fake.objects[f"/images/{IMAGE}/json"] = {"RepoTags": []}
        yield fake


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "Dockerfile").write_text("FROM registry.example/base:1\nRUN make\n")
    (folder / "app").write_text("code")
    return folder


@pytest.fixture
def layout(tmp_path: Path) -> FolderLayout:
    return create_layout(tmp_path / "layout")


@pytest.fixture
def bench(engine: FakeEngine, project: Path, layout: FolderLayout, tmp_path: Path) -> Bench:
    (tmp_path / "docker").mkdir()
    (tmp_path / "docker/config.json").write_text("{}")
    return Bench(engine, project, layout, {"DOCKER_CONFIG": str(tmp_path / "docker")})
