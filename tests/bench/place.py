"""Where things are for a run of the bench: our command, the peers, the testbed, a folder that is thrown away."""

from __future__ import annotations

import os
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

_DROPPED = ("PAASCTL_", "PYTHON", "COVERAGE", "GIT_")
"""Of the caller's environment: it must not make our start slower or quicker than a user's."""
PEERS = ("kubectl", "helm", "kustomize", "wrk", "crane", "regctl", "skopeo", "ko", "buildctl", "docker-squash")


@dataclass(frozen=True, slots=True)
class Place:
    """A folder of the row's own, which is also its HOME: caches are warm within a row and nowhere else."""

    folder: Path

    @property
    def python(self) -> str:
        """The interpreter of this session, which is also paasctl's."""
        return sys.executable

    @property
    def paasctl(self) -> str:
        """The command as it is installed beside the interpreter."""
        return str(Path(sys.executable).parent / "paasctl")

    @property
    def environ(self) -> dict[str, str]:
        """The environment of every command, ours and the peers'."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(_DROPPED)}
        names = {"KUBECONFIG": "KUBECONFIG", "DOCKER_HOST": "DOCKER_HOST"}
        found = {ours: said for ours, theirs in names.items() if (said := testbed(theirs))}
        person = {
            f"GIT_{role}_{it}": "bench@example.com" for role in ("AUTHOR", "COMMITTER") for it in ("NAME", "EMAIL")
        }
        return {**kept, **person, **found, "HOME": str(self.folder), "GIT_CONFIG_NOSYSTEM": "1"}


def testbed(name: str) -> str:
    """A variable of the testbed's; empty: it is not set."""
    return os.environ.get(f"PAASCTL_TEST_{name}", "")


def program(name: str) -> str:
    """The path of a peer: the testbed's own, else the machine's; empty: there is none."""
    if name == "kubectl" and (said := testbed("KUBECTL")):
        return said
    built = Path(testbed("BIN")) / name
    return str(built) if testbed("BIN") and built.exists() else shutil.which(name) or ""


def missing(needs: tuple[str, ...]) -> str:
    """The first of the needed programs and variables that is not here, and what would bring it; empty: all are."""
    found = (_without_program(it) if it in PEERS else _without_variable(it) for it in needs)
    return next(filter(None, found), "")


def _without_program(name: str) -> str:
    how = f"apt-get install {name}" if name in {"wrk", "skopeo"} else "nox -s testbed -- peers"
    return "" if program(name) else f"{name} is not here ({how})"


def _without_variable(name: str) -> str:
    return "" if testbed(name) else f"PAASCTL_TEST_{name} is not set (nox -s testbed -- up)"
