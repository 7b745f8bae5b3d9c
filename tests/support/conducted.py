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
    verb: Any,
    world: FakeWorld,
    *,
    dry_run: bool = False,
    exit_code: bool = False,
    agreed: Callable[[Plan], bool | None] = _yes,
    stops_at: Callable[[Event], bool] | None = None,
) -> tuple[Exit, list[Event]]:
    """`stops_at` says at which event somebody asks to stop."""
    events: list[Event] = []
    cancel = Cancel()

    def emit(event: Event) -> None:
        events.append(event)
        if stops_at and stops_at(event):
            cancel.ask()

    how = conduct.Conduct(
        reads=world,
        world=world,
        emit=emit,
        cancel=cancel,
        holder=lambda: HOLDER,
        same=same_writes,
        agreed=agreed,
        now=world.clock.now,
        answers=agreed is _yes,
        dry_run=dry_run,
        exit_code=exit_code,
    )
    with world.held:
        return (conduct.travel if hasattr(verb, "turn") else conduct.act)(verb, how), events
