"""The Lease as a value: what it says, and what we write into it. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from paasctl.model.kube import APP_LABEL, MANAGER, Holder, Target
from paasctl.values import dataclass

HOLDER = "paasctl.dev/holder"
PATH = "/apis/coordination.k8s.io/v1/namespaces/{}/leases"


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """Seconds. Renewals come every `renew`; no write begins in the last `reserve` of `duration`.

    `margin` is how far past its duration a lease must be by the API server's own clock to be taken at sight.
    """

    duration: float = 60.0
    renew: float = 20.0
    reserve: float = 20.0
    margin: float = 15.0


@dataclass(frozen=True, slots=True)
class Lease:
    """A Lease as the API server gave it, with the server's clock of that moment."""

    body: Mapping[str, Any]
    served_at: float | None

    @property
    def version(self) -> str:
        """`metadata.resourceVersion`: changes with every renewal."""
        return str(self.body["metadata"]["resourceVersion"])

    @property
    def uid(self) -> str:
        """`metadata.uid`."""
        return str(self.body["metadata"]["uid"])

    @property
    def identity(self) -> str:
        """`spec.holderIdentity`; empty where it was given back."""
        return str(self.spec.get("holderIdentity") or "")

    @property
    def spec(self) -> Mapping[str, Any]:
        """The spec."""
        spec: Mapping[str, Any] = self.body.get("spec") or {}
        return spec

    @property
    def duration(self) -> float:
        """How long it lasts unrenewed."""
        return float(self.spec.get("leaseDurationSeconds") or 60)

    @property
    def epoch(self) -> int:
        """`spec.leaseTransitions`: how often it changed hands."""
        return int(self.spec.get("leaseTransitions") or 0)

    @property
    def holder(self) -> Holder:
        """Who holds it; one of another tool has only its identity."""
        text = (self.body["metadata"].get("annotations") or {}).get(HOLDER, "")
        try:
            return Holder(**json.loads(text))
        except (ValueError, TypeError):
            return Holder(person=self.identity, host="?", boot="", pid_namespace="", pid=0, started=0, verb="?")

    @property
    def age(self) -> float | None:
        """Seconds since the last renewal, both ends by the API server's clock (row D35); None: it does not say.

        The server stamps the time of a manager's last change; what the holder wrote as `renewTime` is its own clock's.
        """
        stamps = [entry.get("time") for entry in self.body["metadata"].get("managedFields") or ()]
        times = [datetime.fromisoformat(stamp).timestamp() for stamp in stamps if stamp]
        return None if self.served_at is None or not times else self.served_at - max(times)


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """One run's claim to one target. `identity` is unlike that of any other run."""

    target: Target
    holder: Holder
    identity: str
    terms: Terms

    @property
    def path(self) -> str:
        """Where leases of the namespace are."""
        return PATH.format(self.target.namespace)

    @property
    def name(self) -> str:
        """The Lease's name."""
        return f"paasctl-{self.target.app}"

    def body(self, now: float, *, acquired: str = "", epoch: int = 0, over: Lease | None = None) -> dict[str, Any]:
        """The Lease that says we hold it, `now` in seconds since the epoch; `over` is the one it replaces."""
        metadata = self._metadata(over)
        metadata["annotations"] = {HOLDER: json.dumps(asdict(self.holder), sort_keys=True)}
        spec = {
            "holderIdentity": self.identity,
            "leaseDurationSeconds": max(1, round(self.terms.duration)),
            "acquireTime": acquired or stamp(now),
            "renewTime": stamp(now),
            "leaseTransitions": epoch,
        }
        return {"apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": metadata, "spec": spec}

    def given_back(self, lease: Lease) -> dict[str, Any]:
        """The same Lease held by nobody; it stays, so that its count of transitions goes on."""
        spec = {"leaseTransitions": lease.epoch, "renewTime": lease.spec.get("renewTime")}
        whole = {"apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "spec": spec}
        return {**whole, "metadata": self._metadata(lease)}

    def _metadata(self, over: Lease | None) -> dict[str, Any]:
        """UID and version are the preconditions of a replacement."""
        labels = {APP_LABEL: self.target.app, "app.kubernetes.io/managed-by": MANAGER}
        metadata: dict[str, Any] = {"name": self.name, "namespace": self.target.namespace, "labels": labels}
        return metadata if over is None else {**metadata, "uid": over.uid, "resourceVersion": over.version}


def stamp(now: float) -> str:
    """A `MicroTime`."""
    return datetime.fromtimestamp(now, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
