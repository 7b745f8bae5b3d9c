"""What is where: ports, addresses, ranges and folders of one instance (pure).

Everything two instances could quarrel over follows from a name and an offset. Two instances can NOT share
a node: kube-proxy's iptables chains, the kubelet's and the bridge's routes are one per machine. So one
instance is complete and any other is `control_plane_only`: etcd, API server, controllers and scheduler.
"""

import os
import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from .failure import Failed

MAIN = "testbed"
OFFSETS = range(10)
FIRST_PORT = 16400
PORTS_EACH = 100
PORTS = {
    "registry": 0,
    "registry-auth": 1,
    "traefik": 2,
    "nginx": 3,
    "traefik-ping": 4,
    "nginx-ping": 5,
    "etcd": 10,
    "etcd-peer": 11,
    "kube-apiserver": 43,
    "kube-controller-manager": 44,
    "kube-scheduler": 45,
    "kubelet": 46,
    "kubelet-health": 47,
    "kube-proxy": 48,
    "kube-proxy-metrics": 49,
}
AUTH_USER = "testbed"
AUTH_PASSWORD = "testbed-password"
GATEWAY = ("testbed", "gateway")


def port(name: str, offset: int) -> int:
    """The port of a component: a block of a hundred for every instance."""
    return FIRST_PORT + PORTS_EACH * offset + PORTS[name]


@dataclass(frozen=True)
class Instance:
    """One testbed: what it is called, which block of numbers it has, where it lives."""

    name: str = MAIN
    offset: int = 0
    control_plane_only: bool = False
    states: Path = Path("/var/lib/paasctl-testbed")
    cache: Path = Path("/root/.cache/paasctl-testbed")

    def __post_init__(self) -> None:
        """Refuse what could not become a folder, a link or a port."""
        if not re.fullmatch(r"[a-z][a-z0-9-]{0,19}", self.name):
            raise Failed(f"name {self.name!r}: use up to 20 of a-z, 0-9 and -")
        if self.offset not in OFFSETS:
            raise Failed(f"offset {self.offset}: use 0 to {OFFSETS[-1]}")

    def port(self, name: str) -> int:
        """The port of a component of this instance."""
        return port(name, self.offset)

    def local(self, name: str) -> str:
        """`127.0.0.1:PORT` of a component."""
        return f"127.0.0.1:{self.port(name)}"

    @cached_property
    def state(self) -> Path:
        """Everything this instance writes is below here."""
        return self.states / self.name

    @cached_property
    def bin(self) -> Path:
        """Compiled programs, shared by all instances."""
        return self.cache / "bin"

    @cached_property
    def etc(self) -> Path:
        """Configuration files and certificates, written anew by every `up`."""
        return self.state / "etc"

    @cached_property
    def run(self) -> Path:
        """Sockets and what a reboot would forget; emptied by `down`."""
        return self.state / "run"

    @cached_property
    def data(self) -> Path:
        """What outlives `down` and goes with `--wipe`."""
        return self.state / "data"

    def log(self, component: str) -> Path:
        """Where a component writes what it has to say."""
        return self.state / "logs" / f"{component}.log"

    @cached_property
    def audit_log(self) -> Path:
        """Every request the API server got, one JSON object a line."""
        return self.state / "logs" / "audit.jsonl"

    @cached_property
    def kubeconfig(self) -> Path:
        """The administrator's kubeconfig, context `testbed`."""
        return self.state / "kubeconfig"

    @cached_property
    def containerd_socket(self) -> Path:
        """Also how this instance's container shims are told from others."""
        return self.run / "containerd.sock"

    @cached_property
    def docker_socket(self) -> Path:
        """The Docker Engine's API."""
        return self.run / "docker.sock"

    @cached_property
    def buildkit_socket(self) -> Path:
        """BuildKit's API."""
        return self.run / "buildkitd.sock"

    @cached_property
    def node_ip(self) -> str:
        """The node's address; the range is set aside for tests of network gear."""
        return f"198.18.{self.offset}.1"

    @cached_property
    def pod_range(self) -> str:
        """Addresses of pods."""
        return f"10.{64 + 2 * self.offset}.0.0/16"

    @cached_property
    def service_range(self) -> str:
        """Addresses of services."""
        return f"10.{65 + 2 * self.offset}.0.0/16"

    @cached_property
    def first_service(self) -> str:
        """The address of the service `kubernetes`."""
        return self.service_range.replace(".0.0/16", ".0.1")

    @cached_property
    def node_link(self) -> str:
        """The link that carries the node's address."""
        return f"ptb{self.offset}node"

    @cached_property
    def pod_link(self) -> str:
        """The bridge that pods hang on."""
        return f"ptb{self.offset}pods"

    @cached_property
    def cgroup(self) -> str:
        """The control group every process of this instance is in, or below."""
        return f"paasctl-testbed-{self.name}"


def states_folder() -> Path:
    """Where instances live, by the environment."""
    return Path(os.environ.get("PAASCTL_TESTBED_STATE") or "/var/lib/paasctl-testbed")


def cache_folder() -> Path:
    """Where compiled programs live, by the environment."""
    if given := os.environ.get("PAASCTL_TESTBED_CACHE"):
        return Path(given)
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "paasctl-testbed"
