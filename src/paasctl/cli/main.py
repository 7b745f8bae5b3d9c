"""The entry point: `--version` before anything is imported, then the table of verbs. A bug is one line and a file."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable

import paasctl


def main(argv: list[str] | None = None, run: Callable[[list[str]], int] | None = None) -> int:
    """Run one command line (without the program's name) and give the exit status. `run` stands in for the verbs."""
    args = sys.argv[1:] if argv is None else argv
    _open_closed_streams()
    try:
        return run(args) if run else _run(args, ends=argv is None)
    except KeyboardInterrupt as stopped:
        sys.stderr.write("stopped at once\n")
        return stopped.args[0] if stopped.args else 130  # which signal asked first
    except BrokenPipeError:
        # The reader went away (`| head`): no complaint, and nothing more to say on the way out.
        _say_no_more()
        return 141
    except OSError as error:
        from paasctl.cli.unforeseen import is_output_lost

        if not is_output_lost(error):
            return _unforeseen(error, args)
        _say_no_more()
        sys.stderr.write(f"error[output-lost]: writing the output: {error.strerror}\n")
        return 75
    except Exception as error:  # noqa: BLE001 - the one place where a bug becomes a sentence
        return _unforeseen(error, args)


def _open_closed_streams() -> None:
    """A stream that the caller closed (`>&-`) leads nowhere; the next file we open must not get its number."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: PTH123, SIM115 - for the process's life


def _say_no_more() -> None:
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _run(args: list[str], *, ends: bool) -> int:
    """`ends`: whether the process does, with this one command line."""
    if args == ["--version"]:
        sys.stdout.write(f"paasctl {paasctl.__version__}\n")
    elif args in (["--help"], ["-h"]):
        from paasctl.cli.front import page

        sys.stdout.write(page())
    else:
        import atexit
        import gc

        gc.set_threshold(200_000, 20, 50)  # a command is short: what it imports alone would have it look once
        sys.setswitchinterval(0.0005)  # who unpacks a layer waits less for who reads one: a twentieth of an inspection
        # glibc gives memory back to the system, zeroed when it is fetched again, unless so much was once freed at once
        # (mallopt(3), M_MMAP_THRESHOLD): each chunk of a layer would be. Nobody writes to it: it costs nothing.
        bytes(16 << 20)
        atexit.register(gc.freeze)  # and so does looking, at the very end, for cycles in all that was imported
        from paasctl.cli import process, table  # the rest pays for typer; those two must not

        process.PROCESS.ends = ends

        return table.run(args)
    sys.stdout.flush()
    return 0


def _unforeseen(error: BaseException, args: list[str]) -> int:
    from paasctl.cli.unforeseen import problem, tell

    found = problem(error)
    tell(found, args)
    sys.stderr.write(f"error[{found.code}]: {found.message}\n  → {found.hint}\n")
    return int(found.exit)
