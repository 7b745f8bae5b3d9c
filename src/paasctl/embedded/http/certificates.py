"""An authority of one's own and a certificate for this machine: the only file that knows `cryptography`."""

from __future__ import annotations

import ipaddress
import os
import ssl
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

_LASTS = timedelta(days=365)
_FILES = ("ca.crt", "server.key", "server.crt")
"""The last one tells whether they are good: it is written last, so that a kill leaves none that don't fit."""


@dataclass(frozen=True)
class Certificates:
    """PEM: the authority that clients trust, and the server's own."""

    authority: bytes
    certificate: bytes
    key: bytes

    def context(self) -> ssl.SSLContext:
        """What a server needs to speak TLS."""
        made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        made.minimum_version = ssl.TLSVersion.TLSv1_2
        with tempfile.TemporaryDirectory() as folder:  # the standard library reads keys from files only
            chain = Path(folder, "chain.pem")
            descriptor = os.open(chain, os.O_CREAT | os.O_WRONLY | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                file.write(self.certificate + self.key)
            made.load_cert_chain(chain)
        return made


def make(now: float) -> Certificates:
    """Fresh ones, good for a year from `now` (seconds since the epoch), for 127.0.0.1, ::1 and localhost."""
    began = datetime.fromtimestamp(now, UTC) - timedelta(hours=1)
    root_key, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    root = _root(root_key, began)
    return Certificates(
        root.public_bytes(serialization.Encoding.PEM),
        _leaf(root, root_key, key, began).public_bytes(serialization.Encoding.PEM),
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()),
    )


def kept(folder: Path, now: float) -> Certificates:
    """Those of a folder; fresh ones are put there where it has none, or only some, or they end within a day."""
    files = [folder / it for it in _FILES]
    if all(it.is_file() for it in files):
        authority, key, certificate = (it.read_bytes() for it in files)
        if _ends(certificate) > now + 86_400:
            return Certificates(authority, certificate, key)
    fresh = make(now)
    for path, content in zip(files, (fresh.authority, fresh.key, fresh.certificate), strict=True):
        path.unlink(missing_ok=True)
        with os.fdopen(os.open(path, os.O_CREAT | os.O_WRONLY | os.O_EXCL, 0o600), "wb") as file:
            file.write(content)
    return fresh


def _ends(certificate: bytes) -> float:
    """Seconds since the epoch; 0: it is no certificate."""
    try:
        return x509.load_pem_x509_certificate(certificate).not_valid_after_utc.timestamp()
    except ValueError:
        return 0


def _root(key: ec.EllipticCurvePrivateKey, began: datetime) -> x509.Certificate:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "paasctl embedded authority")])
    usage = x509.KeyUsage(True, False, False, False, False, True, True, False, False)  # noqa: FBT003 - by position
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(began)
        .not_valid_after(began + _LASTS)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )


def _leaf(
    root: x509.Certificate, root_key: ec.EllipticCurvePrivateKey, key: ec.EllipticCurvePrivateKey, began: datetime
) -> x509.Certificate:
    names = [
        x509.DNSName("localhost"),
        *(x509.IPAddress(ipaddress.ip_address(it)) for it in ("127.0.0.1", "::1")),
    ]
    return (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")]))
        .issuer_name(root.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(began)
        .not_valid_after(began + _LASTS)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(root_key.public_key()), critical=False)
        .sign(root_key, hashes.SHA256())
    )
