"""A server that answers some paths without end: what a client may do is stop."""

from __future__ import annotations

import http.server
import threading
from collections import Counter
from collections.abc import Mapping
from typing import Self

_PIECE = b"x" * (1 << 20)
_LOTS = 1 << 13
"""MiB after which the test has failed anyway."""


class Endless:
    """`with Endless({"/v2/web/": 200}) as server:` answers what begins so with that status and a body without end."""

    def __init__(self, statuses: Mapping[str, int], *, chunked: bool = True) -> None:
        self.statuses = statuses
        self.chunked = chunked
        self.asked = Counter[str]()
        self.sent = 0
        """MiB."""

    def __enter__(self) -> Self:
        server = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                server.answer(self)

            do_HEAD = do_POST = do_PUT = do_GET  # noqa: N815 - the library looks for such names

            def log_message(self, *_: object) -> None:
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self._server.server_address[1]}"

    def answer(self, handler: http.server.BaseHTTPRequestHandler) -> None:
        """Answer one request, for as long as somebody listens."""
        self.asked[handler.command] += 1
        status = next((it for path, it in self.statuses.items() if handler.path.startswith(path)), 404)
        handler.send_response(status)
        if status == 404 or handler.command == "HEAD":
            handler.send_header("Content-Length", "0")
            handler.end_headers()
            return
        handler.send_header("Content-Type", "application/vnd.oci.image.manifest.v1+json")
        handler.send_header(*(("Transfer-Encoding", "chunked") if self.chunked else ("Connection", "close")))
        handler.end_headers()
        self._pour(handler)

    def _pour(self, handler: http.server.BaseHTTPRequestHandler) -> None:
        piece = b"%x\r\n%s\r\n" % (len(_PIECE), _PIECE) if self.chunked else _PIECE
        try:
            for _ in range(_LOTS):
                handler.wfile.write(piece)
                self.sent += 1
        except OSError:
            return
