"""`kill -9` at any moment of a deploy is mended by running it again: same end, lock free, history told (D4, X2)."""

from __future__ import annotations

import itertools
import random
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from e2e.boxed import Boxed
from e2e.parts import Testbed
from e2e.project import PAAS, Project

_HALVES = 2
_KILLS = 5
"""In each half; each strikes in its own part of the deploy, the halves' moments lie between each other's."""
_FEW = 2
"""On embedded parts: `test_laws.py` kills there before every single write."""
_MOST = 20
_KINDS = "deployments,services,ingresses,configmaps,poddisruptionbudgets"
PAAS_WITH_MORE = PAAS.replace(
    "    port: 8080\n",
    '    port: 8080\n    drain: 1s\n    config: {settings.ini: "version"}\n',
)


@pytest.fixture
def project(testbed: Testbed, tmp_path: Path) -> Iterator[Project]:
    made = Project.make(testbed, tmp_path, PAAS_WITH_MORE)
    yield made
    made.remove()


@pytest.mark.parametrize("half", range(_HALVES))
def test_whenever_it_is_killed_the_next_run_ends_the_same(
    project: Project, half: int, record_property: Callable[[str, object], None]
) -> None:
    seed = random.randrange(1_000_000)
    record_property("seed", seed)
    print(f"seed {seed}")  # noqa: T201 - shown where it fails
    dice = random.Random(seed)
    versions = (project.release(), project.release("two"))
    ends, took = _undisturbed(project, versions)
    interrupted, kills = 0, _kills(project)
    for at in itertools.count():
        if at >= kills and interrupted:
            break
        assert at < _MOST, f"seed {seed}: no kill struck between the first write and the last"
        wanted = at % 2
        moment = took * (at % kills + (half + dice.random()) / _HALVES) / kills
        interrupted += _killed_and_run_again(project, versions[wanted], moment)
        assert state(project) == ends[wanted], f"seed {seed}: killed after {moment:.2f} s"
        project.expect_served(("one", "two")[wanted])
    assert "open" not in outcomes(project)
    assert outcomes(project).count("interrupted") == interrupted
    assert not project.objects("leases")[0]["spec"].get("holderIdentity")


def _kills(project: Project) -> int:
    return _FEW if isinstance(project.testbed, Boxed) else _KILLS


def _undisturbed(project: Project, versions: tuple[str, str]) -> tuple[list[Any], float]:
    """What each version looks like when nothing happens, and how long a deploy takes."""
    ends, took = [], 0.0
    for version in (*versions, *versions)[1:]:  # the last one leads back to the first
        began = time.monotonic()
        project.paasctl("deploy", "dev", "--version", version)
        took = time.monotonic() - began
        ends.append(state(project))
    return [ends[1], ends[2]], took


def _killed_and_run_again(project: Project, version: str, moment: float) -> bool:
    """Whether the kill left an open history record."""
    deploy = project.start("deploy", "dev", "--version", version)
    time.sleep(moment)  # noqa: TID251 - the moment is what is tested
    deploy.kill()
    deploy.communicate()
    is_open = "open" in outcomes(project)
    began = time.monotonic()
    project.paasctl("deploy", "dev", "--version", version)
    assert time.monotonic() - began < 40  # a dead holder's lock is taken over at once, not after its 60 s
    return is_open


def state(project: Project) -> dict[str, Any]:
    """What we own there, as far as it is ours to say."""
    found = {}
    for it in project.objects(_KINDS):
        if it["metadata"].get("labels", {}).get("paasctl.dev/app") == project.app:
            ours = {name: of for name, of in it["metadata"].get("annotations", {}).items() if "paasctl" in name}
            name = f"{it['kind']}/{it['metadata']['name']}"
            found[name] = (it.get("spec"), it.get("data"), it["metadata"]["labels"], ours)
    return found


def outcomes(project: Project) -> list[str]:
    answer = project.outcome("history", "dev")["answer"]
    return [it["outcome"] for it in answer["entries"]]


def test_a_release_killed_at_any_moment_is_finished_by_the_next_run(project: Project) -> None:  # V7
    seed = random.randrange(1_000_000)
    print(f"seed {seed}")  # noqa: T201 - shown where it fails
    dice = random.Random(seed)
    began = time.monotonic()
    project.release()
    took = time.monotonic() - began
    kills = _kills(project)
    for at in range(kills):
        project.commit(f"version {at}")
        release = project.start("release")
        time.sleep(took * (at + dice.random()) / kills)  # noqa: TID251 - the moment is what is tested
        release.kill()
        release.communicate()
        assert project.release() == f"0.1.{at + 1}", f"seed {seed}"
        assert project.git("rev-list", "-1", f"v0.1.{at + 1}") == project.git("rev-parse", "HEAD")
        assert project.testbed.manifest(f"{project.app}/web", f"0.1.{at + 1}")
    assert len(project.outcome("releases")["answer"]["rows"]) == kills + 1
