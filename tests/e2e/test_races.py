"""Promotions, imports and words at once, as processes, at a real registry with a password; and a disk that is full."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from e2e.parts import Testbed
from e2e.project import PAAS, Project
from paasctl.model.promoting import PROMOTION_TYPE
from support.sshkeys import approvers, key_name, write_key

_MANY = 10
_FILE = "shop.tar"
_PEOPLE = ("anna", "bob", "carla", "dora")
_BOUND = 240
"""Seconds that a process may take, on a machine that has other things to do."""
_PAAS = PAAS.replace(
    "clusters:\n",
    "  rc: {repository: $registry/$app-rc}\n  inside: {repository: $registry/$app-in}\nclusters:\n",
) + ("  production: {cluster: local, registry: rc, approvals: 4}\n" + approvers(*_PEOPLE))


@pytest.fixture
def shop(real: Testbed, tmp_path: Path) -> Iterator[Project]:
    """0.1.0 at the first of three stops, all of them behind a password."""
    project = Project.make(real, tmp_path, _PAAS.replace("$registry", real.registry_auth))
    login = base64.b64encode(f"{real.registry_auth_user}:{real.registry_auth_password}".encode()).decode()
    project.write("../docker/config.json", json.dumps({"auths": {real.registry_auth: {"auth": login}}}))
    for it in _PEOPLE:
        write_key(tmp_path, it)
    project.paasctl("release", DOCKER_CONFIG=_login(project))
    yield project
    project.remove()


def _login(project: Project) -> str:
    return str(project.folder.parent / "docker")


def _told(*begun: subprocess.Popen[str]) -> list[dict[str, Any]]:
    """The outcomes of runs, all of which must be well."""
    found = [(it.communicate(timeout=_BOUND), it) for it in begun]
    assert {it.returncode for _, it in found} == {0}, found
    return [json.loads(out) for (out, _), _ in found]


def _start(project: Project, *words: str) -> subprocess.Popen[str]:
    return project.start(*words, "--output", "json", DOCKER_CONFIG=_login(project))


def _manifest(project: Project, path: str, reference: str = "0.1.0") -> dict[str, Any]:
    return project.testbed.manifest(f"{project.app}{path}", reference, secret=True)


def _listed(project: Project, path: str) -> list[dict[str, Any]]:
    """What is listed beside the record there, as clients keep it where there is no API."""
    digest = _manifest(project, path)["digest"]
    listed = _manifest(project, path, digest.replace(":", "-"))["manifests"]
    return [_manifest(project, path, it["digest"]) for it in listed]


def _check_same(project: Project, path: str) -> None:
    for of in ("", "/web"):
        assert _manifest(project, path + of)["digest"] == _manifest(project, of)["digest"]


def test_ten_promotions_at_once_are_one(shop: Project) -> None:
    words = ("promote", "0.1.0", "--to", "rc", "--override", "approvals", "--reason", "a race")
    told = _told(*(_start(shop, *words) for _ in range(_MANY)))
    assert {it["status"] for it in told} <= {"done", "nothing-to-do"}
    assert len({(it["facts"]["record"], it["facts"]["image.web"]) for it in told}) == 1
    _check_same(shop, "-rc")
    notes = [it["annotations"] for it in _listed(shop, "-rc") if it.get("artifactType") == PROMOTION_TYPE]
    assert 1 <= len(notes) <= _MANY
    # Each says the same of the same: who ran it, and when, is all that tells them apart.
    alike = [{name: said for name, said in it.items() if not name.endswith(("created", ".by", ".at"))} for it in notes]
    assert alike == alike[:1] * len(notes)
    (again,) = _told(_start(shop, *words))
    assert again["status"] == "nothing-to-do"


def test_a_file_that_is_imported_by_several_at_once_arrives_whole(shop: Project) -> None:
    _told(_start(shop, "release", "export", "0.1.0", _FILE))
    words = ("release", "import", _FILE, "--to", "inside")
    told = _told(*(_start(shop, *words) for _ in range(4)))
    assert {it["status"] for it in told} <= {"done", "nothing-to-do"}
    _check_same(shop, "-in")
    (again,) = _told(_start(shop, *words))
    assert again["status"] == "nothing-to-do"


def test_four_who_approve_at_once_all_count(shop: Project) -> None:
    words = ("approve", "0.1.0", "--to", "production")
    keys = [str(shop.folder.parent / key_name(it)) for it in _PEOPLE]
    told = _told(*(_start(shop, *words, "--key", it) for it in keys))
    assert {it["status"] for it in told} == {"done"}
    (done,) = _told(_start(shop, "promote", "0.1.0", "--to", "production"))
    assert done["status"] == "done"


@pytest.mark.parametrize("size", ["16k", "64k", "0"], ids=["at its beginning", "in the midst", "none"])
def test_a_disk_that_is_full_leaves_nothing_of_a_file(shop: Project, tmp_path: Path, size: str) -> None:
    """A small one of its own, which only that process sees. `0` is no bound: it fits."""
    folder = tmp_path / "small"
    folder.mkdir()
    run = (
        f"{sys.executable} -m paasctl release export 0.1.0 {folder}/{_FILE} --output json; code=$?; ls -A {folder} >&2"
    )
    script = f"mount -t tmpfs -o size={size} none {folder} && {{ {run}; exit $code; }}"
    begun = subprocess.run(
        ["unshare", "-m", "sh", "-c", script],
        cwd=shop.folder,
        env={**shop.environ, "DOCKER_CONFIG": _login(shop)},
        capture_output=True,
        text=True,
        check=False,
        timeout=_BOUND,
    )
    told = json.loads(begun.stdout)
    left = begun.stderr.splitlines()[-1:]
    if size == "0":
        assert (begun.returncode, left) == (0, [_FILE])
        return
    assert begun.returncode == told["exit"] != 0
    assert told["problems"][0]["code"] == "disk-full", told
    assert _FILE not in "".join(left)
