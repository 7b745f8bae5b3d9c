"""From a commit to a recorded release: once, also in a race, and never by halves (V6, V7, B2, P2, X8, X9)."""

from __future__ import annotations

import base64
import json
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from e2e.parts import Testbed
from e2e.project import DOCKERFILE, IMAGE, PAAS, Project

_DOCKER = PAAS.replace(IMAGE, "  web: {dockerfile: Dockerfile}\n")


def _tags(project: Project) -> str:
    return project.git("ls-remote", "--tags", "origin")


def test_two_clones_at_once_make_one_release(project: Project, tmp_path: Path) -> None:  # V6
    both = [project, project.clone(tmp_path / "other")]
    started = [it.start("release", "--output", "json") for it in both]
    outcomes = [json.loads(it.communicate(timeout=120)[0]) for it in started]
    assert [it.returncode for it in started] == [0, 0], outcomes
    assert [it["facts"]["version"] for it in outcomes] == ["0.1.0", "0.1.0"]
    assert _tags(project).count("refs/tags/v0.1.0\n") + _tags(project).endswith("refs/tags/v0.1.0") == 1
    assert len({it["facts"]["image.web"] for it in outcomes}) == 1
    assert "nothing to do" in project.paasctl("release").stderr


def test_ten_clones_at_once_make_one_release_in_a_registry_with_a_password(real: Testbed, tmp_path: Path) -> None:
    project = Project.make(real, tmp_path, PAAS.replace("$registry", real.registry_auth))
    folder = tmp_path / "docker"
    _login(folder, real, real.registry_auth_password)
    clones = [project.clone(tmp_path / f"clone-{number}") for number in range(10)]
    started = [it.start("release", "--output", "json", DOCKER_CONFIG=str(folder)) for it in clones]
    told = [(it.communicate(timeout=240), it.returncode) for it in started]
    assert [code for _, code in told] == [0] * 10, told
    facts = [json.loads(said[0])["facts"] for said, _ in told]
    assert len({(it["version"], it["record"], it["image.web"]) for it in facts}) == 1
    assert _tags(project).count("refs/tags/") == 2  # the tag, and the commit that it is on
    for path, name in (("", "record"), ("/web", "image.web")):
        found = real.manifest(f"{project.app}{path}", "0.1.0", secret=True)
        assert facts[0][name].endswith(found["digest"])


def test_a_broken_dockerfile_burns_no_version_and_shows_its_step(real: Testbed, tmp_path: Path) -> None:  # B2, V7
    broken = f"FROM {real.registry}/base/busybox:1\nRUN echo almost && sh -c 'echo the reason; exit 7'\n"
    project = Project.make(real, tmp_path, _DOCKER, Dockerfile=broken)
    failed = project.paasctl("release", expect=1)
    assert "build-failed" in failed.stderr
    assert "RUN echo almost" in failed.stderr
    assert "the reason" in failed.stderr
    assert "7" in failed.stderr
    assert _tags(project) == project.git("tag") == ""
    assert project.testbed.of_registry(f"{project.app}/tags/list").status == 404

    project.write("Dockerfile", DOCKERFILE)
    assert project.release("two") == "0.1.0"


def test_a_wrong_password_is_told_with_the_place_it_came_from(real: Testbed, tmp_path: Path) -> None:  # P2
    project = Project.make(real, tmp_path, PAAS.replace("$registry", real.registry_auth))
    folder = tmp_path / "docker"
    _login(folder, real, "tip-me-not")
    began = time.monotonic()
    refused = project.paasctl("release", expect=77, DOCKER_CONFIG=str(folder))
    assert time.monotonic() - began < 20
    assert real.registry_auth in refused.stderr
    assert str(folder / "config.json") in refused.stderr
    assert "tip-me-not" not in refused.stderr
    assert _tags(project) == ""

    nobody = project.paasctl("release", expect=77, DOCKER_CONFIG=str(tmp_path))
    assert f"docker login {real.registry_auth}" in nobody.stderr

    _login(folder, real, real.registry_auth_password)
    done = project.outcome("release", DOCKER_CONFIG=str(folder))
    assert done["facts"]["version"] == "0.1.0"
    assert project.testbed.manifest(f"{project.app}/web", "0.1.0", secret=True)["digest"] in done["facts"]["image.web"]


def _login(folder: Path, testbed: Testbed, password: str) -> None:
    token = base64.b64encode(f"{testbed.registry_auth_user}:{password}".encode()).decode()
    folder.mkdir(exist_ok=True)
    (folder / "config.json").write_text(json.dumps({"auths": {testbed.registry_auth: {"auth": token}}}))


