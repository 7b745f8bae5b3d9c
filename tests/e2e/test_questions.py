"""Questions: the same answers in words and in JSON, and who may ask them. One deployed project for all."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from e2e.parts import Testbed
from e2e.project import Project

pytestmark = pytest.mark.xdist_group("questions")


@contextmanager
def _deployed(testbed: Testbed, folder: Path) -> Iterator[Project]:
    project = Project.make(testbed, folder)
    project.release()
    project.paasctl("deploy", "dev")
    yield project
    project.remove()


@pytest.fixture(scope="module")
def deployed(testbed: Testbed, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    with _deployed(testbed, tmp_path_factory.mktemp("questions")) as project:
        yield project


@pytest.fixture(scope="module")
def deployed_for_real(real: Testbed, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    """Rights come from roles, which the simulation keeps but does not judge by."""
    with _deployed(real, tmp_path_factory.mktemp("rights")) as project:
        yield project


ANSWERED = {
    "version --explain": "carries tag v0.1.0",
    "lint": "renders for local",
    "config show dev --explain": "environment",
    "config schema": "json-schema.org",
    "doctor": "you may deploy there",
    "releases": "0.1.0",
    "render dev --explain": "kind: Deployment",
    "diff dev": "",
    "status": "0.1.0",
    "status dev": "http://",
    "history dev": "0.1.0",
    "cluster list": "local",
}


@pytest.mark.parametrize("words", ANSWERED, ids=str)
def test_it_is_answered_in_words_and_in_json(deployed: Project, words: str) -> None:
    said = deployed.paasctl(*words.split())
    assert ANSWERED[words] in said.stdout
    whole = deployed.outcome(*words.split())
    assert whole["format"] == 1
    assert whole["exit"] == 0
    assert whole["answer"]
    events = deployed.events(*words.split())
    assert events[0] == {"event": "hello", "format": 1}
    assert events[-1]["event"] == "outcome"
    assert any(it["event"] == "answered" for it in events)


def _as_user(deployed: Project, name: str, role: str, tmp_path: Path) -> Path:
    """A kubeconfig of a service account that has a cluster role in the namespace, or none."""
    deployed.kubectl("create", "serviceaccount", name)
    if role:
        deployed.kubectl(
            "create", "rolebinding", name, f"--clusterrole={role}", f"--serviceaccount={deployed.namespace}:{name}"
        )
    token = deployed.kubectl("create", "token", name).strip()
    file = tmp_path / name
    config = json.loads(Path(deployed.testbed.kubeconfig).read_text())
    config["users"] = [{"name": "admin", "user": {"token": token}}]
    file.write_text(json.dumps(config))
    return file


def test_who_may_only_read_sees_the_status_and_may_not_deploy(
    deployed_for_real: Project, tmp_path: Path
) -> None:  # L4, D18
    reader = str(_as_user(deployed_for_real, "reader", "view", tmp_path))
    assert "0.1.0" in deployed_for_real.paasctl("status", "dev", "--kubeconfig", reader).stdout
    assert "0.1.0" in deployed_for_real.paasctl("history", "dev", "--kubeconfig", reader).stdout

    refused = deployed_for_real.paasctl("deploy", "dev", "--kubeconfig", reader, expect=77)
    assert "error[forbidden]" in refused.stderr
    assert "reader may not list secrets" in refused.stderr


def test_who_has_no_rights_is_told_which_one_lacks(deployed_for_real: Project, tmp_path: Path) -> None:
    nobody = str(_as_user(deployed_for_real, "nobody", "", tmp_path))
    refused = deployed_for_real.paasctl("deploy", "dev", "--kubeconfig", nobody, expect=77)
    assert "nobody" in refused.stderr
    assert deployed_for_real.namespace in refused.stderr
    doctor = deployed_for_real.paasctl("doctor", "--kubeconfig", nobody, expect=1)
    assert "nobody may not get namespaces" in doctor.stdout
