"""`promote --deploy`, as it was told: a dry run of both chapters, and a rollout that fails after the promotion."""

from __future__ import annotations

from dataclasses import replace

from paasctl.errors import Exit
from paasctl.model.event import Ended, Noted, Observed, Outcome, Planned, Problem, Started
from paasctl.model.kube import Target
from paasctl.model.verdict import Cause
from support.story_promote import PROMOTE, PROMOTE_PLAN
from support.telling import Story, change, create, planned, pod, seconds, wait, workload

_PLACE = Target("staging", "shop-showcase", "shop")
_CONFIG, _WEB = create("ConfigMap/web-77f", _PLACE), change("Deployment/web", _PLACE)
_WAIT = wait("Deployment/web", target=_PLACE)
_DEPLOY = planned("deploy", f"showcase ({_PLACE})", (_CONFIG,), (_WEB,), (_WAIT,))
_BOTH = replace(PROMOTE_PLAN, then=(_DEPLOY,))
_SUBJECT = "1.2.4 to rc, then deploy showcase"
_SAID = (
    Noted("showcase is planned as if 1.2.4 had arrived in rc"),
    Noted("whether its nodes can pull from registry.example/shop-rc shows when they do"),
)
_MOVED = PROMOTE[-1]
assert isinstance(_MOVED, Outcome)
_CAUSE = Cause(
    code="crash-loop",
    message="container web of pod web-7d9f8-x2k4p keeps crashing: exit code 1, 3 restarts",
    pod="web-7d9f8-x2k4p",
    container="web",
    previous=True,
)
_CRASHED = workload(
    "Deployment/web",
    "0/3",
    old=3,
    pods=(pod("web-7d9f8-x2k4p", "CrashLoopBackOff", 3),),
    cause=_CAUSE,
    state="doomed",
)
_BROKEN = Problem(
    code="crash-loop",
    message=f"deploying 1.2.4 to showcase: {_CAUSE.message}",
    hint="paasctl logs showcase web --previous",
    evidence=("no database",),
)
_RUNS = Outcome(
    status="failed",
    exit=Exit.FAILED,
    verb="deploy",
    subject=_DEPLOY.subject,
    done=(_CONFIG, _WEB),
    left=(_WAIT,),
    problems=(_BROKEN,),
    facts=(("version", "1.2.4"), ("environment", "showcase")),
    back="paasctl rollback showcase",
)

ONWARD_DRY: Story = (
    *_SAID,
    Planned(_BOTH, 1, dry_run=True),
    Outcome(
        status="dry-run",
        exit=Exit.OK,
        verb="promote",
        subject=_BOTH.subject,
        left=(*_BOTH.steps, *_DEPLOY.steps),
        seconds=0.6,
    ),
)
ONWARD_CRASH: Story = (
    *_SAID,
    Planned(_BOTH),
    *(it for at, step in enumerate(_BOTH.steps) for it in (Started(at, step), Ended(at, step, 0.1))),
    *seconds(1, 2),
    Planned(_DEPLOY, 2),
    Started(0, _CONFIG),
    Ended(0, _CONFIG, 0.1),
    Started(1, _WEB),
    Ended(1, _WEB, 0.2),
    Started(2, _WAIT),
    *seconds(3, 9),
    Observed(2, str(_PLACE), (_CRASHED,)),
    replace(
        _RUNS,
        verb="promote",
        subject=_SUBJECT,
        done=(*_BOTH.steps, *_RUNS.done),
        facts=(*_MOVED.facts, ("environment", "showcase")),
        chapters=(replace(_MOVED, seconds=0.0), _RUNS),
        seconds=9.4,
    ),
)
