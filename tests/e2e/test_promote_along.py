"""Several goals in one command, over registries with and without a password: one refuses, the others go on."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from e2e.parts import Testbed
from e2e.project import PAAS, Project

_PAAS = PAAS.replace(
    "clusters:\n",
    "  rc: {repository: $auth/$app-rc}\n  eu: {repository: $auth/$app-eu}\n  last: {repository: $registry/$app-last}\n"
    "clusters:\n",
) + ("  final: {cluster: local, registry: last, after: [dev], values: {host: final.$app.example}}\n")
_CHAIN = ("promote", "0.1.0", "--to", "rc", "--to", "eu", "--to", "final")


@pytest.fixture
def path(real: Testbed, tmp_path: Path) -> Project:
    project = Project.make(real, tmp_path, _PAAS.replace("$auth", real.registry_auth))
    project.release()
    return project


def _login(folder: Path, testbed: Testbed, password: str) -> str:
    token = base64.b64encode(f"{testbed.registry_auth_user}:{password}".encode()).decode()
    folder.mkdir(exist_ok=True)
    (folder / "config.json").write_text(json.dumps({"auths": {testbed.registry_auth: {"auth": token}}}))
    return str(folder)


def _rows(outcome: dict[str, Any]) -> list[tuple[str, str, str]]:
    return [(it["goal"], it["state"], it["code"]) for it in outcome["rows"]]


def test_three_goals_of_which_one_refuses_until_its_gate_is_open(path: Project, tmp_path: Path) -> None:
    known = _login(tmp_path / "docker", path.testbed, path.testbed.registry_auth_password)
    dry = path.outcome(*_CHAIN, "--dry-run", expect=4, DOCKER_CONFIG=known)
    assert _rows(dry) == [("rc", "planned", ""), ("eu", "planned", ""), ("last", "refused", "gate-closed")]
    assert [it["after"] for it in dry["rows"]] == ["", "rc", "eu"]
    assert path.testbed.of_registry(f"{path.app}-rc/tags/list", secret=True).status == 404

    told = path.outcome(*_CHAIN, expect=1, DOCKER_CONFIG=known)
    assert _rows(told) == [("rc", "promoted", ""), ("eu", "promoted", ""), ("last", "refused", "gate-closed")]
    made = path.testbed.manifest(f"{path.app}/web", "0.1.0")["digest"]
    for stop in ("rc", "eu"):
        assert path.testbed.manifest(f"{path.app}-{stop}/web", "0.1.0", secret=True)["digest"] == made
    assert path.testbed.of_registry(f"{path.app}-last/tags/list").status == 404

    path.paasctl("deploy", "dev")
    done = path.outcome(*_CHAIN, "--deploy", DOCKER_CONFIG=known)
    assert _rows(done) == [("rc", "promoted", ""), ("eu", "promoted", ""), ("last", "promoted", "")], "word of dev went"
    assert done["rows"][-1]["deployed"] == "runs in final"
    assert done["facts"]["image.last.web"].endswith(made)
    assert path.served(f"final.{path.host}") == "one"
    again = path.outcome(*_CHAIN, "--deploy", DOCKER_CONFIG=known)
    assert (again["status"], {it[1] for it in _rows(again)}) == ("nothing-to-do", {"nothing to do"})


def test_registries_that_admit_nobody_do_not_stop_the_one_that_does(path: Project, tmp_path: Path) -> None:
    wrong = _login(tmp_path / "docker", path.testbed, "tip-me-not")
    words = ("promote", "--all-missing", "--from", "dev", "--to", "rc", "--to", "last", "--to", "eu")
    refused = path.outcome(*words, "--override", "after", "--reason", "a try", expect=77, DOCKER_CONFIG=wrong)
    assert [(it["goal"], it["state"], it["exit"]) for it in refused["rows"]] == [
        ("rc", "failed", 77),
        ("last", "promoted", 0),
        ("eu", "failed", 77),
    ]
    assert "tip-me-not" not in json.dumps(refused)
    known = _login(tmp_path / "docker", path.testbed, path.testbed.registry_auth_password)
    done = path.paasctl(*words, "--override", "after", "--reason", "a try", DOCKER_CONFIG=known)
    assert "  0.1.0  rc  promoted\n  0.1.0  eu  promoted\n" in done.stderr
