"""Journeys by the command line, as a user would, on real parts and on embedded ones.

`nox -s e2e` brings the PAASCTL_TEST_* variables of the real parts; `nox -s journeys` runs on the embedded ones alone.
A test that needs real pods, a router, Docker or a real kubectl takes the fixture `real`; the others run on both.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from e2e.boxed import Boxed, boxed
from e2e.parts import Testbed
from e2e.project import Project

_LONG = ("test_stopped", "test_journey", "test_killed", "test_lock", "test_zero_downtime")
"""Begun first, so that no worker is left with one of them at the end."""
_WORLDS = ("embedded", "real") if "PAASCTL_TEST_KUBECONFIG" in os.environ else ("embedded",)


@pytest.fixture(scope="session")
def embedded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Testbed]:
    with boxed(tmp_path_factory.mktemp("boxed")) as made:
        yield made


@pytest.fixture(scope="session")
def real() -> Testbed:
    return Testbed.found()


@pytest.fixture(scope="session", params=_WORLDS)
def testbed(request: pytest.FixtureRequest) -> Testbed:
    """Each world in turn."""
    found: Testbed = request.getfixturevalue(request.param)
    return found


@pytest.fixture(scope="session")
def second(testbed: Testbed) -> str:
    """The kubeconfig of a second API server, where pods are never scheduled."""
    if isinstance(testbed, Boxed):
        return next(iter(testbed.others))
    at = [sys.executable, "-m", "testbed"]
    tests = Path(__file__).resolve().parents[1]
    subprocess.run([*at, "up", "--name", "two", "--control-plane-only"], cwd=tests, check=True, timeout=300)
    asked = subprocess.run(
        [*at, "env", "--name", "two", "--json"], cwd=tests, check=True, capture_output=True, text=True
    )
    found: dict[str, str] = json.loads(asked.stdout)
    return found["PAASCTL_TEST_KUBECONFIG"]


@pytest.fixture
def project(testbed: Testbed, tmp_path: Path) -> Iterator[Project]:
    made = Project.make(testbed, tmp_path)
    yield made
    made.remove()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for it in items:
        if Path(__file__).parent in it.path.parents:
            it.add_marker("e2e")
            if "real" in getattr(it, "fixturenames", ()) or it.name.endswith("[real]"):
                it.add_marker("real")
            elif not {"demo", "laws", "kills"} & {of.name for of in it.iter_markers()}:
                it.add_marker("journey")
    items.sort(key=lambda it: it.path.stem not in _LONG)
