"""Keys in PEM, as `openssl genpkey` and `cosign generate-key-pair` write them: `SigningKey` and `VerifyingKey`."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from nacl.bindings import crypto_secretbox_open
from nacl.exceptions import CryptoError

from paasctl.adapters.disk import read_regular
from paasctl.errors import ConfigError
from paasctl.values import dataclass

_PASSWORDS = ("PAASCTL_SIGN_PASSWORD", "COSIGN_PASSWORD")
_SEALED = ("-----BEGIN ENCRYPTED SIGSTORE PRIVATE KEY-----", "-----BEGIN ENCRYPTED COSIGN PRIVATE KEY-----")
_BLOCK = re.compile(rb"-----BEGIN [A-Z ]+-----.*?-----END [A-Z ]+-----\n?", re.DOTALL)
_SCRYPT = 1 << 28
"""Bytes that deriving a key may take; cosign's takes 64 MiB."""

Private = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey
Public = ec.EllipticCurvePublicKey | rsa.RSAPublicKey | ed25519.Ed25519PublicKey


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
        return PublicKeys((self._key.public_key(),)).verifies(content, signature)


@dataclass(frozen=True, slots=True)
class PublicKeys:
    """One public key, or several of which any will do: an old one and its successor."""

    _keys: tuple[Public, ...]

    def verifies(self, content: bytes, signature: bytes) -> bool:
        """Whether one of them made it."""
        return any(_verifies(it, content, signature) for it in self._keys)


def _verifies(key: Public, content: bytes, signature: bytes) -> bool:
    try:
        match key:
            case ec.EllipticCurvePublicKey():
                key.verify(signature, content, ec.ECDSA(hashes.SHA256()))
            case rsa.RSAPublicKey():
                key.verify(signature, content, padding.PKCS1v15(), hashes.SHA256())
            case ed25519.Ed25519PublicKey():
                key.verify(signature, content)
    except InvalidSignature:
        return False
    return True


def read_public_key(text: str, folder: Path) -> PublicKeys:
    """Keys in PEM, or in the file that `text` names below `folder`. `ConfigError` says what is wrong."""
    where, content = "of paas.yaml", text.encode()
    if not text.lstrip().startswith("-----BEGIN"):
        path = folder / Path(text).expanduser()
        where = str(path)
        try:
            content = read_regular(path)
        except OSError as error:
            raise _not_public(where, str(error.strerror)) from error
    if b"PRIVATE KEY-----" in content:
        raise _not_public(where, "it is a private key, which stays with whoever signs")
    blocks = _BLOCK.findall(content)
    try:
        keys = tuple(serialization.load_pem_public_key(it) for it in blocks)
    except (ValueError, UnsupportedAlgorithm) as error:
        raise _not_public(where, "it is no public key in PEM") from error
    if not blocks:
        raise _not_public(where, "there is no public key in PEM")
    return PublicKeys(tuple(_of_a_kind(it, where) for it in keys))


def _of_a_kind(key: Any, where: str) -> Public:
    if not isinstance(key, ec.EllipticCurvePublicKey | rsa.RSAPublicKey | ed25519.Ed25519PublicKey):
        raise _not_public(where, f"{type(key).__name__} is no kind that cosign verifies")
    return key


def _not_public(where: str, why: str) -> ConfigError:
    hint = "openssl pkey -in key.pem -pubout, or cosign public-key --key cosign.key"
    return ConfigError(f"reading the public key {where}: {why}", hint=hint, code="key-unreadable")


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
