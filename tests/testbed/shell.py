"""Run one ordinary program to its end."""

import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from .failure import Failed

PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def clean_environment(**more: str) -> dict[str, str]:
    """What components run with: no proxies, no credentials, no surprises."""
    return {"PATH": PATH, "HOME": "/root", "LANG": "C.UTF-8", **more}


def run(
    *argv: str | Path,
    given: str | None = None,
    environment: Mapping[str, str] | None = None,
    folder: Path | None = None,
) -> str:
    """Its standard output; an error with its last words when it fails."""
    done = attempt(argv, given=given, environment=environment, folder=folder)
    if done.returncode != 0:
        words = (done.stderr.strip() or done.stdout.strip()).splitlines()[-5:]
        raise Failed(f"{' '.join(map(str, argv[:4]))}: exit {done.returncode}\n  " + "\n  ".join(words))
    return done.stdout


def attempt(
    argv: Sequence[str | Path],
    *,
    given: str | None = None,
    environment: Mapping[str, str] | None = None,
    folder: Path | None = None,
) -> subprocess.CompletedProcess[str]:
    """How it ended, whatever that was."""
    env = {**os.environ, "PATH": f"{os.environ.get('PATH', '')}:{PATH}"} if environment is None else environment
    try:
        return subprocess.run(
            list(map(str, argv)), input=given, env=env, cwd=folder, capture_output=True, text=True, check=False
        )
    except FileNotFoundError as error:
        raise Failed(f"{argv[0]}: not found") from error
