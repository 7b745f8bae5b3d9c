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
# What components make at paths nobody can choose.
PLACES = (
    "/etc/docker/key.json",
    "/run/containerd",
    "/run/docker",
    "/run/runc",
    "/usr/libexec/kubernetes",
    "/var/lib/cni",
    "/var/lib/kubelet",
    "/var/log/containers",
)
NAMES = ("key.json", "kubelet_internal_checkpoint", "DEPRECATION")  # files in there that are not sockets


@dataclass(frozen=True)
class Before:
    """Kernel settings, packet filter tables, and which of the places were empty."""

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
        absent = [place for place in PLACES if not Path(place).exists()]
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
    for place in map(Path, before.absent):
        prune(place)


def forget(instance: Instance) -> None:
    """The next `up` writes it down anew."""
    note(instance).unlink(missing_ok=True)


def tables() -> list[str]:
    """The packet filter's tables, such as `ip nat`; none where nft is not."""
    with suppress(Exception):
        listed = json.loads(attempt(["nft", "-j", "list", "tables"]).stdout)["nftables"]
        return [f"{each['table']['family']} {each['table']['name']}" for each in listed if "table" in each]
    return []


def prune(place: Path) -> None:
    """Remove dead sockets, known files and empty folders; whatever somebody may still use stays."""
    below = sorted(place.rglob("*"), key=lambda each: -len(each.parts)) if place.is_dir() else []
    for path in [*below, place]:
        with suppress(OSError):
            if path.is_dir() and not path.is_symlink():
                path.rmdir()
            elif path.name in NAMES or (path.is_socket() and not accepts(path)()):
                path.unlink()
