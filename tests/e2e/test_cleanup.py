"""A registry that is cleaned up while things run from it: what runs, or may be gone back to, is still there to pull."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from e2e.parts import Testbed, until
from e2e.project import PAAS, Project

_PAAS = PAAS.replace("{repository: $registry/$app}", "{repository: $registry/$app, keep: {releases: 1, age: 1ms}}")
_WHOLE = ("--max-delete", "100%")
_ROUNDS = {"0.1.0": "one", "0.1.1": "two", "0.1.2": "three", "0.1.3": "four", "0.1.4": "five"}
"""0.1.0 ran, 0.1.1 never did, 0.1.2 runs, 0.1.3 is somebody else's CronJob's, 0.1.4 is the newest."""


@pytest.fixture
def shop(project: Project) -> Project:
    return _filled(project)


@pytest.fixture
def store(project: Project) -> Project:
    """Nothing runs."""
    project.write("paas.yaml", project.filled(_PAAS))
    for text in ("one", "two", "three"):
        project.release(text)
    return project


def _filled(project: Project) -> Project:
    project.write("paas.yaml", project.filled(_PAAS))
    for version, text in _ROUNDS.items():
        assert project.release(text) == version
        if version in ("0.1.0", "0.1.2"):
            project.paasctl("deploy", "dev", "--version", version)
    other = project.make_namespace(f"{project.app}-other")
    image = f"{project.testbed.registry}/{project.app}/web:0.1.3"
    applied = ("apply", "--server-side", "--field-manager=hand", "-f", "-")
    project.kubectl(*applied, text=json.dumps(_nightly(image)), namespace=other)
    return project


def _nightly(image: str) -> dict[str, Any]:
    pod = {"containers": [{"name": "a", "image": image}], "restartPolicy": "Never"}
    return {
        "apiVersion": "batch/v1",
        "kind": "CronJob",
        "metadata": {"name": "nightly"},
        "spec": {"schedule": "0 3 1 1 *", "jobTemplate": {"spec": {"template": {"spec": pod}}}},
    }


def _tags(project: Project, of: str = "") -> set[str]:
    answer = project.testbed.of_registry(f"{project.app}{of}/tags/list")
    found = [] if answer.status == 404 else list(json.loads(answer.body)["tags"] or ())
    return {it for it in found if not it.startswith("sha256-")}


def _digests(project: Project) -> dict[str, str]:
    at = f"{project.app}/web/manifests"
    return {
        it: project.testbed.of_registry(f"{at}/{it}").headers["Docker-Content-Digest"] for it in _tags(project, "/web")
    }


def test_what_runs_or_may_be_gone_back_to_stays_and_the_rest_is_gone(shop: Project) -> None:
    before = _digests(shop)
    shown = shop.paasctl("cleanup", "dev", *_WHOLE)
    assert "0.1.1" in shown.stdout.partition("STAYS")[0]
    assert "0.1.0" not in shown.stdout.partition("STAYS")[0]
    assert _digests(shop) == before, "asking deletes nothing"
    assert "CronJob/nightly" in shop.paasctl("cleanup", "dev", "--explain", "web:0.1.3").stdout

    refused = shop.paasctl("cleanup", "dev", "--apply", *_WHOLE, expect=4)
    assert "and there is no terminal to ask on" in refused.stderr
    shop.paasctl("cleanup", "dev", "--save", "plan.json", "--exit-code", *_WHOLE, expect=3)
    done = shop.outcome("cleanup", "dev", "--plan", "plan.json", *_WHOLE)
    assert int(done["facts"]["deleted"]) > 3
    assert _tags(shop) == {"0.1.0", "0.1.2", "0.1.4"}
    assert _tags(shop, "/web") == {"0.1.0", "0.1.2", "0.1.3", "0.1.4"}
    gone = shop.testbed.of_registry(f"{shop.app}/web/manifests/{before['0.1.1']}")
    assert gone.status == 404
    assert "nothing to do" in shop.paasctl("cleanup", "dev", "--apply", "--yes").stderr

    shop.paasctl("deploy", "dev", "--version", "0.1.0")
    shop.expect_served("one")
    assert "0.1.1" not in shop.paasctl("releases").stdout


def test_a_cluster_that_is_away_stops_it(store: Project) -> None:
    store.edit("paas.yaml", "clusters:\n", "clusters:\n  away: {context: testbed, kubeconfig: away.yaml}\n")
    store.write("away.yaml", _elsewhere(Path(store.testbed.kubeconfig).read_text()))
    before = _digests(store)
    refused = store.paasctl("cleanup", "dev", "--apply", "--yes", *_WHOLE, expect=75)
    assert "cluster away can't be read" in refused.stderr
    assert _digests(store) == before


def _elsewhere(kubeconfig: str) -> str:
    """The same, where nobody listens."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    moved, many = re.subn(r"https://[^\s\"']+", f"https://127.0.0.1:{port}", kubeconfig)
    assert many
    return moved


