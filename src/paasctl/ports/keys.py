"""Keys that sign."""

from __future__ import annotations

from typing import Protocol


class SigningKey(Protocol):
    """One key, private part and all. It is never shown."""

    def sign(self, content: bytes) -> bytes:
        """The signature, as cosign makes it with such a key."""
        ...

    def verifies(self, content: bytes, signature: bytes) -> bool:
        """Whether this very key made the signature."""
        ...
