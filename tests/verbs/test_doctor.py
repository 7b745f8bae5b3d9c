"""`doctor` names everything that is missing, each thing by itself, and changes nothing."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from paasctl.engine.cancel import Cancel
from paasctl.errors import Exit, PaasError, Refused, Unavailable
from paasctl.model.answer import Finding
from paasctl.model.kube import Identity
from paasctl.verbs.doctor import AskDoctor
from support.sshkeys import approvers
from support.world import FakeWorld


def _raises(error: PaasError) -> Callable[..., None]:
    def fail(*_: object) -> None:
        raise error

    return fail


def _edit(world: FakeWorld, old: str, new: str) -> None:
    paas = world.project / "paas.yaml"
    assert old in paas.read_text()
    paas.write_text(paas.read_text().replace(old, new))


def _without_git(world: FakeWorld) -> None:
    world.git.checkout = _raises(Refused("there is no git here", hint="git init"))  # type: ignore[assignment, method-assign]  # broken on purpose


def _with_a_dockerfile(world: FakeWorld) -> None:
    _edit(world, "    base: scratch\n    layers: [{src: site, dest: /srv}]\n    config: {entrypoint: [/srv/run]}\n",
          "    context: site\n")  # fmt: skip


def _registry_down(world: FakeWorld) -> None:
    world.only_registry.tags = _raises(Unavailable("reading registry.example: refused"))  # type: ignore[assignment, method-assign]  # broken on purpose


def _cluster_down(world: FakeWorld) -> None:
    world.only_cluster.identity = _raises(Unavailable("reading testbed: refused"))  # type: ignore[assignment, method-assign]  # broken on purpose


def _another_cluster(world: FakeWorld) -> None:
    _edit(world, "{context: testbed}", "{context: testbed, identity: one}")
    world.only_cluster.identity = lambda: Identity("another", "")  # type: ignore[method-assign]  # made anew


def _no_rights(world: FakeWorld) -> None:
    world.only_cluster.denied = {("create", "Deployment"), ("update", "Lease")}


def _asking(world: FakeWorld) -> None:
    paas = world.project / "paas.yaml"
    paas.write_text(paas.read_text() + approvers("anna", bob="keys/bob.pub"))


def _asked(world: FakeWorld) -> tuple[Exit, tuple[Finding, ...]]:
    answer, status = AskDoctor().answer(world, lambda _: None, Cancel())
    return status, answer.findings


def test_nothing_lacks(tmp_path: Path) -> None:
    world = FakeWorld.make(tmp_path / "one")
    status, found = _asked(world)
    assert status is Exit.OK
    assert [it.name for it in found] == [
        "paas.yaml", "git", "registry dev", "cluster testbed", "rights on testbed/shop-dev",
    ]  # fmt: skip
    assert all(it.ok for it in found)
    assert world.writes.count == 0


@pytest.mark.parametrize(
    ("lacks", "name", "says"),
    [
        pytest.param(_without_git, "git", "there is no git here", id="git"),
        pytest.param(_with_a_dockerfile, "image web", "there is no site/Dockerfile", id="a Dockerfile"),
        pytest.param(_with_a_dockerfile, "image builder", "there is no engine here", id="an engine, B1"),
        pytest.param(_registry_down, "registry dev", "reading registry.example: refused", id="a registry"),
        pytest.param(_cluster_down, "cluster testbed", "reading testbed: refused", id="a cluster"),
        pytest.param(_another_cluster, "cluster testbed", "leads to another cluster", id="the right cluster, D1"),
        pytest.param(_asking, "approvers", "there is no keys/bob.pub", id="a public key"),
        pytest.param(
            _no_rights, "rights on testbed/shop-dev", "create Deployment.apps, update Lease.coordination.k8s.io",
            id="rights, D18",
        ),
    ],
)  # fmt: skip
def test_what_lacks_is_named(tmp_path: Path, lacks: Callable[[FakeWorld], None], name: str, says: str) -> None:
    world = FakeWorld.make(tmp_path / "one")
    lacks(world)
    status, found = _asked(world)
    assert status is Exit.FAILED
    (finding,) = [it for it in found if it.name == name]
    assert not finding.ok
    assert says in finding.message
    assert {"paas.yaml", "git", "registry dev", "cluster testbed"} <= {it.name for it in found}, "it goes on"


def test_a_wrong_file_is_all_it_says(tmp_path: Path) -> None:
    world = FakeWorld.make(tmp_path / "one")
    _edit(world, "port: 8080", "prot: 8080")
    status, found = _asked(world)
    assert status is Exit.CONFIG
    assert [(it.ok, it.where) for it in found] == [(False, "paas.yaml:8:21")]


def test_where_people_approve_ssh_keygen_is_looked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    world = FakeWorld.make(tmp_path / "one")
    paas = world.project / "paas.yaml"
    paas.write_text(paas.read_text() + approvers("anna", "bob"))
    status, found = _asked(world)
    told = [it.message for it in found if it.name in ("ssh-keygen", "approvers")]
    assert (status, told) == (Exit.OK, ["ssh-keygen checks signatures", "2 approvers, 2 keys"])
    monkeypatch.setenv("PATH", str(tmp_path))
    status, found = _asked(world)
    (finding,) = [it for it in found if it.name == "ssh-keygen"]
    assert (status, finding.ok) == (Exit.FAILED, False)
    assert "there is no ssh-keygen program on the PATH" in finding.message
    assert "OpenSSH 8.2" in finding.hint
