"""What vouches for an image, as values."""

from __future__ import annotations

from paasctl.values import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """One thing that vouches: a signature, an SBOM, an attestation."""

    kinds: frozenset[str]
    """Types, and the address of its predicate."""
    about: frozenset[str]
    """The digests that it is about, as it says."""
    name: str = ""
    """Under which name it was signed; empty: it says none."""
    signed: tuple[tuple[bytes, bytes], ...] = ()
    """(what was signed, the signature)."""
    trouble: str = ""
    """Why it says nothing that can be trusted."""
