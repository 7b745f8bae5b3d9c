"""A node without a machine, for a real control plane that has none: what is scheduled there is said to run.

It keeps a kubelet's promises to the API server (status, heartbeat, the last word of a deletion) and starts nothing, so
a rollout can be judged on an API server of its own. A machine can be one real node only.
"""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from kubernetes import client, config

_LABEL = "hollow"
_LOOKS = 0.3
_HEARTBEAT = 10.0
_DEAD = 60.0
"""Seconds without a heartbeat: its run was killed."""
_ROOM = {"cpu": "16", "memory": "64Gi", "pods": "200", "ephemeral-storage": "100Gi"}
_GONE, _THERE = 404, 409


@contextmanager
def hollow_node(kubeconfig: str) -> Iterator[None]:
    """The node is there meanwhile."""
    node, ended = _Node(kubeconfig), threading.Event()
    node.register()
    loop = threading.Thread(target=node.stay, args=(ended,), name="hollow node", daemon=True)
    loop.start()
    try:
        yield
    finally:
        ended.set()
        loop.join(20)
        node.leave()


class _Node:
    def __init__(self, kubeconfig: str) -> None:
        self.api = client.CoreV1Api(config.new_client_from_config(kubeconfig))  # type: ignore[no-untyped-call]
        self.name = f"hollow-{uuid.uuid4().hex[:8]}"
        self.given: dict[str, str] = {}
        """Addresses, by the pods' UIDs."""

    def register(self) -> None:
        others: list[Any] = self.api.list_node(label_selector=_LABEL).items
        for it in others:
            beats = [one.last_heartbeat_time.timestamp() for one in it.status.conditions or ()]
            if time.time() - max(beats, default=0.0) > _DEAD:
                with _unless(_GONE):
                    self.api.delete_node(it.metadata.name)
        labels = {"kubernetes.io/hostname": self.name, _LABEL: ""}
        self.api.create_node(client.V1Node(metadata=client.V1ObjectMeta(name=self.name, labels=labels)))
        self.beat()

    def beat(self) -> None:
        ready = {"type": "Ready", "status": "True", "reason": "Hollow", "lastHeartbeatTime": _now()}
        status = {"capacity": _ROOM, "allocatable": _ROOM, "conditions": [ready]}
        self.api.patch_node_status(self.name, {"status": status})

    def stay(self, ended: threading.Event) -> None:
        looks = 0
        while not ended.wait(_LOOKS):
            looks += 1
            if looks % int(_HEARTBEAT / _LOOKS) == 0:
                self.beat()
            for pod in self.api.list_pod_for_all_namespaces(field_selector=f"spec.nodeName={self.name}").items:
                with _unless(_GONE, _THERE):
                    self.play(pod)

    def play(self, pod: Any) -> None:
        name, namespace = pod.metadata.name, pod.metadata.namespace
        if pod.metadata.deletion_timestamp:
            self.api.delete_namespaced_pod(name, namespace, grace_period_seconds=0)
        elif pod.status.phase != "Running":
            self.api.patch_namespaced_pod_status(name, namespace, {"status": self.running(pod)})

    def running(self, pod: Any) -> dict[str, Any]:
        number = len(self.given)
        address = self.given.setdefault(pod.metadata.uid, f"10.255.{number // 250}.{number % 250 + 1}")
        now = _now()
        kinds = ("Initialized", "ContainersReady", "Ready")
        return {
            "phase": "Running",
            "startTime": now,
            "podIP": address,
            "podIPs": [{"ip": address}],
            "conditions": [{"type": it, "status": "True", "lastTransitionTime": now} for it in kinds],
            "containerStatuses": [
                {
                    "name": it.name,
                    "image": it.image,
                    "imageID": it.image,
                    "ready": True,
                    "started": True,
                    "restartCount": 0,
                    "state": {"running": {"startedAt": now}},
                }
                for it in pod.spec.containers
            ],
        }

    def leave(self) -> None:
        with _unless(_GONE):
            self.api.delete_node(self.name)
        self.api.api_client.close()


@contextmanager
def _unless(*statuses: int) -> Iterator[None]:
    """What somebody else did at the same moment is fine."""
    try:
        yield
    except client.ApiException as error:
        if error.status not in statuses:
            raise


def _now() -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
