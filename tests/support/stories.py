"""Runs as they were told, event by event: values to show in every view. `Ticked` is the clock."""

from __future__ import annotations

from collections.abc import Iterator

from paasctl.errors import Exit
from paasctl.model.event import (
    Ended,
    Event,
    Noted,
    Observed,
    Outcome,
    Planned,
    Played,
    Problem,
    Ready,
    Scene,
    Started,
    Ticked,
)
from paasctl.model.kube import Target
from paasctl.model.plan import (
    Apply,
    Delete,
    DeployHead,
    WriteFile,
)
from paasctl.model.verdict import Cause, Verdict
from support.story_boxes import EXPORT
from support.story_cleanup import CLEANUP, CLEANUP_LOOK
from support.story_freeze import FREEZE
from support.story_gates import PAST_A_GATE
from support.story_images import IMAGE_COPY, IMAGE_REBASE, IMAGE_SQUASH
from support.story_onward import ONWARD_CRASH, ONWARD_DRY
from support.story_promote import APPROVE, PROMOTE, PROMOTE_ALONG, PROMOTE_SEVERAL, REJECT
from support.story_release import SCAN, UPLOAD
from support.telling import (
    COMMIT,
    EU,
    REPOSITORY,
    STAGING,
    US,
    Story,
    change,
    create,
    key,
    planned,
    pod,
    seconds,
    wait,
    workload,
)

# --- a deploy that goes well ----------------------------------------------------------------------------------------

_CONFIG, _WEB, _WORKER = create("ConfigMap/web-8f31"), change("Deployment/web"), change("Deployment/worker")
_OLD_CONFIG = Delete(target=STAGING, key=key("ConfigMap/web-77aa"), uid="u9")
_WAIT = wait("Deployment/web", "Deployment/worker")
_HEAD = DeployHead(
    target=STAGING,
    environment="dev",
    version="1.2.4",
    before="1.2.3",
    commit=COMMIT,
    images=(("web", f"{REPOSITORY}/web@sha256:{'b' * 64}"),),
    settings=(("host", '"shop.dev.example"'),),
)
DEPLOY = planned("deploy", f"dev ({STAGING})", (_CONFIG,), (_WEB, _WORKER), (_WAIT,), (_OLD_CONFIG,), heads=(_HEAD,))
_STEPS = DEPLOY.steps


def _look(web: Verdict, worker: Verdict, index: int = 3) -> Observed:
    return Observed(index, str(STAGING), (web, worker))


GOOD: Story = (
    *seconds(0, 1),
    Planned(DEPLOY),
    Started(0, _CONFIG),
    Ended(0, _CONFIG, 0.1),
    Started(1, _WEB),
    Started(2, _WORKER),
    Ended(1, _WEB, 0.2),
    Ended(2, _WORKER, 0.3),
    Ticked(2),
    Started(3, _WAIT),
    _look(workload("Deployment/web", "0/3", old=3), workload("Deployment/worker", "0/2", old=2)),
    *seconds(3, 8),
    _look(
        workload("Deployment/web", "1/3", old=3, pods=(pod("web-7d9f8-x2k4p", "ContainerCreating"),)),
        workload("Deployment/worker", "1/2", old=1),
    ),
    *seconds(9, 20),
    _look(
        workload("Deployment/web", "2/3", old=1, pods=(pod("web-7d9f8-q8zzt", "ImagePullBackOff"),)),
        workload("Deployment/worker", "2/2"),
    ),
    *seconds(21, 34),
    _look(workload("Deployment/web", "3/3"), workload("Deployment/worker", "2/2")),
    Ended(3, _WAIT, 32.0),
    Started(4, _OLD_CONFIG),
    Ended(4, _OLD_CONFIG, 0.1),
    Outcome(
        status="done",
        exit=Exit.OK,
        verb="deploy",
        subject=DEPLOY.subject,
        done=_STEPS,
        urls=("https://shop.dev.example/",),
        facts=(("version", "1.2.4"), ("environment", "dev")),
        seconds=34.2,
    ),
)

# --- one whose new pods crash ---------------------------------------------------------------------------------------

