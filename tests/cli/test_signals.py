"""The first signal asks, the second interrupts, the third kills; outside of a run signals are as they were."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from paasctl.cli.signals import listening
from paasctl.engine.cancel import Cancel
from paasctl.errors import Cancelled, Exit, TimedOut
from support.registry import Registry

_STUBBORN = """
import time
from paasctl.cli.signals import listening
from paasctl.engine.cancel import Cancel
from paasctl.errors import Cancelled
def doze():
    for _ in range(400):
        time.sleep(0.05)
cancel = Cancel()
with listening(cancel):
    print("ready", flush=True)
    try:
        try:
            cancel.pause(20)
        except Cancelled:
            print("asked", int(cancel.exit), flush=True)
        doze()
    except KeyboardInterrupt:
        print("interrupted", flush=True)
    doze()
"""


def test_the_first_asks_and_the_second_interrupts() -> None:
    cancel = Cancel()
    with pytest.raises(KeyboardInterrupt), listening(cancel):  # noqa: PT012 - both signals belong to one run
        os.kill(os.getpid(), signal.SIGINT)
        assert cancel.asked
        with pytest.raises(Cancelled):
            cancel.check()
        os.kill(os.getpid(), signal.SIGINT)
        threading.Event().wait(5)


@pytest.mark.parametrize(
    ("number", "status"),
    [
        (signal.SIGINT, Exit.CANCELLED),
        (signal.SIGTERM, Exit.TERMINATED),
        (signal.SIGHUP, Exit.TERMINATED),
    ],
    ids=["INT", "TERM", "HUP"],
)
def test_each_has_its_exit(number: signal.Signals, status: Exit) -> None:
    cancel = Cancel()
    before = signal.signal(number, signal.SIG_DFL)  # whoever runs the tests may have told them to ignore a hang-up
    try:
        with listening(cancel):
            os.kill(os.getpid(), number)
    finally:
        signal.signal(number, before)
    assert cancel.exit is status


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_afterwards_all_is_as_before(number: signal.Signals) -> None:
    before = signal.getsignal(number)
    with listening(Cancel()):
        assert signal.getsignal(number) is not before
    assert signal.getsignal(number) is before


def test_nohup_is_obeyed() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        cancel = Cancel()
        with listening(cancel):
            os.kill(os.getpid(), signal.SIGHUP)
            os.kill(os.getpid(), signal.SIGINT)
            os.kill(os.getpid(), signal.SIGHUP)
        assert cancel.exit is Exit.CANCELLED
        assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before)


def test_elsewhere_than_in_the_main_thread_nothing_is_touched() -> None:
    before, seen = signal.getsignal(signal.SIGINT), []

    def work() -> None:
        with listening(Cancel()):
            seen.append(signal.getsignal(signal.SIGINT))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert seen == [before]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["INT", "TERM"])
def test_the_third_ends_a_process_that_listens_to_none(number: signal.Signals) -> None:
    with subprocess.Popen([sys.executable, "-c", _STUBBORN], stdout=subprocess.PIPE, text=True) as run:
        assert run.stdout is not None
        for said in ("ready\n", f"asked {128 + number}\n", "interrupted\n"):
            assert run.stdout.readline() == said
            run.send_signal(number)
        assert run.wait(10) == -number


def test_a_ci_system_s_second_signal_is_another_one() -> None:  # D4
    """SIGINT, then SIGTERM: still time to close the record and to give the lock back."""
    cancel = Cancel()
    with pytest.raises(KeyboardInterrupt), listening(cancel):  # noqa: PT012 - both signals belong to one run
        os.kill(os.getpid(), signal.SIGINT)
        os.kill(os.getpid(), signal.SIGTERM)
        threading.Event().wait(5)
    assert cancel.exit is Exit.CANCELLED


def test_a_pause_ends_at_once_when_asked_or_when_time_is_up() -> None:
    cancel = Cancel()
    cancel.ask()
    with pytest.raises(Cancelled):
        cancel.pause(3600)
    with pytest.raises(TimedOut, match=r"the 0\.01 s given by --timeout ran out"):
        Cancel(0.01).pause(3600)
    Cancel(3600).pause(0)


def test_a_pause_that_nobody_wakes_hears_that_it_was_asked() -> None:
    """As a signal does that comes between a thread's last look and its sleep."""
    cancel = Cancel()
    asking = threading.Timer(0.05, cancel.ask)
    asking.start()
    began = time.monotonic()
    with pytest.raises(Cancelled):
        cancel.pause(20)
    asking.join()
    assert time.monotonic() - began < 10


