"""How an instance is, and how tests find it."""

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass

from .components import components
from .layout import AUTH_PASSWORD, AUTH_USER, GATEWAY, Instance
from .supervisor import Component, mark


@dataclass(frozen=True)
class Health:
    """One component, right now."""

    name: str
    state: str
    pid: int | None
    port: int | None
    since: str

    @property
    def is_good(self) -> bool:
        """Runs and works."""
        return self.state == "healthy"


def health(instance: Instance, component: Component) -> Health:
    """Ask one component."""
    if not (found := mark(instance, component.name)):
        return Health(component.name, "stopped", None, component.port, "-")
    state = "healthy" if component.is_ready() else "unhealthy"
    since = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(found.since))
    return Health(component.name, state, found.pid, component.port, since)


def status(instance: Instance) -> list[Health]:
    """Ask all of them at once."""
    wanted = components(instance)
    with ThreadPoolExecutor(max_workers=len(wanted)) as pool:
        return list(pool.map(lambda component: health(instance, component), wanted))


def table(rows: list[Health]) -> str:
    """For people."""
    lines = [("COMPONENT", "STATE", "PID", "PORT", "SINCE")]
    lines += [(row.name, row.state, str(row.pid or "-"), str(row.port or "-"), row.since) for row in rows]
    widths = [max(len(line[column]) for line in lines) for column in range(5)]
    return "\n".join("  ".join(map(str.ljust, line, widths)).rstrip() for line in lines)


def as_values(rows: list[Health]) -> list[dict[str, object]]:
    """For programs."""
    return [asdict(row) for row in rows]


def environment(instance: Instance) -> dict[str, str]:
    """What tests read to find this instance."""
    found = {
        "KUBECONFIG": str(instance.kubeconfig),
        "KUBECTL": str(instance.bin / "kubectl"),
        "AUDIT_LOG": str(instance.audit_log),
        "BIN": str(instance.bin),
    }
    if not instance.control_plane_only:
        found |= {
            "REGISTRY": instance.local("registry"),
            "REGISTRY_AUTH": instance.local("registry-auth"),
            "REGISTRY_AUTH_USER": AUTH_USER,
            "REGISTRY_AUTH_PASSWORD": AUTH_PASSWORD,
            "CONTAINERD_ADDRESS": str(instance.containerd_socket),
            "DOCKER_HOST": f"unix://{instance.docker_socket}",
            "BUILDKIT_HOST": f"unix://{instance.buildkit_socket}",
            "TRAEFIK": instance.local("traefik"),
            "NGINX": instance.local("nginx"),
            "GATEWAY": "/".join(GATEWAY),
        }
    return {f"PAASCTL_TEST_{name}": value for name, value in found.items()}
