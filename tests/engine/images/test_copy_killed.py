"""A copy that is killed is finished by the next one, which moves only what is missing. Real processes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from paasctl.embedded.http.faults import Fault
from support.copying import sign_by_tag, vouch
from support.registry import Registry

LAYERS = tuple(bytes([number]) * 400_000 for number in range(12))


@pytest.fixture
def ends() -> Iterator[tuple[Registry, Registry]]:
    with Registry() as here, Registry() as there:
        image = here.put_image("dev/web", *LAYERS, tag="1")
        vouch(here, "dev/web", image)
        sign_by_tag(here, "dev/web", image, b"signature")
        yield here, there


def begin(here: Registry, there: Registry, folder: Path) -> subprocess.Popen[bytes]:
    words = ("image", "copy", f"{here.host}/dev/web:1", f"{there.host}/prod/web:1")
    environ = {"PATH": os.environ["PATH"], "HOME": str(folder), "TMPDIR": str(folder)}
    command = [sys.executable, "-m", "paasctl", *words]
    return subprocess.Popen(command, env=environ, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)


def until(there: Registry, blobs: int) -> None:
    """Wait until so many blobs have arrived."""
    end = time.monotonic() + 60
    while len(there.blobs["prod/web"]) < blobs:
        assert time.monotonic() < end, "it never got so far"
        threading.Event().wait(0.005)


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_what_was_there_when_it_died_is_not_sent_again(
    ends: tuple[Registry, Registry], tmp_path: Path, how: signal.Signals
) -> None:
    here, there = ends
    here.running.faults.switch_on(Fault(on="GET blobs", word="slow", by=0.2, times=1000))
    with begin(here, there, tmp_path) as first:
        until(there, 4)
        first.send_signal(how)
        first.wait(30)
    assert there.tags["prod/web"] == {}
    assert [it.name for it in tmp_path.iterdir() if it.name != ".cache"] == []
    if how != signal.SIGKILL:
        assert there.uploads == {}
    here.running.faults.clear()
    held = set(there.blobs["prod/web"])
    assert 4 <= len(held) < len(LAYERS) + 1
    missing = sum(len(it) for digest, it in here.blobs["dev/web"].items() if digest not in held)
    there.forget_requests()
    with begin(here, there, tmp_path) as second:
        said = second.communicate(timeout=60)[0].decode()
    assert second.returncode == 0, said
    assert there.received == missing
    assert there.tags["prod/web"] == here.tags["dev/web"]
    assert there.manifests["prod/web"] == here.manifests["dev/web"]
