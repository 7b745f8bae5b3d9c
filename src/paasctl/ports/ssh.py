"""SSH keys that sign, and the check of what they have signed."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from paasctl.model.approving import PublicKey, SigningWith


class SshReads(Protocol):
    """Reads only. Where it can't be found out, `Unavailable`: it is never a no."""

    def check(self) -> str:
        """That signatures can be checked here, in a few words."""
        ...

    def keys(self, path: str) -> tuple[SigningWith, ...]:
        """Keys that could sign, the likeliest first: a file's; where `path` is empty, git's and an agent's.

        `ConfigError` where the file holds no key.
        """
        ...

    def why_unsound(self, content: bytes, signature: bytes, keys: Iterable[PublicKey]) -> str:
        """Why none of these keys has made this signature, for approvals; empty: one has."""
        ...


class Ssh(SshReads, Protocol):
    """The half that signs."""

    def sign(self, content: bytes, key: SigningWith) -> bytes:
        """The signature, for approvals. Nothing is asked for: a key with a passphrase needs an agent."""
        ...
