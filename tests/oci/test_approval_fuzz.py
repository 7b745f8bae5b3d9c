"""Approvals that anybody may have written: read, or told to be none, never a surprise."""

from __future__ import annotations

import base64
import json
import random
import subprocess
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from paasctl.model.approving import PublicKey
from paasctl.oci.documents.approval import Signed, read_statement, signed_parts, signer_of
from support.approving import statement
from support.sshkeys import public_key, write_key

_ODD: tuple[Any, ...] = (
    None,
    0,
    -1,
    1e400,
    "",
    "x",
    [],
    {},
    [[]],
    True,
    "\x00",
    "\ud800".encode("utf-8", "surrogatepass").decode("utf-8", "replace"),
)
_MANIFEST = {
    "artifactType": "application/vnd.paasctl.approval.v1+json",
    "layers": [
        {"mediaType": "application/vnd.in-toto+json", "digest": f"sha256:{'1' * 64}", "size": 10},
        {"mediaType": "application/vnd.paasctl.approval.signature.v1+pem", "digest": f"sha256:{'2' * 64}", "size": 10},
    ],
}


@pytest.fixture(scope="module")
def signature(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    key = write_key(tmp_path_factory.mktemp("keys"), "anna")
    argv = ["ssh-keygen", "-Y", "sign", "-q", "-n", "paasctl-approval", "-f", key]
    return subprocess.run(argv, input=b"yes", capture_output=True, check=True).stdout


def _mutated(content: bytes, dice: random.Random) -> bytes:
    """Bytes changed, cut out, doubled."""
    found = bytearray(content)
    for _ in range(dice.randint(1, 4)):
        at = dice.randrange(len(found) + 1)
        match dice.randrange(3):
            case 0:
                found[at : at + 1] = bytes([dice.randrange(256)])
            case 1:
                del found[at : at + dice.randint(1, 40)]
            case _:
                found[at:at] = found[at : at + dice.randint(1, 40)]
    return bytes(found)


def _odd(document: object, dice: random.Random) -> object:
    """One of its values is another."""
    found = json.loads(json.dumps(document))
    inside = found
    while True:
        keys = list(inside) if isinstance(inside, dict) else list(range(len(inside)))
        key = dice.choice(keys)
        if not isinstance(inside[key], dict | list) or not inside[key] or dice.random() < 0.3:
            inside[key] = dice.choice(_ODD)
            return found
        inside = inside[key]


@pytest.mark.parametrize("seed", range(10))
def test_a_signature_is_read_or_is_none(signature: bytes, seed: int) -> None:
    dice = random.Random(seed)
    known = PublicKey.parse(public_key("anna"))
    assert signer_of(signature) == known
    for _ in range(500):
        with suppress(ValueError):
            assert signer_of(_mutated(signature, dice)).fingerprint.startswith("SHA256:")


@pytest.mark.parametrize("seed", range(10))
def test_a_statement_is_read_or_is_none(seed: int) -> None:
    dice = random.Random(seed)
    sound = statement(f"sha256:{'1' * 64}", reason="why")
    for _ in range(500):
        content = json.dumps(_odd(sound, dice)).encode()
        for it in (content, _mutated(content, dice)):
            found = read_statement(it, "it")
            assert found.fault or (found.environments and found.at and found.record)


@pytest.mark.parametrize("seed", range(10))
def test_a_manifest_is_read_or_is_none(seed: int) -> None:
    dice = random.Random(seed)
    assert isinstance(signed_parts(json.dumps(_MANIFEST).encode(), "it"), Signed)
    for _ in range(500):
        content = json.dumps(_odd(_MANIFEST, dice)).encode()
        for it in (content, _mutated(content, dice)):
            signed_parts(it, "it")


def test_a_path_is_not_taken_for_anything_else(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no SSH public key"):
        PublicKey.parse(str(tmp_path))


def test_one_key_has_one_spelling() -> None:
    kind, content, *_ = public_key("anna").split()
    blob = base64.b64decode(content) + b"x"  # of another length: one whose base64 has bits to spare
    plain = base64.b64encode(blob).decode().removesuffix("==")
    spare = f"{plain[:-1]}{chr(ord(plain[-1]) + 1)}=="
    assert base64.b64decode(spare) == blob
    assert PublicKey.parse(f"{kind} {spare}") == PublicKey.parse(f"{kind} {plain}==")
