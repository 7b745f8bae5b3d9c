"""Carry out a freeze, or lift one."""

from __future__ import annotations

from datetime import UTC, datetime

from paasctl.engine.needs import Needs
from paasctl.model.freeze import Freeze, SetFreeze


def set_freeze(step: SetFreeze, run: Needs) -> None:
    """Say it at the target, in the name of whoever runs this."""
    cluster = run.world.cluster(step.target.cluster)
    cluster.ensure_namespace(step.target)
    at = datetime.fromtimestamp(run.world.clock.utc(), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    by = f"{run.holder.person}@{run.holder.host}"
    cluster.set_freeze(step.target, Freeze(by=by, at=at, until=step.until, message=step.message, lifted=step.lifts))
