"""What the server does with requests that are none, with strangers, and with what it can't; and who can reach it."""

from __future__ import annotations

import contextlib
import json
import socket
import ssl
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import closing

import pytest

from paasctl.embedded.http import certificates
from paasctl.embedded.kube.clock import DrivenClock, RealClock
from paasctl.embedded.kube.simulation import Simulation, simulate, start

MAPS = "/api/v1/namespaces/default/configmaps"


@pytest.fixture(scope="module")
def sim() -> Iterator[Simulation]:
    with simulate(clock=DrivenClock(), tls=False) as made:
        yield made


@pytest.fixture(scope="module")
def secured() -> Iterator[Simulation]:
    with simulate() as made:
        yield made


def _raw(sim: Simulation, sent: bytes) -> list[tuple[int, bytes]]:
    """Status and body of all answers to these bytes, until the server ends the connection or has nothing to say."""
    with closing(socket.create_connection(("127.0.0.1", sim.server.port), timeout=5)) as wire:
        wire.sendall(sent)
        wire.shutdown(socket.SHUT_WR)
        with wire.makefile("rb") as source:
            whole = source.read()
    found = []
    while whole:
        head, _, whole = whole.partition(b"\r\n\r\n")
        size = next(int(it.split(b":")[1]) for it in head.lower().split(b"\r\n") if it.startswith(b"content-length"))
        found.append((int(head.split(b" ")[1]), whole[:size]))
        whole = whole[size:]
    return found


def _head(sim: Simulation, line: str, *headers: str) -> bytes:
    said = [line, "Host: here", f"Authorization: Bearer {sim.token}", *headers]
    return ("\r\n".join(said) + "\r\n\r\n").encode()


def _statuses(sim: Simulation, sent: bytes) -> list[int]:
    return [status for status, _ in _raw(sim, sent)]


GOOD = "GET /version HTTP/1.1"


# --- who asks ---


@pytest.mark.parametrize("said", ["", "Bearer nope", "Bearer ", "Basic YTpi", "Bearer", "bearer\tx"])
def test_without_a_good_token_nothing_is_told(sim: Simulation, said: str) -> None:
    for path in (MAPS, "/api/v1/secrets", "/apis", "/openapi/v2", "/nothing", "/api/v1/nodes?watch=1"):
        head = f"GET {path} HTTP/1.1\r\nAuthorization: {said}\r\n\r\n".encode()
        ((status, body),) = _raw(sim, head)
        assert (status, json.loads(body)["reason"]) == (401, "Unauthorized")


def test_health_and_version_are_for_everybody(sim: Simulation) -> None:
    for path in ("/healthz", "/livez", "/readyz", "/version"):
        assert _statuses(sim, f"GET {path} HTTP/1.1\r\n\r\n".encode()) == [200]


# --- requests that are none ---


@pytest.mark.parametrize(
    "sent",
    [
        b"hello\r\n\r\n",
        b"GET /version\r\n\r\n",
        b"GET /version HTTP/2.0\r\n\r\n",
        b"GET /version page HTTP/1.1\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
        b"GET /version HTTP/1.1\r\nno colon\r\n\r\n",
        b"GET /version HTTP/1.1\r\nName : value\r\n\r\n",
        b"GET /version HTTP/1.1\r\n: value\r\n\r\n",
        b"GET /version HTTP/1.1\r\nContent-Length: many\r\n\r\n",
        b"GET /version HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
        b"GET /version HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
    ],
)
def test_what_is_no_request_is_answered_by_400_and_the_end(sim: Simulation, sent: bytes) -> None:
    assert _statuses(sim, sent + _head(sim, GOOD)) == [400]


@pytest.mark.parametrize("sent", [b"", b"\r\n\r\n", b"GET /ver", b"GET /version HTTP/1.1\r\nHost: x", b"\r\n"])
def test_what_breaks_off_has_no_answer(sim: Simulation, sent: bytes) -> None:
    assert _raw(sim, sent) == []


