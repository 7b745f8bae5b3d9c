"""Judgements about a rollout, as values: what the wait shows and what ends it."""

from __future__ import annotations

from typing import Literal

from paasctl.model.kube import Key
from paasctl.values import dataclass

State = Literal["ready", "waiting", "doomed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PodSeen:
    """One pod of a workload, in a line. `image_ok` is None where the kubelet has not said yet."""

    name: str
    phase: str
    ready: bool
    restarts: int
    reason: str = ""
    new: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """Why a rollout is doomed: proof for a person, and where to look for logs."""

    code: str
    """Kebab-case, stable: `crash-loop`, `image-not-found`, `quota-exceeded` …"""
    message: str
    pod: str = ""
    container: str = ""
    previous: bool = False
    """Whether the proof is in the log of the container's previous run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What one snapshot says of one object."""

    key: Key
    state: State
    text: str
    """What is seen: `2 of 3 new pods ready`."""
    wanted: int = 0
    ready: int = 0
    updated: int = 0
    old: int = 0
    pods: tuple[PodSeen, ...] = ()
    cause: Cause | None = None
