from __future__ import annotations

import socket
import threading
import time
from pathlib import Path

import pytest

from paasctl.adapters.registry import RegistryClient
from paasctl.engine.cancel import Cancel, RealClock
from paasctl.errors import Cancelled
from paasctl.model.image import parse_reference


def test_a_registry_that_fell_silent_does_not_keep_a_run_that_was_asked_to_stop(tmp_path: Path) -> None:
    cancel = Cancel()
    with socket.create_server(("127.0.0.1", 0)) as silent:
        host = f"127.0.0.1:{silent.getsockname()[1]}"
        environ = {"HOME": str(tmp_path)}
        client = RegistryClient(host, clock=RealClock(cancel), environ=environ, asked=lambda: cancel.asked)
        threading.Timer(0.3, cancel.ask).start()
        began = time.monotonic()
        with pytest.raises(Cancelled):
            client.resolve(parse_reference(f"{host}/shop:1"))
        assert time.monotonic() - began < 30  # its own patience is a minute for each of several tries
        client.close()


def test_one_that_answers_in_the_time_of_grace_is_heard(tmp_path: Path) -> None:
    cancel = Cancel()
    heard = threading.Event()

    def answer(server: socket.socket) -> None:
        line, _ = server.accept()
        with line:
            line.recv(65536)
            cancel.ask()
            heard.wait(1.0)
            line.sendall(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")
            heard.wait(5.0)

    with socket.create_server(("127.0.0.1", 0)) as slow:
        threading.Thread(target=answer, args=(slow,), daemon=True).start()
        host = f"127.0.0.1:{slow.getsockname()[1]}"
        client = RegistryClient(
            host, clock=RealClock(cancel), environ={"HOME": str(tmp_path)}, asked=lambda: cancel.asked
        )
        assert client.resolve(parse_reference(f"{host}/shop:1")) is None
        heard.set()
        client.close()
