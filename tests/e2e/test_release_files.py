"""A release across an air gap: out of one registry into a file, out of the file into another, with a password."""

from __future__ import annotations

import base64
import hashlib
import json
import subprocess
import time
from pathlib import Path

import pytest

from e2e.parts import Testbed
from e2e.project import PAAS, Project
from support.boxing import contents, index_of

_FILE = "shop.tar"
_POD = """\
containers:
  - name: web
  - name: side
    image: $side
    env: [{name: PORT, value: "8081"}]
"""
_NAME = "org.opencontainers.image.ref.name"
_PAAS = PAAS.replace(
    "clusters:\n",
    "  rc: {repository: $registry/$app-rc}\n  inside: {repository: $inside/$app}\nclusters:\n",
) + ("  far: {cluster: local, registry: inside, after: [dev], values: {host: far.$app.example}}\n")


@pytest.fixture
def gap(project: Project) -> Project:
    """Two registries; where the world has one with a password, that is beyond the gap."""
    inside = project.testbed.registry_auth or project.testbed.registry
    project.write("paas.yaml", project.filled(_PAAS).replace("$inside", f"{inside}/beyond"))
    project.commit("one")
    return project


def _login(project: Project, folder: Path) -> str:
    """A folder with the password, where there is one."""
    testbed = project.testbed
    login = base64.b64encode(f"{testbed.registry_auth_user}:{testbed.registry_auth_password}".encode()).decode()
    folder.mkdir()
    (folder / "config.json").write_text(
        json.dumps({"auths": {testbed.registry_auth: {"auth": login}} if testbed.registry_auth else {}})
    )
    return str(folder)


def test_out_of_one_registry_into_another_and_to_a_running_app(gap: Project, tmp_path: Path) -> None:
    inside = _login(gap, tmp_path / "login")
    assert gap.release() == "0.1.0"
    gap.paasctl("deploy", "dev")
    told = gap.outcome("release", "export", "0.1.0", _FILE, "--from", "dev")
    assert told["facts"]["file"] == _FILE
    files = contents(gap.folder / _FILE)
    entries = {it["annotations"].get(_NAME): it["digest"] for it in index_of(gap.folder / _FILE)["manifests"]}
    assert entries["0.1.0"] == told["facts"]["record"].partition("@")[2]
    assert entries["web:0.1.0"] == told["facts"]["image.web"].partition("@")[2]
    assert "nothing to do" in gap.paasctl("release", "export", "0.1.0", _FILE, "--from", "dev").stderr

    done = gap.outcome("release", "import", _FILE, "--to", "far", "--reason", "CHG-1", DOCKER_CONFIG=inside)
    facts = done["facts"]
    assert facts["record"].partition("@")[2] == entries["0.1.0"]
    assert facts["image.web"].partition("@")[2] == entries["web:0.1.0"]
    blobs = sum(name.startswith("blobs/") for name in files)
    assert int(facts["blobs.sent"]) + int(facts["blobs.there"]) + int(facts["manifests"]) >= blobs - 2
    assert "nothing to do" in gap.paasctl("release", "import", _FILE, "--to", "far", DOCKER_CONFIG=inside).stderr
    gap.paasctl("promote", "0.1.0", "--to", "rc")
    assert gap.outcome("promote", "0.1.0", "--to", "rc")["status"] == "nothing-to-do"


