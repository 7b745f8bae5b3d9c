"""What can go wrong, sorted by who has to act.

Adapters translate library errors into these; nothing above an adapter ever catches a library's own exception.
A message reads *doing what, to what: why*; a hint is a command or an edit. `code` is stable, `exit` is the process's
status.
"""

from __future__ import annotations

import errno
from collections.abc import Sequence
from enum import IntEnum, unique
from typing import ClassVar


@unique
class Exit(IntEnum):
    """The process's exit status."""

    OK = 0
    FAILED = 1
    USAGE = 2
    CHANGES = 3
    REFUSED = 4
    LOCKED = 5
    ROLLED_BACK = 6
    INCONCLUSIVE = 7
    BUG = 70
    UNAVAILABLE = 75
    FORBIDDEN = 77
    CONFIG = 78
    TIMEOUT = 124
    CANCELLED = 130
    TERMINATED = 143


MEANINGS: dict[Exit, tuple[str, str]] = {
    Exit.OK: ("done, or nothing to do", "as the outcome lists"),
    Exit.FAILED: ("what was tried did not work (build, rollout, push)", "as the outcome lists"),
    Exit.USAGE: ("the command line is wrong", "no"),
    Exit.CHANGES: ("with `--exit-code`: something would change", "no"),
    Exit.REFUSED: ("refused by a rule: guard, stale plan, moved tag, dirty tree", "no"),
    Exit.LOCKED: ("another run holds the target", "no"),
    Exit.ROLLED_BACK: ("failed, and the earlier release is back (kept for rollback)", "yes, and undone"),
    Exit.INCONCLUSIVE: ("could not be judged (kept for canaries)", "as the outcome lists"),
    Exit.BUG: ("a bug of paasctl: one line, the traceback in a file it names", "unknown"),
    Exit.UNAVAILABLE: ("something outside did not answer; try again", "as the outcome lists"),
    Exit.FORBIDDEN: ("a permission is missing, named", "as the outcome lists"),
    Exit.CONFIG: ("`paas.yaml`, a template or another file of the project is wrong, with places", "no"),
    Exit.TIMEOUT: ("the time given by `--timeout` ran out", "as the outcome lists"),
    Exit.CANCELLED: ("stopped by SIGINT, in a declared state", "as the outcome lists"),
    Exit.TERMINATED: ("stopped by SIGTERM, in a declared state", "as the outcome lists"),
}
"""Of every status: what it means, and whether anything changed. The README's table is made from this."""


class PaasError(Exception):
    """A problem we foresaw: one sentence for the reader, a code for scripts.

    `where` is `file:line:column` where a file is to blame; `evidence` are lines (logs, events) that prove the message.
    """

    exit: ClassVar[Exit]
    code: str

    def __init__(
        self, message: str, *, hint: str = "", where: str = "", evidence: tuple[str, ...] = (), code: str = ""
    ) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.where = where
        self.evidence = evidence
        if code:
            self.code = code

    _all: tuple[PaasError, ...] = ()

    @property
    def problems(self) -> tuple[PaasError, ...]:
        """Every problem that was found; one error stands for itself."""
        return self._all or (self,)


def together(problems: Sequence[PaasError]) -> PaasError:
    """One error that carries all of `problems` (at least one); the first of them is who must act, and the exit."""
    first = problems[0]
    if len(problems) == 1:
        return first
    whole = type(first)(first.message, hint=first.hint, where=first.where, evidence=first.evidence, code=first.code)
    whole._all = tuple(problems)  # noqa: SLF001 - nobody else makes one of several
    return whole


class UsageError(PaasError):
    """The command line is wrong. Nothing changed."""

    exit = Exit.USAGE
    code = "usage"