_CRASH = Cause(
    code="crash-loop",
    message="container web of pod web-7d9f8-x2k4p keeps crashing: exit code 1, 3 restarts",
    pod="web-7d9f8-x2k4p",
    container="web",
    previous=True,
)
_CRASHING = (pod("web-7d9f8-x2k4p", "CrashLoopBackOff", 3), pod("web-7d9f8-q8zzt", "CrashLoopBackOff", 2))
CRASHED = workload("Deployment/web", "0/3", old=3, pods=_CRASHING, cause=_CRASH, state="doomed")
CRASH: Story = (
    Ticked(0),
    Planned(DEPLOY),
    Started(0, _CONFIG),
    Ended(0, _CONFIG, 0.1),
    Started(1, _WEB),
    Ended(1, _WEB, 0.2),
    Started(2, _WORKER),
    Ended(2, _WORKER, 0.2),
    Ticked(1),
    Started(3, _WAIT),
    _look(workload("Deployment/web", "0/3", old=3), workload("Deployment/worker", "0/2", old=2)),
    *seconds(2, 9),
    _look(
        workload("Deployment/web", "0/3", old=3, pods=_CRASHING[:1], cause=_CRASH),
        workload("Deployment/worker", "2/2"),
    ),
    *seconds(10, 33),
    _look(
        CRASHED,
        workload("Deployment/worker", "2/2"),
    ),
    Ticked(34),
    Outcome(
        status="failed",
        exit=Exit.FAILED,
        verb="deploy",
        subject=DEPLOY.subject,
        done=_STEPS[:3],
        left=_STEPS[3:],
        problems=(
            Problem(
                code="crash-loop",
                message=f"rolling out Deployment/web in {STAGING}: {_CRASH.message}",
                hint="kubectl --context kind-local -n shop-dev logs web-7d9f8-x2k4p -c web --previous",
                evidence=(
                    "the end of the log of web-7d9f8-x2k4p, container web, its previous run:",
                    "  \x1b[31mERROR\x1b[0m could not connect to db:5432",
                    "  panic: no such table: users",
                    "event: Unhealthy: Readiness probe failed: connection refused",
                ),
            ),
        ),
        again="paasctl deploy dev",
        back="paasctl rollback dev",
        seconds=34.0,
    ),
)

# --- two clusters, one after the other ------------------------------------------------------------------------------


def _objects(target: Target) -> tuple[Apply, ...]:
    names = ("ConfigMap/web-8f31", "Service/web", "Service/api", "Deployment/web", "Deployment/api", "HTTPRoute/web")
    return tuple(create(it, target) for it in names)


_WAITS = tuple(wait("Deployment/web", "Deployment/api", target=it) for it in (EU, US))
PRODUCTION = planned(
    "deploy",
    f"production ({EU}, {US})",
    _objects(EU),
    (_WAITS[0],),
    _objects(US),
    (_WAITS[1],),
    asks="production is protected",
)


def _applied(first: int, target: Target, begin: float) -> Iterator[Event]:
    for index, step in enumerate(_objects(target), first):
        yield Started(index, step)
        yield Ticked(begin + (index - first) / 4)
        yield Ended(index, step, 0.2)


def _rolled(index: int, target: Target, begin: float) -> Iterator[Event]:
    step = _WAITS[0] if target is EU else _WAITS[1]
    yield Started(index, step)
    for ready in range(5):
        api = workload("Deployment/api", f"{min(ready, 2)}/2", old=2 - min(ready, 2))
        yield Observed(index, str(target), (workload("Deployment/web", f"{ready * 5}/20", old=20 - ready * 5), api))
        yield from seconds(begin + ready * 4, begin + ready * 4 + 3)
    yield Ended(index, step, 20.0)


SEVERAL: Story = (
    Ticked(0),
    Planned(PRODUCTION),
    Noted("us/shop-production/shop is held by ada@ci-7 (deploy, pid 4711); waiting up to 60 s"),
    *seconds(1, 3),
    *_applied(0, EU, 4),
    *_rolled(6, EU, 6),
    *_applied(7, US, 27),
    *_rolled(13, US, 29),
    Outcome(
        status="done",
        exit=Exit.OK,
        verb="deploy",
        subject=PRODUCTION.subject,
        done=PRODUCTION.steps,
        urls=("https://shop.example/",),
        facts=(("version", "1.2.4"), ("environment", "production")),
        seconds=49.0,
    ),
)

# --- what changes nothing, and what is stopped ----------------------------------------------------------------------

