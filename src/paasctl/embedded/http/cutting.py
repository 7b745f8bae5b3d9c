"""Bodies and answers that break off, or are not what they were."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from paasctl.embedded.http.message import Body, Response


class CutBody:
    """A body whose connection ends after so many bytes: what is read beyond raises `ConnectionError`."""

    def __init__(self, body: Body, at: int) -> None:
        """`at` in bytes."""
        self._body, self._left = body, at

    def read(self, size: int = -1) -> bytes:
        """As in `message.Body`."""
        if not self._left:
            raise ConnectionError("cut off on purpose")
        content = self._body.read(self._left if size < 0 else min(size, self._left))
        self._left -= len(content)
        if size < 0 and not self._left:
            raise ConnectionError("cut off on purpose")
        return content

    def drain(self, most: int) -> bool:
        """The connection is about to end."""
        del most
        return False


def part(size: int, write: Callable[[bytes], object]) -> Callable[[bytes], object]:
    """A `write` that takes the first `size` bytes of a body (heads go out whole), then raises `ConnectionError`."""
    left, is_first = size, True

    def limited(content: bytes) -> None:
        nonlocal left, is_first
        top = content.partition(b"\r\n\r\n")[0] + b"\r\n\r\n" if is_first else b""
        body = content[len(top) :]
        is_first = False
        write(top + body[:left])
        left -= len(body)
        if left < 0 or (left == 0 and size == 0):
            raise ConnectionError("cut off on purpose")

    return limited


def flipped(response: Response) -> Response:
    """The same with one wrong byte, in the middle of its first part."""
    content = response.content
    return replace(response, content=_flip(content) if isinstance(content, bytes) else _flip_first(content))


def _flip_first(parts: Iterator[bytes]) -> Iterator[bytes]:
    is_first = True
    for it in parts:
        yield _flip(it) if is_first and it else it
        is_first = is_first and not it


def _flip(content: bytes) -> bytes:
    at = len(content) // 2
    return content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :] if content else content
