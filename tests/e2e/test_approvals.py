"""Approvals with real keys, a real agent, a real registry: pending, given, withdrawn, carried along, checked."""

from __future__ import annotations

import json
import subprocess
import time
from pathlib import Path

import pytest

from e2e.project import PAAS, Project
from paasctl.model.approving import APPROVAL_TYPE

_KINDS = {"anna": "ed25519", "bob": "ecdsa", "carla": "rsa", "mallory": "ed25519"}


@pytest.fixture
def asking(project: Project) -> Project:
    """A second stop, whose environment wants two approvals and none by the author; three people who may give one."""
    keys = _keys(project)
    people = {it: f'{{keys: ["{keys[it]}"], emails: [{it}@shop.example]}}' for it in ("anna", "bob", "carla")}
    paas = PAAS.replace("clusters:\n", "  prod: {repository: $registry/$app-prod}\nclusters:\n")
    paas += "  production: {cluster: local, registry: prod, approvals: {count: 2, notAuthor: true}}\n"
    paas += "approvers:\n" + "".join(f"  {name}: {it}\n" for name, it in people.items())
    project.write("paas.yaml", project.filled(paas))
    project.commit("one")
    made = project.paasctl("release", GIT_COMMITTER_NAME="Carla", GIT_COMMITTER_EMAIL="carla@shop.example")
    assert made.stdout.strip() == "0.1.0"
    return project


def _folder(project: Project) -> Path:
    folder = project.folder.parent / "keys"
    folder.mkdir(exist_ok=True)
    return folder


def _keys(project: Project) -> dict[str, str]:
    """Public keys by person; the private ones lie outside of the project."""
    for name, kind in _KINDS.items():
        argv = ["ssh-keygen", "-q", "-t", kind, "-N", "", "-C", f"{name}@work", "-f", name]
        subprocess.run(argv, cwd=_folder(project), check=True, stdin=subprocess.DEVNULL)
    return {name: (_folder(project) / f"{name}.pub").read_text().strip() for name in _KINDS}


def _approve(project: Project, name: str, *more: str, expect: int = 0) -> subprocess.CompletedProcess[str]:
    key = str(_folder(project) / name)
    return project.paasctl("approve", "0.1.0", "--to", "production", "--key", key, *more, expect=expect)


def _promote(project: Project, expect: int = 0) -> subprocess.CompletedProcess[str]:
    return project.paasctl("promote", "0.1.0", "--to", "production", expect=expect)


def test_refused_approved_by_two_withdrawn_refused_and_let_in(asking: Project) -> None:
    refused = _promote(asking, expect=4)
    assert "0 of 2 approvals, missing 2: anna or bob may" in refused.stderr
    assert "1 of 2 approvals (anna), missing 1: bob may" in _approve(asking, "anna", "--reason", "tried it").stderr
    assert "nothing to do" in _approve(asking, "anna").stderr
    assert "1 of 2 approvals (anna), missing 1: bob may" in _promote(asking, expect=4).stderr
    assert "carla made this release" in _approve(asking, "carla", expect=4).stderr
    assert "is nobody's in approvers" in _approve(asking, "mallory", expect=4).stderr
    assert "2 of 2 approvals (anna, bob)" in _approve(asking, "bob").stderr

    _approve(asking, "bob", "--withdraw", "--reason", "too early")
    assert "bob: withdrawn on" in _promote(asking, expect=4).stderr
    listed = json.loads(asking.paasctl("approve", "--list", "--output", "json").stdout)
    (row,) = listed["answer"]["rows"]
    assert (row["version"], row["tally"]["given"], row["tally"]["missing"]) == ("0.1.0", ["anna"], 1)
    assert "1 of 2, missing 1" in asking.paasctl("releases").stdout

    _approve(asking, "bob")
    done = _promote(asking)
    assert "gate approvals production: open, 2 of 2 approvals (anna, bob)" in done.stderr
    _checked_by_hand(asking)
    assert "2 of 2" in asking.paasctl("approve", "0.1.0", "--to", "production", "--list").stdout


