"""The world in a box behind `ports.embedded`: like `wiring.py`, a place that joins, and translates its errors."""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path

from paasctl.adapters.disk import disk, read_regular
from paasctl.adapters.kube.cluster import KubeCluster
from paasctl.adapters.kube.connect import Where
from paasctl.cli.filling import Filling, holds, is_begun
from paasctl.cli.said import read_faults, read_script_file, read_users
from paasctl.cli.wiring import Outside
from paasctl.embedded.kube.controllers.pull import AskRegistry
from paasctl.embedded.kube.simulation import CONTEXT, Simulation, start
from paasctl.embedded.kube.store.journal import FolderBrokenError, FolderBusyError
from paasctl.embedded.registry import serving
from paasctl.embedded.registry.folder import NoLayoutError
from paasctl.embedded.registry.logins import Logins
from paasctl.errors import ConfigError, PaasError, Refused, Unavailable, UsageError
from paasctl.model.config import Config
from paasctl.model.copying import Copy
from paasctl.model.kube import Served
from paasctl.ports.cancel import Cancel
from paasctl.ports.cluster import ClusterReads
from paasctl.ports.embedded import ClusterPart, Part, Ran, RegistryPart, Stage

_SCRUBBED = ("GIT_", "PAASCTL_")
_PROXIES = ("http_proxy", "https_proxy", "all_proxy")
_LONGEST, _LOOK, _GRACE = 120.0, 0.2, 2.0
_UNREAD = 141
"""How a command of ours ends whose reader went away (`| head`); it was our reader, too."""


@dataclass
class Box:
    """`ports.Embedded`. `shown` returns when all that was said is on the screen."""

    _shown: Callable[[], None]
    _outside: Outside

    def __init__(self, shown: Callable[[], None], outside: Outside) -> None:
        """`shown` as above; `outside` is the live world, of which something may be copied."""
        self._shown = shown
        self._outside = outside

    def registry(self, how: RegistryPart) -> Part:
        """Serve a folder."""
        folder = Path(how.folder)
        users = read_users(how)
        if how.tokens and not users:
            raise UsageError("reading --token: nobody could log in", hint="--token --user ann:secret")
        logins = Logins("token" if how.tokens else "basic" if users else "", users)
        with translated(f"serving {folder}", f"port {how.port}"):
            return _Registry(
                folder,
                serving.start(folder, port=how.port, logins=logins, faults=read_faults(how.faults, of_registry=True)),
            )

    def cluster(self, how: ClusterPart, copy: Copy | None = None) -> Part:
        """Simulate a cluster."""
        state = Path(how.state) if how.state else None
        scripts = read_script_file(Path(how.script)) if how.script else ()
        faults = read_faults(how.faults)
        with translated("simulating a cluster", f"port {how.port}"), ExitStack() as undo:
            place, is_ours = _kubeconfig_place(how, state)
            if is_ours:
                undo.callback(place.unlink, missing_ok=True)
            filling = Filling(copy, state, self._outside.clock.utc())
            filling.check()
            running = start(
                state=state,
                port=how.port,
                faults=faults,
                scripts=(*filling.scripts(), *scripts),
                pull=AskRegistry(),
                fill=filling.fill if copy else None,
            )
            undo.callback(running.stop)
            undo.callback(place.unlink, missing_ok=True)  # half a one is none of ours to the next
            running.write_kubeconfig(place)
            undo.pop_all()
        return _Cluster(running, place, state, removes=is_ours)

    def is_begun(self, state: str) -> bool:
        """As the port says."""
        return is_begun(Path(state))

    def holds(self) -> frozenset[Served]:
        """As the port says."""
        return holds()

    def live(self, context: str) -> ClusterReads:
        """As the port says."""
        where = Where(context=context, kubeconfig=self._outside.settings.kubeconfig or "", environ=os.environ)
        return KubeCluster(context, where, self._outside.clock)

    def project(self) -> Config | None:
        """As the port says."""
        return self._outside.config if self._outside.file.is_file() else None

    def stage(self, *, keep: bool) -> Stage:
        """A fresh temporary folder."""
        return _Folder(temporary("paasctl-demo-"), keep, self._outside.cancel)

    def demo_files(self) -> Mapping[str, bytes]:
        """The demo's application."""
        return {"app": files("paasctl.embedded.demo").joinpath("app").read_bytes()}

    def shown(self) -> Callable[[], None]:
        """As the port says."""
        return self._shown


@contextmanager
def translated(doing: str, where: str) -> Iterator[None]:
    """Around what begins: say in our words why it did not. `where` is the port."""
    try:
        yield
    except NoLayoutError as error:
        raise Refused(f"{doing}: {error}", hint=error.hint, code="folder-refused") from error
    except FolderBusyError as error:
        raise Refused(f"{doing}: {error}", hint="end the other one first", code="folder-refused") from error
    except FolderBrokenError as error:
        hint = "name another folder, or remove this one: it is left as it is"
        raise Refused(f"{doing}: {error}", hint=hint, code="folder-refused") from error
    except OSError as error:
        raise _outside(doing, where, error) from error


