"""What earlier runs found out, kept on this machine. It may always be gone: nothing may depend on it but time."""

from __future__ import annotations

from typing import Protocol


class Kept(Protocol):
    """Small contents by kind and key. Neither call ever fails: what cannot be read or written is simply not there."""

    def get(self, kind: str, key: str) -> bytes | None:
        """What was put there, whole and undamaged; None: nothing, or not any more."""
        ...

    def put(self, kind: str, key: str, content: bytes) -> None:
        """Keep it while there is room."""
        ...
