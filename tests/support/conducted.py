"""A verb, conducted over a world in memory."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from paasctl.cli import conduct
from paasctl.engine.cancel import Cancel
from paasctl.errors import Exit
from paasctl.model.event import Event
from paasctl.model.plan import Plan
from paasctl.planning.deploy import same_writes
from support.world import HOLDER, FakeWorld


def _yes(_: Plan) -> bool | None:
    return True


def go(
    verb: Any, world: FakeWorld, *, dry_run: bool = False, agreed: Callable[[Plan], bool | None] = _yes
) -> tuple[Exit, list[Event]]:
    events: list[Event] = []
    how = conduct.Conduct(
        reads=world,
        world=world,
        emit=events.append,
        cancel=Cancel(),
        holder=lambda: HOLDER,
        same=same_writes,
        agreed=agreed,
        now=world.clock.now,
        dry_run=dry_run,
    )
    with world.held:
        return conduct.act(verb, how), events
