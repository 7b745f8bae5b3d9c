"""What stands around the cluster: two registries and two routers, as ordinary processes on loopback."""

from pathlib import Path

from .layout import Instance
from .probes import answers
from .supervisor import Component

QUIET = ("--global.checknewversion=false", "--global.sendanonymoususage=false", "--log.level=INFO", "--ping=true")


def components(instance: Instance) -> list[Component]:
    """Registries first: nothing waits for the routers."""
    return [
        registry(instance, "registry", 200),
        registry(instance, "registry-auth", 401),
        traefik(instance),
        nginx(instance),
    ]


def registry(instance: Instance, name: str, status: int) -> Component:
    """Distribution 2.8; the status is what `/v2/` says to a stranger."""
    config = instance.etc / f"{name}.json"
    argv = ("/usr/bin/docker-registry", "serve", str(config))
    port = instance.port(name)
    return Component(name, argv, answers(instance.local(name), "/v2/", status), port=port, reads=(config,))


def traefik(instance: Instance) -> Component:
    """Gateway API and Ingress; and the API server's inner door, for pods."""
    inner = instance.etc / "inner-api.json"
    providers = (
        f"--entrypoints.api.address={instance.node_ip}:{instance.port('kube-apiserver')}",
        f"--providers.file.filename={inner}",
        "--providers.kubernetesingress=true",
        "--providers.kubernetesingress.ingressendpoint.ip=127.0.0.1",
        "--providers.kubernetesgateway=true",
        "--providers.kubernetesgateway.statusaddress.ip=127.0.0.1",
    )
    return router(instance, "traefik", providers, (inner,))


def nginx(instance: Instance) -> Component:
    """Ingress objects of the class `nginx`, with that controller's annotations."""
    provider = "--providers.kubernetesingressnginx"
    providers = (
        f"{provider}=true",
        f"{provider}.controllerclass=k8s.io/ingress-nginx",
        f"{provider}.publishstatusaddress=127.0.0.1",
    )
    return router(instance, "nginx", providers, ())


def router(instance: Instance, name: str, providers: tuple[str, ...], reads: tuple[Path, ...]) -> Component:
    """A Traefik with one HTTP entry on loopback."""
    access = instance.etc / "traefik.kubeconfig"
    argv = (
        str(instance.cache / "traefik/bin/traefik"),
        *QUIET,
        f"--entrypoints.web.address={instance.local(name)}",
        "--entrypoints.web.asdefault=true",
        f"--entrypoints.ping.address={instance.local(f'{name}-ping')}",
        "--ping.entrypoint=ping",
        *providers,
    )
    return Component(
        name,
        argv,
        answers(instance.local(f"{name}-ping"), "/ping"),
        after=("definitions", "network"),
        port=instance.port(name),
        environment={"KUBECONFIG": str(access)},
        reads=(access, *reads),
    )
