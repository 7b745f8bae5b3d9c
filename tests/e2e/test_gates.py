"""Three environments on one registry, one after the other: nobody is promoted, so the deploys keep the gates."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from e2e.parts import until
from e2e.project import PAAS, Project
from paasctl.model.promoting import STATEMENT_TYPE

_GATED = (
    PAAS
    + """\
  staging: {cluster: local, registry: dev, after: [dev], values: {host: staging.$app.example}}
  prod:
    cluster: local
    registry: dev
    after: [staging]
    soak: SOAK
    frozen: ["FROZEN"]
    values: {host: prod.$app.example}
"""
)
_NEVER = "2001-01-01 to 2001-01-02"


@pytest.fixture
def path(project: Project) -> Project:
    project.write("paas.yaml", project.filled(_GATED.replace("SOAK", "20s").replace("FROZEN", _NEVER)))
    project.commit("one")
    return project


def _refused(project: Project, environment: str, *more: str) -> list[str]:
    outcome = project.outcome("deploy", environment, *more, expect=4)
    (problem,) = outcome["problems"]
    assert problem["code"] == "gate-closed"
    return list(problem["evidence"])


def _said(project: Project, version: str) -> list[dict[str, Any]]:
    """Statements beside the record, as any tool finds them."""
    record = str(project.testbed.of_registry(f"{project.app}/manifests/{version}").headers["Docker-Content-Digest"])
    answer = project.testbed.of_registry(f"{project.app}/referrers/{record}")
    if answer.status == 404:  # a registry without the API: the tag that clients keep in its stead
        answer = project.testbed.of_registry(f"{project.app}/manifests/{record.replace(':', '-', 1)}")
    digests = [it["digest"] for it in json.loads(answer.body)["manifests"]]
    found = [json.loads(project.testbed.of_registry(f"{project.app}/manifests/{it}").body) for it in digests]
    return [it["annotations"] for it in found if it.get("artifactType") == STATEMENT_TYPE]


def _expect(project: Project, version: str) -> None:
    """The router tells itself every 2 s which pods there are."""
    until(lambda: project.served(f"prod.{project.host}") == version, within=25)


def test_from_dev_over_staging_to_prod_on_one_registry(path: Project) -> None:
    assert path.release() == "0.1.0"
    assert _refused(path, "staging") == ["after dev: it never ran well in dev, as far as is said"]
    assert path.objects("deployments", f"{path.app}-staging") == []
    path.paasctl("deploy", "dev")
    path.paasctl("deploy", "staging")
    assert path.served(f"staging.{path.host}") == "one"
    began = time.monotonic()
    (closed,) = _refused(path, "prod")
    assert closed.startswith("soak staging: it has run well in staging for ")
    shown = path.outcome("diff", "prod")["answer"]["gates"]
    assert [(it["name"], it["state"]) for it in shown] == [("after", "open"), ("soak", "closed"), ("frozen", "open")]
    time.sleep(max(0.0, 21 - (time.monotonic() - began)))  # noqa: TID251 - that it lasts is the test
    told = path.paasctl("deploy", "prod").stderr
    assert "gate soak staging: open, " in told
    assert path.served(f"prod.{path.host}") == "one"


def test_past_a_gate_with_a_reason_back_again_and_a_frozen_window(path: Project) -> None:
    path.release()
    for name in ("dev", "staging"):
        path.paasctl("deploy", name)
    path.paasctl("deploy", "prod", "--override", "soak", expect=2)
    path.paasctl("deploy", "prod", "--override", "soak", "--reason", "the shop is down")
    (said,) = (it for it in _said(path, "0.1.0") if it["dev.paasctl.statement"] == "overridden")
    assert said["dev.paasctl.statement.why"] == "the shop is down"
    assert said["dev.paasctl.statement.environment"] == "prod"
    assert said["dev.paasctl.statement.gates"].startswith("soak staging: overridden, it has run well in staging for ")
    (entry,) = path.outcome("history", "prod")["answer"]["entries"]
    assert (entry["reason"], entry["passed"][0].partition(":")[0]) == ("the shop is down", "soak staging")
    assert "the shop is down" in path.paasctl("history", "prod").stdout

    path.commit("two")
    assert path.release() == "0.1.1"
    path.paasctl("deploy", "prod", "--override", "after", "--reason", "the shop is still down")
    _expect(path, "two")
    path.edit("paas.yaml", _NEVER, "2001-01-01 to 2100-01-01")
    path.paasctl("deploy", "prod", "--version", "0.1.0")
    _expect(path, "one")
    assert [it.partition(":")[0] for it in _refused(path, "prod", "--version", "0.1.1")] == [
        "after staging",
        "frozen 2001-01-01 to 2100-01-01",
    ]

    path.paasctl("reject", "0.1.1", "--reason", "loses baskets")
    outcome = path.outcome("deploy", "dev", "--version", "0.1.1", expect=4)
    assert [it["code"] for it in outcome["problems"]] == ["release-rejected"]