_ASKING = """
import sys
from paasctl.cli.main import main
sys.exit(main(sys.argv[1:]))
"""
_PROJECT = """\
app: hello
services: {{web: {{image: {{context: .}}}}}}
registries: {{dev: {{repository: 127.0.0.1:{port}/hello}}}}
clusters: {{local: {{context: none}}}}
environments: {{dev: {{cluster: local, registry: dev}}}}
"""


@contextmanager
def _asking(folder: Path, *more: str) -> Iterator[tuple[subprocess.Popen[str], socket.socket]]:
    """A question to a registry that takes the call and never answers, and the call."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        (folder / "paas.yaml").write_text(_PROJECT.format(port=silent.getsockname()[1]))
        words = [sys.executable, "-c", _ASKING, "-C", str(folder), "releases", "--output", "json", *more]
        with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as run:
            silent.settimeout(20)
            call, _ = silent.accept()
            with call:
                call.settimeout(20)
                call.recv(1)
                yield run, call


@pytest.mark.parametrize(
    ("number", "status"), [(signal.SIGINT, Exit.CANCELLED), (signal.SIGTERM, Exit.TERMINATED)], ids=["INT", "TERM"]
)
def test_one_signal_ends_the_wait_for_a_host_that_never_answers(
    tmp_path: Path, number: signal.Signals, status: Exit
) -> None:  # D9
    with _asking(tmp_path) as (run, _):
        run.send_signal(number)
        said, _ = run.communicate(timeout=10)
        assert run.returncode == status
        outcome = json.loads(said)
        assert (outcome["status"], outcome["exit"]) == ("cancelled", status)


def test_the_time_given_ends_the_wait_for_a_host_that_never_answers(tmp_path: Path) -> None:  # D9
    with _asking(tmp_path, "--timeout", "2s") as (run, _):
        said, _ = run.communicate(timeout=10)
        assert run.returncode == Exit.TIMEOUT
        (problem,) = json.loads(said)["problems"]
        assert problem["code"] == "timed-out"
        assert re.search(r"ran out; .*127\.0\.0\.1:\d+/hello.*: no answer yet$", problem["message"])


def test_the_time_given_that_ends_between_two_tries_says_what_failed(tmp_path: Path) -> None:
    with Registry() as registry:
        registry.fault("GET tags", status=503, times=1000)
        host = registry.host
        (tmp_path / "paas.yaml").write_text(_PROJECT.format(port=host.rpartition(":")[2]))
        words = [sys.executable, "-c", _ASKING, "-C", str(tmp_path), "releases", "--output", "json", "--timeout", "2s"]
        done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == Exit.TIMEOUT
    (problem,) = json.loads(done.stdout)["problems"]
    assert re.search(
        rf"ran out; .*{re.escape(host)}/hello.*: the registry answers 503 Service Unavailable \(\d tries in \d s\)$",
        problem["message"],
    )


def test_what_was_begun_is_not_left_in_the_midst() -> None:  # D3
    cancel = Cancel()
    cancel.free = True
    with pytest.raises(Cancelled), listening(cancel):  # noqa: PT012 - the signal, and what it interrupts
        os.kill(os.getpid(), signal.SIGTERM)
        threading.Event().wait(5)
    cancel = Cancel()
    with listening(cancel):
        os.kill(os.getpid(), signal.SIGTERM)
        threading.Event().wait(0.01)
    assert cancel.asked


_TOLD = """
import os, signal, sys
from paasctl.cli import main, signals
from paasctl.engine.cancel import Cancel

def run(args):
    with signals.listening(Cancel(None)):
        pass
    os.kill(os.getpid(), signal.Signals[args[1]])
    print("told")
    return 3

main.table = sys.modules["paasctl.cli.table"] = type(sys)("table")
main.table.run = run
raise SystemExit(main.main())
"""


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_once_the_end_was_told_no_signal_makes_another_of_it(name: str) -> None:
    done = subprocess.run([sys.executable, "-c", _TOLD, "verb", name], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (3, "told\n"), done.stderr
