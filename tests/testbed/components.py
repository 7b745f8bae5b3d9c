"""Every component of an instance: how it is started, and how to know that it works."""

from pathlib import Path

from . import edge, node
from .layout import Instance
from .probes import Api, answers, answers_tls
from .supervisor import Component


def components(instance: Instance) -> list[Component]:
    """All of them, in an order in which each comes after what it needs."""
    control = control_plane(instance)
    return (
        control if instance.control_plane_only else [*control, *node.components(instance), *edge.components(instance)]
    )


def control_plane(instance: Instance) -> list[Component]:
    """Without these there is no API."""
    return [etcd(instance), apiserver(instance), controllers(instance), scheduler(instance)]


def api(instance: Instance) -> Api:
    """The instance's API server."""
    return Api(instance.local("kube-apiserver"), pki(instance))


def pki(instance: Instance) -> Path:
    """Where its certificates are."""
    return instance.data / "pki"


def etcd(instance: Instance) -> Component:
    """Loopback only, plain: whoever gets there is root already."""
    client, peer = (f"http://{instance.local(name)}" for name in ("etcd", "etcd-peer"))
    argv = (
        "/usr/bin/etcd",
        f"--name={instance.name}",
        f"--data-dir={instance.data / 'etcd'}",
        f"--listen-client-urls={client}",
        f"--advertise-client-urls={client}",
        f"--listen-peer-urls={peer}",
        f"--initial-advertise-peer-urls={peer}",
        f"--initial-cluster={instance.name}={peer}",
        "--logger=zap",
        "--log-outputs=stderr",
        "--auto-compaction-retention=1h",
    )
    ready = answers(instance.local("etcd"), "/health")
    return Component("etcd", argv, ready, port=instance.port("etcd"))


def apiserver(instance: Instance) -> Component:
    """On loopback; pods reach it through the node's address, which a router passes on."""
    keys, policy = pki(instance), instance.etc / "audit-policy.json"
    argv = (
        str(instance.bin / "kube-apiserver"),
        "--bind-address=127.0.0.1",
        f"--secure-port={instance.port('kube-apiserver')}",
        f"--advertise-address={instance.node_ip}",
        f"--etcd-servers=http://{instance.local('etcd')}",
        f"--service-cluster-ip-range={instance.service_range}",
        "--authorization-mode=Node,RBAC",
        "--enable-admission-plugins=NodeRestriction",
        "--allow-privileged=true",
        f"--client-ca-file={keys}/ca.crt",
        f"--tls-cert-file={keys}/apiserver.crt",
        f"--tls-private-key-file={keys}/apiserver.key",
        f"--kubelet-client-certificate={keys}/apiserver-kubelet.crt",
        f"--kubelet-client-key={keys}/apiserver-kubelet.key",
        f"--kubelet-certificate-authority={keys}/ca.crt",
        "--kubelet-preferred-address-types=InternalIP",
        "--service-account-issuer=https://kubernetes.default.svc.cluster.local",
        f"--service-account-key-file={keys}/service-accounts.pub",
        f"--service-account-signing-key-file={keys}/service-accounts.key",
        f"--proxy-client-cert-file={keys}/front-proxy.crt",
        f"--proxy-client-key-file={keys}/front-proxy.key",
        f"--requestheader-client-ca-file={keys}/ca.crt",
        "--requestheader-allowed-names=front-proxy-client",
        "--requestheader-username-headers=X-Remote-User",
        "--requestheader-group-headers=X-Remote-Group",
        "--requestheader-extra-headers-prefix=X-Remote-Extra-",
        f"--audit-policy-file={policy}",
        f"--audit-log-path={instance.audit_log}",
        "--audit-log-maxsize=200",
        "--audit-log-maxbackup=2",
        "--shutdown-delay-duration=0s",
    )
    return Component(
        "kube-apiserver",
        argv,
        lambda: api(instance).get("/readyz") == "ok",
        after=("etcd",),
        port=instance.port("kube-apiserver"),
        reads=(policy, keys / "apiserver.crt"),
        timeout=90.0,
    )


def controllers(instance: Instance) -> Component:
    """One of each, so none waits to be elected."""
    config = instance.etc / "kube-controller-manager.kubeconfig"
    argv = (
        str(instance.bin / "kube-controller-manager"),
        *served(instance, "kube-controller-manager", config),
        "--use-service-account-credentials=true",
        f"--root-ca-file={pki(instance)}/ca.crt",
        f"--service-account-private-key-file={pki(instance)}/service-accounts.key",
        f"--cluster-cidr={instance.pod_range}",
        f"--service-cluster-ip-range={instance.service_range}",
    )
    return kube_component(instance, "kube-controller-manager", argv, config)


def scheduler(instance: Instance) -> Component:
    """Gives pods their node."""
    config = instance.etc / "kube-scheduler.kubeconfig"
    argv = (str(instance.bin / "kube-scheduler"), *served(instance, "kube-scheduler", config))
    return kube_component(instance, "kube-scheduler", argv, config)


def served(instance: Instance, name: str, config: Path) -> tuple[str, ...]:
    """The flags that controllers and scheduler share."""
    return (
        f"--kubeconfig={config}",
        f"--authentication-kubeconfig={config}",
        f"--authorization-kubeconfig={config}",
        "--bind-address=127.0.0.1",
        f"--secure-port={instance.port(name)}",
        "--leader-elect=false",
    )


def kube_component(instance: Instance, name: str, argv: tuple[str, ...], config: Path) -> Component:
    """A component that says /healthz on a port of its own."""
    ready = answers_tls(instance.local(name), "/healthz")
    after = ("kube-apiserver",)
    return Component(name, argv, ready, after=after, port=instance.port(name), reads=(config,))
