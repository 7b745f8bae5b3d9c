"""What a node runs: containers, the kubelet, service addresses; and two ways to build images."""

from .layout import Instance
from .probes import Api, accepts, answers, answers_at, succeeds
from .supervisor import Component


def components(instance: Instance) -> list[Component]:
    """One node per machine: see `layout` for why."""
    return [containerd(instance), kubelet(instance), kube_proxy(instance), dockerd(instance), buildkitd(instance)]


def containerd(instance: Instance) -> Component:
    """Of the instance's own; a system's containerd is not touched."""
    config = instance.etc / "containerd.toml"
    argv = ("/usr/bin/containerd", "--config", str(config))
    return Component(
        "containerd",
        argv,
        succeeds(["/usr/bin/ctr", "--address", str(instance.containerd_socket), "version"]),
        after=("network",),
        reads=(config, instance.etc / "cni" / "10-testbed.conflist"),
        stale=(instance.containerd_socket,),
    )


def kubelet(instance: Instance) -> Component:
    """Ready when its node is."""
    config, access = instance.etc / "kubelet.json", instance.etc / "kubelet.kubeconfig"
    argv = (
        str(instance.bin / "kubelet"),
        f"--config={config}",
        f"--kubeconfig={access}",
        f"--root-dir={instance.data / 'kubelet'}",
        f"--hostname-override={instance.name}",
        f"--node-ip={instance.node_ip}",
    )
    healthy = answers(instance.local("kubelet-health"), "/healthz")
    api = Api(instance.local("kube-apiserver"), instance.data / "pki")
    return Component(
        "kubelet",
        argv,
        lambda: healthy() and api.condition(f"/api/v1/nodes/{instance.name}", "Ready"),
        after=("kube-apiserver", "containerd", "pause-image"),
        port=instance.port("kubelet"),
        reads=(config, access),
    )


def kube_proxy(instance: Instance) -> Component:
    """Writes the iptables rules behind every service."""
    config = instance.etc / "kube-proxy.json"
    argv = (str(instance.bin / "kube-proxy"), f"--config={config}")
    ready = answers(instance.local("kube-proxy"), "/healthz")
    after, port = ("kube-apiserver", "network"), instance.port("kube-proxy")
    return Component("kube-proxy", argv, ready, after=after, port=port, reads=(config,))


def dockerd(instance: Instance) -> Component:
    """Shares the instance's containerd, in a namespace of its own; makes no links and no iptables rules."""
    config, pidfile = instance.etc / "docker.json", instance.run / "docker.pid"
    argv = (
        "/usr/sbin/dockerd",
        f"--config-file={config}",
        f"--host=unix://{instance.docker_socket}",
        f"--containerd={instance.containerd_socket}",
        f"--data-root={instance.data / 'docker'}",
        f"--exec-root={instance.run / 'docker'}",
        f"--pidfile={pidfile}",
        f"--cgroup-parent=/{instance.cgroup}/docker",
        f"--insecure-registry={instance.local('registry')}",
        f"--insecure-registry={instance.local('registry-auth')}",
        "--group=root",
        "--bridge=none",
        "--iptables=false",
        "--ip6tables=false",
        "--ip-forward=false",
        "--ip-masq=false",
        "--oom-score-adjust=0",
    )
    ready = answers_at(instance.docker_socket, "/_ping")
    stale = (pidfile, instance.docker_socket)
    return Component("dockerd", argv, ready, after=("containerd",), reads=(config,), stale=stale)


def buildkitd(instance: Instance) -> Component:
    """On its own: needs no containerd."""
    config = instance.etc / "buildkitd.toml"
    argv = (
        str(instance.bin / "buildkitd"),
        f"--config={config}",
        f"--root={instance.data / 'buildkit'}",
        f"--addr=unix://{instance.buildkit_socket}",
        "--oci-worker-net=host",
    )
    ready = accepts(instance.buildkit_socket)
    return Component("buildkitd", argv, ready, after=("network",), reads=(config,), stale=(instance.buildkit_socket,))
