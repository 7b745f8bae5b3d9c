"""What the machine was before a node ran on it, written down to be put back."""

import json
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from .layout import Instance
from .probes import accepts
from .shell import attempt

# Settings that the kubelet, kube-proxy or `network` change.
SETTINGS = (
    "net/ipv4/ip_forward",
    "net/ipv4/conf/all/route_localnet",
    "net/bridge/bridge-nf-call-iptables",
    "net/netfilter/nf_conntrack_max",
    "net/netfilter/nf_conntrack_tcp_timeout_established",
    "net/netfilter/nf_conntrack_tcp_timeout_close_wait",
    "net/netfilter/nf_conntrack_tcp_be_liberal",
    "vm/overcommit_memory",
    "vm/panic_on_oom",
    "kernel/panic",
    "kernel/panic_on_oops",
    "kernel/keys/root_maxkeys",
    "kernel/keys/root_maxbytes",
)
SYS = Path("/proc/sys")
# Folders that components make at paths nobody can choose.
FOLDERS = (
    "/run/containerd",
    "/run/docker",
    "/run/runc",
    "/usr/libexec/kubernetes",
    "/var/lib/cni",
    "/var/lib/kubelet",
    "/var/log/containers",
)
DEVICE_PLUGINS = Path("/var/lib/kubelet/device-plugins")


@dataclass(frozen=True)
class Before:
    """Kernel settings, packet filter tables, and which of the folders were not there."""

    settings: dict[str, str]
    tables: list[str]
    absent: list[str]


def note(instance: Instance) -> Path:
    """Where it is written down; gone once all is put back."""
    return instance.state / "before.json"


def remember(instance: Instance) -> None:
    """Write it down, once per life of the instance."""
    if not note(instance).exists():
        settings = {name: (SYS / name).read_text().strip() for name in SETTINGS if (SYS / name).exists()}
        absent = [folder for folder in FOLDERS if not Path(folder).exists()]
        note(instance).write_text(json.dumps(asdict(Before(settings, tables(), absent))))


def recall(instance: Instance) -> Before | None:
    """What was written down; None when no node ran since all was put back."""
    try:
        return Before(**json.loads(note(instance).read_text()))
    except (OSError, ValueError, TypeError):
        return None


def restore(before: Before) -> None:
    """Settings, tables and folders as they were."""
    for name, value in before.settings.items():
        with suppress(OSError):
            if (SYS / name).read_text().strip() != value:
                (SYS / name).write_text(value)
    for name in set(tables()) - set(before.tables):
        attempt(["nft", "delete", "table", *name.split()])
    if "/var/lib/kubelet" in before.absent and DEVICE_PLUGINS.is_dir():
        for path in DEVICE_PLUGINS.iterdir():
            path.unlink()
    for folder in before.absent:
        prune(Path(folder))


def forget(instance: Instance) -> None:
    """The next `up` writes it down anew."""
    note(instance).unlink(missing_ok=True)


def tables() -> list[str]:
    """The packet filter's tables, such as `ip nat`; none where nft is not."""
    with suppress(Exception):
        listed = json.loads(attempt(["nft", "-j", "list", "tables"]).stdout)["nftables"]
        return [f"{each['table']['family']} {each['table']['name']}" for each in listed if "table" in each]
    return []


def prune(folder: Path) -> None:
    """Remove dead sockets and empty folders; whatever somebody may still use stays."""
    for path in sorted(folder.rglob("*"), key=lambda each: -len(each.parts)):
        if path.is_socket() and not accepts(path)():
            path.unlink(missing_ok=True)
        elif path.is_dir() and not path.is_symlink():
            with suppress(OSError):
                path.rmdir()
    with suppress(OSError):
        folder.rmdir()
