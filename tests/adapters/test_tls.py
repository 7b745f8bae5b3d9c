"""What threads share does not change under a handshake."""

from __future__ import annotations

import ssl
from pathlib import Path

import pytest

from paasctl.adapters.kube.connect import Where, open_access
from paasctl.adapters.registry.trust import tls_context
from paasctl.adapters.tls import settled

_PEM = Path(__file__).with_name("registry") / "loopback.pem"


def _spoken(client: ssl.SSLContext) -> str | None:
    """The protocol a client and a server that speaks two of them agree on, over no network at all."""
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(_PEM)
    server.set_alpn_protocols(["h2", "http/1.1"])
    client.check_hostname = False
    client.verify_mode = ssl.CERT_NONE
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    ends = [client.wrap_bio(to_client, to_server), server.wrap_bio(to_server, to_client, server_side=True)]
    waiting = list(ends)
    while waiting:
        for end in tuple(waiting):
            try:
                end.do_handshake()
                waiting.remove(end)
            except ssl.SSLWantReadError:
                continue
    return ends[0].selected_alpn_protocol()


def _of_a_cluster(tmp_path: Path) -> ssl.SSLContext:
    file = tmp_path / "config"
    file.write_text(
        "clusters: [{name: a, cluster: {server: 'https://127.0.0.1:1', insecure-skip-tls-verify: true}}]\n"
        "users: [{name: a, user: {}}]\ncontexts: [{name: a, context: {cluster: a, user: a}}]\n"
    )
    made = open_access(Where(context="a", kubeconfig=str(file))).tls
    assert made is not None
    return made


@pytest.mark.parametrize("of", ["cluster", "registry", "any"])
def test_protocols_are_set_once(of: str, tmp_path: Path) -> None:
    context = {
        "cluster": lambda: _of_a_cluster(tmp_path),
        "registry": lambda: tls_context("registry.example", {}),
        "any": lambda: settled(ssl.create_default_context()),
    }[of]()
    context.set_alpn_protocols(["h2"])  # as a library may at each connection, while another thread shakes hands
    assert _spoken(context) == "http/1.1"
