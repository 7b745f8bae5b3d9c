"""An authority of the instance's own and what it signs, by the openssl program."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from .layout import Instance
from .shell import run

CURVE = ("-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256")
DAYS = "3650"


@dataclass(frozen=True)
class Subject:
    """Who a certificate speaks for: Kubernetes reads user and group out of it."""

    file: str
    user: str
    group: str = ""
    names: tuple[str, ...] = ()

    def line(self) -> str:
        """As openssl wants it."""
        return f"{f'/O={self.group}' if self.group else ''}/CN={self.user}"

    def extensions(self) -> str:
        """What the certificate may be used for."""
        lines = ["basicConstraints=CA:FALSE", "extendedKeyUsage=clientAuth,serverAuth"]
        if self.names:
            lines.append(f"subjectAltName={','.join(self.names)}")
        return "\n".join(lines) + "\n"


def subjects(instance: Instance) -> tuple[Subject, ...]:
    """Everybody who needs a certificate."""
    server = ("DNS:localhost", "DNS:kubernetes", "DNS:kubernetes.default", "DNS:kubernetes.default.svc")
    addresses = tuple(f"IP:{ip}" for ip in ("127.0.0.1", instance.node_ip, instance.first_service))
    return (
        Subject("apiserver", "kube-apiserver", names=server + addresses),
        Subject("apiserver-kubelet", "kube-apiserver-kubelet-client", "system:masters"),
        Subject("front-proxy", "front-proxy-client"),
        Subject("admin", "testbed-admin", "system:masters"),
        Subject("kube-controller-manager", "system:kube-controller-manager"),
        Subject("kube-scheduler", "system:kube-scheduler"),
        Subject("kube-proxy", "system:kube-proxy"),
        Subject("traefik", "system:testbed:traefik", "system:masters"),
        Subject(
            "kubelet",
            f"system:node:{instance.name}",
            "system:nodes",
            (f"DNS:{instance.name}", f"IP:{instance.node_ip}", "IP:127.0.0.1"),
        ),
    )


def make(instance: Instance) -> Path:
    """The folder with all of them; made anew only when who needs one has changed."""
    folder = instance.data / "pki"
    wanted = hashlib.sha256(repr(subjects(instance)).encode()).hexdigest()
    note = folder / "made-for"
    if note.exists() and note.read_text() == wanted:
        return folder
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    if not (folder / "ca.crt").exists():
        make_authority(folder)
    for subject in subjects(instance):
        sign(folder, subject)
    note.write_text(wanted)
    return folder


def make_authority(folder: Path) -> None:
    """The authority, and the key pair that signs service accounts' tokens."""
    key(folder / "ca.key")
    run("openssl", "req", "-x509", "-new", "-key", folder / "ca.key", "-subj", "/CN=testbed", "-days", DAYS,
        "-addext", "keyUsage=critical,keyCertSign,digitalSignature", "-out", folder / "ca.crt")  # fmt: skip
    key(folder / "service-accounts.key")
    run("openssl", "pkey", "-in", folder / "service-accounts.key", "-pubout", "-out", folder / "service-accounts.pub")


def key(path: Path) -> None:
    """A private key only root can read."""
    run("openssl", "genpkey", *CURVE, "-out", path)
    path.chmod(0o600)


def sign(folder: Path, subject: Subject) -> None:
    """A key and a certificate for one subject."""
    base = folder / subject.file
    key(base.with_suffix(".key"))
    base.with_suffix(".ext").write_text(subject.extensions())
    run("openssl", "req", "-new", "-key", base.with_suffix(".key"), "-subj", subject.line(),
        "-out", base.with_suffix(".csr"))  # fmt: skip
    run("openssl", "x509", "-req", "-in", base.with_suffix(".csr"), "-CA", folder / "ca.crt", "-CAkey",
        folder / "ca.key", "-CAcreateserial", "-days", DAYS, "-extfile", base.with_suffix(".ext"),
        "-out", base.with_suffix(".crt"))  # fmt: skip
