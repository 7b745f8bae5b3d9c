"""A deploy past a closed gate, as it was told."""

from __future__ import annotations

from dataclasses import replace

from paasctl.errors import Exit
from paasctl.model.event import Ended, Outcome, Planned, Started
from paasctl.model.image import Descriptor
from paasctl.model.promoting import Attest, Gate
from support.telling import EU, REPOSITORY, Story, change, planned

_SOAK = Gate(
    name="soak", of="staging", state="overridden", why="it has run well in staging for 12 m of 1 h 00 m\x1b[31m"
)
_GATES = (
    Gate(name="after", of="staging", state="open", why="it runs well there since 2026-11-30T20:15:00Z"),
    _SOAK,
    Gate(name="frozen", of="Fri 16:00 to Mon 08:00 Europe/Berlin", state="open", why="it is not that time"),
)
_SAYING = Attest(
    version="1.2.4",
    word="overridden",
    repository=REPOSITORY,
    tag="1.2.4",
    record=Descriptor("", "sha256:" + "1" * 64, 1),
    environment="production",
    reason="the shop is down",
    gates=(_SOAK,),
)
_WEB = change("Deployment/web", EU)
_PLAN = replace(planned("deploy", f"production ({EU})", (_SAYING,), (_WEB,)), gates=_GATES)
PAST_A_GATE: Story = (
    Planned(_PLAN),
    Started(0, _SAYING),
    Ended(0, _SAYING, 0.1),
    Started(1, _WEB),
    Ended(1, _WEB, 0.1),
    Outcome(status="done", exit=Exit.OK, verb="deploy", subject=_PLAN.subject, done=_PLAN.steps, seconds=0.4),
)