def test_a_registry_that_is_down_stops_it_before_anything(testbed: Testbed, tmp_path: Path) -> None:
    project = Project.make(testbed, tmp_path, PAAS.replace("$registry", "127.0.0.1:9"))
    began = time.monotonic()
    down = project.paasctl("release", expect=75)
    assert "127.0.0.1:9" in down.stderr
    assert _tags(project) == project.git("tag") == ""
    assert not (project.folder / ".paasctl" / "images" / "blobs").exists()
    assert time.monotonic() - began < 60


_SEVERAL = """\
  web: {dockerfile: Dockerfile, squash: {layers: 1, base: keep}}
  shell: {dockerfile: shell/Dockerfile, squash: auto}
  flat: {dockerfile: shell/Dockerfile, squash: {layers: 1, base: squash}}
"""
_SHELL = """\
FROM $registry/base/busybox:1
RUN mkdir /made && echo one > /made/one
RUN echo two > /made/two && rm /made/one
ENV GREETING=hello
"""


def test_several_images_are_built_squashed_and_pushed(real: Testbed, tmp_path: Path) -> None:  # X8
    files = {"Dockerfile": DOCKERFILE, "shell/Dockerfile": _SHELL}
    paas = PAAS.replace(IMAGE, _SEVERAL).replace("    port: 8080\n", "    image: web\n    port: 8080\n")
    project = Project.make(real, tmp_path, paas, **files)
    facts = project.outcome("release")["facts"]
    layers = {}
    for name in ("web", "shell", "flat"):
        manifest = real.manifest(f"{project.app}/{name}", "0.1.0")
        assert facts[f"image.{name}"].endswith(manifest["digest"])
        layers[name] = [it["digest"] for it in manifest["layers"]]
    base = [it["digest"] for it in real.manifest("base/busybox", "1")["layers"]]
    assert len(layers["web"]) == 1
    assert len(layers["shell"]) == len(base) + 1
    assert len(layers["flat"]) == 1

    config = _config(project, "flat")
    assert "GREETING=hello" in config["config"]["Env"]
    assert len(config["rootfs"]["diff_ids"]) == 1
    project.paasctl("deploy", "dev")
    project.expect_served("one")
    look = "ls /made; cat /made/two; echo $GREETING"  # its log, not its streams: it may be over before they are joined
    project.kubectl(
        "run", "look", "--restart=Never", f"--image={facts['image.flat']}", "--command", "--", "sh", "-c", look
    )
    project.kubectl("wait", "pod/look", "--for=jsonpath={.status.phase}=Succeeded", "--timeout=60s")
    assert project.kubectl("logs", "look").split() == ["two", "two", "hello"]


def _config(project: Project, image: str) -> dict[str, Any]:
    manifest = project.testbed.manifest(f"{project.app}/{image}", "0.1.0")
    path = f"{project.app}/{image}/blobs/{manifest['config']['digest']}"
    found: dict[str, Any] = json.loads(project.testbed.of_registry(path).body)
    return found


@pytest.mark.parametrize("show", ["crane manifest --insecure", "regctl manifest get --format raw-body"])
def test_other_tools_show_the_record_and_what_vouches_for_it(real: Testbed, tmp_path: Path, show: str) -> None:
    project = Project.make(real, tmp_path)
    facts = project.outcome("release")["facts"]
    name, digest = facts["record"].split("@")
    environ = {**project.environ, "PATH": f"{real.bin}:{project.environ['PATH']}", "HOME": str(tmp_path)}
    (tmp_path / ".regctl").mkdir()
    (tmp_path / ".regctl" / "config.json").write_text(json.dumps({"hosts": {real.registry: {"tls": "disabled"}}}))

    def told(reference: str) -> dict[str, Any]:
        said = subprocess.run([*show.split(), reference], env=environ, check=True, capture_output=True)
        found: dict[str, Any] = json.loads(said.stdout)
        return found

    record = told(f"{name}:0.1.0")
    assert record["artifactType"] == "application/vnd.paasctl.release.v1+json"
    assert record["annotations"]["org.opencontainers.image.version"] == "0.1.0"
    assert told(f"{name}@{digest}") == record
    vouching = told(f"{name}:{digest.replace(':', '-')}")["manifests"]  # that registry has no referrers API
    kinds = {it["artifactType"] for it in vouching}
    assert kinds == {"application/vnd.in-toto+json", "application/spdx+json"}


def test_layers_give_one_digest_in_every_clone(project: Project, tmp_path: Path) -> None:  # X8
    built = [project.outcome("build"), project.clone(tmp_path / "other").outcome("build")]
    digests = [it["facts"]["digest.web"] for it in built]
    assert digests[0].startswith("sha256:")
    assert digests[0] == digests[1]
    assert project.git("tag") == ""
