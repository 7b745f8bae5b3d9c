"""`paasctl image squash` as a process of its own, in a folder where everything it leaves can be seen."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import paasctl

_SOURCE = str(Path(paasctl.__file__).parents[1])
_PACKAGES = [it for it in sys.path if it.endswith("site-packages")]


_MEASURED = """
import os, sys
child = os.posix_spawn(sys.argv[2], sys.argv[2:], os.environ)
_, status, usage = os.wait4(child, 0)
with open(sys.argv[1], "w") as told:
    told.write(str(usage.ru_maxrss / 1024))
sys.exit(os.waitstatus_to_exitcode(status))
"""
"""A process's peak begins with that of whoever made it: a small one makes it, not a test run of hundreds of MB."""


@dataclass(frozen=True, slots=True)
class Ended:
    """How a process ended; `memory` is its peak in MB, where `Room.run` measured it."""

    code: int
    out: str
    err: str
    memory: float = 0.0


class Room:
    """A home, a working folder and a folder for temporary files, beside the image `in` and the results."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.image = root / "image"
        for name in ("home", "work", "tmp", "results"):
            (root / name).mkdir()
            (root / name).chmod(0o777)

    def command(self, result: str, *more: str, python: str = sys.executable) -> list[str]:
        """Squash the image into a layout of that name."""
        there = f"oci:{self.root}/results/{result}:out"
        return [python, "-m", "paasctl", "image", "squash", f"oci:{self.image}:in", there, "--all", *more]

    def environ(self, **more: str) -> dict[str, str]:
        """Nothing of the caller's but where Python's packages are."""
        return {
            "PATH": "/usr/bin:/bin",
            "PYTHONPATH": ":".join([_SOURCE, *_PACKAGES]),
            "PYTHONDONTWRITEBYTECODE": "1",
            "HOME": f"{self.root}/home",
            "TMPDIR": f"{self.root}/tmp",
            **more,
        }

    def start(self, command: list[str], environ: Mapping[str, str] | None = None, **how: Any) -> subprocess.Popen[str]:
        """The process, its output in pipes."""
        return subprocess.Popen(
            command,
            env=environ or self.environ(),
            cwd=self.root / "work",
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            **how,
        )

    def run(self, result: str, *more: str, python: str = sys.executable, **how: Any) -> Ended:
        """The process, to its end."""
        told = self.root / "home" / f"memory-{result}"
        command = [python, "-I", "-S", "-c", _MEASURED, str(told), *self.command(result, *more, python=python)]
        return replace(ended(self.start(command, **how)), memory=float(told.read_text()))

    def digest(self, result: str) -> str:
        """Of the image in a result."""
        return str(self._read(result, "index.json")["manifests"][0]["digest"])

    def diff_ids(self, result: str) -> list[str]:
        """Of its layers, unpacked."""
        manifest = self._read(result, _blob(self.digest(result)))
        found: list[str] = self._read(result, _blob(manifest["config"]["digest"]))["rootfs"]["diff_ids"]
        return found

    def _read(self, result: str, path: str) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((self.root / "results" / result / path).read_text())
        return found

    def left(self) -> list[str]:
        """What lies about outside the results: nothing should."""
        return [str(it.relative_to(self.root)) for name in ("work", "tmp") for it in (self.root / name).rglob("*")]

    def unfinished(self, result: str) -> list[str]:
        """Files in a result that are neither blobs under their digest nor the layout's own."""
        root = self.root / "results" / result
        names = {str(it.relative_to(root)) for it in root.rglob("*") if it.is_file()}
        own = {"oci-layout", "index.json", ".lock"}
        return sorted(it for it in names - own if not (it.startswith("blobs/sha256/") and len(it) == 13 + 64))

    def has_image(self, result: str) -> bool:
        """Whether the name was given."""
        index = self.root / "results" / result / "index.json"
        return index.exists() and bool(json.loads(index.read_text())["manifests"])


def ended(process: subprocess.Popen[str]) -> Ended:
    """Wait for it."""
    assert process.stdout is not None
    assert process.stderr is not None
    with process.stdout, process.stderr:
        out, err = process.stdout.read(), process.stderr.read()
    return Ended(process.wait(), out, err)


def _blob(digest: str) -> str:
    return f"blobs/{digest.replace(':', '/')}"
