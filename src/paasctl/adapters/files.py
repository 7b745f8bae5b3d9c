"""The project's files on disk, and the caller's secrets."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import field
from pathlib import Path

from paasctl.adapters.disk import disk, read_regular, temporary
from paasctl.errors import ConfigError, StalePlan
from paasctl.values import dataclass


@dataclass(frozen=True)
class ProjectFiles:
    """`ports.Files` over a folder. Links may point anywhere inside the folder, never out of it."""

    root: Path

    def read(self, path: str) -> bytes | None:
        """The content; None: proved absent."""
        whole = self._inside(path)
        try:
            return read_regular(whole)
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            raise ConfigError(f"reading {path}: {error.strerror}", where=path, code="file-unreadable") from error

    def below(self, folder: str) -> tuple[str, ...]:
        """Paths of all files below a folder, sorted by their bytes."""
        top = self._inside(folder)
        found = [
            str(Path(where, name).relative_to(self.root.resolve()))
            for where, _, names in os.walk(top, onerror=_unreadable)
            for name in names
        ]
        return tuple(sorted(found, key=os.fsencode))

    def telling(self, names: Sequence[str]) -> tuple[str, ...]:
        """Paths of files with one of these names, at the top and one folder below it."""
        found = [path for name in names for path in (*self.root.glob(name), *self.root.glob(f"*/{name}"))]
        return tuple(sorted(str(it.relative_to(self.root)) for it in found if it.is_file()))

    def _inside(self, path: str) -> Path:
        root = self.root.resolve()
        try:
            whole = (root / path).resolve()
        except (RuntimeError, ValueError, OSError) as error:  # links in a circle; no path at all
            raise ConfigError(f"reading {path}: it leads nowhere", where=path, code="file-unreadable") from error
        if not whole.is_relative_to(root):
            raise ConfigError(f"reading {path}: it leads out of the project", where=path, code="file-outside")
        return whole


def _unreadable(error: OSError) -> None:
    if not isinstance(error, FileNotFoundError | NotADirectoryError):
        raise ConfigError(f"listing {error.filename}: {error.strerror}", code="file-unreadable") from error


@dataclass(frozen=True)
class CallerSecrets:
    """`ports.Secrets` of the process's caller. A command runs in the project's folder, once in a run.

    A run reads the world several times; a command that gives another token each time would never agree with its plan.
    """

    root: Path
    patience: float = 60.0
    """Seconds that a command may take."""
    _told: dict[str, str] = field(default_factory=dict, repr=False, compare=False)

    def environ(self) -> Mapping[str, str]:
        """The environment."""
        return os.environ

    def file(self, path: str) -> str:
        """Content of a file, `~` expanded, relative to the project."""
        try:
            return (self.root / Path(path).expanduser()).read_text(encoding="utf-8").removesuffix("\n")
        except RuntimeError as error:  # `~somebody` whom nobody knows
            raise ConfigError(f"reading a secret from {path}: {error}", code="secret-missing") from error
        except (OSError, UnicodeDecodeError) as error:
            why = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
            raise ConfigError(f"reading a secret from {path}: {why}", code="secret-missing") from error

    def run(self, command: str) -> str:
        """Standard output of a command line, run by the shell as the author wrote it."""
        if command not in self._told:
            self._told[command] = self._run(command)
        return self._told[command]

    def _run(self, command: str) -> str:
        doing = f"reading a secret from `{command}`"
        running = subprocess.Popen(  # noqa: S602 - the command is the project author's own line
            command, shell=True, cwd=self.root, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        try:
            said, complaint = running.communicate(timeout=self.patience)
        except (subprocess.TimeoutExpired, UnicodeDecodeError) as error:
            running.kill()
            for pipe in (running.stdout, running.stderr):  # its children may hold the other ends
                if pipe:
                    pipe.close()
            running.wait()
            why = "it is not UTF-8" if isinstance(error, UnicodeDecodeError) else f"no end after {self.patience:g} s"
            raise ConfigError(f"{doing}: {why}", code="secret-missing") from error
        if running.returncode:
            last = (complaint.strip().splitlines() or ["no output"])[-1]
            raise ConfigError(f"{doing}: it exited with {running.returncode}: {last}", code="secret-missing")
        return said.removesuffix("\n")


def write_whole(path: Path, content: bytes, before: bytes | None) -> None:
    """Write a file atomically, keeping its mode, if it still holds `before` (None: is not there); else `StalePlan`.

    Where the name is a link, the file it leads to is written.
    """
    with disk("writing", path):
        path = Path(os.path.realpath(path))
        now = read_regular(path) if path.exists() else None
        mode = path.stat().st_mode & 0o7777 if now is not None else 0o644
    if now != before:
        raise StalePlan(f"writing {path}: it changed in the meantime", hint="run the command again")
    with temporary(path.parent) as (fresh, file), disk("writing", path):
        file.write(content)
        file.flush()
        fresh.chmod(mode)
        fresh.replace(path)
