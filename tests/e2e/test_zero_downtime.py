"""No request is lost while a new version of an app rolls that exits at once on SIGTERM and has no probe of its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from e2e.parts import Testbed, until
from e2e.project import PAAS, Project
from e2e.watching import Wrk


@pytest.fixture(params=["ingress", "gateway"])
def served(request: pytest.FixtureRequest, real: Testbed, tmp_path: Path) -> Iterator[Project]:
    """The first version runs behind that router, the second is released."""
    router = f"gateway, gateway: {real.gateway}" if request.param == "gateway" else "ingress"
    project = Project.make(real, tmp_path, PAAS.replace("router: ingress", f"router: {router}"))
    project.release()
    project.paasctl("deploy", "dev")
    project.expect_served("one")
    project.release("two")
    yield project
    project.remove()


def test_no_request_is_lost_while_the_only_pod_is_replaced(served: Project, tmp_path: Path) -> None:
    before = {it["metadata"]["name"] for it in served.objects("pods")}
    load = Wrk(served.testbed, served.host, tmp_path)
    served.paasctl("deploy", "dev")
    until(lambda: not before & {it["metadata"]["name"] for it in served.objects("pods")}, within=40)
    counted = load.count()
    assert counted.failed == 0, counted.text
    assert counted.requests > 500
    served.expect_served("two")
