"""Write every configuration file of an instance."""

from pathlib import Path

from . import certificates, configs
from .layout import AUTH_PASSWORD, AUTH_USER, Instance
from .shell import run

USERS = ("kube-controller-manager", "kube-scheduler", "kube-proxy", "kubelet", "traefik")


def write_all(instance: Instance) -> None:
    """Certificates, then what names them; a file whose content is unchanged is not touched."""
    keys = certificates.make(instance)
    write(instance.kubeconfig, configs.kubeconfig(instance, keys, "admin"), 0o600)
    for user in USERS:
        write(instance.etc / f"{user}.kubeconfig", configs.kubeconfig(instance, keys, user), 0o600)
    write(instance.etc / "audit-policy.json", configs.audit_policy())
    if not instance.control_plane_only:
        write_node(instance, keys)
        write_registries(instance)


def write_node(instance: Instance, keys: Path) -> None:
    """What the node's components read."""
    etc = instance.etc
    write(etc / "kubelet.json", configs.kubelet(instance, keys))
    write(etc / "kube-proxy.json", configs.kube_proxy(instance))
    write(etc / "containerd.toml", configs.containerd(instance))
    write(etc / "cni" / "10-testbed.conflist", configs.network(instance))
    write(etc / "docker.json", configs.docker())
    write(etc / "buildkitd.toml", configs.buildkit(instance))
    write(etc / "inner-api.json", configs.inner_api(instance))
    write(etc / "resolv.conf", "# pods have no name service here\n")


def write_registries(instance: Instance) -> None:
    """Two of them, and how containerd speaks to each."""
    passwords = instance.etc / "htpasswd"
    if not passwords.exists():
        write(passwords, run("htpasswd", "-Bbn", AUTH_USER, AUTH_PASSWORD), 0o600)
    for name, guard in (("registry", None), ("registry-auth", passwords)):
        address = instance.local(name)
        write(instance.etc / f"{name}.json", configs.registry(address, instance.data / name, guard))
        for host in (address, address.replace("127.0.0.1", "localhost")):
            write(instance.etc / "registries" / host / "hosts.toml", configs.registry_host(host))


def write(path: Path, text: str, mode: int = 0o644) -> None:
    """All of it or nothing, with its mode from the first moment."""
    if path.exists() and path.read_text() == text:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f".{path.name}.new")
    fresh.touch(mode=mode)
    fresh.write_text(text)
    fresh.replace(path)
