"""The world in a box behind `ports.embedded`: like `wiring.py`, a place that joins, and translates its errors."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from typing import Any

from paasctl.adapters.yaml.read import read
from paasctl.embedded.http.faults import BadFaultError, Fault, parsed
from paasctl.embedded.kube.controllers.pull import AskRegistry
from paasctl.embedded.kube.controllers.scripts import BadScriptError, Script, read_scripts
from paasctl.embedded.kube.simulation import CONTEXT, Simulation, start
from paasctl.embedded.kube.store.journal import FolderBusyError
from paasctl.embedded.registry import serving
from paasctl.embedded.registry.folder import NoLayoutError
from paasctl.embedded.registry.logins import Logins
from paasctl.errors import ConfigError, Refused, Unavailable, UsageError
from paasctl.ports.embedded import ClusterPart, Part, Ran, RegistryPart, Stage

_SCRUBBED = ("GIT_", "PAASCTL_")
_PROXIES = ("http_proxy", "https_proxy", "all_proxy")
_LONGEST = 120.0


@dataclass
class Box:
    """`ports.Embedded`. `shown` returns when all that was said is on the screen."""

    _shown: Callable[[], None]

    def __init__(self, shown: Callable[[], None]) -> None:
        """`shown` as above."""
        self._shown = shown

    def registry(self, how: RegistryPart) -> Part:
        """Serve a folder."""
        folder = Path(how.folder)
        logins = Logins("basic" if how.users else "", dict(how.users))
        with _translated(f"serving {folder}", f"port {how.port}"):
            return _Registry(folder, serving.start(folder, port=how.port, logins=logins, faults=_faults(how.faults)))

    def cluster(self, how: ClusterPart) -> Part:
        """Simulate a cluster."""
        state = Path(how.state) if how.state else None
        scripts = _scripts(Path(how.script)) if how.script else ()
        with _translated("simulating a cluster", f"port {how.port}"):
            running = start(state=state, port=how.port, faults=_faults(how.faults), scripts=scripts, pull=AskRegistry())
        place, is_ours = _kubeconfig_place(how, state)
        running.write_kubeconfig(place)
        return _Cluster(running, place, state, removes=is_ours)

    def stage(self, *, keep: bool) -> Stage:
        """A fresh temporary folder."""
        try:
            return _Folder(Path(tempfile.mkdtemp(prefix="paasctl-demo-")), keep)
        except OSError as error:
            raise Unavailable(f"making a temporary folder: {error.strerror or error}", code="disk") from error

    def demo_files(self) -> Mapping[str, bytes]:
        """The demo's application."""
        return {"app": files("paasctl.embedded.demo").joinpath("app").read_bytes()}

    def shown(self) -> Callable[[], None]:
        """As the port says."""
        return self._shown


@contextmanager
def _translated(doing: str, where: str) -> Iterator[None]:
    try:
        yield
    except NoLayoutError as error:
        hint = "name another folder" if "no OCI" in str(error) else "end the other one first"
        raise Refused(f"{doing}: {error}", hint=hint, code="folder-refused") from error
    except FolderBusyError as error:
        raise Refused(f"{doing}: {error}", hint="end the other one first", code="folder-refused") from error
    except OSError as error:
        raise Unavailable(f"{doing}: {error.strerror or error} ({where})", code="cannot-listen") from error


def _faults(lines: Sequence[str]) -> list[Fault]:
    try:
        return [parsed(it) for it in lines]
    except BadFaultError as error:
        raise UsageError(f"reading --fault: {error}") from error


def _scripts(path: Path) -> tuple[Script, ...]:
    try:
        found = read(path.read_bytes(), str(path))
    except OSError as error:
        raise ConfigError(f"reading {path}: {error.strerror}", code="file-unreadable") from error
    if found.problems:
        raise ConfigError.of(tuple(found.problems))
    try:
        return read_scripts(_pods(found.values, path))
    except BadScriptError as error:
        raise ConfigError(f"reading {path}: {error}", where=str(path), code="script-invalid") from error


