"""Debian packages: installed when a program is missing, their services not started."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from .layout import cache_folder
from .programs import locked
from .shell import PATH, attempt, run
from .words import say

POLICY = Path("/usr/sbin/policy-rc.d")

# What to look for -> the package that has it.
CONTROL_PLANE = {
    "/usr/bin/etcd": "etcd-server",
    "openssl": "openssl",
    "ip": "iproute2",
}
COMPLETE = {
    **CONTROL_PLANE,
    "/usr/bin/containerd": "containerd",
    "/usr/sbin/runc": "runc",
    "/usr/lib/cni/bridge": "containernetworking-plugins",
    "iptables": "iptables",
    "nft": "nftables",
    "conntrack": "conntrack",
    "/usr/sbin/dockerd": "docker.io",
    "/usr/bin/docker-registry": "docker-registry",
    "/usr/share/doc/busybox-static": "busybox-static",
    "wrk": "wrk",
    "htpasswd": "apache2-utils",
    "skopeo": "skopeo",
    "umoci": "umoci",
    "/usr/share/doc/python3-venv": "python3-venv",
}


def is_there(program: str) -> bool:
    """A path exists, or a bare name is found where programs are."""
    return Path(program).exists() if program.startswith("/") else shutil.which(program, path=PATH) is not None


def missing(wanted: dict[str, str]) -> list[str]:
    """The packages still to be installed."""
    return sorted({package for program, package in wanted.items() if not is_there(program)})


def install(wanted: dict[str, str]) -> None:
    """Make every wanted program be there; nothing happens when all are. Of several that ask at once one installs."""
    if missing(wanted):
        with locked(cache_folder() / ".packages.lock"):
            _install(missing(wanted))


def _install(packages: list[str]) -> None:
    if not packages:  # another one was quicker
        return
    say(f"installing {' '.join(packages)}")
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    command = ("apt-get", "install", "-y", "-q", "--no-install-recommends", *packages)
    with services_held_back():
        if attempt(command, environment=environment).returncode != 0:
            run("apt-get", "update", "-q")  # the lists may be older than the mirror
            run(*command, environment=environment)


def unpack(package: str, program: str, into: Path) -> None:
    """One program out of its package, apart from the others: containerd and Docker would unpack by a pigz they find."""
    if (into / program).exists():
        return
    say(f"fetching {program}")
    with TemporaryDirectory() as folder:
        if attempt(("apt-get", "download", "-q", package), folder=Path(folder)).returncode != 0:
            run("apt-get", "update", "-q")
            run("apt-get", "download", "-q", package, folder=Path(folder))
        run("dpkg-deb", "-x", *Path(folder).glob("*.deb"), f"{folder}/out")
        shutil.copy2(f"{folder}/out/usr/bin/{program}", into / program)


@contextmanager
def services_held_back() -> Iterator[None]:
    """Debian starts what it installs unless this file says no; an existing one is left alone."""
    if POLICY.exists():
        yield
        return
    POLICY.write_text("#!/bin/sh\nexit 101\n")
    POLICY.chmod(0o755)
    try:
        yield
    finally:
        POLICY.unlink()
