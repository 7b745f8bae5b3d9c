"""TLS contexts that many threads may open connections with at once."""

from __future__ import annotations

import ssl
from collections.abc import Iterable

_SPOKEN = ["http/1.1"]


def settled(context: ssl.SSLContext) -> ssl.SSLContext:
    """The same context, whose application protocols are set now, once and for good.

    urllib3 sets them anew for every connection; OpenSSL frees the old list while another thread's handshake copies it,
    and the server reads garbage: `TLSV1_ALERT_DECODE_ERROR`, now and then, or worse.
    """
    context.set_alpn_protocols(_SPOKEN)
    context.set_alpn_protocols = _leave  # type: ignore[method-assign]  # of this one context
    return context


def _leave(alpn_protocols: Iterable[str]) -> None:
    """What urllib3 asks for is what is spoken already."""
    del alpn_protocols
