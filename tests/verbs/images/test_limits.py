"""Few files may be open, few threads may run: a clear error, no bug of ours, and nothing half done is left."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from support.imaging import Somewhere, image

LINES = {
    "copy to a layout": ("copy", "layout", "oci:out:x"),
    "copy to an archive": ("copy", "registry", "out.tar"),
    "copy to a registry": ("copy", "layout", "HOST/out/x:1"),
    "squash into a layout": ("squash", "layout", "oci:out:x", "--all"),
    "squash into an archive": ("squash", "registry", "out.tar", "--all"),
    "rebase": ("rebase", "layout", "oci:out:x", "--old-base", "oci:made", "--new-base", "oci:made"),
    "inspect": ("inspect", "registry"),
    "verify": ("verify", "layout", "oci:made", "--same-tree"),
    "diff": ("diff", "layout", "oci:made"),
}


def _args(here: Somewhere, line: str) -> list[str]:
    verb, source, *rest = LINES[line]
    return [verb, here.fill(source), *(it.replace("HOST", here.registry.host) for it in rest)]


def _left(here: Somewhere) -> list[str]:
    return [it.name for it in here.leftovers()]


@pytest.mark.parametrize("line", LINES)
@pytest.mark.parametrize("most", [5, 8])
def test_too_few_open_files_are_told_as_such(here: Somewhere, line: str, most: int) -> None:
    """Where they suffice all goes well."""
    args = _args(here, line)
    limited = f'ulimit -n {most}; exec "$@"'
    words = ["sh", "-c", limited, "sh", sys.executable, "-m", "paasctl", "image", *args, "-o", "json"]
    environ = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[3] / "src")}
    done = subprocess.run(words, capture_output=True, text=True, check=False, env=environ)
    outcome = json.loads(done.stdout)
    if done.returncode:
        assert done.returncode == 75
        (problem,) = outcome["problems"]
        assert problem["code"] == "out-of-files" or "Too many open files" in problem["message"]
        assert problem["hint"].startswith("ulimit -n 1024")
    assert "Traceback" not in done.stderr
    assert _left(here) == []
    assert image(*args).status == 0


@pytest.mark.parametrize("line", LINES)
def test_a_thread_that_cannot_be_started_is_told_as_such(
    here: Somewhere, line: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whichever it is."""
    args, begin = _args(here, line), threading.Thread.start
    started = list[int]()

    for most in range(1, 60):  # the first shows what is done
        started.clear()

        def start(it: threading.Thread, most: int = most) -> None:
            if it.name != "view" and not it.name.startswith(("Thread-", "serve")):
                started.append(1)
                if len(started) >= most:
                    raise RuntimeError("can't start new thread")
            begin(it)

        monkeypatch.setattr(threading.Thread, "start", start)
        said = image(*args)
        if said.status == 0:
            break
        assert (said.status, "out-of-threads" in said.err) == (75, True), said.err
        assert _left(here) == []
    else:
        pytest.fail("it never had enough threads")
    assert len(started) < most
