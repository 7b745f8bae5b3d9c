"""Shell completion through its own protocol: `_PAASCTL_COMPLETE=complete_bash`, the words so far, and where we are."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from support.registry import Registry

_PAAS = """\
app: shop
images:
  web: {layers: [{src: web, dest: /}], base: scratch}
  worker: {layers: [{src: web, dest: /}], base: scratch}
services:
  web: {image: web, port: 8080}
registries: {dev: {repository: "$host/shop"}, prod: {repository: registry.example/shop}}
clusters: {testbed: {context: testbed}, other: {context: other}}
environments:
  dev: {clusters: [testbed, other], registry: dev}
  demo: {cluster: other, registry: dev}
  production: {cluster: other, registry: dev}
"""


def _completed(folder: Path, line: str, **environ: str) -> list[str]:
    """What a shell offers where `line` ends; after a blank, a new word begins."""
    words = line.split(" ")
    done = subprocess.run(
        [sys.executable, "-c", "from paasctl.cli.main import main; main([])"],
        cwd=folder,
        env={
            **{name: value for name, value in os.environ.items() if not name.startswith("PAASCTL_")},
            **environ,
            "_PAASCTL_COMPLETE": "complete_bash",
            "COMP_WORDS": line,
            "COMP_CWORD": str(len(words) - 1),
        },
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )
    assert done.stderr == ""
    return done.stdout.split()


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "paas.yaml").write_text(_PAAS.replace("$host", "127.0.0.1:9"))
    return tmp_path


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("paasctl dep", ["deploy"]),
        ("paasctl config s", ["show", "schema"]),
        ("paasctl deploy ", ["dev", "demo", "production"]),
        ("paasctl deploy de", ["dev", "demo"]),
        ("paasctl diff pro", ["production"]),
        ("paasctl render d", ["dev", "demo"]),
        ("paasctl history d", ["dev", "demo"]),
        ("paasctl status dev d", ["dev", "demo"]),
        ("paasctl lint d", ["dev", "demo"]),
        ("paasctl config show p", ["production"]),
        ("paasctl cluster pin ", ["testbed", "other"]),
        ("paasctl deploy dev --cluster t", ["testbed"]),
        ("paasctl build w", ["web", "worker"]),
        ("paasctl releases --registry ", ["dev", "prod"]),
        ("paasctl release ", ["export", "import"]),
        ("paasctl release import shop.tar --to pro", ["prod", "production"]),
        ("paasctl release export 1.0.0 shop.tar --from ", ["dev", "prod"]),
        ("paasctl promote --to pro", ["prod", "production"]),
        ("paasctl promote 1 --to rc --from ", ["dev", "prod"]),
        ("paasctl version --ex", ["--explain"]),
    ],
)
def test_names_are_completed(project: Path, line: str, offered: list[str]) -> None:
    assert sorted(_completed(project, line)) == sorted(offered)


@pytest.mark.parametrize(
    ("line", "environ"),
    [
        ("paasctl -C {folder} deploy pro", {}),
        ("paasctl deploy -C {folder} pro", {}),
        ("paasctl -f {folder}/paas.yaml deploy pro", {}),
        ("paasctl deploy pro", {"PAASCTL_DIRECTORY": "{folder}"}),
        ("paasctl deploy pro", {"PAASCTL_FILE": "{folder}/paas.yaml"}),
    ],
    ids=lambda it: it if isinstance(it, str) else ",".join(it),
)
def test_from_elsewhere_the_named_file_is_asked(project: Path, line: str, environ: dict[str, str]) -> None:
    said = {name: value.format(folder=project) for name, value in environ.items()}
    assert _completed(Path("/"), line.format(folder=project), **said) == ["production"]


def test_versions_come_from_the_registries(tmp_path: Path) -> None:
    with Registry() as registry:
        (tmp_path / "paas.yaml").write_text(
            _PAAS.replace("$host", registry.host).replace(", prod: {repository: registry.example/shop}", "")
        )
        for tag in ("1.0.0", "1.1.0", "2.0.0"):
            registry.put_image("shop", b"x", tag=tag)
        assert sorted(_completed(tmp_path, "paasctl deploy dev --version 1.")) == ["1.0.0", "1.1.0"]


@pytest.mark.parametrize("text", ["", "app: [", "app: shop\nbad: 1\n"], ids=["empty", "no YAML", "wrong"])
def test_a_file_that_is_wrong_offers_nothing_and_says_nothing(tmp_path: Path, text: str) -> None:
    (tmp_path / "paas.yaml").write_text(text)
    assert _completed(tmp_path, "paasctl deploy ") == []


def test_a_registry_that_is_down_offers_nothing(project: Path) -> None:
    (project / "paas.yaml").write_text(_PAAS.replace("$host", "127.0.0.1:9").replace("registry.example", "127.0.0.1:9"))
    assert _completed(project, "paasctl deploy dev --version ") == []
