"""Contents between two processes, each after its length. An empty one ends a row of them.

Large ones lie in slots where there are some, and only their length goes through the pipe.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import IO

from paasctl.adapters.beside.slots import SIZE, Slots

_LENGTH = 8
_IN_SLOT = 1 << 63
_LEAST = 16 << 10
"""Bytes from which on a slot is quicker than the pipe."""


class Frames:
    """Reads from one pipe, writes to another."""

    def __init__(
        self, source: IO[bytes], target: IO[bytes], *, fills: Slots | None = None, empties: Slots | None = None
    ) -> None:
        """Slots that the other side empties, and such as the other side fills."""
        self._source = source
        self._target = target
        self._fills = fills
        self._empties = empties

    def put(self, content: bytes) -> None:
        """Send it; at the end of a row, all that was held back, too. `BrokenPipeError`: nobody reads."""
        if self._fills and _LEAST <= len(content) <= SIZE:
            self._fills.fill(content)
            self._target.write((_IN_SLOT | len(content)).to_bytes(_LENGTH, "big"))
            self.flush()  # else the other side would wait for it, and we for the slot
            return
        self._target.write(len(content).to_bytes(_LENGTH, "big"))
        self._target.write(content)
        if not content:
            self.flush()

    def flush(self) -> None:
        """Send what was held back."""
        self._target.flush()

    def take(self) -> bytes | None:
        """The next one, as a whole; None: there is none, or only the beginning of it."""
        found = self._next()
        return found if isinstance(found, bytes | None) else b"".join(found)

    def row(self) -> Iterator[bytes]:
        """What comes until an empty one, in pieces. `EOFError`: nothing comes any more, and that was not its end."""
        while (found := self._next()) != b"":
            if found is None:
                raise EOFError
            if isinstance(found, bytes):
                yield found
            else:
                yield from found

    def _next(self) -> bytes | Iterator[bytes] | None:
        head = self._source.read(_LENGTH)
        size = int.from_bytes(head, "big")
        if self._empties and size & _IN_SLOT:
            return self._empties.empty(size ^ _IN_SLOT)
        content = self._source.read(size) if len(head) == _LENGTH else b""
        return content if len(head) == _LENGTH and len(content) == size else None

    def close(self) -> None:
        """Both pipes, and the slots."""
        try:
            self._target.close()
        finally:
            self._source.close()
            for it in (self._fills, self._empties):
                if it:
                    it.close()
