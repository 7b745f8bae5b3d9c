"""Every case here is asked of the embedded cluster and, where there is one, of a real cluster."""

from __future__ import annotations

import dataclasses
import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.clusters import REAL, WORLDS, ClusterWorld, embedded_world, real_world


@pytest.fixture(scope="session")
def real_namespace(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ClusterWorld]:
    with real_world(tmp_path_factory.mktemp("real"), f"paasctl-test-{secrets.token_hex(4)}") as world:
        yield world


@pytest.fixture(params=WORLDS)
def world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[ClusterWorld]:
    app = f"app-{secrets.token_hex(3)}"
    if request.param == "real":
        yield dataclasses.replace(request.getfixturevalue("real_namespace"), app=app)
        return
    with embedded_world(tmp_path, app) as made:
        yield made


def pytest_report_header() -> str | None:
    return None if REAL else "cluster contract: only the embedded cluster (PAASCTL_TEST_KUBECONFIG names no real one)"
