"""SSH keys of people who exist in tests only: made from their names, so that they are the same in every run."""

from __future__ import annotations

import hashlib
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat


def _private(person: str) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(hashlib.sha256(person.encode()).digest())


def public_key(person: str) -> str:
    """A line of `authorized_keys`."""
    return _private(person).public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()


def key_name(person: str) -> str:
    """Of its file."""
    return f".key-{hashlib.sha256(person.encode()).hexdigest()[:8]}"


def write_key(folder: Path, person: str) -> str:
    """The private key in a file of its own; its path."""
    path = folder / key_name(person)
    path.write_bytes(_private(person).private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption()))
    path.chmod(0o600)
    return str(path)


def approvers(*people: str, **more: str) -> str:
    """The line of `paas.yaml`; `more` gives the value of a person as it is."""
    values = {**{it: f'"{public_key(it)}"' for it in people}, **more}
    return f"approvers: {{{', '.join(f'{name}: {it}' for name, it in values.items())}}}\n"
