"""Ask a component whether it works. Every probe is a claim: it says yes or no, and never raises."""

import http.client
import json
import socket
import ssl
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

Probe = Callable[[], bool]
QUIET = (OSError, http.client.HTTPException, ValueError)


def http_status(address: str, path: str, tls: ssl.SSLContext | None = None) -> int:
    """The status of a GET; 0 when there was no answer."""
    return fetch(address, path, tls)[0]


def fetch(address: str, path: str, tls: ssl.SSLContext | None = None) -> tuple[int, bytes]:
    """Status and body of a GET, straight to the address (no proxy); (0, b"") when there was no answer."""
    try:
        plain = http.client.HTTPConnection(address, timeout=5)
        connection = plain if tls is None else http.client.HTTPSConnection(address, timeout=5, context=tls)
        try:
            connection.request("GET", path)
            response = connection.getresponse()
            return response.status, response.read()
        finally:
            connection.close()
    except QUIET:
        return 0, b""


def answers(address: str, path: str, *statuses: int) -> Probe:
    """Whether plain HTTP answers with one of the statuses (200)."""
    return lambda: http_status(address, path) in (statuses or (200,))


def answers_tls(address: str, path: str) -> Probe:
    """The same with HTTPS, whoever signed the certificate."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return lambda: http_status(address, path, context) == http.HTTPStatus.OK


def accepts(path: Path) -> Probe:
    """Whether somebody listens on a socket."""

    def probe() -> bool:
        try:
            with socket.socket(socket.AF_UNIX) as client:
                client.settimeout(2)
                client.connect(str(path))
        except OSError:
            return False
        return True

    return probe


def answers_at(path: Path, page: str) -> Probe:
    """Whether HTTP on a socket answers with 200."""

    def probe() -> bool:
        connection = http.client.HTTPConnection("localhost", timeout=5)
        try:
            with socket.socket(socket.AF_UNIX) as client:
                client.settimeout(5)
                client.connect(str(path))
                connection.sock = client
                connection.request("GET", page)
                return connection.getresponse().status == http.HTTPStatus.OK
        except QUIET:
            return False

    return probe


def succeeds(argv: Sequence[str]) -> Probe:
    """Whether a program ends with 0 in ten seconds."""

    def probe() -> bool:
        try:
            return subprocess.run(argv, capture_output=True, timeout=10, check=False).returncode == 0
        except (OSError, subprocess.TimeoutExpired):
            return False

    return probe


class Api:
    """The API server, asked as the administrator; an address and a certificate, nothing cached."""

    def __init__(self, address: str, certificates: Path) -> None:
        """Certificates are read when first asked: they may not be made yet."""
        self._address = address
        self._certificates = certificates

    def get(self, path: str) -> Any:
        """The answer as JSON; None when there was none, or it was no success."""
        try:
            context = ssl.create_default_context(cafile=str(self._certificates / "ca.crt"))
            context.load_cert_chain(self._certificates / "admin.crt", self._certificates / "admin.key")
        except OSError:
            return None
        status, body = fetch(self._address, path, context)
        if status != http.HTTPStatus.OK:
            return None
        return json.loads(body) if body.startswith((b"{", b"[")) else body.decode()

    def condition(self, path: str, kind: str) -> bool:
        """Whether the object at the path has the condition, and it is True."""
        found = (self.get(path) or {}).get("status", {}).get("conditions", [])
        return any(each["type"] == kind and each["status"] == "True" for each in found)
