"""What a deploy is decided from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field

from paasctl.model.answer import HistoryEntry
from paasctl.model.freeze import Freeze
from paasctl.model.kube import OWNER_LABEL, Key, Live, Manifest, Rejection, Target
from paasctl.model.promoting import Gate
from paasctl.values import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetFacts:
    """One target: what is wanted there, and what is true there now."""

    target: Target
    wanted: tuple[Manifest, ...]
    owned: tuple[Live, ...] = ()
    """`ClusterReads.owned(target)`."""
    seen: tuple[Live, ...] = ()
    """`ClusterReads.seen(keys)` for the wanted keys that are not among the owned: there, but perhaps not ours."""
    looked: tuple[Live, ...] = ()
    """`ClusterReads.snapshot(namespace, to_watch(wanted), app)`: whether what should run is ready."""
    previews: Mapping[Key, Live | Rejection] = field(default_factory=dict)
    """`ClusterReads.preview(manifest)` for each of `to_preview(facts)`."""
    autoscalers: tuple[Live, ...] = ()
    """`ClusterReads.autoscalers(namespace)`: ours or not."""
    history: tuple[HistoryEntry, ...] = ()
    """Newest first. Only in a run's first round: its own record is open until the run ends."""
    freeze: Freeze | None = None
    """`ClusterReads.freeze(target)`, where it holds now."""
    settings: tuple[tuple[str, str], ...] = ()
    """Its resolved values, as history keeps them."""
    namespace_exists: bool = True

    @property
    def live(self) -> dict[Key, Live]:
        """Everything seen, ours or not, by key."""
        return {it.key: it for it in (*self.seen, *self.owned)}

    def is_ours(self, live: Live) -> bool:
        """Whether it carries this app's owner label."""
        return owner(live) == self.target.app


@dataclass(frozen=True, slots=True, kw_only=True)
class DeployFacts:
    """The release, the environment, and its targets in the order they are to be done (decision 9)."""

    environment: str
    version: str
    commit: str
    images: tuple[tuple[str, str], ...]
    """(name, pinned image)."""
    targets: tuple[TargetFacts, ...]
    protected: bool = False
    gates: tuple[Gate, ...] = ()
    """Those of the environment, judged."""
    reason: str = ""
    """Why it is deployed, as somebody said."""
    verb: str = "deploy"
    """As history keeps it: `deploy`, `rollback`."""


def owner(live: Live) -> str:
    """The app an object belongs to; "" for nobody's."""
    return str((live.body["metadata"].get("labels") or {}).get(OWNER_LABEL, ""))