def test_a_body_that_breaks_off_changes_nothing(sim: Simulation) -> None:
    body = json.dumps({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "half"}}).encode()
    head = _head(sim, f"POST {MAPS} HTTP/1.1", f"Content-Length: {len(body) + 1}")
    assert _raw(sim, head + body) == []
    assert _statuses(sim, _head(sim, f"GET {MAPS}/half HTTP/1.1")) == [404]


@pytest.mark.parametrize(
    "headers",
    [
        [f"X-Long: {'x' * 70_000}"],
        [f"X-{number}: 1" for number in range(300)],
    ],
    ids=["one long", "many"],
)
def test_huge_headers_are_refused(sim: Simulation, headers: list[str]) -> None:
    assert _statuses(sim, _head(sim, GOOD, *headers)) == [431]


def test_a_long_address_is_refused(sim: Simulation) -> None:
    assert _statuses(sim, _head(sim, f"GET /{'x' * 70_000} HTTP/1.1")) == [414]


def test_long_headers_that_are_not_too_long_are_read(sim: Simulation) -> None:
    assert _statuses(sim, _head(sim, GOOD, f"X-Long: {'x' * 60_000}")) == [200]


# --- chunks ---


def _chunked(sim: Simulation, chunks: bytes) -> list[int]:
    head = _head(sim, f"POST {MAPS} HTTP/1.1", "Transfer-Encoding: chunked", "Content-Type: application/json")
    return _statuses(sim, head + chunks + _head(sim, GOOD))


def _chunk(content: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(content), content)


def _map(name: str) -> bytes:
    return json.dumps({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}}).encode()


def test_a_body_comes_in_chunks(sim: Simulation) -> None:
    body = _map("chunks")
    whole = _chunk(body[:10]) + b"5;name=value\r\n" + body[10:15] + b"\r\n" + _chunk(body[15:]) + b"0\r\n"
    assert _chunked(sim, whole + b"X-Trailer: 1\r\n\r\n") == [201, 200]


@pytest.mark.parametrize(
    "size", [b"-5", b"+5", b"0x5", b"5_0", b"zz", b"5 5", b" ", b"f" * 30], ids=lambda it: it.decode()
)
def test_a_chunk_without_a_length_is_refused_and_the_connection_ends(sim: Simulation, size: bytes) -> None:
    assert _chunked(sim, size + b"\r\n" + _map("bad") + b"\r\n0\r\n\r\n") == [400]


def test_an_empty_line_is_no_length_of_a_chunk(sim: Simulation) -> None:
    assert _chunked(sim, b"\r\n") == [400]


def test_a_chunk_that_does_not_end_where_it_said_is_refused(sim: Simulation) -> None:
    body = _map("bad")
    assert _chunked(sim, b"%x\r\n" % (len(body) - 3) + body + b"\r\n0\r\n\r\n") == [400]


def test_a_bad_chunk_that_nobody_reads_ends_the_connection(sim: Simulation) -> None:
    head = _head(sim, "GET /version HTTP/1.1", "Transfer-Encoding: chunked")
    assert _statuses(sim, head + b"zz\r\n" + _head(sim, GOOD)) == [200]


def test_two_lengths_are_none(sim: Simulation) -> None:
    """What one reads as a body, another may read as the next request."""
    head = _head(sim, f"POST {MAPS} HTTP/1.1", "Transfer-Encoding: chunked", "Content-Length: 4")
    assert _statuses(sim, head + b"0\r\n\r\n" + _head(sim, GOOD)) == [400]


def test_another_transfer_coding_is_not_implemented(sim: Simulation) -> None:
    head = _head(sim, f"POST {MAPS} HTTP/1.1", "Transfer-Encoding: gzip, chunked")
    assert _statuses(sim, head + b"0\r\n\r\n") == [501]


# --- methods and paths ---


