"""Says hello, in HTML that MarkupSafe's compiled half escaped."""

import os
from http.server import BaseHTTPRequestHandler, HTTPServer

from markupsafe import _speedups, escape


class Hello(BaseHTTPRequestHandler):
    """Answers everything alike."""

    def do_GET(self) -> None:
        """Say hello."""
        body = f"hello from python, {escape('<you>')} ({_speedups.__name__})\n".encode()
        self.send_response(200)
        self.end_headers()
        self.wfile.write(body)


HTTPServer(("", int(os.environ.get("PORT", "8080"))), Hello).serve_forever()
