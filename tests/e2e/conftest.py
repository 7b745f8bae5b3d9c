"""Journeys on real parts, by the command line, as a user would. `nox -s e2e` brings the PAASCTL_TEST_* variables."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from e2e.project import Project, Testbed

_NEEDED = ("KUBECONFIG", "KUBECTL", "REGISTRY", "DOCKER_HOST", "TRAEFIK", "BIN")


@pytest.fixture(scope="session")
def testbed() -> Testbed:
    missing = [name for name in _NEEDED if f"PAASCTL_TEST_{name}" not in os.environ]
    assert not missing, f"e2e needs the testbed: PAASCTL_TEST_{missing[0]} is not set (nox -s testbed -- up)"
    return Testbed(**{name.lower(): os.environ[f"PAASCTL_TEST_{name}"] for name in _NEEDED})


@pytest.fixture
def project(testbed: Testbed, tmp_path: Path) -> Iterator[Project]:
    made = Project.make(testbed, tmp_path)
    yield made
    made.remove()


@pytest.fixture(autouse=True)
def _mark(request: pytest.FixtureRequest) -> None:
    request.applymarker(pytest.mark.e2e)