@pytest.mark.parametrize("method", ["BREW", "get", "TRACE", "CONNECT", "PROPFIND"])
def test_an_unknown_method_is_not_allowed(sim: Simulation, method: str) -> None:
    ((status, body),) = _raw(sim, _head(sim, f"{method} {MAPS} HTTP/1.1"))
    assert (status, json.loads(body)["reason"]) == (405, "MethodNotAllowed")


@pytest.mark.parametrize(
    ("method", "path"), [("PUT", MAPS), ("POST", f"{MAPS}/one"), ("PATCH", MAPS), ("DELETE", "/api/v1")]
)
def test_a_method_that_fits_nothing_there_is_not_allowed(sim: Simulation, method: str, path: str) -> None:
    assert _statuses(sim, _head(sim, f"{method} {path} HTTP/1.1")) in ([405], [404])


@pytest.mark.parametrize(
    "path",
    [
        "/../../etc/passwd",
        "/api/v1/../../../etc/passwd",
        f"{MAPS}/../../../../../etc/passwd",
        f"{MAPS}/%2e%2e%2f%2e%2e%2fetc%2fpasswd",
        f"{MAPS}/..",
        "/openapi/v3/../../secrets",
        "/openapi/v3/%2e%2e/%2e%2e/etc/passwd",
        "//etc/passwd",
        "/api/v1/namespaces/..%2f..%2fdefault/configmaps/one",
        "/apis/%00/v1",
    ],
)
def test_no_path_leads_out(sim: Simulation, path: str) -> None:
    ((status, body),) = _raw(sim, _head(sim, f"GET {path} HTTP/1.1"))
    assert status in (400, 404)
    assert b"root:" not in body


@pytest.mark.parametrize("path", ["pods/web/exec", "pods/web/portforward", "pods/web/attach", "services/web/proxy"])
def test_what_it_cannot_it_says(sim: Simulation, path: str) -> None:
    ((status, body),) = _raw(sim, _head(sim, f"POST /api/v1/namespaces/default/{path} HTTP/1.1"))
    assert (status, json.loads(body)["message"]) == (
        501, f"the simulated API server has no {path.rpartition('/')[2]}",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("media", "body", "status"),
    [
        ("application/json", b"{", 400),
        ("application/json", b"[]", 400),
        ("application/json", b"", 400),
        ("application/json", b"\xff\xfe", 400),
        ("application/vnd.kubernetes.protobuf", b"\x00\x01\x02", 400),
        ("application/vnd.kubernetes.protobuf", b"k8s\x00" + b"\xff" * 40, 400),
        ("text/plain", b"hello", 415),
    ],
)
def test_a_body_that_says_nothing_is_refused(sim: Simulation, media: str, body: bytes, status: int) -> None:
    head = _head(sim, f"POST {MAPS} HTTP/1.1", f"Content-Length: {len(body)}", f"Content-Type: {media}")
    ((found, said),) = _raw(sim, head + body)
    assert (found, json.loads(said)["kind"]) == (status, "Status")


# --- connections ---


def test_several_requests_share_a_connection(sim: Simulation) -> None:
    before = sim.server.connections
    assert _statuses(sim, _head(sim, GOOD) * 5) == [200] * 5
    assert sim.server.connections == before + 1


@pytest.mark.parametrize("head", ["GET /version HTTP/1.0", "GET /version HTTP/1.1\r\nConnection: close"])
def test_a_client_that_wants_an_end_has_it(sim: Simulation, head: str) -> None:
    assert _statuses(sim, _head(sim, head) + _head(sim, GOOD)) == [200]


def test_a_client_may_ask_before_it_sends(sim: Simulation) -> None:
    body = _map("asked")
    head = _head(sim, f"POST {MAPS} HTTP/1.1", f"Content-Length: {len(body)}", "Expect: 100-continue")
    with closing(socket.create_connection(("127.0.0.1", sim.server.port), timeout=5)) as wire:
        wire.sendall(head)
        assert wire.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
        wire.sendall(body)
        assert wire.recv(12) == b"HTTP/1.1 201"


