"""The server: loopback only, a thread for each connection, faults in place of answers."""

from __future__ import annotations

import contextlib
import json
import logging
import socket
import ssl
import struct
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from io import BufferedReader

from paasctl.embedded.http.cutting import CutBody, flipped, part
from paasctl.embedded.http.faults import BadFaultError, Fault, Faults, parsed
from paasctl.embedded.http.message import Answers, Request, Response
from paasctl.embedded.http.reading import BadRequestError, Source, read_request
from paasctl.embedded.http.writing import send

FAULTS_PATH = "/_faults"
"""GET: the rules, with their hits, as JSON; POST: one rule a line; DELETE: none any more."""
_DRAINED = 1 << 20
"""Bytes of an unread body that are read away to keep a connection; with more left it ends."""
_BUFFER = 1 << 16
_MOMENT = 2.0
"""Seconds that a request has to end when the server does: what it writes must not come after the folder is let go."""
_log = logging.getLogger(__name__)
Names = Callable[[Request], Sequence[str]]


def path_name(request: Request) -> Sequence[str]:
    """What a request is called when nobody knows better: its method and path."""
    return (f"{request.method} {request.path}",)


@dataclass(eq=False)
class Server:
    """A listening server. Its counters may be read at any time."""

    answers: Answers
    faults: Faults = field(default_factory=Faults)
    names: Names = path_name
    """What a request is called, for faults and for `requests`; the first name is the one that is counted."""
    tls: ssl.SSLContext | None = None
    admits: Callable[[Request], bool] = lambda _: True
    """Whether a request may see and change the faults."""
    requests: Counter[str] = field(default_factory=Counter)
    connections: int = 0
    over: threading.Event = field(default_factory=threading.Event)
    """Set when it ends: whoever answers slowly stops then."""
    _open: set[socket.socket] = field(default_factory=set)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _listener: socket.socket = field(default_factory=socket.socket)

    def __post_init__(self) -> None:
        self._ended = threading.Condition(self._lock)

    @property
    def port(self) -> int:
        """The port it listens on; 0 before it does."""
        port: int = self._listener.getsockname()[1]
        return port

    @property
    def host(self) -> str:
        """`127.0.0.1:PORT`."""
        return f"127.0.0.1:{self.port}"

    @property
    def url(self) -> str:
        """`http://127.0.0.1:PORT`, or `https`."""
        return f"{'https' if self.tls else 'http'}://{self.host}"

    def start(self, port: int = 0) -> None:
        """Listen on 127.0.0.1; port 0: one that is free. Raises `OSError` where the port is taken."""
        self._listener.close()
        self._listener = socket.create_server(("127.0.0.1", port), backlog=256)
        threading.Thread(target=self._accept, name=f"http {self.port}", daemon=True).start()

    def stop(self) -> None:
        """End: no new connection, and every open one is cut; a request that is being answered has a moment to end."""
        self.over.set()
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.cut_all()
        with self._ended:
            self._ended.wait_for(lambda: not self._open, timeout=_MOMENT)

    def cut_all(self) -> None:
        """Cut every connection that is open."""
        with self._lock:
            for it in self._open:
                with contextlib.suppress(OSError):
                    it.shutdown(socket.SHUT_RDWR)

    def _accept(self) -> None:
        while not self.over.is_set():
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            with self._lock:
                self.connections += 1
            self._opened(connection)
            threading.Thread(target=self._talk, args=(connection,), daemon=True).start()

    def _talk(self, plain: socket.socket) -> None:
        connection = plain
        try:
            plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if self.tls:
                connection = self._secured(self.tls, plain)
            with BufferedReader(socket.SocketIO(connection, "r"), _BUFFER) as source:
                while self._one(connection, source):
                    pass
        except (OSError, ConnectionError):  # the client went away, or was cut off
            pass
        finally:
            with self._lock:
                self._open -= {plain, connection}
                self._ended.notify_all()
            with contextlib.suppress(OSError):
                connection.close()

    def _secured(self, tls: ssl.SSLContext, plain: socket.socket) -> socket.socket:
        plain.settimeout(30)
        secured = tls.wrap_socket(plain, server_side=True)
        secured.settimeout(None)
        self._opened(secured)
        return secured

    def _opened(self, connection: socket.socket) -> None:
        """Let it be cut at the end; one that came in the moment of the end is cut at once."""
        with self._lock:
            self._open.add(connection)
            if self.over.is_set():
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)

    def _one(self, connection: socket.socket, source: Source) -> bool:
        """Answer one request; False: the connection has ended."""
        try:
            request = read_request(source, lambda: connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n"))
        except BadRequestError as error:
            send(Response(error.status, f"{error}\n".encode()), "GET", connection.sendall, closes=True)
            return False
        if request is None:
            return False
        names = self.names(request)
        with self._lock:
            self.requests[names[0]] += 1
        fault = None if request.path == FAULTS_PATH else self.faults.strike(names)
        return self._answered(_Exchange(self, connection, request), fault)

    def _answered(self, exchange: _Exchange, fault: Fault | None) -> bool:
        if fault is None:
            return exchange.send(exchange.answer())
        if fault.status:
            headers = {"Content-Type": "text/plain", **fault.headers}
            return exchange.send(Response(fault.status, fault.content or fault.body.encode(), headers))
        return exchange.fail(fault)

    def about_faults(self, request: Request) -> Response:
        """What `FAULTS_PATH` answers; of several rules none is switched on where one can't be read."""
        if not self.admits(request):
            return Response(401)
        if request.method == "DELETE":
            self.faults.clear()
        elif request.method == "POST":
            try:
                fresh = [parsed(it) for it in request.body.read().decode(errors="replace").splitlines()]
            except BadFaultError as error:
                return Response(400, f"{error}\n".encode())
            for it in fresh:
                self.faults.switch_on(it)
        told = [{"fault": str(it), "hits": hits} for it, hits in self.faults.rules()]
        return Response(200, json.dumps(told).encode(), {"Content-Type": "application/json"})


@dataclass
class _Exchange:
    """One request and how its answer gets out."""

    server: Server
    connection: socket.socket
    request: Request
    is_broken: bool = False
    """Whether nobody knows where the next request begins."""

    def answer(self, fault: Fault | None = None) -> Response:
        """What is answered; a bug of ours is a 500 and a line in the log."""
        request = replace(self.request, fault=fault) if fault else self.request
        try:
            return (self.server.about_faults if request.path == FAULTS_PATH else self.server.answers)(request)
        except ConnectionError:
            raise
        except BadRequestError as error:
            self.is_broken = True
            return Response(error.status, f"{error}\n".encode())
        except Exception:  # noqa: BLE001 - where the server's own bugs end
            _log.exception("%s %s", request.method, request.path)
            return Response(500, b"a bug of the embedded server; its log says more\n")

    def send(self, response: Response) -> bool:
        """Send it; False: the connection can't be used again."""
        wants = self.request.headers.get("connection", "").lower()
        closes = "close" in wants or self.server.over.is_set() or self.is_broken or not self._is_drained()
        send(response, self.request.method, self.connection.sendall, closes=closes)
        return not closes

    def _is_drained(self) -> bool:
        """Whether what nobody read of the request is out of the way."""
        try:
            return self.request.body.drain(_DRAINED)
        except BadRequestError:
            return False

    def fail(self, fault: Fault) -> bool:
        """Let it go wrong; False: the connection can't be used again."""
        match fault.word:
            case "reset":
                self._reset()
            case "stall":
                self.server.over.wait()
            case "slow":
                self.server.over.wait(fault.by)
                return self.send(self.answer())
            case "mute":
                self.answer()
                self._reset()
            case "cut":
                self._cut(self.answer(), fault.at)
            case "flip":
                return self.send(flipped(self.answer()))
            case "cut-upload":
                self.request = replace(self.request, body=CutBody(self.request.body, fault.at), fault=fault)
                self.answer()
                self._reset()
            case _:
                return self.send(self.answer(fault))
        return False

    def _cut(self, response: Response, at: int) -> None:
        sent = part(at, self.connection.sendall)
        with contextlib.suppress(ConnectionError):
            send(response, self.request.method, sent, closes=False)

    def _reset(self) -> None:
        """Close so that the other side sees a reset, not an end."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


@contextmanager
def serving(server: Server, port: int = 0) -> Iterator[Server]:
    """The server, listening while inside."""
    server.start(port)
    try:
        yield server
    finally:
        server.stop()
