"""`deploy --build`: what lies in the checkout, dirty or not, under a version that says so."""

from __future__ import annotations

import json
from typing import Any

from e2e.project import Project


def test_a_dirty_checkout_runs_under_a_version_that_says_so(project: Project) -> None:
    project.write("version", "changed\n")
    refused = project.paasctl("release", expect=4)
    assert "dirty-tree" in refused.stderr

    done = project.outcome("deploy", "dev", "--build")
    version = done["facts"]["version"]
    assert ".dirty.h" in version
    project.expect_served("changed")
    assert project.git("tag") == ""
    assert "nothing to do" in project.paasctl("deploy", "dev", "--build").stderr

    assert _document(project, version)["snapshot"] is True  # what no promotion takes

    project.write("version", "again\n")
    other = project.outcome("deploy", "dev", "--build")["facts"]["version"]
    assert other != version
    project.expect_served("again")

    project.git("checkout", "version")
    assert project.release() == "0.1.0"
    assert _document(project, "0.1.0")["snapshot"] is False
    project.paasctl("deploy", "dev")
    project.expect_served("one")


def _document(project: Project, version: str) -> dict[str, Any]:
    """What the release record says."""
    layers = project.testbed.manifest(project.app, version)["layers"]
    digest = next(it["digest"] for it in layers if it["mediaType"].endswith("json"))
    found: dict[str, Any] = json.loads(project.testbed.of_registry(f"{project.app}/blobs/{digest}").body)
    return found


def test_an_environment_without_snapshots_takes_releases_only(project: Project) -> None:
    project.edit("paas.yaml", "snapshots: true, ", "")
    refused = project.paasctl("deploy", "dev", "--build", expect=4)
    assert "no-snapshots" in refused.stderr
    project.commit("two")
    assert "release-not-found" in project.paasctl("deploy", "dev", expect=4).stderr
