"""One Kubernetes cluster, in our words. `None` and an empty tuple mean *proved absent*; not knowing raises."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol

from paasctl.model.answer import HistoryEntry
from paasctl.model.freeze import Freeze
from paasctl.model.kube import Holder, Identity, Key, Kind, Live, Manifest, Offers, Rejection, Served, Target
from paasctl.model.plan import DeployHead
from paasctl.model.verdict import Cause


class ClusterReads(Protocol):
    """Reads only."""

    @property
    def name(self) -> str:
        """Its name in `paas.yaml`."""
        ...

    @property
    def kubectl(self) -> str:
        """How a person's kubectl is called for it, from any shell: `kubectl --context kind-local`."""
        ...

    def hurried(self, seconds: float) -> ClusterReads:
        """The same, for whoever would sooner not know than wait: each request is sent once, and none outlives this.

        `Unavailable` where it did not answer so many seconds from now.
        """
        ...

    def identity(self) -> Identity:
        """Who it is (decision 11)."""
        ...

    def offers(self) -> Offers:
        """What it serves, from discovery."""
        ...

    def namespace_exists(self, name: str) -> bool:
        """Whether the namespace is there and not going away; a terminating one is `Refused`."""
        ...

    def owned(self, target: Target) -> tuple[Live, ...]:
        """What we applied there: our owner label, our field manager, no owner reference; one list per kind.

        Copies of the label that controllers make (claims of a StatefulSet, EndpointSlices) are not ours to prune.
        """
        ...

    def seen(self, keys: Sequence[Key]) -> tuple[Live, ...]:
        """Those of the objects that exist, ours or not."""
        ...

    def autoscalers(self, namespace: str) -> tuple[Live, ...]:
        """Every HorizontalPodAutoscaler of the namespace, ours or not (failure row D11)."""
        ...

    def preview(self, manifest: Manifest) -> Live | Rejection:
        """What the server would make of it: a server-side dry run of a server-side apply. Writes nothing."""
        ...

    def snapshot(self, namespace: str, kinds: Sequence[Kind], app: str) -> tuple[Live, ...]:
        """All objects of these kinds that belong to the app: one list per kind, one consistent look."""
        ...

    def kinds(self) -> tuple[Served, ...]:
        """Every kind that can be listed, in every version; the first of a kind is the version the cluster prefers."""
        ...

    def everything(self, served: Served, namespace: str, *, most: int = 0) -> tuple[Live, ...]:
        """All objects of a kind, whoever made them, read page by page; namespace empty: everywhere.

        `most`: no more than so many, where it is enough to know that there are some. `Forbidden` where the caller may
        not list them.
        """
        ...

    def events(self, namespace: str) -> tuple[dict[str, Any], ...]:
        """The namespace's `Event`s as they stand, oldest first."""
        ...

    def logs(self, namespace: str, cause: Cause, lines: int) -> tuple[str, ...]:
        """The last lines of the container that `cause` names; none where the kubelet has none."""
        ...

    def may(self, verb: str, kind: Kind, namespace: str) -> bool:
        """SelfSubjectAccessReview: whether the caller may do this."""
        ...

    def holder(self, target: Target) -> Holder | None:
        """Who holds the target's Lease now; None: nobody, or it expired."""
        ...

    def history(self, target: Target) -> tuple[HistoryEntry, ...]:
        """The target's deploys, newest first."""
        ...

    def freeze(self, target: Target) -> Freeze | None:
        """The last word on a freeze, over and lifted ones, too; None: nobody ever said one.

        One that is there and can't be read is told as one that holds.
        """
        ...


class Cluster(ClusterReads, Protocol):
    """The writing half. Every write but `ensure_namespace` and `set_freeze` happens under `hold` (decision 10)."""

    def ensure_namespace(self, target: Target) -> None:
        """Make the namespace where it is missing; already there is success."""
        ...

    def set_freeze(self, target: Target, freeze: Freeze) -> None:
        """Say it at the target, whose namespace is there; the last word counts."""
        ...

    def apply(self, target: Target, manifest: Manifest, *, uid: str | None) -> Live:
        """Server-side apply as `paasctl`, never forced. A conflict is `Refused` with manager and field.

        `uid` is the precondition: the object must still be that one; None: it must not exist yet (`StalePlan`).
        """
        ...

    def delete(self, target: Target, key: Key, *, uid: str) -> None:
        """Delete it if it is still that one; already gone is success."""
        ...

    def hold(self, target: Target, holder: Holder, *, wait: float, seen: Callable[[Holder], None]) -> Held:
        """Hold the target's Lease while in the context, waiting at most `wait` seconds; `seen` is told of a holder.

        Raises `Locked` naming the holder. Losing the lease inside the context makes the next write raise `Locked`.
        """
        ...

    def open_record(self, head: DeployHead, by: Holder, began: str) -> int:
        """Open a history entry before the first write; closes what a killed run left open. Gives its number."""
        ...

    def close_record(  # noqa: PLR0913 - how a record ends, each by name
        self, target: Target, number: int, *, outcome: str, ended: str, message: str, evidence: tuple[str, ...]
    ) -> None:
        """Close it, with how it ended; keeps the newest 20."""
        ...


Held = AbstractContextManager[None]
