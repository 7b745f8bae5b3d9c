"""Runs as they were told, event by event: values to show in every view. `Ticked` is the clock.

Small words: `rollout("3/5")` is a Deployment of which three new pods of five are ready.
"""

from __future__ import annotations

from collections.abc import Iterator

from paasctl.errors import Exit
from paasctl.model.config import Image, Squash
from paasctl.model.event import (
    Ended,
    Event,
    LogLine,
    Noted,
    Observed,
    Outcome,
    Planned,
    Problem,
    Progress,
    Started,
    Ticked,
    Warned,
)
from paasctl.model.image import Repository
from paasctl.model.kube import Key, Manifest, Target
from paasctl.model.plan import (
    Apply,
    AwaitReady,
    Build,
    Delete,
    DeployHead,
    FieldChange,
    Plan,
    Push,
    Record,
    SquashImage,
    Step,
    TagCommit,
    TagImage,
    WriteFile,
)
from paasctl.model.verdict import Cause, PodSeen, State, Verdict

Story = tuple[Event, ...]

STAGING = Target("staging", "shop-dev", "shop")
EU = Target("eu", "shop-production", "shop")
US = Target("us", "shop-production", "shop")
REPOSITORY = Repository.parse("registry.example/shop")
COMMIT = "4f6a1c09d2b7e3885a6f0c1d9e8b7a6654433221"
_OLD, _NEW = "a" * 64, "b" * 64


def key(name: str, namespace: str = "shop-dev") -> Key:
    """`Deployment/web` as a key."""
    kind, _, called = name.partition("/")
    group = {"Deployment": "apps", "StatefulSet": "apps", "HTTPRoute": "gateway.networking.k8s.io"}.get(kind, "")
    return Key(group, kind, namespace, called)


def manifest(name: str, namespace: str = "shop-dev", **body: object) -> Manifest:
    """An object with nothing in it but its name and what is given."""
    of = key(name, namespace)
    head = {"apiVersion": f"{of.group}/v1" if of.group else "v1", "kind": of.kind}
    return Manifest(
        of, {**head, "metadata": {"name": of.name, "namespace": namespace}, **body}, f"{of.kind.lower()}.yml.j2"
    )


def change(name: str, target: Target = STAGING) -> Apply:
    """An update that gives a workload its new image."""
    image = FieldChange(
        path="spec.template.spec.containers[web].image",
        before=f"{REPOSITORY}/web@sha256:{_OLD}",
        after=f"{REPOSITORY}/web@sha256:{_NEW}",
        manager="paasctl",
    )
    replicas = FieldChange(path="spec.replicas", before="2", after="3", manager="kubectl-edit")
    wanted = manifest(name, target.namespace)
    return Apply(target=target, manifest=wanted, change="update", uid="u1", fields=(image, replicas))


def create(name: str, target: Target = STAGING) -> Apply:
    """A new object."""
    return Apply(target=target, manifest=manifest(name, target.namespace), change="create")


def wait(*names: str, target: Target = STAGING, timeout: float = 300.0) -> AwaitReady:
    """A wait for workloads."""
    return AwaitReady(target=target, keys=tuple(key(it, target.namespace) for it in names), timeout=timeout)


def workload(
    name: str,
    ready: str,
    *,
    old: int = 0,
    pods: tuple[PodSeen, ...] = (),
    cause: Cause | None = None,
    state: State | None = None,
) -> Verdict:
    """`workload("Deployment/web", "2/3", old=1)`: how far it is."""
    done, wanted = map(int, ready.split("/"))
    here: State = state or ("ready" if done == wanted and not old else "waiting")
    olds = f", {old} old" if old else ""
    text = f"{done} of {wanted} new pod{'s' if wanted != 1 else ''} ready{olds}"
    return Verdict(
        key=key(name), state=here, text=text, wanted=wanted, ready=done, updated=wanted, old=old, pods=pods, cause=cause
    )


def pod(name: str, reason: str = "", restarts: int = 0, *, ready: bool = False) -> PodSeen:
    """One new pod."""
    return PodSeen(name=name, phase="Running" if ready else "Pending", ready=ready, restarts=restarts, reason=reason)


def seconds(first: float, last: float, step: float = 1.0) -> Iterator[Ticked]:
    """The clock from one time to another, both included."""
    for number in range(round((last - first) / step) + 1):
        yield Ticked(round(first + number * step, 3))


