"""What a program says of itself, asked once and briefly."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Mapping, Sequence

_PATIENCE = 20.0
"""Seconds that it may take."""
_VERSION = re.compile(r"\bv?\d+\.\d+\.\d+\S*")
_DRIVER = re.compile(r"^Driver:\s+(?P<driver>\S+)", re.MULTILINE)
_NAME = re.compile(r"^Name:\s+(?P<name>\S+)", re.MULTILINE)


def has_program(name: str, environ: Mapping[str, str]) -> bool:
    """Whether there is such a program on the caller's PATH."""
    return shutil.which(name, path=environ.get("PATH")) is not None


def said_by(argv: Sequence[str], environ: Mapping[str, str]) -> tuple[bool, str]:
    """Whether it ended well, and what it wrote; not so, with the reason, where it can't be run at all."""
    try:
        done = subprocess.run(
            list(argv), env=dict(environ), stdin=subprocess.DEVNULL, capture_output=True, timeout=_PATIENCE, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return False, str(error)
    written = done.stderr if done.returncode else done.stdout
    return not done.returncode, written.decode("utf-8", "replace").strip()


def buildx_version(environ: Mapping[str, str]) -> str:
    """The version of docker's plugin; "" where there is none."""
    if not has_program("docker", environ):
        return ""
    fine, said = said_by(["docker", "buildx", "version"], environ)
    found = _VERSION.search(said)
    return (found[0] if found else "of unknown version") if fine else ""


def buildx_builder_in_use(environ: Mapping[str, str]) -> tuple[str, str]:
    """(name, driver) of the builder that buildx would use; empty where it does not say."""
    _, said = said_by(["docker", "buildx", "inspect"], environ)
    name, driver = _NAME.search(said), _DRIVER.search(said)
    return name["name"] if name else "", driver["driver"] if driver else ""
