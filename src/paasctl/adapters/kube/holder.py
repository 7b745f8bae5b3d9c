"""Who we are, so that others can tell whether we are still alive; and whether another holder of this machine is."""

from __future__ import annotations

import getpass
import os
import socket
from collections.abc import Mapping
from pathlib import Path

from paasctl.model.kube import Holder

_PEOPLE = ("GITHUB_ACTOR", "GITLAB_USER_LOGIN", "BUILDKITE_BUILD_CREATOR", "BUILD_USER_ID")
_LINKS = ("CI_JOB_URL", "BUILDKITE_BUILD_URL", "BUILD_URL", "CIRCLE_BUILD_URL")
_PROC = Path("/proc")


def this_process(verb: str, environ: Mapping[str, str]) -> Holder:
    """The running process as a holder of locks. CI's own variables name the person and the job."""
    return Holder(
        person=_first(environ, _PEOPLE) or _user(environ),
        host=socket.gethostname(),
        boot=_boot(_PROC),
        pid_namespace=_pid_namespace(_PROC),
        pid=os.getpid(),
        started=_started(_PROC, os.getpid()) or 0,
        verb=verb,
        link=_link(environ),
    )


def is_dead(holder: Holder, proc: Path = _PROC) -> bool:
    """Whether the holder is proved gone: this very boot and PID namespace, and no such process, or a later one."""
    known = holder.boot and holder.pid_namespace and holder.started
    here = (socket.gethostname(), _boot(proc), _pid_namespace(proc))
    if not known or here != (holder.host, holder.boot, holder.pid_namespace):
        return False
    return _started(proc, holder.pid) != holder.started


def _started(proc: Path, pid: int) -> int | None:
    """Start time in ticks since boot (proc(5): stat, field 22); None: no such process, or a zombie."""
    try:
        fields = (proc / str(pid) / "stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None
    return None if fields[0] in "ZX" else int(fields[19])


def _boot(proc: Path) -> str:
    path = proc / "sys/kernel/random/boot_id"
    return path.read_text().strip() if path.is_file() else ""


def _pid_namespace(proc: Path) -> str:
    path = proc / "self/ns/pid"
    return str(path.readlink()) if path.is_symlink() else ""


def _user(environ: Mapping[str, str]) -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container's number without a name
        return environ.get("USER") or f"uid {os.getuid()}"


def _link(environ: Mapping[str, str]) -> str:
    if run := environ.get("GITHUB_RUN_ID"):
        return f"{environ.get('GITHUB_SERVER_URL', '')}/{environ.get('GITHUB_REPOSITORY', '')}/actions/runs/{run}"
    return _first(environ, _LINKS)


def _first(environ: Mapping[str, str], names: tuple[str, ...]) -> str:
    return next((environ[name] for name in names if environ.get(name)), "")
