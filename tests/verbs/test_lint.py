"""`lint` knows what a build would trip over, as far as files say it."""

from __future__ import annotations

from pathlib import Path

import pytest

from paasctl.engine.cancel import Cancel
from paasctl.errors import Exit
from paasctl.model.answer import Finding
from paasctl.verbs.render import AskLint
from support.world import FakeWorld

_FILE = """\
app: shop
services:
  web: {{image: {{context: {context}}}, port: 8080}}
registries: {{dev: {{repository: 127.0.0.1:5000/shop}}}}
clusters: {{local: {{context: kind-local}}}}
environments: {{dev: {{cluster: local, registry: dev}}}}
"""


@pytest.fixture
def world(tmp_path: Path) -> FakeWorld:
    return FakeWorld.make(tmp_path / "shop")


def _linted(world: FakeWorld, context: str) -> tuple[list[Finding], Exit]:
    (world.project / "paas.yaml").write_text(_FILE.format(context=context))
    found, status = AskLint().answer(world, lambda _: None, Cancel())
    return [it for it in found.findings if not it.ok], status


def test_a_dockerfile_that_is_not_there_is_told(world: FakeWorld) -> None:
    (wrong,), status = _linted(world, "site")
    assert (wrong.name, wrong.message) == ("web", "there is no site/Dockerfile to build it from")
    assert status is Exit.CONFIG
    (world.project / "site" / "Dockerfile").write_text("FROM scratch\n")
    assert _linted(world, "site") == ([], Exit.OK)


def test_what_lies_beside_the_project_is_the_build_s_to_see(world: FakeWorld) -> None:
    assert _linted(world, "../elsewhere") == ([], Exit.OK)