def _plan(
    verb: str, subject: str, *stages: tuple[Step, ...], asks: str = "", heads: tuple[DeployHead, ...] = ()
) -> Plan:
    holds = tuple(
        sorted({it.target for stage in stages for it in stage if isinstance(it, Apply | Delete | AwaitReady)})
    )
    return Plan(verb=verb, subject=subject, stages=stages, holds=holds, asks=asks, heads=heads)


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
DEPLOY = _plan("deploy", f"dev ({STAGING})", (_CONFIG,), (_WEB, _WORKER), (_WAIT,), (_OLD_CONFIG,), heads=(_HEAD,))
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
                hint="kubectl -n shop-dev logs web-7d9f8-x2k4p -c web --previous",
                evidence=(
                    "the end of the log of web-7d9f8-x2k4p, container web, its previous run:",
                    "  \x1b[31mERROR\x1b[0m could not connect to db:5432",
                    "  panic: no such table: users",
                    "event: Unhealthy: Readiness probe failed: connection refused",
                ),
            ),
        ),
        again="paasctl deploy dev",
        seconds=34.0,
    ),
)

# --- a release: build, squash, push, record -------------------------------------------------------------------------

_IMAGE = Image(name="web", squash=Squash(layers=1, base="keep"), args={"TOKEN": "not-to-be-shown"})
_BUILD = Build(image=_IMAGE, version="1.2.4", revision=COMMIT, epoch=1_760_000_000)
_SQUASH = SquashImage(image=_IMAGE)
_TAG = TagCommit(tag="v1.2.4", commit=COMMIT, message="1.2.4", remote="origin")
_PUSHES = (
    Push(name="web", repository=REPOSITORY.child("web")),
    Push(name="worker", repository=REPOSITORY.child("worker")),
)
_RECORD = Record(
    app="shop",
    repository=REPOSITORY,
    version="1.2.4",
    commit=COMMIT,
    created=1_760_000_000,
    images=(("web", REPOSITORY.child("web")),),
    pinned=(("worker", REPOSITORY.child("worker").pinned("sha256:" + "c" * 64)),),
    subjects=("Faster search",),
    files=(("paas.yaml", b"app: shop\n"),),
)
_TAGS = TagImage(name="web", repository=REPOSITORY.child("web"), tag="1.2.4")
RELEASE = _plan("release", "1.2.4", (_BUILD,), (_SQUASH,), (_TAG,), _PUSHES, (_RECORD,), (_TAGS,))
_MIB = 1024 * 1024


def _building() -> Iterator[Event]:
    for number in range(1, 13):
        yield LogLine("web", f"#{number} [{number}/12] RUN \x1b[1mstep {number}\x1b[0m of the build", 0)
        yield Ticked(1 + number)


def _uploading() -> Iterator[Event]:
    for second in range(13):
        yield Progress(3, "web", min(48, 4 * second) * _MIB, 48 * _MIB, "bytes")
        yield Progress(4, "worker", second * _MIB, None, "bytes")
        yield Ticked(20 + second)


UPLOAD: Story = (
    *seconds(0, 1),
    Warned("images.web: the base is named by a tag, which can move", "pin it: base: registry.example/base@sha256:…"),
    Planned(RELEASE),
    Started(0, _BUILD),
    *_building(),
    Ended(0, _BUILD, 14.0),
    Started(1, _SQUASH),
    Progress(1, "web", 20 * _MIB, 90 * _MIB, "bytes"),
    *seconds(15, 18),
    Ended(1, _SQUASH, 4.0),
    Started(2, _TAG),
    Ticked(19),
    Ended(2, _TAG, 0.8),
    Started(3, _PUSHES[0]),
    Started(4, _PUSHES[1]),
    *_uploading(),
    Ended(4, _PUSHES[1], 13.0),
    Ended(3, _PUSHES[0], 13.1),
    Started(5, _RECORD),
    Ended(5, _RECORD, 0.2),
    Started(6, _TAGS),
    Ended(6, _TAGS, 0.1),
    Outcome(
        status="done",
        exit=Exit.OK,
        verb="release",
        subject="1.2.4",
        done=RELEASE.steps,
        facts=(("version", "1.2.4"), ("record", f"{REPOSITORY}@sha256:{'d' * 64}")),
        seconds=33.4,
    ),
)

# --- two clusters, one after the other ------------------------------------------------------------------------------


def _objects(target: Target) -> tuple[Apply, ...]:
    names = ("ConfigMap/web-8f31", "Service/web", "Service/api", "Deployment/web", "Deployment/api", "HTTPRoute/web")
    return tuple(create(it, target) for it in names)


_WAITS = tuple(wait("Deployment/web", "Deployment/api", target=it) for it in (EU, US))
PRODUCTION = _plan(
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
_INIT = _plan("init", "paas.yaml", (_WRITE,))
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

STORIES: dict[str, Story] = {
    "good": GOOD,
    "crash": CRASH,
    "upload": UPLOAD,
    "several": SEVERAL,
    "dry-run": DRY_RUN,
    "cancel": CANCEL,
    "init": INIT,
    "broken-file": BROKEN_FILE,
}
