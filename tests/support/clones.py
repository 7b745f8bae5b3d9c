"""A project in a bare repository, its clones, and `paasctl` in each of them as a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from support.histories import git, git_environ
from support.registry import Registry

PAAS = """\
app: shop
images:
  web:
    base: scratch
    layers: [{src: site, dest: /srv}]
    config: {entrypoint: [/srv/run]}
registries: {dev: {repository: "HOST/shop"}}
"""
_SOURCES = Path(__file__).parents[2] / "src"
_BOUND = 240
"""Seconds that a process may take, on a machine that has other things to do."""


@dataclass
class Clones:
    """Under one folder: `there`, bare, and whoever has cloned it."""

    folder: Path
    registry: Registry
    environ: Mapping[str, str] = field(init=False)

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self.environ = {
            **git_environ(self.folder),
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(_SOURCES),
            "XDG_CACHE_HOME": str(self.folder / "cache"),
        }

    @classmethod
    def made(cls, folder: Path, registry: Registry, paas: str = PAAS) -> Clones:
        """With one commit on main."""
        made = cls(folder, registry)
        git(folder, made.environ, "init", "-q", "--bare", "-b", "main", "there")
        git(folder, made.environ, "clone", "-q", "there", "first")
        first = folder / "first"
        git(first, made.environ, "switch", "-q", "-c", "main")
        (first / "site").mkdir()
        (first / "site" / "run").write_text("one\n")
        (first / ".gitignore").write_text("local\n")
        (first / "paas.yaml").write_text(paas.replace("HOST", registry.host))
        made.commit(first, "feat: begin")
        return made

    @property
    def first(self) -> Path:
        return self.folder / "first"

    def commit(self, where: Path, subject: str) -> str:
        """All that lies there, committed and pushed; its hash."""
        git(where, self.environ, "add", "-A")
        git(where, self.environ, "commit", "-q", "--allow-empty", "-m", subject)
        git(where, self.environ, "push", "-q", "origin", "HEAD:main")
        return self.git(where, "rev-parse", "HEAD")

    def clone(self, name: str, *, differs: bool = False) -> Path:
        """Another machine's. `differs`: what it builds has other bytes than what the others build."""
        git(self.folder, self.environ, "clone", "-q", "there", name)
        if differs:
            (self.folder / name / "site" / "local").write_text(name)
        return self.folder / name

    def git(self, where: Path, *words: str) -> str:
        return git(where, self.environ, *words)

    def tags(self) -> dict[str, str]:
        """Tag -> the commit it is on, at the remote."""
        lines = git(self.folder / "there", self.environ, "for-each-ref", "--format=%(refname:short) %(*objectname)")
        return {name: commit for name, _, commit in (it.partition(" ") for it in lines.splitlines()) if commit}

    def start(self, where: Path, *words: str, **environ: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", "paasctl", *words],
            cwd=where,
            env={**self.environ, **environ},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, where: Path, *words: str, expect: int = 0, **environ: str) -> dict[str, Any]:
        """The outcome, as `--output json` tells it."""
        return outcome(self.start(where, *words, "--output", "json", **environ), expect)


def outcome(begun: subprocess.Popen[str], expect: int = 0) -> dict[str, Any]:
    out, err = begun.communicate(timeout=_BOUND)
    assert begun.returncode == expect, f"{begun.returncode}: {out}\n{err}"
    found: dict[str, Any] = json.loads(out)
    return found