def test_two_at_once_are_both_heard(asking: Project) -> None:
    keys = [str(_folder(asking) / it) for it in ("anna", "bob")]
    begun = [asking.start("approve", "0.1.0", "--to", "production", "--key", it) for it in keys]
    for it in begun:
        it.communicate(timeout=60)
    assert [it.returncode for it in begun] == [0, 0]
    assert "2 of 2 approvals (anna, bob)" in _promote(asking).stderr


def _checked_by_hand(project: Project) -> None:
    """What came along to the second registry is what ssh-keygen verifies without us."""
    digest = project.testbed.of_registry(f"{project.app}-prod/manifests/0.1.0").headers["Docker-Content-Digest"]
    answer = project.testbed.of_registry(f"{project.app}-prod/referrers/{digest}")
    if answer.status == 404:
        answer = project.testbed.of_registry(f"{project.app}-prod/manifests/{digest.replace(':', '-', 1)}")
    found = [it["digest"] for it in json.loads(answer.body)["manifests"] if it.get("artifactType") == APPROVAL_TYPE]
    assert len(found) == 4, "anna's, bob's, that he took it back, and his again"
    verified = set()
    for it in found:
        manifest = json.loads(project.testbed.of_registry(f"{project.app}-prod/manifests/{it}").body)
        statement, signature = (
            project.testbed.of_registry(f"{project.app}-prod/blobs/{layer['digest']}").body
            for layer in manifest["layers"]
        )
        said = json.loads(statement)
        assert said["subject"][0]["digest"]["sha256"] == digest.removeprefix("sha256:")
        name = said["predicate"]["by"]
        (_folder(project) / "signers").write_text(f"{name} {(_folder(project) / f'{name}.pub').read_text()}")
        (_folder(project) / "sig").write_text(signature)
        argv = ["ssh-keygen", "-Y", "verify", "-n", "paasctl-approval", "-I", name, "-f", "signers", "-s", "sig"]
        subprocess.run(argv, cwd=_folder(project), input=statement, check=True, capture_output=True, text=True)
        verified.add(name)
    assert verified == {"anna", "bob"}


def test_a_key_with_a_passphrase_by_an_agent_or_not_at_all(asking: Project) -> None:
    folder = _folder(asking)
    subprocess.run(["ssh-keygen", "-q", "-p", "-N", "secret", "-f", "anna"], cwd=folder, check=True)
    began = time.monotonic()
    refused = _approve(asking, "anna", expect=78)
    assert "ssh-add" in refused.stderr
    assert time.monotonic() - began < 20, "nobody was asked"
    socket = str(folder / "agent")
    agent = subprocess.Popen(["ssh-agent", "-D", "-a", socket], stdout=subprocess.DEVNULL)
    try:
        while not Path(socket).exists():
            time.sleep(0.01)  # noqa: TID251 - a program of its own
        ask = folder / "ask"
        ask.write_text("#!/bin/sh\necho secret\n")
        ask.chmod(0o700)
        environ = {"PATH": asking.environ["PATH"], "SSH_AUTH_SOCK": socket, "SSH_ASKPASS_REQUIRE": "force"}
        subprocess.run(["ssh-add", "-q", "anna"], cwd=folder, env={**environ, "SSH_ASKPASS": str(ask)}, check=True)
        done = asking.outcome("approve", "0.1.0", "--to", "production", SSH_AUTH_SOCK=socket)
        assert done["facts"]["approver"] == "anna"
    finally:
        agent.terminate()
        agent.wait()


@pytest.mark.parametrize("after", [0.2, 0.35, 0.5, 0.65])
def test_killed_at_any_time_and_run_again_it_is_said_once(asking: Project, after: float) -> None:
    key = str(_folder(asking) / "anna")
    begun = asking.start("approve", "0.1.0", "--to", "production", "--key", key)
    time.sleep(after)  # noqa: TID251 - the moment of the kill is the test
    begun.kill()
    begun.communicate()
    _approve(asking, "anna")
    assert "nothing to do" in _approve(asking, "anna").stderr
    assert "1 of 2 approvals (anna), missing 1: bob may" in _promote(asking, expect=4).stderr
