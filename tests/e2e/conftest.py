"""Journeys on real parts, by the command line, as a user would. `nox -s e2e` brings the PAASCTL_TEST_* variables."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from e2e.parts import Testbed
from e2e.project import Project


@pytest.fixture(scope="session")
def testbed() -> Testbed:
    return Testbed.found()


@pytest.fixture
def project(testbed: Testbed, tmp_path: Path) -> Iterator[Project]:
    made = Project.make(testbed, tmp_path)
    yield made
    made.remove()


@pytest.fixture(autouse=True)
def _mark(request: pytest.FixtureRequest) -> None:
    request.applymarker(pytest.mark.e2e)
