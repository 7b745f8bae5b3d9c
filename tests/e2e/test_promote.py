"""A release on its way: to the next registry as it is, through a gate, into the next environment, and stopped."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from e2e.project import PAAS, Project
from paasctl.model.promoting import PROMOTION_TYPE


@pytest.fixture
def path(project: Project) -> Project:
    """Two more stops, and an environment at the first of them."""
    project.write("paas.yaml", project.filled(_PAAS))
    project.commit("one")
    return project


_PAAS = PAAS.replace(
    "clusters:\n",
    "  rc: {repository: $registry/$app-rc}\n  prod: {repository: $registry/$app-prod}\nclusters:\n",
) + ("  showcase: {cluster: local, registry: rc, after: [dev], values: {host: showcase.$app.example}}\n")


def _tags(project: Project, stop: str) -> list[str]:
    """Of releases: what vouches for one is under a tag of its own where a registry has no referrers."""
    answer = project.testbed.of_registry(f"{project.app}{stop}/tags/list")
    found = [] if answer.status == 404 else list(json.loads(answer.body)["tags"] or ())
    return [it for it in found if not it.startswith("sha256-")]


def _digest(project: Project, stop: str, of: str = "/web") -> str:
    return str(project.testbed.of_registry(f"{project.app}{stop}{of}/manifests/0.1.0").headers["Docker-Content-Digest"])


def test_from_the_first_environment_to_the_last_registry_and_then_stopped(path: Project) -> None:
    assert path.release() == "0.1.0"
    refused = path.paasctl("promote", "0.1.0", "--to", "showcase", expect=4)
    assert "error[gate-closed]" in refused.stderr
    assert "after dev: it never ran well in dev" in refused.stderr
    assert _tags(path, "-rc") == []

    path.paasctl("deploy", "dev")
    done = path.outcome("promote", "0.1.0", "--to", "showcase", "--reason", "tested")
    assert done["facts"]["bytes.sent"] == "0", "within one registry"
    for of in ("", "/web"):
        assert _digest(path, "-rc", of) == _digest(path, "", of)
    assert "nothing to do" in path.paasctl("promote", "0.1.0", "--to", "rc").stderr
    path.paasctl("deploy", "showcase", "--version", "0.1.0")
    assert path.served(f"showcase.{path.host}") == "one"

    path.paasctl("promote", "--all-missing", "--to", "prod")
    assert _tags(path, "-prod") == ["0.1.0"]
    kinds = [it.get("artifactType") for it in _referrers(path, "-prod")]
    assert kinds.count(PROMOTION_TYPE) == 2, "how it came to rc, and from there to prod"

    path.paasctl("reject", "0.1.0", "--reason", "loses baskets")
    refused = path.paasctl("deploy", "showcase", "--version", "0.1.0", expect=4)
    assert "loses baskets" in refused.stderr
    path.paasctl("unreject", "0.1.0", "--reason", "it was the proxy")
    assert "nothing to do" in path.paasctl("deploy", "showcase", "--version", "0.1.0").stderr


def _referrers(project: Project, stop: str) -> list[dict[str, Any]]:
    digest = _digest(project, stop, "")
    answer = project.testbed.of_registry(f"{project.app}{stop}/referrers/{digest}")
    if answer.status == 404:  # a registry without the API: the tag that clients keep in its stead
        answer = project.testbed.of_registry(f"{project.app}{stop}/manifests/{digest.replace(':', '-', 1)}")
    return list(json.loads(answer.body)["manifests"])


@pytest.mark.parametrize("after", [0.2, 0.3, 0.4, 0.5])
def test_killed_at_any_time_and_run_again_it_is_there_and_whole(path: Project, after: float) -> None:
    path.release()
    begun = path.start("promote", "0.1.0", "--to", "prod", "--from", "dev")
    time.sleep(after)  # noqa: TID251 - the moment of the kill is the test
    begun.kill()
    begun.communicate()
    if _tags(path, "-prod"):
        assert _digest(path, "-prod") == _digest(path, ""), "what has a name is whole"
    path.paasctl("promote", "0.1.0", "--to", "prod", "--from", "dev")
    for of in ("", "/web"):
        assert _digest(path, "-prod", of) == _digest(path, "", of)
    assert "nothing to do" in path.paasctl("promote", "0.1.0", "--to", "prod", "--from", "dev").stderr


def test_one_command_promotes_and_deploys(path: Project) -> None:
    path.release()
    path.paasctl("deploy", "dev")
    dry = path.outcome("promote", "0.1.0", "--to", "showcase", "--deploy", "--dry-run")
    assert {"carryOver", "tagRecord", "apply", "awaitReady"} <= {it["do"] for it in dry["left"]}
    assert _tags(path, "-rc") == []
    done = path.outcome("promote", "0.1.0", "--to", "rc", "--deploy")
    assert [(it["verb"], it["status"]) for it in done["chapters"]] == [("promote", "done"), ("deploy", "done")]
    assert done["facts"]["record"].endswith(_digest(path, "-rc", ""))
    assert path.served(f"showcase.{path.host}") == "one"
    again = path.outcome("promote", "0.1.0", "--to", "showcase", "--deploy")
    assert (again["status"], [it["status"] for it in again["chapters"]]) == ("nothing-to-do", ["nothing-to-do"] * 2)


@pytest.mark.parametrize("after", [0.6, 1.2])
def test_killed_at_any_time_on_its_way_into_an_environment_it_goes_on(path: Project, after: float) -> None:
    words = ("promote", "0.1.0", "--to", "showcase", "--deploy", "--override", "after", "--reason", "a try")
    path.release()
    begun = path.start(*words)
    time.sleep(after)  # noqa: TID251 - the moment of the kill is the test
    begun.kill()
    begun.communicate()
    path.paasctl(*words)
    assert path.served(f"showcase.{path.host}") == "one"
    assert path.outcome(*words)["status"] == "nothing-to-do"
