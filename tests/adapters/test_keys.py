"""Keys that sign, held against openssl; and cosign's own file, sealed as cosign seals it."""

from __future__ import annotations

import base64
import hashlib
import json
import subprocess
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from nacl.bindings import crypto_secretbox

from paasctl.adapters.keys import FileKey, read_key, read_public_key
from paasctl.errors import ConfigError

_KINDS = {
    "ec": ("EC", "-pkeyopt", "ec_paramgen_curve:P-256"),
    "rsa": ("RSA", "-pkeyopt", "rsa_keygen_bits:2048"),
}


def openssl(folder: Path, *words: str) -> str:
    return subprocess.run(["openssl", *words], cwd=folder, check=True, capture_output=True, text=True).stdout


@pytest.fixture(params=_KINDS)
def key(request: pytest.FixtureRequest, tmp_path: Path) -> FileKey:
    openssl(tmp_path, "genpkey", "-algorithm", *_KINDS[request.param], "-out", "key.pem")
    openssl(tmp_path, "pkey", "-in", "key.pem", "-pubout", "-out", "key.pub")
    return read_key(tmp_path / "key.pem", {})


def test_openssl_verifies_what_a_key_signs(key: FileKey, tmp_path: Path) -> None:
    (tmp_path / "said").write_bytes(b"a payload")
    (tmp_path / "signature").write_bytes(key.sign(b"a payload"))
    words = ("dgst", "-sha256", "-verify", "key.pub", "-signature", "signature", "said")
    assert openssl(tmp_path, *words) == "Verified OK\n"


def test_a_key_knows_its_own_signatures(key: FileKey) -> None:
    signature = key.sign(b"a payload")
    assert key.verifies(b"a payload", signature)
    assert not key.verifies(b"another", signature)
    assert not key.verifies(b"a payload", signature[:-1] + bytes([signature[-1] ^ 1]))


def test_an_ed25519_key(tmp_path: Path) -> None:
    openssl(tmp_path, "genpkey", "-algorithm", "ED25519", "-out", "key.pem")
    key = read_key(tmp_path / "key.pem", {})
    assert key.verifies(b"a payload", key.sign(b"a payload"))
    assert not key.verifies(b"another", key.sign(b"a payload"))


@pytest.mark.parametrize("name", ["PAASCTL_SIGN_PASSWORD", "COSIGN_PASSWORD"])
def test_a_key_with_a_password(tmp_path: Path, name: str) -> None:
    words = (*_KINDS["ec"], "-aes-256-cbc", "-pass", "pass:tip")
    openssl(tmp_path, "genpkey", "-algorithm", *words, "-out", "key.pem")
    assert read_key(tmp_path / "key.pem", {name: "tip"}).sign(b"x")
    for environ in ({}, {name: "tap"}):
        with pytest.raises(ConfigError) as caught:
            read_key(tmp_path / "key.pem", environ)
        assert caught.value.code == "key-unreadable"
        assert "tip" not in caught.value.message


def _sealed(der: bytes, password: bytes) -> str:
    """As cosign writes a key: scrypt, then a secret box, in JSON, in base64."""
    salt, nonce = bytes(range(32)), bytes(range(24))
    derived = hashlib.scrypt(password, salt=salt, n=65536, r=8, p=1, maxmem=1 << 28, dklen=32)
    box = crypto_secretbox(der, nonce, derived)
    document = {
        "kdf": {"name": "scrypt", "params": {"N": 65536, "r": 8, "p": 1}, "salt": base64.b64encode(salt).decode()},
        "cipher": {"name": "nacl/secretbox", "nonce": base64.b64encode(nonce).decode()},
        "ciphertext": base64.b64encode(box).decode(),
    }
    kind = "ENCRYPTED SIGSTORE PRIVATE KEY"
    body = base64.encodebytes(json.dumps(document).encode()).decode()
    return f"-----BEGIN {kind}-----\n{body}-----END {kind}-----\n"


def test_a_key_of_cosign_s(tmp_path: Path) -> None:
    openssl(tmp_path, "genpkey", "-algorithm", *_KINDS["ec"], "-out", "key.pem")
    plain = serialization.load_pem_private_key((tmp_path / "key.pem").read_bytes(), None)
    der = plain.private_bytes(
        serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (tmp_path / "cosign.key").write_text(_sealed(der, b"tip"))
    key = read_key(tmp_path / "cosign.key", {"COSIGN_PASSWORD": "tip"})
    assert read_key(tmp_path / "key.pem", {}).verifies(b"x", key.sign(b"x"))
    with pytest.raises(ConfigError, match="the password is another"):
        read_key(tmp_path / "cosign.key", {"COSIGN_PASSWORD": "tap"})


@pytest.mark.parametrize("content", [b"", b"what", b"\xff", b"-----BEGIN ENCRYPTED SIGSTORE PRIVATE KEY-----\nx\n--\n"])
def test_what_is_no_key(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "key").write_bytes(content)
    with pytest.raises(ConfigError, match="it is no key"):
        read_key(tmp_path / "key", {})


def test_a_kind_that_cosign_does_not_verify(tmp_path: Path) -> None:
    openssl(tmp_path, "genpkey", "-algorithm", "X25519", "-out", "key.pem")
    with pytest.raises(ConfigError, match="no kind that cosign verifies"):
        read_key(tmp_path / "key.pem", {})


def test_a_key_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="No such file"):
        read_key(tmp_path / "key.pem", {})


@pytest.mark.parametrize("kind", [*_KINDS.values(), ("ED25519",)], ids=[*_KINDS, "ed25519"])
def test_a_public_key_verifies_what_openssl_signs(tmp_path: Path, kind: tuple[str, ...]) -> None:
    openssl(tmp_path, "genpkey", "-algorithm", *kind, "-out", "key.pem")
    openssl(tmp_path, "pkey", "-in", "key.pem", "-pubout", "-out", "key.pub")
    (tmp_path / "said").write_bytes(b"a payload")
    if kind == ("ED25519",):
        openssl(tmp_path, "pkeyutl", "-sign", "-inkey", "key.pem", "-rawin", "-in", "said", "-out", "signature")
    else:
        openssl(tmp_path, "dgst", "-sha256", "-sign", "key.pem", "-out", "signature", "said")
    signature = (tmp_path / "signature").read_bytes()
    for key in (
        read_public_key("key.pub", tmp_path),
        read_public_key((tmp_path / "key.pub").read_text(), Path("/nowhere")),
    ):
        assert key.verifies(b"a payload", signature)
        assert not key.verifies(b"another", signature)
        assert not key.verifies(b"a payload", b"")


def test_a_key_of_a_kind_that_nobody_verifies_with(tmp_path: Path) -> None:
    openssl(tmp_path, "genpkey", "-algorithm", "X25519", "-out", "key.pem")
    openssl(tmp_path, "pkey", "-in", "key.pem", "-pubout", "-out", "key.pub")
    with pytest.raises(ConfigError, match="X25519PublicKey is no kind that cosign verifies"):
        read_public_key("key.pub", tmp_path)


@pytest.mark.parametrize("text", ["-----BEGIN PUBLIC KEY-----\nbm8=\n-----END PUBLIC KEY-----\n", "-----BEGIN"])
def test_what_is_no_public_key(tmp_path: Path, text: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read_public_key(text, tmp_path)
    assert caught.value.code == "key-unreadable"
