"""Contents through a pipe, each after its length. An empty one ends a row of them."""

from __future__ import annotations

from typing import IO

_LENGTH = 8


class Frames:
    """Reads from one pipe, writes to another."""

    def __init__(self, source: IO[bytes], target: IO[bytes]) -> None:
        self._source = source
        self._target = target

    def put(self, content: bytes) -> None:
        """Send it; at the end of a row, all that was held back, too. `BrokenPipeError`: nobody reads."""
        self._target.write(len(content).to_bytes(_LENGTH, "big"))
        self._target.write(content)
        if not content:
            self._target.flush()

    def take(self) -> bytes | None:
        """The next one; None: there is none, or only the beginning of it."""
        head = self._source.read(_LENGTH)
        size = int.from_bytes(head, "big")
        content = self._source.read(size) if len(head) == _LENGTH else b""
        return content if len(head) == _LENGTH and len(content) == size else None

    def close(self) -> None:
        """Both pipes."""
        try:
            self._target.close()
        finally:
            self._source.close()