def _pods(said: Mapping[str, Any], path: Path) -> list[Mapping[str, Any]]:
    pods = said.get("pods")
    if set(said) - {"pods"} or not isinstance(pods, list):
        hint = 'pods: [{match: {env: {DATABASE_URL: ""}}, crash: {exit: 3}}]'
        raise ConfigError(
            f"reading {path}: it takes one key, a list", hint=hint, where=str(path), code="script-invalid"
        )
    return pods


def _kubeconfig_place(how: ClusterPart, state: Path | None) -> tuple[Path, bool]:
    """Where the kubeconfig goes, and whether it is ours to remove at the end."""
    if how.kubeconfig:
        return Path(how.kubeconfig), False
    if state:
        return state / "kubeconfig", False
    number, name = tempfile.mkstemp(prefix="paasctl-sim-", suffix=".kubeconfig")
    os.close(number)
    return Path(name), True


@dataclass
class _Registry:
    folder: Path
    running: serving.Running

    @property
    def facts(self) -> tuple[tuple[str, str], ...]:
        return (("address", self.running.host), ("folder", str(self.folder)))

    def stop(self) -> None:
        self.running.stop()


@dataclass
class _Cluster:
    running: Simulation
    kubeconfig: Path
    state: Path | None
    removes: bool

    @property
    def facts(self) -> tuple[tuple[str, str], ...]:
        kept = (("state", str(self.state)),) if self.state else ()
        return (("server", self.running.url), ("kubeconfig", str(self.kubeconfig)), ("context", CONTEXT), *kept)

    def stop(self) -> None:
        self.running.stop()
        if self.removes:
            self.kubeconfig.unlink(missing_ok=True)


@dataclass
class _Folder:
    folder: Path
    keep: bool
    _running: list[subprocess.Popen[str]] = field(default_factory=list)

    def write(self, path: str, content: bytes, *, executable: bool = False) -> None:
        place = self.folder / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content)
        place.chmod(0o755 if executable else 0o644)

    def run(self, argv: Sequence[str], environ: Mapping[str, str], *, on_screen: bool) -> Ran:
        began = time.monotonic()
        command = [sys.executable, "-m", "paasctl", *argv[1:]] if argv[0] == "paasctl" else list(argv)
        pipe = None if on_screen else subprocess.PIPE
        try:
            running = subprocess.Popen(
                command,
                cwd=self.folder / "project",
                env=_environ(self.folder, environ),
                stdin=subprocess.DEVNULL,
                stdout=pipe,
                stderr=subprocess.STDOUT if pipe else None,
                text=True,
                errors="replace",
            )
        except FileNotFoundError as error:
            raise ConfigError(f"running {argv[0]}: it is not on this machine", hint=f"install {argv[0]}") from error
        self._running.append(running)
        try:
            output, _ = running.communicate(timeout=_LONGEST)
        except subprocess.TimeoutExpired as error:
            raise Unavailable(f"running {' '.join(argv)}: no end after {_LONGEST:g} s", code="demo-broken") from error
        finally:
            _end(running)
        return Ran(running.returncode, time.monotonic() - began, output or "")

    def close(self) -> None:
        for it in self._running:
            _end(it)
        if not self.keep:
            shutil.rmtree(self.folder, ignore_errors=True)


def _end(running: subprocess.Popen[str]) -> None:
    if running.poll() is None:
        running.terminate()
        with suppress(subprocess.TimeoutExpired):
            running.wait(5)
    if running.poll() is None:
        running.kill()
        running.wait()


def _environ(folder: Path, more: Mapping[str, str]) -> dict[str, str]:
    """The caller's environment without what would lead git and paasctl elsewhere."""
    kept = {
        name: it
        for name, it in os.environ.items()
        if not name.startswith(_SCRUBBED) and name.lower() not in _PROXIES and name != "GITHUB_ACTIONS"
    }
    quiet = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1", "GIT_TERMINAL_PROMPT": "0"}
    here = str(Path(__file__).parents[2])
    path = os.pathsep.join(filter(None, (here, kept.get("PYTHONPATH", ""))))
    return {**kept, **quiet, "PYTHONPATH": path, "HOME": str(folder), **more}