@pytest.mark.parametrize("after", [0.7, 1.1])
def test_killed_at_any_time_and_run_again_it_is_clean(store: Project, after: float) -> None:
    begun = store.start("cleanup", "dev", "--apply", "--yes", *_WHOLE)
    time.sleep(after)  # noqa: TID251 - the moment of the kill is the test
    begun.kill()
    begun.communicate()
    store.paasctl("cleanup", "dev", "--apply", "--yes", *_WHOLE)
    assert _tags(store) == {"0.1.2"}
    assert _tags(store, "/web") == {"0.1.2"}
    assert "nothing to do" in store.paasctl("cleanup", "dev", "--apply", "--yes").stderr


# --- a registry of its own, whose garbage is collected ----------------------------------------------------------------


@contextmanager
def _registry(folder: Path) -> Iterator[tuple[str, Path]]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    config = folder / "registry.json"
    storage = {"filesystem": {"rootdirectory": str(folder / "storage")}, "delete": {"enabled": True}}
    config.write_text(
        json.dumps(
            {"version": "0.1", "storage": storage, "http": {"addr": f"127.0.0.1:{port}"}, "log": {"level": "error"}}
        )
    )
    yield f"127.0.0.1:{port}", config


@contextmanager
def _served(config: Path, testbed: Testbed) -> Iterator[None]:
    serving = subprocess.Popen(
        ["/usr/bin/docker-registry", "serve", str(config)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        until(lambda: _answers(testbed))
        yield
    finally:
        serving.terminate()
        serving.wait(timeout=20)


def _answers(testbed: Testbed) -> bool:
    try:
        return testbed.of_registry("").status == 200
    except OSError:
        return False


def _ctr(*args: str) -> str:
    address = os.environ["PAASCTL_TEST_CONTAINERD_ADDRESS"]
    argv = ["ctr", "--address", address, "-n", "k8s.io", *args]
    return subprocess.run(argv, capture_output=True, text=True, check=True).stdout


def _forget(registry: str) -> None:
    """The node has none of its images any more."""
    names = [it for it in _ctr("images", "ls", "-q").split() if registry in it]
    if names:
        _ctr("images", "rm", "--sync", *names)


def _size(folder: Path) -> int:
    return sum(it.stat().st_size for it in folder.rglob("data") if it.is_file())


def test_after_the_garbage_is_collected_all_that_must_run_can_be_pulled(real: Testbed, tmp_path: Path) -> None:
    with _registry(tmp_path) as (address, config):
        testbed = replace(real, registry=address)
        project = Project.make(testbed, tmp_path)
        try:
            with _served(config, testbed):
                _filled(project)
                before = _digests(project)
                # The history would keep them as well: here the ReplicaSet alone must do.
                project.kubectl("delete", "configmap", "-l", f"paasctl.dev/history={project.app}")
                until(lambda: before["0.1.0"] not in project.kubectl("get", "pods", "-o", "yaml"), within=60)
                full = _size(tmp_path / "storage")
                project.paasctl("cleanup", "dev", "--apply", "--yes", *_WHOLE)
                why = project.paasctl("cleanup", "dev", "--explain", before["0.1.0"]).stdout
                assert "ReplicaSet/web-" in why, why
            done = subprocess.run(
                ["/usr/bin/docker-registry", "garbage-collect", str(config)],
                capture_output=True,
                text=True,
                check=False,
            )
            assert done.returncode == 0, done.stderr
            assert _size(tmp_path / "storage") < full
            _forget(address)
            with _served(config, testbed):
                assert _tags(project, "/web") == {"0.1.0", "0.1.2", "0.1.3", "0.1.4"}
                assert testbed.of_registry(f"{project.app}/web/manifests/{before['0.1.1']}").status == 404
                project.kubectl("rollout", "undo", "deployment/web")
                project.kubectl("rollout", "status", "deployment/web", "--timeout=60s")
                project.expect_served("one")
                other = f"{project.app}-other"
                project.kubectl("create", "job", "--from=cronjob/nightly", "now", namespace=other)
                until(lambda: _pulled(project, other), within=60)
        finally:
            project.remove()
            _forget(address)


def _pulled(project: Project, namespace: str) -> bool:
    """The pod of the CronJob has its image and runs."""
    pods = project.objects("pods", namespace)
    statuses = [it for pod in pods for it in pod["status"].get("containerStatuses") or ()]
    return bool(statuses) and all("running" in it["state"] or "terminated" in it["state"] for it in statuses)
