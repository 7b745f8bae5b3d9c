"""A version that is given and empty, as by an unset variable, is a slip on the command line: no registry is asked."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from paasctl.errors import Exit
from paasctl.verbs.approvals.approve import ApproveTyped, GiveApproval
from paasctl.verbs.deploy import Deploy
from paasctl.verbs.promotion.judge import Judge
from paasctl.verbs.promotion.promote import Promote, PromoteTyped
from support.conducted import go
from support.promoting import Stops, outcome

VERBS: dict[str, tuple[Callable[[str], Any], str]] = {
    "promote": (lambda it: Promote(asked=PromoteTyped(versions=(it,), to="rc")), "promoting to rc"),
    "promote, one of two": (lambda it: Promote(asked=PromoteTyped(versions=("0.1.0", it), to="rc")), "promoting to rc"),
    "reject": (lambda it: Judge(version=it, rejects=True, reason="slow"), "rejecting"),
    "unreject": (lambda it: Judge(version=it, rejects=False, reason="fast"), "unrejecting"),
    "approve": (lambda it: GiveApproval(asked=ApproveTyped(version=it, to="rc")), "approving"),
    "deploy": (lambda it: Deploy(environment="dev", version=it), "deploying dev"),
}


@pytest.mark.parametrize("given", ["", "  "])
@pytest.mark.parametrize("verb", VERBS)
def test_an_empty_version_is_told_and_nothing_is_sent(stops: Stops, verb: str, given: str) -> None:
    make, head = VERBS[verb]
    world = stops.world.afresh()
    status, events = go(make(given), world)
    (problem,) = outcome(events).problems
    assert (status, problem.code) == (Exit.USAGE, "usage")
    assert problem.message.startswith(head if given or verb != "approve" else "approving: which version")
    assert not world.clients, "no registry was asked"
