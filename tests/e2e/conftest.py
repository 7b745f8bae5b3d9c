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


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for it in items:
        if Path(__file__).parent in it.path.parents:
            it.add_marker("e2e")
