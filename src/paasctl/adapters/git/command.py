"""One question to `git`, one process: a scrubbed environment, no prompt, always a timeout, git's own words."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from threading import Timer
from typing import IO

from paasctl.adapters.git.complaints import failure
from paasctl.errors import PaasError, Refused, Unavailable
from paasctl.values import dataclass

LOCAL = 120.0
"""Seconds a question to the local repository may take; a first `status` of a big tree reads every file."""
REMOTE = 60.0
"""Seconds a question over the network may take."""
FETCH = 900.0
"""Seconds that bringing the rest of a history may take."""
_PIPE = 1 << 16
"""Bytes that a pipe holds: what was written is taken out at once."""

# Variables that would point git at another repository, as inside a hook. Those that carry configuration or credentials
# (GIT_CONFIG_COUNT, GIT_SSH_COMMAND, GIT_ASKPASS) stay: CI systems hand over access that way.
_STRAY = frozenset(
    {
        "GIT_DIR",
        "GIT_WORK_TREE",
        "GIT_INDEX_FILE",
        "GIT_COMMON_DIR",
        "GIT_OBJECT_DIRECTORY",
        "GIT_ALTERNATE_OBJECT_DIRECTORIES",
        "GIT_QUARANTINE_PATH",
        "GIT_NAMESPACE",
        "GIT_PREFIX",
        "GIT_SHALLOW_FILE",
        "GIT_GRAFT_FILE",
        "GIT_REPLACE_REF_BASE",
    }
)
_QUIET = {
    "LC_ALL": "C",  # we read the words of a failure
    "LANGUAGE": "C",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_OPTIONAL_LOCKS": "0",  # `status` must not rewrite the user's index
    "GIT_PAGER": "cat",
    "SSH_ASKPASS_REQUIRE": "force",  # no question on the terminal; without an SSH_ASKPASS ssh fails at once
}


def scrubbed(environ: Mapping[str, str]) -> dict[str, str]:
    """`environ` for git: nothing in it that names another repository, no prompts, English words."""
    kept = {name: value for name, value in environ.items() if name not in _STRAY}
    return {"SSH_ASKPASS": "false"} | kept | _QUIET


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """What a process left: its exit code, its output, and its complaints."""

    code: int
    out: bytes
    complaint: str


@dataclass(frozen=True, slots=True)
class GitCommand:
    """Runs `git` in a folder."""

    folder: Path
    environ: Mapping[str, str]

    def run(self, *words: str, timeout: float = LOCAL, extra: Mapping[str, str] | None = None) -> Answered:
        """Run it, whatever its exit code. Raises `Unavailable` where it can't run or takes longer than `timeout`."""
        doing = f"asking git ({words[0]}) in {self.folder}"
        try:
            done = subprocess.run(
                ["git", *words],
                cwd=self.folder,
                env=scrubbed(self.environ) | dict(extra or {}),
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=timeout,
                check=False,
            )
        except FileNotFoundError as error:
            raise self._missing(doing) from error
        except subprocess.TimeoutExpired as error:
            raise Unavailable(f"{doing}: no answer within {timeout:.0f} s", hint="try again") from error
        except OSError as error:
            raise Unavailable(f"{doing}: {error.strerror}") from error
        return Answered(code=done.returncode, out=done.stdout, complaint=done.stderr.decode("utf-8", "replace").strip())

    def ask(self, *words: str, timeout: float = LOCAL, extra: Mapping[str, str] | None = None) -> bytes:
        """Its standard output. A failure raises with git's own words."""
        answered = self.run(*words, timeout=timeout, extra=extra)
        if answered.code:
            raise failure(f"asking git ({words[0]}) in {self.folder}", answered.complaint, answered.code)
        return answered.out

    @contextmanager
    def lines(self, *words: str) -> Iterator[Iterator[bytes]]:
        """Its output, line by line as it comes. Who has read enough leaves, and git is stopped; a failure raises."""
        doing = f"asking git ({words[0]}) in {self.folder}"
        with tempfile.TemporaryFile() as complaints:
            try:
                child = subprocess.Popen(
                    ["git", *words],
                    cwd=self.folder,
                    env=scrubbed(self.environ) | {"GIT_FLUSH": "0"},  # else git writes each line by itself
                    bufsize=_PIPE,
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.PIPE,
                    stderr=complaints,
                )
            except FileNotFoundError as error:
                raise self._missing(doing) from error
            except OSError as error:
                raise Unavailable(f"{doing}: {error.strerror}") from error
            late = Timer(LOCAL, child.kill)
            late.start()
            try:
                yield _read(child, complaints, doing)
            finally:
                late.cancel()
                child.kill()
                child.communicate()

    def _missing(self, doing: str) -> PaasError:
        if not self.folder.is_dir():
            return Refused(f"{doing}: there is no such folder", code="not-a-repository")
        return Unavailable(f"{doing}: there is no git program on the PATH", hint="install git", code="git-missing")


def _read(child: subprocess.Popen[bytes], complaints: IO[bytes], doing: str) -> Iterator[bytes]:
    yield from child.stdout or ()
    if (code := child.wait()) < 0:
        raise Unavailable(f"{doing}: no end within {LOCAL:.0f} s", hint="try again")
    if code:
        complaints.seek(0)
        raise failure(doing, complaints.read().decode("utf-8", "replace").strip(), code)
