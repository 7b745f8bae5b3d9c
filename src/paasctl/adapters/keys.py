"""Keys in PEM files, as `openssl genpkey` and `cosign generate-key-pair` write them: the `SigningKey` port."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from nacl.bindings import crypto_secretbox_open
from nacl.exceptions import CryptoError

from paasctl.adapters.disk import read_regular
from paasctl.errors import ConfigError
from paasctl.values import dataclass

_PASSWORDS = ("PAASCTL_SIGN_PASSWORD", "COSIGN_PASSWORD")
_SEALED = ("-----BEGIN ENCRYPTED SIGSTORE PRIVATE KEY-----", "-----BEGIN ENCRYPTED COSIGN PRIVATE KEY-----")
_SCRYPT = 1 << 28
"""Bytes that deriving a key may take; cosign's takes 64 MiB."""

Private = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey


@dataclass(frozen=True, slots=True)
class FileKey:
    """A private key that was read."""

    _key: Private

    def sign(self, content: bytes) -> bytes:
        """SHA-256 with ECDSA or RSA (PKCS #1 v1.5), or Ed25519: what cosign verifies."""
        match self._key:
            case ec.EllipticCurvePrivateKey():
                return self._key.sign(content, ec.ECDSA(hashes.SHA256()))
            case rsa.RSAPrivateKey():
                return self._key.sign(content, padding.PKCS1v15(), hashes.SHA256())
            case ed25519.Ed25519PrivateKey():
                return self._key.sign(content)

    def verifies(self, content: bytes, signature: bytes) -> bool:
        """Whether this key made it."""
        try:
            match self._key:
                case ec.EllipticCurvePrivateKey():
                    self._key.public_key().verify(signature, content, ec.ECDSA(hashes.SHA256()))
                case rsa.RSAPrivateKey():
                    self._key.public_key().verify(signature, content, padding.PKCS1v15(), hashes.SHA256())
                case ed25519.Ed25519PrivateKey():
                    self._key.public_key().verify(signature, content)
        except InvalidSignature:
            return False
        return True


def read_key(path: Path, environ: Mapping[str, str]) -> FileKey:
    """The key in a file. `ConfigError` says what is wrong with it, and never what is in it."""
    try:
        content = read_regular(path)
    except OSError as error:
        raise _unreadable(path, str(error.strerror)) from error
    password = next((environ[it] for it in _PASSWORDS if it in environ), None)
    try:
        key = _loaded(content, None if password is None else password.encode())
    except TypeError as error:  # it wants a password and there is none, or the other way round
        raise _unreadable(path, f"{error} ({_PASSWORDS[0]})") from error
    except (ValueError, KeyError, binascii.Error, CryptoError) as error:
        raise _unreadable(path, "it is no key, or the password is another") from error
    if not isinstance(key, ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey):
        raise _unreadable(path, f"{type(key).__name__} is no kind that cosign verifies")
    return FileKey(key)


def _unreadable(path: Path, why: str) -> ConfigError:
    return ConfigError(f"reading the key {path}: {why}", hint=_HINT, code="key-unreadable")


_HINT = "openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out key.pem, or cosign generate-key-pair"


def _loaded(content: bytes, password: bytes | None) -> Any:
    text = content.decode("ascii").strip()
    if not text.startswith(_SEALED):
        return serialization.load_pem_private_key(content, password)
    sealed = json.loads(base64.b64decode("".join(text.splitlines()[1:-1])))
    how = sealed["kdf"]["params"]
    derived = hashlib.scrypt(
        password or b"",
        salt=base64.b64decode(sealed["kdf"]["salt"]),
        n=int(how["N"]),
        r=int(how["r"]),
        p=int(how["p"]),
        maxmem=_SCRYPT,
        dklen=32,
    )
    nonce, box = base64.b64decode(sealed["cipher"]["nonce"]), base64.b64decode(sealed["ciphertext"])
    return serialization.load_der_private_key(crypto_secretbox_open(box, nonce, derived), None)