def test_beyond_the_gap_it_is_deployed_from_there(project: Project) -> None:
    """Both registries are open here, so that a cluster can pull; the first is never asked once the file is written."""
    text = _PAAS.replace("$inside", "$registry").replace("$app}\nclusters", "$app-far}\nclusters")
    project.write("paas.yaml", project.filled(text))
    project.commit("nought")
    project.release()
    side = f"{project.testbed.registry}/{project.app}-side"
    project.paasctl("image", "copy", f"{project.testbed.registry}/{project.app}/web:0.1.0", f"{side}:1")
    project.edit("paas.yaml", "port: 8080", "port: 8080\n    pod: pod.yml")
    project.write("pod.yml", _POD.replace("$side", f"{side}:1"))
    assert project.release("one") == "0.1.1"
    refused = project.paasctl("release", "export", "0.1.1", _FILE, "--from", "inside", expect=4)
    assert "error[release-not-found]" in refused.stderr
    project.paasctl("release", "export", "0.1.1", _FILE)
    closed = project.paasctl("release", "import", _FILE, "--to", "far", expect=4)
    assert "error[gate-closed]" in closed.stderr
    project.paasctl("release", "import", _FILE, "--to", "far", "--override", "after", "--reason", "first there")
    project.paasctl("deploy", "far", "--version", "0.1.1")
    assert project.served(f"far.{project.host}") == "one"
    (deployment,) = project.objects("deployments", f"{project.app}-far")
    images = {it["name"]: it["image"] for it in deployment["spec"]["template"]["spec"]["containers"]}
    copied = f"{project.testbed.registry}/{project.app}-far/outside/"
    assert images["side"].startswith(copied), "the copy runs, not what was beyond the gap"
    assert "@sha256:" in images["side"]


def test_other_tools_read_the_file(real: Testbed, tmp_path: Path) -> None:
    gap = Project.make(real, tmp_path)
    gap.release()
    told = gap.outcome("release", "export", "0.1.0", _FILE)
    bin_ = Path(gap.testbed.bin)
    path = gap.folder / _FILE
    skopeo = _do("skopeo", "inspect", "--raw", f"oci-archive:{path}:web:0.1.0")
    digest = told["facts"]["image.web"].partition("@")[2]
    assert f"sha256:{_sha(skopeo)}" == digest
    record = _do("skopeo", "inspect", "--raw", f"oci-archive:{path}:0.1.0")
    assert json.loads(record)["artifactType"] == "application/vnd.paasctl.release.v1+json"
    _do("skopeo", "copy", "--all", "--insecure-policy", f"oci-archive:{path}:web:0.1.0", f"oci:{tmp_path}/out:web")
    folder = tmp_path / "unpacked"
    folder.mkdir()
    subprocess.run(["tar", "-xf", str(path), "-C", str(folder)], check=True)
    _do(bin_ / "crane", "push", f"{folder}", f"{gap.testbed.registry}/{gap.app}-crane:all", "--index")
    assert digest in _do(bin_ / "crane", "manifest", f"{gap.testbed.registry}/{gap.app}-crane:all").decode()
    assert digest in gap.paasctl("image", "inspect", f"{_FILE}:web:0.1.0", "--output", "json").stdout


@pytest.mark.parametrize("after", [0.2, 0.35, 0.5])
def test_killed_at_any_time_and_run_again_it_is_there_and_whole(gap: Project, tmp_path: Path, after: float) -> None:
    inside = _login(gap, tmp_path / "login")
    gap.release()
    _kill(gap, after, "release", "export", "0.1.0", _FILE)
    assert {it.name for it in gap.folder.iterdir() if "tmp" in it.name} == set(), "nothing of it is left"
    if (gap.folder / _FILE).exists():
        assert "nothing to do" in gap.paasctl("release", "export", "0.1.0", _FILE).stderr
    gap.paasctl("release", "export", "0.1.0", _FILE)
    word = ("release", "import", _FILE, "--to", "far", "--override", "after", "--reason", "a try")
    _kill(gap, after, *word, DOCKER_CONFIG=inside)
    gap.paasctl(*word, DOCKER_CONFIG=inside)
    assert "nothing to do" in gap.paasctl(*word, DOCKER_CONFIG=inside).stderr


def _kill(project: Project, after: float, *args: str, **environ: str) -> None:
    begun = project.start(*args, **environ)
    time.sleep(after)  # noqa: TID251 - the moment of the kill is the test
    begun.kill()
    begun.communicate()


def _do(*command: object) -> bytes:
    done = subprocess.run([*map(str, command)], capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def _sha(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
