"""Every case here is asked of the builder that needs no engine and, where variables name them, of the real ones.

An image is said once (`support.builds.Wanted`) and written as `layers:` or as a Dockerfile. What only Dockerfiles have
is asked in `test_dockerfiles.py`, of the real ones alone: an engine of the tests that could be held to it would have to
be a second Docker. The small one (`support.docker_engine`) says what it was told, and proves nothing but our half.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from support.bases import put_base
from support.build_worlds import DOCKERFILES, WORLDS, World
from support.registry import Registry

if not DOCKERFILES:
    collect_ignore = ["test_dockerfiles.py"]


@pytest.fixture(params=WORLDS)
def world(request: pytest.FixtureRequest, tmp_path: Path) -> World:
    return World(request.param, tmp_path / "world")


@pytest.fixture
def registry() -> Iterator[Registry]:
    """A registry with a small base in it."""
    with Registry() as made:
        put_base(made)
        yield made


@pytest.fixture
def base(registry: Registry) -> str:
    return f"{registry.host}/base/small:1"


def pytest_report_header() -> str | None:
    return None if DOCKERFILES else "builds contract: only `layers:` (no variable names a real builder)"
