"""A promotion says what it brings beside what runs where it goes, also where some API servers do not answer."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from e2e.parts import Testbed, contexts
from e2e.project import PAAS, Project

_PAAS = (
    PAAS.replace(
        '  web:\n    port: 8080\n    hosts: ["{{ values.host }}"]\n',
        '  nightly: {schedule: "0 3 * * *", command: [/app, job]}\n',
    )
    .replace(
        "clusters:\n", "  rc: {repository: $registry/$app-rc}\n  prod: {repository: $registry/$app-prod}\nclusters:\n"
    )
    .replace("  local: {context: testbed, router: ingress}\n", "  local: {context: one}\n  down: {context: down}\n")
    + "  showcase: {cluster: local, registry: rc}\n"
)
_DARK = "  stalled: {context: stalled}\n  nobody: {context: nobody}\n"
_WIDE = "  wide: {clusters: [local, down, stalled, nobody], registry: rc}\n"


@pytest.fixture
def silent() -> Iterator[str]:
    """Somebody listens there, and never says a word."""
    with socket.create_server(("127.0.0.1", 0), backlog=16) as server:
        yield f"https://127.0.0.1:{server.getsockname()[1]}"


@pytest.fixture
def path(testbed: Testbed, silent: str, tmp_path: Path) -> Iterator[Project]:
    made = Project.make(testbed, tmp_path, _PAAS)
    file = Path(made.kubeconfig or tmp_path / "kubeconfig")
    made.kubeconfig = str(file)
    here = testbed.kubeconfig
    contexts(file, one=here, down=here, stalled=here, nobody=here)
    config = json.loads(file.read_text())
    for it in config["clusters"]:
        if it["name"] == "stalled":
            it["cluster"]["server"] = silent
    for it in config["users"]:
        if it["name"] == "nobody":
            it["user"] = {}
    file.write_text(json.dumps(config))
    yield made
    made.remove()


def _brings(project: Project, version: str, to: str) -> list[dict[str, Any]]:
    done = project.outcome("promote", version, "--to", to, "--dry-run")
    (named,) = (it for it in done["left"] if it["do"] == "tagRecord")
    found: list[dict[str, Any]] = named["brings"]
    return found


def test_it_stands_beside_what_runs_there_and_says_where_it_goes_back(path: Project) -> None:
    path.release()
    (first,) = _brings(path, "0.1.0", "showcase")
    at = [{"environment": "showcase", "cluster": "local"}]
    assert (first["since"], first["at"], first["unknown"]) == ("", at, "")
    done = path.outcome("promote", "0.1.0", "--to", "showcase", "--deploy")
    (named,) = (it for it in done["done"] if it["do"] == "tagRecord")
    assert [(it["since"], it["at"]) for it in named["brings"]] == [("", at)]
    for version in ("two", "three", "four"):
        path.release(version)
    path.paasctl("promote", "0.1.2", "--to", "showcase")  # it lies there, and does not run
    (found,) = _brings(path, "0.1.3", "rc")
    assert (found["since"], found["at"], found["back"]) == ("0.1.0", at, False)
    assert found["commits"] == ["feat: four", "feat: three", "feat: two"]
    told = path.paasctl("promote", "0.1.3", "--to", "showcase", "--dry-run").stderr
    assert "beside 0.1.0, which runs in showcase: 3 commits" in told

    path.paasctl("promote", "0.1.3", "--to", "showcase", "--deploy")
    (back,) = _brings(path, "0.1.1", "showcase")
    assert (back["since"], back["back"], back["commits"]) == ("0.1.3", True, ["feat: four", "feat: three"])
    (lies,) = _brings(path, "0.1.3", "prod")
    assert (lies["since"], lies["at"]) == ("", []), "no environment takes from there"


def test_whoever_does_not_answer_is_said_and_stops_nothing(path: Project) -> None:
    path.edit("paas.yaml", "  down: {context: down}\n", "  down: {context: down}\n" + _DARK)
    path.write("paas.yaml", (path.folder / "paas.yaml").read_text() + path.filled(_WIDE))
    path.commit("dark")
    path.release()
    path.paasctl("promote", "0.1.0", "--to", "wide", "--deploy", "--cluster", "local")
    path.release("two")
    began = time.monotonic()
    brings = _brings(path, "0.1.1", "wide")
    assert time.monotonic() - began < 20.0
    known = {tuple(of["cluster"] for of in it["at"]): it for it in brings if it["at"]}
    assert set(known) == {("local",), ("down",), ("stalled",), ("nobody",)}
    assert (known["local",]["since"], known["local",]["unknown"]) == ("0.1.0", "")
    assert "does not answer" in known["down",]["unknown"]
    assert "no answer within" in known["stalled",]["unknown"]
    assert known["nobody",]["unknown"], "whoever may read nothing knows nothing"
    done = path.outcome("promote", "0.1.1", "--to", "wide")
    assert (done["status"], done["problems"]) == ("done", [])
