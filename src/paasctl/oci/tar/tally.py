"""What passes, counted and hashed on its way."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator


class Tally:
    """Digest and size of what passed."""

    def __init__(self) -> None:
        """Nothing has passed."""
        self._hash = hashlib.sha256()
        self.size = 0

    @property
    def digest(self) -> str:
        """`sha256:…` of all of it."""
        return f"sha256:{self._hash.hexdigest()}"

    def note(self, chunk: bytes) -> None:
        """Count it in."""
        self._hash.update(chunk)
        self.size += len(chunk)

    def over(self, chunks: Iterable[bytes]) -> Iterator[bytes]:
        """The same chunks, each counted as it passes."""
        for chunk in chunks:
            self.note(chunk)
            yield chunk
