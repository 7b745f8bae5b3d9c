"""A freeze, told."""

from __future__ import annotations

from paasctl.errors import Exit
from paasctl.model.event import Ended, Outcome, Planned, Started
from paasctl.model.freeze import SetFreeze
from support.telling import EU, Story, planned

_SAYING = SetFreeze(target=EU, lifts=False, until="2027-01-02T08:00:00Z", message="\x1b[31mfairs\x1b[0m")
_PLAN = planned("freeze", "production", (_SAYING,))
FREEZE: Story = (
    Planned(_PLAN),
    Started(0, _SAYING),
    Ended(0, _SAYING, 0.1),
    Outcome(status="done", exit=Exit.OK, verb="freeze", subject="production", done=_PLAN.steps, seconds=0.2),
)
