"""Kubernetes objects as values: `Manifest` is wanted, `Live` is seen. Names are Kubernetes' own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import Any, Self

from paasctl.values import dataclass

APP_LABEL = "app.kubernetes.io/part-of"
OWNER_LABEL = "paasctl.dev/app"
"""Selects what a target owns: nothing without it is ever pruned."""
MANAGER = "paasctl"
"""Our server-side apply field manager."""

Body = Mapping[str, Any]


@dataclass(frozen=True, order=True, slots=True)
class Kind:
    """A kind within its API group; the version is the cluster's business."""

    group: str
    name: str

    def __str__(self) -> str:
        return f"{self.name}.{self.group}" if self.group else self.name


@dataclass(frozen=True, order=True, slots=True)
class Served:
    """A kind in one version, as a cluster serves it."""

    kind: Kind
    version: str
    namespaced: bool


@dataclass(frozen=True, order=True, slots=True)
class Key:
    """Where an object lives. `namespace` is empty for cluster-scoped kinds."""

    group: str
    kind: str
    namespace: str
    name: str

    @classmethod
    def of(cls, body: Body, namespace: str = "") -> Self:
        """The key of an object's body; `namespace` where the body names none."""
        meta = body.get("metadata") or {}
        group = str(body.get("apiVersion", "")).rpartition("/")[0]
        return cls(group, str(body.get("kind", "")), meta.get("namespace") or namespace, str(meta.get("name", "")))

    def __str__(self) -> str:
        return f"{self.kind}/{self.name}"


@dataclass(frozen=True, slots=True)
class Manifest:
    """An object we want, exactly the fields we set. `source` is the template and service it came from."""

    key: Key
    body: Body = field(hash=False)
    source: str = ""


@dataclass(frozen=True, slots=True)
class Live:
    """An object we saw, whole, as the API server gave it."""

    key: Key
    body: Body = field(hash=False)

    @property
    def uid(self) -> str:
        """`metadata.uid`."""
        return str(self.body["metadata"].get("uid", ""))

    @property
    def resource_version(self) -> str:
        """`metadata.resourceVersion`."""
        return str(self.body["metadata"].get("resourceVersion", ""))

    @property
    def generation(self) -> int:
        """`metadata.generation`, 0 for kinds that have none."""
        return int(self.body["metadata"].get("generation") or 0)


@dataclass(frozen=True, slots=True)
class Rejection:
    """The API server's no to an object, in a server-side dry run. `reason` is Kubernetes' StatusReason."""

    key: Key
    reason: str
    message: str
    conflicts: tuple[tuple[str, str], ...] = ()
    """Server-side apply conflicts: (other manager, field)."""


@dataclass(frozen=True, order=True, slots=True)
class Target:
    """Where a release lands: named cluster, namespace, app."""

    cluster: str
    namespace: str
    app: str

    def __str__(self) -> str:
        return f"{self.cluster}/{self.namespace}/{self.app}"


@dataclass(frozen=True, slots=True)
class Identity:
    """Which cluster this is, whatever its context is called (decision 11)."""

    uid: str
    """UID of the namespace `kube-system`."""
    ca: str
    """sha256 of the certificate authority, hex; empty where none is configured."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Offers:
    """What a cluster serves, as far as rendering must know."""

    version: str
    """Kubernetes version, as in `v1.34.4`."""
    kinds: frozenset[Kind]
    gateways: tuple[str, ...] = ()
    """`namespace/name` of the Gateways there."""
    unread: frozenset[Kind] = frozenset()
    """Kinds served whose objects the caller may not list: what is not named here is not proved absent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """Who holds a target's Lease; enough to know whether that process is still alive."""

    person: str
    host: str
    boot: str
    """Boot id of the host, empty where unknown."""
    pid_namespace: str
    pid: int
    started: int
    """Start time of the process in clock ticks since boot (`/proc/PID/stat`), 0 where unknown."""
    verb: str
    link: str = ""
    """URL of the CI job."""

    def __str__(self) -> str:
        return f"{self.person}@{self.host} ({self.verb}, pid {self.pid}{', ' + self.link if self.link else ''})"