def _outside(doing: str, where: str, error: OSError) -> PaasError:
    """What has a file is about that file; what has none is about the port, or the disk that is full."""
    said = error.strerror or str(error)
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return Unavailable(f"{doing}: {said}", hint="df -h", code="disk-full")
    if error.filename is None:
        return Unavailable(f"{doing}: {said} ({where})", code="cannot-listen")
    return Unavailable(f"{doing}: {error.filename}: {said}", hint=f"ls -ld {error.filename}", code="disk")


def temporary(prefix: str) -> Path:
    """A fresh temporary folder."""
    try:
        return Path(tempfile.mkdtemp(prefix=prefix))
    except OSError as error:
        said = f"making a temporary folder: {error.strerror or error}"
        raise Unavailable(said, hint="TMPDIR=DIR names a place for it", code="disk") from error


def _kubeconfig_place(how: ClusterPart, state: Path | None) -> tuple[Path, bool]:
    """Where the kubeconfig goes, for any shell in any folder, and whether it is ours to remove at the end."""
    if how.kubeconfig:
        return _free(Path(how.kubeconfig).absolute()), False
    if state:
        return state.absolute() / "kubeconfig", False
    number, name = tempfile.mkstemp(prefix="paasctl-sim-", suffix=".kubeconfig")
    os.close(number)
    return Path(name), True


def _free(path: Path) -> Path:
    """A place for a kubeconfig: nothing is there, or one of ours. Raises `Refused`, or somebody's own would be lost."""
    why = ""
    try:
        if f'"current-context": "{CONTEXT}"'.encode() not in read_regular(path):
            why = "it is there, and none of ours"
    except FileNotFoundError:
        why = "" if path.parent.is_dir() else f"there is no folder {path.parent}"
    except OSError as error:
        why = error.strerror or str(error)
    if why:
        raise Refused(f"writing {path}: {why}", hint="name a file that is not there yet", code="file-refused")
    return path


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
    cancel: Cancel
    _running: list[subprocess.Popen[str]] = field(default_factory=list)

    def write(self, path: str, content: bytes, *, executable: bool = False) -> None:
        place = self.folder / path
        with disk("writing", place):
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(content)
            place.chmod(0o755 if executable else 0o644)

    def run(self, argv: Sequence[str], environ: Mapping[str, str], *, on_screen: bool) -> Ran:
        began = time.monotonic()
        command = [sys.executable, "-m", "paasctl", *argv[1:]] if argv[0] == "paasctl" else list(argv)
        pipe = None if on_screen else subprocess.PIPE
        together = pipe or not sys.stdout.isatty()
        try:
            running = subprocess.Popen(
                command,
                cwd=self.folder / "project",
                env=_environ(self.folder, environ),
                stdin=subprocess.DEVNULL,
                stdout=pipe,
                stderr=subprocess.STDOUT if together else None,
                text=True,
                errors="replace",
            )
        except FileNotFoundError as error:
            raise ConfigError(f"running {argv[0]}: it is not on this machine", hint=f"install {argv[0]}") from error
        self._running.append(running)
        try:
            output = self._output(running, argv)
        finally:
            _end(running)
            if running.stdout:
                running.stdout.close()
        if on_screen and running.returncode == _UNREAD:
            raise BrokenPipeError
        return Ran(running.returncode, time.monotonic() - began, output)

    def _output(self, running: subprocess.Popen[str], argv: Sequence[str]) -> str:
        """What it said when it has ended; a request to stop is one to it, too, which a terminal hands it by itself."""
        until = time.monotonic() + _LONGEST
        while True:
            try:
                return running.communicate(timeout=_LOOK)[0] or ""
            except subprocess.TimeoutExpired as error:
                if self.cancel.asked:
                    with suppress(subprocess.TimeoutExpired):
                        running.communicate(timeout=_GRACE)
                self.cancel.check()
                if time.monotonic() > until:
                    said = f"running {' '.join(argv)}: no end after {_LONGEST:g} s"
                    raise Unavailable(said, code="demo-broken") from error

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


_CI = ("GITHUB_ACTIONS", "GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY", "TF_BUILD")
"""What would have the parts of a demo speak to the job that runs it."""


def _environ(folder: Path, more: Mapping[str, str]) -> dict[str, str]:
    """The caller's environment without what would lead git and paasctl elsewhere."""
    kept = {
        name: it
        for name, it in os.environ.items()
        if not name.startswith(_SCRUBBED) and name.lower() not in _PROXIES and name not in _CI
    }
    quiet = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1", "GIT_TERMINAL_PROMPT": "0"}
    here = str(Path(__file__).parents[2])
    path = os.pathsep.join(filter(None, (here, kept.get("PYTHONPATH", ""))))
    return {**kept, **quiet, "PYTHONPATH": path, "HOME": str(folder), **more}
