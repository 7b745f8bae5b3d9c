"""Keys that sign, and keys that tell who signed."""

from __future__ import annotations

from typing import Protocol


class VerifyingKey(Protocol):
    """A public key, or several of which any will do."""

    def verifies(self, content: bytes, signature: bytes) -> bool:
        """Whether it made the signature."""
        ...


class SigningKey(VerifyingKey, Protocol):
    """One key, private part and all. It is never shown."""

    def sign(self, content: bytes) -> bytes:
        """The signature, as cosign makes it with such a key."""
        ...