class ConfigError(PaasError):
    """The project's files are wrong; the author must edit `where`. Nothing changed.

    `problems` holds every problem found (this one is the first), each with its own place.
    """

    exit = Exit.CONFIG
    code = "config-invalid"

    @property
    def problems(self) -> tuple[ConfigError, ...]:
        """Every problem of the files at once; one error stands for itself."""
        return self._all or (self,)

    _all: tuple[ConfigError, ...] = ()

    @classmethod
    def of(cls, problems: tuple[ConfigError, ...]) -> ConfigError:
        """One error that carries all of `problems` (at least one)."""
        first = problems[0]
        whole = cls(first.message, hint=first.hint, where=first.where, code=first.code)
        whole._all = problems
        return whole


class Refused(PaasError):  # noqa: N818 - a refusal is not a fault
    """We could, but a rule says no; the caller must decide. Nothing changed."""

    exit = Exit.REFUSED
    code = "refused"


class Overtaken(Refused):
    """Another run is making, or has made, what this one was to make: nothing failed, it is looked at again."""

    code = "overtaken"


class StalePlan(Refused):
    """The world moved between the plan and the lock."""

    code = "plan-stale"


class DirtyTree(Refused):
    """The working tree has changes that no version can name."""

    code = "dirty-tree"


class WouldClobber(Refused):
    """A tag or an object that is not ours to overwrite."""

    code = "would-clobber"


class Protected(Refused):
    """A protected target was not confirmed."""

    code = "protected"


class Locked(Refused):
    """Another run holds the target."""

    exit = Exit.LOCKED
    code = "target-locked"


class Unavailable(PaasError):  # noqa: N818
    """We could not find out. Never to be mistaken for "it is not there". Retrying may help."""

    exit = Exit.UNAVAILABLE
    code = "unavailable"


class Missing(PaasError):  # noqa: N818
    """What was named is not there: proved, not guessed. The same command again says the same."""

    exit = Exit.FAILED
    code = "not-found"


class Forbidden(PaasError):  # noqa: N818
    """A permission is missing; the message names it and the credential that was used."""

    exit = Exit.FORBIDDEN
    code = "forbidden"


class BuildFailed(PaasError):  # noqa: N818
    """A build ran and did not work; evidence holds the end of its log."""

    exit = Exit.FAILED
    code = "build-failed"


class HookFailed(PaasError):  # noqa: N818
    """A command of the project's own ran and did not work; evidence holds the end of what it said."""

    exit = Exit.FAILED
    code = "hook-failed"


class RolloutFailed(PaasError):  # noqa: N818
    """We acted and the target turned bad; state has changed."""

    exit = Exit.FAILED
    code = "rollout-failed"


class TimedOut(PaasError):  # noqa: N818
    """The time given by `--timeout` ran out."""

    exit = Exit.TIMEOUT
    code = "timed-out"


class Bug(PaasError):  # noqa: N818 - ours, and an error it is
    """Something that nobody foresaw; the hint names the file with the traceback."""

    exit = Exit.BUG
    code = "bug"


def exhausted(error: BaseException | None) -> Unavailable | None:
    """What an error is that tells of a limit of this process or machine; None: it tells of something else."""
    number = error.errno if isinstance(error, OSError) else None
    if isinstance(error, MemoryError) or number == errno.ENOMEM:
        return out_of_memory()
    if number in (errno.EMFILE, errno.ENFILE):
        return Unavailable(
            "there may not be as many open files as are needed",
            hint="ulimit -n 1024   (or the limit of the container)",
            code="out-of-files",
        )
    if isinstance(error, RuntimeError) and str(error).startswith("can't start new thread"):  # it has no other mark
        return Unavailable(
            "there may not be as many threads as are needed",
            hint="`ulimit -u`, or the limit of the container (pids), says how many there may be",
            code="out-of-threads",
        )
    return None


def out_of_memory() -> Unavailable:
    """What a `MemoryError` is to people: no bug of ours, and nothing is half done that was not before."""
    return Unavailable(
        "there is not enough memory",
        hint="`ulimit -v`, or the limit of the container, says how much there may be",
        code="out-of-memory",
    )


class Cancelled(PaasError):  # noqa: N818
    """Somebody asked us to stop."""

    exit = Exit.CANCELLED
    code = "cancelled"
