"""Ends that no session tells: a bug is a sentence and a file; for scripts it is an outcome as all others are."""

from __future__ import annotations

import errno
import os
import sys
import tempfile
import traceback
from collections.abc import Sequence

from paasctl import __version__
from paasctl.errors import Bug, PaasError, exhausted

_LOST = (errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EBADF)
"""What a stream answers that takes no more; errors of files that we open ourselves have their own words by now."""
_SCRIPTS = ("json", "jsonl", "yaml")


def is_output_lost(error: BaseException) -> bool:
    """Whether it is no bug: nobody takes what we write."""
    return isinstance(error, OSError) and (isinstance(error, BrokenPipeError) or error.errno in _LOST)


def problem(error: BaseException) -> PaasError:
    """What the exception that is being handled is to people: a limit of this machine, or a bug of ours."""
    return exhausted(error) or _bug()


def _bug() -> Bug:
    """The exception that is being handled, as a sentence that names the file with the traceback."""
    story, place = f"paasctl {__version__}, Python {sys.version}\n\n{traceback.format_exc()}", ""
    try:
        with tempfile.NamedTemporaryFile(
            "w", prefix="paasctl-bug-", suffix=".txt", delete=False, encoding="utf-8"
        ) as it:
            it.write(story)
            place = it.name
    except OSError as unwritten:
        place = f"it (the traceback could not be written: {unwritten.strerror})"
    kind, error, _ = sys.exc_info()
    name, said = kind.__name__ if kind else "error", " ".join(str(error).split())[:200]
    return Bug(f"{name}: {said}", hint=f"this is a bug of paasctl; please report {place}")


def tell(error: PaasError, args: Sequence[str], verb: str = "") -> None:
    """The outcome on standard output, where the command line or the environment asks for such; else nothing."""
    wanted = _output(args) or os.environ.get("PAASCTL_OUTPUT", "")
    if wanted not in _SCRIPTS:
        return
    from paasctl.cli.conduct import failed  # what is typed well pays for none of it
    from paasctl.cli.wiring import dump_json, dump_yaml
    from paasctl.views.jsonl import EndOnly, JsonLines

    view = (
        JsonLines(sys.stdout, verb)
        if wanted == "jsonl"
        else EndOnly(sys.stdout, dump_json if wanted == "json" else dump_yaml, _Silent(), verb)
    )
    view(failed(error))


class _Silent:
    """A view of nothing: it was said by now."""

    def __call__(self, event: object) -> None:
        del event

    def close(self) -> None:
        """Nothing is held back."""


def _output(args: Sequence[str]) -> str:
    """What follows the last `-o` or `--output`, as far as the options go."""
    found = ""
    for at, word in enumerate(args):
        if word == "--":
            break
        if word in ("-o", "--output"):
            found = "".join(args[at + 1 : at + 2])
        elif word.startswith("--output="):
            found = word.removeprefix("--output=")
        elif word.startswith("-o"):
            found = word.removeprefix("-o")
    return found
