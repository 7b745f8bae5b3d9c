"""The project's files on disk, and the caller's secrets."""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from paasctl.errors import ConfigError, StalePlan
from paasctl.values import dataclass

_COMMAND_TIMEOUT = 60.0


@dataclass(frozen=True)
class ProjectFiles:
    """`ports.Files` over a folder. Links may point anywhere inside the folder, never out of it."""

    root: Path

    def read(self, path: str) -> bytes | None:
        """The content; None: proved absent."""
        whole = self._inside(path)
        try:
            return whole.read_bytes()
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
        whole = (root / path).resolve()
        if not whole.is_relative_to(root):
            raise ConfigError(f"reading {path}: it leads out of the project", where=path, code="file-outside")
        return whole


def _unreadable(error: OSError) -> None:
    if not isinstance(error, FileNotFoundError | NotADirectoryError):
        raise ConfigError(f"listing {error.filename}: {error.strerror}", code="file-unreadable") from error


@dataclass(frozen=True)
class CallerSecrets:
    """`ports.Secrets` of the process's caller. Commands run in the project's folder, through no shell of ours."""

    root: Path

    def environ(self) -> Mapping[str, str]:
        """The environment."""
        return os.environ

    def file(self, path: str) -> str:
        """Content of a file, `~` expanded, relative to the project."""
        try:
            return (self.root / Path(path).expanduser()).read_text(encoding="utf-8").removesuffix("\n")
        except (OSError, UnicodeDecodeError) as error:
            why = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
            raise ConfigError(f"reading a secret from {path}: {why}", code="secret-missing") from error

    def run(self, command: str) -> str:
        """Standard output of a command line, run by the shell as the author wrote it."""
        try:
            done = subprocess.run(  # noqa: S602 - the command is the project author's own line
                command,
                shell=True,
                cwd=self.root,
                capture_output=True,
                text=True,
                timeout=_COMMAND_TIMEOUT,
                check=False,
            )
        except (subprocess.TimeoutExpired, UnicodeDecodeError) as error:
            raise ConfigError(f"reading a secret from `{command}`: {error}", code="secret-missing") from error
        if done.returncode:
            last = (done.stderr.strip().splitlines() or ["no output"])[-1]
            raise ConfigError(
                f"reading a secret from `{command}`: it exited with {done.returncode}: {last}", code="secret-missing"
            )
        return done.stdout.removesuffix("\n")


def write_whole(path: Path, content: bytes, before: bytes | None) -> None:
    """Write a file atomically, keeping its mode, if it still holds `before` (None: is not there); else `StalePlan`."""
    try:
        now = path.read_bytes() if path.exists() else None
        if now != before:
            raise StalePlan(f"writing {path}: it changed in the meantime", hint="run the command again")
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", delete=False) as file:
            file.write(content)
        mode = path.stat().st_mode & 0o7777 if before is not None else 0o644
        Path(file.name).chmod(mode)
        os.replace(file.name, path)  # noqa: PTH105 - atomic, and over what is there
    except OSError as error:
        raise ConfigError(f"writing {path}: {error.strerror}", where=str(path), code="file-unwritable") from error
