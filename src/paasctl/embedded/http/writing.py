"""From a response to a socket."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from http import HTTPStatus

from paasctl.embedded.http.message import Response

_PHRASES = {it.value: it.phrase for it in HTTPStatus}
_WITHOUT = frozenset({204, 304})


def head(response: Response, *, closes: bool) -> bytes:
    """The status line and the headers of a response, with the length where it is known."""
    lines = [f"HTTP/1.1 {response.status} {_PHRASES.get(response.status, '')}"]
    lines += [f"{name}: {value}" for name, value in response.headers.items()]
    lines += [f"{name}: {value}" for name, value in _framing(response).items()]
    if closes:
        lines.append("Connection: close")
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1", "replace")


def _framing(response: Response) -> Mapping[str, str]:
    if response.status in _WITHOUT:
        return {}
    if isinstance(response.content, bytes):
        return {"Content-Length": str(len(response.content) if response.length is None else response.length)}
    if response.length is not None:
        return {"Content-Length": str(response.length)}
    return {"Transfer-Encoding": "chunked"}


def send(response: Response, method: str, write: Callable[[bytes], object], *, closes: bool) -> None:
    """Send it whole. An iterator's parts go out as they come, and it is closed whatever happens."""
    top = head(response, closes=closes)
    content = response.content
    if isinstance(content, bytes):
        write(top if method == "HEAD" or response.status in _WITHOUT else top + content)
        return
    try:
        write(top)
        if method != "HEAD":
            _send_parts(content, write, chunked=response.length is None)
    finally:
        close = getattr(content, "close", None)
        if close:
            close()


def _send_parts(parts: Iterator[bytes], write: Callable[[bytes], object], *, chunked: bool) -> None:
    for it in parts:
        if it:
            write(b"%x\r\n%b\r\n" % (len(it), it) if chunked else it)
    if chunked:
        write(b"0\r\n\r\n")