def test_a_whole_address_is_a_path(sim: Simulation) -> None:
    assert _statuses(sim, _head(sim, "GET http://elsewhere/version HTTP/1.1")) == [200]


def test_an_end_cuts_who_is_still_there() -> None:
    made = start(clock=DrivenClock(), tls=False)
    port = made.server.port
    with closing(socket.create_connection(("127.0.0.1", port), timeout=5)) as wire:
        wire.sendall(_head(made, "GET /api/v1/nodes?watch=1 HTTP/1.1"))
        assert wire.recv(12) == b"HTTP/1.1 200"
        made.stop()
        with contextlib.suppress(ConnectionResetError):
            while wire.recv(1 << 16):
                pass
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), timeout=1)


# --- who can reach it ---


def _other_addresses() -> list[str]:
    """This machine's own addresses beside 127.0.0.1."""
    found = {it[4][0] for it in socket.getaddrinfo(socket.gethostname(), None, socket.AF_INET)}
    return [str(it) for it in {*found, "127.0.0.2"} - {"127.0.0.1"}]


def test_it_listens_on_loopback_only(sim: Simulation) -> None:
    assert sim.server._listener.getsockname()[0] == "127.0.0.1"
    for it in _other_addresses():
        with pytest.raises(OSError, match=r"refused|timed out|unreachable"):
            socket.create_connection((it, sim.server.port), timeout=0.5)


def _status_with(sim: Simulation, host: str, context: ssl.SSLContext) -> int:
    with urllib.request.urlopen(f"https://{host}:{sim.server.port}/version", context=context, timeout=5) as answer:
        status: int = answer.status
    return status


def test_its_certificate_holds_with_its_authority_only(secured: Simulation) -> None:
    good = ssl.create_default_context(cadata=secured.authority.decode())
    assert [_status_with(secured, it, good) for it in ("127.0.0.1", "localhost")] == [200, 200]
    stranger = certificates.make(RealClock().utc()).authority.decode()
    for context in (ssl.create_default_context(), ssl.create_default_context(cadata=stranger)):
        with pytest.raises(urllib.error.URLError, match="CERTIFICATE_VERIFY_FAILED"):
            _status_with(secured, "127.0.0.1", context)


def test_its_certificate_holds_now_whatever_the_clusters_time_is() -> None:
    with simulate(clock=DrivenClock(86_400.0)) as made:
        context = ssl.create_default_context(cadata=made.authority.decode())
        assert _status_with(made, "127.0.0.1", context) == 200


def test_its_certificate_is_for_this_machine_only(secured: Simulation) -> None:
    context = ssl.create_default_context(cadata=secured.authority.decode())
    with (
        socket.create_connection(("127.0.0.1", secured.server.port), timeout=5) as wire,
        pytest.raises(ssl.SSLCertVerificationError, match="Hostname mismatch"),
    ):
        context.wrap_socket(wire, server_hostname="api.example.com")


def test_plain_http_has_no_answer_where_it_speaks_tls(secured: Simulation) -> None:
    with closing(socket.create_connection(("127.0.0.1", secured.server.port), timeout=5)) as wire:
        wire.sendall(b"GET /version HTTP/1.1\r\n\r\n")
        with contextlib.suppress(ConnectionResetError):
            assert not wire.recv(100).startswith(b"HTTP")
    assert _status_with(secured, "127.0.0.1", ssl.create_default_context(cadata=secured.authority.decode())) == 200


def test_old_versions_of_tls_are_refused(secured: Simulation) -> None:
    context = ssl.create_default_context(cadata=secured.authority.decode())
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    assert _status_with(secured, "127.0.0.1", context) == 200
    assert secured.server.tls is not None
    assert secured.server.tls.minimum_version >= ssl.TLSVersion.TLSv1_2