DRY_RUN: Story = (
    Ticked(0),
    Planned(PRODUCTION, 1, dry_run=True),
    Outcome(
        status="dry-run", exit=Exit.OK, verb="deploy", subject=PRODUCTION.subject, left=PRODUCTION.steps, seconds=0.4
    ),
)
CANCEL: Story = (
    Ticked(0),
    Planned(DEPLOY),
    Started(0, _CONFIG),
    Ended(0, _CONFIG, 0.1),
    Started(1, _WEB),
    Started(2, _WORKER),
    Ended(1, _WEB, 0.2),
    Ended(2, _WORKER, 0.2),
    Started(3, _WAIT),
    _look(workload("Deployment/web", "1/3", old=2), workload("Deployment/worker", "2/2")),
    *seconds(1, 6),
    Outcome(
        status="cancelled",
        exit=Exit.CANCELLED,
        verb="deploy",
        subject=DEPLOY.subject,
        done=_STEPS[:3],
        left=_STEPS[3:],
        problems=(Problem(code="cancelled", message="stopped at your request"),),
        again="paasctl deploy dev",
        seconds=6.2,
    ),
)
_WRITE = WriteFile(path="paas.yaml", content=b"app: shop\n", why="there was a Dockerfile")
_INIT = planned("init", "paas.yaml", (_WRITE,))
INIT: Story = (
    Planned(_INIT),
    Started(0, _WRITE),
    Ended(0, _WRITE, 0.01),
    Outcome(status="done", exit=Exit.OK, verb="init", subject="paas.yaml", done=_INIT.steps, seconds=0.2),
)
BROKEN_FILE: Story = (
    Outcome(
        status="failed",
        exit=Exit.CONFIG,
        problems=(
            Problem(
                code="key-unknown",
                message='unknown key "dockerfle" in images.web (did you mean "dockerfile"?)',
                where="paas.yaml:4:5",
            ),
            Problem(
                code="reference-unknown",
                message="environments.dev.cluster: there is no cluster 'stagin'",
                where="paas.yaml:19:14",
                hint="clusters: staging, eu, us",
            ),
        ),
        seconds=0.1,
    ),
)

SIMULATED: Story = (
    Ready(
        what="a simulated cluster is up",
        facts=(("server", "https://127.0.0.1:4711"), ("kubeconfig", "/tmp/sim/kubeconfig"), ("context", "paasctl-sim")),
        tips=("export KUBECONFIG=/tmp/sim/kubeconfig", "Ctrl-C ends it, and all that is in it"),
    ),
    Ticked(1.0),
    Outcome(
        status="cancelled",
        exit=Exit.CANCELLED,
        verb="cluster sim",
        seconds=12.0,
    ),
)

DEMO: Story = (
    Scene(number=1, total=2, title="a release", said=("    app: hello",), command="paasctl release"),
    Played(number=1, command="paasctl release", exit=0, seconds=0.8),
    Scene(number=2, total=2, title="deployed", command="paasctl deploy demo"),
    Played(number=2, command="paasctl deploy demo", exit=0, seconds=3.2),
    Noted("what to try next:"),
    Outcome(status="done", exit=Exit.OK, verb="demo", seconds=4.0),
)

STORIES: dict[str, Story] = {
    "good": GOOD,
    "crash": CRASH,
    "upload": UPLOAD,
    "scan": SCAN,
    "several": SEVERAL,
    "dry-run": DRY_RUN,
    "cancel": CANCEL,
    "init": INIT,
    "broken-file": BROKEN_FILE,
    "simulated": SIMULATED,
    "demo": DEMO,
    "image-squash": IMAGE_SQUASH,
    "image-copy": IMAGE_COPY,
    "image-rebase": IMAGE_REBASE,
    "promote": PROMOTE,
    "promote-several": PROMOTE_SEVERAL,
    "promote-along": PROMOTE_ALONG,
    "promote-deploy-dry-run": ONWARD_DRY,
    "promote-deploy-crash": ONWARD_CRASH,
    "approve": APPROVE,
    "release-export": EXPORT,
    "reject": REJECT,
    "past-a-gate": PAST_A_GATE,
    "freeze": FREEZE,
    "cleanup": CLEANUP,
    "cleanup-look": CLEANUP_LOOK,
}
