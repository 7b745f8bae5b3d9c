"""A lock for a whole run: one process at a time, waited for, and given back by death."""

from __future__ import annotations

import errno
import subprocess
import sys
from pathlib import Path

import pytest

from paasctl.adapters.disk import disk, hold_for_good
from paasctl.errors import Cancelled, Unavailable

_HOLD = (
    "import sys; from pathlib import Path; from paasctl.adapters.disk import hold_for_good\n"
    "kept = hold_for_good(Path(sys.argv[1]), lambda: None)\n"
    "print('held', flush=True); sys.stdin.read()\n"
)


def _other(path: Path) -> subprocess.Popen[str]:
    begun = subprocess.Popen(
        [sys.executable, "-c", _HOLD, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert begun.stdout is not None
    assert begun.stdout.readline() == "held\n"
    return begun


def test_a_second_process_waits_until_the_first_is_dead(tmp_path: Path) -> None:
    with _other(tmp_path / "lock") as other:
        pauses: list[int] = []

        def pause() -> None:
            pauses.append(1)
            if len(pauses) == 3:
                other.kill()
                other.wait()

        with hold_for_good(tmp_path / "lock", pause):
            assert len(pauses) >= 3


def test_waiting_can_be_stopped(tmp_path: Path) -> None:
    def pause() -> None:
        raise Cancelled("stopped at your request")

    with _other(tmp_path / "lock") as other:
        with pytest.raises(Cancelled):
            hold_for_good(tmp_path / "lock", pause)
        other.kill()


def test_too_many_open_files_say_what_helps() -> None:
    with pytest.raises(Unavailable) as caught, disk("writing", Path("x")):
        raise OSError(errno.EMFILE, "Too many open files")
    assert "ulimit -n" in caught.value.hint


def test_a_lock_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="locking"):
        hold_for_good(tmp_path / "nowhere" / "lock", lambda: None)
