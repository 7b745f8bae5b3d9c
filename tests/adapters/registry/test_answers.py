"""An answer that breaks off, never ends, or is none at all: never taken for a whole one, never waited for for ever."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from paasctl.adapters.registry.names import Access
from paasctl.adapters.registry.retry import Broken, Patience
from paasctl.adapters.registry.wire import Call, Wire

_HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n"


@contextmanager
def _saying(said: bytes, *, then: bytes = b"") -> Iterator[str]:
    """A host that says the same to every caller, and after it, if need be, one byte after the other for ever."""
    done = threading.Event()

    def speak(server: socket.socket) -> None:
        call, _ = server.accept()
        with call:
            call.recv(4096)
            call.sendall(said)
            while then and not done.wait(0.02):
                call.sendall(then)

    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=speak, args=(server,))
        thread.start()
        try:
            yield f"127.0.0.1:{server.getsockname()[1]}"
        finally:
            done.set()
            thread.join()


@pytest.mark.parametrize(
    ("said", "then", "why"),
    [
        (_HEAD + b'{"tags":', b"", "the answer broke off"),
        (_HEAD, b" ", "the answer comes too slowly"),
        (b"\x00\xff\x13garbage\r\n\r\n", b"", "what answers there does not speak HTTP"),
        (b"", b"", "Remote end closed connection without response"),
    ],
    ids=["too short", "drop by drop", "no HTTP", "nothing"],
)
def test_half_an_answer_is_none(said: bytes, then: bytes, why: str) -> None:  # P7
    with _saying(said, then=then) as host:
        wire = Wire(host, {}, Patience(total=0.2, read=5))
        call = Call(method="GET", url="/v2/", doing="asking", access=Access.pull("a"))
        with pytest.raises(Broken) as caught:
            wire.send(call, f"http://{host}/v2/")
        wire.close()
    assert caught.value.fault.reason == why
