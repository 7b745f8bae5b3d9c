"""The text of every configuration file (pure), and one function that writes them.

JSON is YAML, so what is read as YAML is written by `json`: no quoting of our own.
"""

import base64
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from .layout import Instance

PAUSE_IMAGE = "testbed.invalid/pause:1"
WRITES = ["create", "update", "patch", "delete", "deletecollection"]


def as_json(value: Mapping[str, Any]) -> str:
    """For people to read too."""
    return json.dumps(value, indent=2) + "\n"


def kubeconfig(instance: Instance, certificates: Path, user: str) -> str:
    """How one user reaches the API server; holds the key, so it needs no other file."""

    def content(name: str) -> str:
        return base64.b64encode((certificates / name).read_bytes()).decode()

    cluster = {
        "server": f"https://{instance.local('kube-apiserver')}",
        "certificate-authority-data": content("ca.crt"),
    }
    secret = {"client-certificate-data": content(f"{user}.crt"), "client-key-data": content(f"{user}.key")}
    return as_json(
        {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": "testbed", "cluster": cluster}],
            "users": [{"name": user, "user": secret}],
            "contexts": [{"name": "testbed", "context": {"cluster": "testbed", "user": user}}],
            "current-context": "testbed",
        }
    )


def audit_policy() -> str:
    """What tests ask about is who wrote what: the cluster's own chatter is left out."""
    own = [
        "system:apiserver",
        "system:kube-controller-manager",
        "system:kube-scheduler",
        "system:kube-proxy",
        "system:testbed:traefik",
    ]
    rules: list[dict[str, Any]] = [
        {"level": "None", "users": own},
        {"level": "None", "userGroups": ["system:nodes", "system:serviceaccounts:kube-system"]},
        {"level": "None", "nonResourceURLs": ["/readyz*", "/livez*", "/healthz*"]},
        {"level": "Metadata", "resources": [{"group": "", "resources": ["secrets"]}]},
        {"level": "Request", "verbs": WRITES},
        {"level": "Metadata"},
    ]
    return as_json(
        {"apiVersion": "audit.k8s.io/v1", "kind": "Policy", "omitStages": ["RequestReceived"], "rules": rules}
    )


def kubelet(instance: Instance, certificates: Path) -> str:
    """A kubelet that shares the machine: own folders, own control group, no opinion on a full disk."""
    return as_json(
        {
            "apiVersion": "kubelet.config.k8s.io/v1beta1",
            "kind": "KubeletConfiguration",
            "address": instance.node_ip,
            "port": instance.port("kubelet"),
            "healthzPort": instance.port("kubelet-health"),
            "tlsCertFile": str(certificates / "kubelet.crt"),
            "tlsPrivateKeyFile": str(certificates / "kubelet.key"),
            "authentication": {
                "x509": {"clientCAFile": str(certificates / "ca.crt")},
                "webhook": {"enabled": True},
                "anonymous": {"enabled": False},
            },
            "authorization": {"mode": "Webhook"},
            "containerRuntimeEndpoint": f"unix://{instance.containerd_socket}",
            "cgroupDriver": "cgroupfs",
            "cgroupRoot": f"/{instance.cgroup}",
            "failCgroupV1": False,
            "failSwapOn": False,
            "oomScoreAdj": 0,
            "podLogsDir": str(instance.state / "logs" / "pods"),
            "volumePluginDir": str(instance.run / "volume-plugins"),
            "resolvConf": str(instance.etc / "resolv.conf"),
            "clusterDomain": "cluster.local",
            "clusterDNS": [instance.first_service.removesuffix(".1") + ".10"],
            "maxPods": 250,
            "registryPullQPS": 0,
            "eventRecordQPS": 0,
            "serializeImagePulls": False,
            "imageGCHighThresholdPercent": 100,
            "evictionHard": {
                "memory.available": "100Mi",
                "nodefs.available": "1%",
                "nodefs.inodesFree": "1%",
                "imagefs.available": "1%",
            },
            "shutdownGracePeriod": "0s",
        }
    )


def kube_proxy(instance: Instance) -> str:
    """Masquerades all: pods on one bridge would otherwise answer each other behind the service's back."""
    return as_json(
        {
            "apiVersion": "kubeproxy.config.k8s.io/v1alpha1",
            "kind": "KubeProxyConfiguration",
            "mode": "iptables",
            "clientConnection": {"kubeconfig": str(instance.etc / "kube-proxy.kubeconfig")},
            "clusterCIDR": instance.pod_range,
            "hostnameOverride": instance.name,
            "healthzBindAddress": instance.local("kube-proxy"),
            "metricsBindAddress": instance.local("kube-proxy-metrics"),
            "oomScoreAdj": 0,
            "conntrack": {"maxPerCore": 0, "min": 0, "tcpEstablishedTimeout": "0s", "tcpCloseWaitTimeout": "0s"},
            "iptables": {"masqueradeAll": True, "localhostNodePorts": False, "minSyncPeriod": "100ms"},
        }
    )


def network(instance: Instance) -> str:
    """Pods on a bridge; no masquerading to the outside, because nothing may go there."""
    bridge = {
        "type": "bridge",
        "bridge": instance.pod_link,
        "isDefaultGateway": True,
        "ipMasq": False,
        "hairpinMode": True,
        "ipam": {
            "type": "host-local",
            "dataDir": str(instance.run / "cni"),
            "ranges": [[{"subnet": instance.pod_range}]],
        },
    }
    portmap = {"type": "portmap", "capabilities": {"portMappings": True}}
    return as_json({"cniVersion": "0.4.0", "name": instance.cgroup, "plugins": [bridge, portmap]})


def containerd(instance: Instance) -> str:
    """TOML. `restrict_oom_score_adj`: without CAP_SYS_RESOURCE runc dies of the score a pod asks for."""
    text = json.dumps  # a JSON string is a TOML string
    return f"""version = 2
root = {text(str(instance.data / "containerd"))}
state = {text(str(instance.run / "containerd"))}
disabled_plugins = ["io.containerd.snapshotter.v1.btrfs", "io.containerd.snapshotter.v1.zfs", \
"io.containerd.snapshotter.v1.devmapper", "io.containerd.snapshotter.v1.aufs", "io.containerd.internal.v1.tracing"]
[grpc]
address = {text(str(instance.containerd_socket))}
[plugins."io.containerd.internal.v1.opt"]
path = {text(str(instance.data / "opt"))}
[plugins."io.containerd.grpc.v1.cri"]
sandbox_image = {text(PAUSE_IMAGE)}
restrict_oom_score_adj = true
netns_mounts_under_state_dir = true
stream_server_address = "127.0.0.1"
stream_server_port = "0"
[plugins."io.containerd.grpc.v1.cri".cni]
bin_dir = "/usr/lib/cni"
conf_dir = {text(str(instance.etc / "cni"))}
[plugins."io.containerd.grpc.v1.cri".registry]
config_path = {text(str(instance.etc / "registries"))}
[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
runtime_type = "io.containerd.runc.v2"
[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
SystemdCgroup = false
Root = {text(str(instance.run / "runc"))}
"""


def registry_host(address: str) -> str:
    """containerd's `hosts.toml` for a registry that speaks plain HTTP."""
    return f'server = "http://{address}"\n[host."http://{address}"]\ncapabilities = ["pull", "resolve", "push"]\n'


def registry(address: str, storage: Path, passwords: Path | None) -> str:
    """A registry that lets things be deleted, with or without a password."""
    config: dict[str, Any] = {
        "version": "0.1",
        "log": {"level": "info", "accesslog": {"disabled": False}},
        "storage": {"filesystem": {"rootdirectory": str(storage)}, "delete": {"enabled": True}},
        "http": {"addr": address},
    }
    if passwords:
        config["auth"] = {"htpasswd": {"realm": "testbed", "path": str(passwords)}}
    return as_json(config)


def docker() -> str:
    """What one test built must stay for its next build: the engine would keep 2 GB, and drop cache mounts first."""
    return as_json({"builder": {"gc": {"enabled": True, "defaultKeepStorage": "20GB"}}})


def buildkit(instance: Instance) -> str:
    """Both registries are plain HTTP."""
    names = (instance.local("registry"), instance.local("registry-auth"))
    worker = f'[worker.oci]\nenabled = true\ndefaultCgroupParent = "/{instance.cgroup}/buildkit"\n'
    off = "[worker.containerd]\nenabled = false\n"
    return worker + off + "".join(f'[registry."{name}"]\nhttp = true\ninsecure = true\n' for name in names)


def inner_api(instance: Instance) -> str:
    """Traefik's TCP route from the node's address to the API server, for pods that ask it.

    The API server itself listens on loopback: proxies and firewalls leave that alone.
    """
    router = {"entryPoints": ["api"], "rule": "HostSNI(`*`)", "service": "api", "tls": {"passthrough": True}}
    servers = [{"address": instance.local("kube-apiserver")}]
    return as_json({"tcp": {"routers": {"api": router}, "services": {"api": {"loadBalancer": {"servers": servers}}}}})
