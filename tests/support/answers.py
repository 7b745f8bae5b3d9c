"""One answer of each kind, with something to say."""

from __future__ import annotations

from paasctl.model.answer import (
    Answer,
    ApprovalsAnswer,
    ConfigShown,
    CopyTold,
    DiffAnswer,
    Differs,
    FaultTold,
    Finding,
    Findings,
    HistoryAnswer,
    HistoryEntry,
    ObjectDiff,
    RehearsalAnswer,
    ReleaseRow,
    ReleasesAnswer,
    Rendered,
    RollbackAnswer,
    SchemaShown,
    Setting,
    StatusAnswer,
    StatusRow,
    VersionAnswer,
    WayBack,
    Whereabouts,
)
from paasctl.model.approving import Pending, Tally
from paasctl.model.kube import Kind
from paasctl.model.masked import Masked
from paasctl.model.plan import FieldChange
from paasctl.model.problem import Problem
from paasctl.model.promoting import Statement
from paasctl.model.version import Named, Spelled, Why
from support.image_answers import IMAGE_ANSWERS
from support.stories import CRASHED
from support.story_cleanup import CLEANUP_ANSWER, EXPLAINED
from support.telling import COMMIT, EU, REPOSITORY, STAGING, US, manifest, wait, workload

VERSION = VersionAnswer(
    named=Named(
        text="1.2.4-feature-x.3.g4f6a1c0",
        is_release=False,
        dirty=False,
        story=("the nearest tag is v1.2.3, 3 commits back", "branch feature/x (git) is spelled feature-x"),
        tag="v1.2.4",
        why=Why(
            tag="v1.2.3",
            back=3,
            commits=3,
            rule="patch",
            rule_from="version.increment",
            next="1.2.4",
            branch="feature/x",
            branch_from="git",
            cut=("feature/x: feature-x",),
        ),
        spelled=Spelled(
            image_tag="1.2.4-feature-x.3.g4f6a1c0",
            label="1.2.4-feature-x.3.g4f6a1c0",
            dns="1-2-4-feature-x-3-g4f6a1c0",
        ),
    ),
    explain=True,
)
LINT = Findings(
    verb="lint",
    findings=(
        Finding(ok=True, name="paas.yaml", message="3 services, 2 environments"),
        Finding(
            ok=False,
            name="templates",
            message="'valeus' is undefined",
            where="templates/deployment.yml.j2:7",
            hint="did you mean 'values'?",
        ),
    ),
)
_DEPLOYMENT = manifest("Deployment/web", spec={"replicas": 3, "paused": False})
_SECRET = manifest("Secret/web", stringData={"api-key": Masked("hunter2")}, type="Opaque")
RENDERED = Rendered(
    manifests=(_DEPLOYMENT, _SECRET),
    explained={"Deployment/web": (("spec.replicas", "services.web.replicas"),)},
)
CONFIG = ConfigShown(
    document={"app": "shop", "values": {"host": "shop.example", "token": Masked("hunter2")}},
    settings=(
        Setting(path="values.host", value="shop.example", source="paas.yaml:40:10"),
        Setting(path="values.token", value=Masked("hunter2"), source="--set"),
    ),
)
SCHEMA = SchemaShown(schema={"$schema": "https://json-schema.org/draft/2020-12/schema", "type": "object"})
DIFF = DiffAnswer(
    environment="dev",
    version="1.2.4",
    objects=(
        ObjectDiff(target=STAGING, key="ConfigMap/web-8f31", change="create"),
        ObjectDiff(
            target=STAGING,
            key="Deployment/web",
            change="update",
            fields=(
                FieldChange(path="spec.replicas", before="2", after="3", manager="kubectl-edit"),
                FieldChange(path="metadata.labels[app]", before=None, after="shop"),
                FieldChange(path="spec.paused", before="true", after=None),
            ),
        ),
        ObjectDiff(
            target=STAGING,
            key="Secret/web",
            change="update",
            fields=(FieldChange(path="data.api-key", before="aHVudGVyMQ==", after="aHVudGVyMg=="),),
        ),
        ObjectDiff(target=STAGING, key="ConfigMap/web-77aa", change="delete"),
    ),
)
STATUS = StatusAnswer(
    environments=(
        (
            "dev",
            (
                StatusRow(
                    target=STAGING,
                    version="1.2.4",
                    commit=COMMIT,
                    since="2026-07-01T10:00:00Z",
                    by="ada@desk",
                    verdicts=(CRASHED, workload("Deployment/worker", "2/2")),
                    urls=("https://shop.dev.example/",),
                    holder="ada@desk (deploy, pid 4711)",
                    left="a deploy of 1.2.4, begun 2026-07-01T10:00:00Z",
                ),
            ),
        ),
        (
            "production",
            (
                StatusRow(
                    target=EU,
                    version="1.2.3",
                    commit=COMMIT,
                    since="2026-06-30T08:12:00Z",
                    by="ci",
                    verdicts=(workload("Deployment/web", "20/20"),),
                ),
                StatusRow(target=US, error="reading us: connection refused"),
            ),
        ),
    )
)
_ENTRY = HistoryEntry(
    number=7,
    target=STAGING,
    version="1.2.4",
    before="1.2.3",
    commit=COMMIT,
    by="ada@desk",
    began="2026-07-01T10:00:00Z",
    ended="2026-07-01T10:00:34Z",
    outcome="failed",
    images=(("web", f"{REPOSITORY}/web@sha256:{'b' * 64}"),),
    message="rolling out Deployment/web: keeps crashing",
    evidence=("panic: no such table",),
    link="https://ci.example/jobs/17",
    settings=(("host", '"shop.dev.example"'),),
)
HISTORY = HistoryAnswer(environment="dev", entries=(_ENTRY,))
_IMAGE = "registry.example/shop/web@sha256:"
ROLLBACK = RollbackAnswer(
    environment="production",
    now=("1.2.4",),
    rows=(
        WayBack(
            version="1.2.3",
            commit="1f0c9d2" + "0" * 33,
            ended="2026-07-01T10:00:00Z",
            by="Anna Ø",
            differs=(
                Differs(
                    what="image web",
                    now=_IMAGE + "4" * 64,
                    then=_IMAGE + "3" * 64,
                ),
                Differs(what="value api_token", now="***", then=""),
            ),
        ),
        WayBack(
            version="1.2.2",
            commit="2f0c9d2" + "0" * 33,
            ended="2026-06-01T10:00:00Z",
            by="bob",
            differs=(),
            rejected=Statement(word="rejected", at="2026-06-02T10:00:00Z", by="bob", why="loses baskets"),
        ),
        WayBack(
            version="1.2.1",
            commit="",
            ended="2026-05-01T10:00:00Z",
            by="bob",
            differs=(),
            unread="asking registry.example: no answer",
        ),
        WayBack(version="1.2.0", commit="", ended="2026-04-01T10:00:00Z", by="bob", differs=(), is_gone=True),
    ),
    unread=("ConfigMap/paasctl-shop-history-00003 holds no record: ValueError()",),
)
_PENDING = (
    Pending(
        version="1.2.4",
        registry="dev",
        tally=Tally(
            environment="production",
            wanted=2,
            given=("Anna Ø",),
            missing=1,
            may=("bob", "carla"),
            uncounted=("bob: withdrawn on 2026-07-01T10:00:00Z: too early",),
        ),
    ),
)
RELEASES = ReleasesAnswer(
    rows=(
        ReleaseRow(
            version="1.2.4", registry="dev", record=f"{REPOSITORY}:1.2.4", commit=COMMIT, created="2026-07-01 09:58"
        ),
        ReleaseRow(
            version="1.2.3",
            registry="dev",
            record=f"{REPOSITORY}:1.2.3",
            commit=COMMIT,
            created="2026-06-30 09:58",
            rejected=Statement(word="rejected", at="2026-07-01T10:00:00.5Z", by="anna@desk", why="loses baskets"),
        ),
        ReleaseRow(
            version="1.2.2",
            registry="dev",
            record=f"{REPOSITORY}:1.2.2",
            commit=COMMIT,
            created="2026-06-29 09:58",
            unread="asking for referrers: the registry answers 500",
        ),
    ),
    matrix=(
        Whereabouts(version="1.2.4", environments=(("dev", "runs"), ("production", "?"))),
        Whereabouts(version="1.2.3", environments=(("dev", "there"), ("production", "runs on us, ?"))),
    ),
    unknown=((str(EU), "asking cluster eu: no route to host"),),
    pending=(
        *_PENDING,
        Pending(
            version="1.2.3",
            registry="",
            tally=Tally(environment="production", wanted=2),
            unread="asking for referrers: the registry answers 500",
        ),
    ),
)
APPROVALS = ApprovalsAnswer(rows=_PENDING, asking=("production",))
REHEARSAL = RehearsalAnswer(
    environment="dev",
    version="1.2.4",
    copies=(
        CopyTold(
            cluster="staging",
            namespaces=("shop-dev",),
            objects=34,
            unread=(Kind("", "Node"),),
            unheld=(Kind("cert-manager.io", "Certificate"),),
        ),
    ),
    asks="dev is protected",
    objects=DIFF.objects,
    steps=(wait("Deployment/web"),),
    status="failed",
    exit=1,
    took=12.3,
    done=2,
    problems=(
        Problem(
            code="crash-loop",
            message="rolling out Deployment/web: container web exits with code 3, 2 restarts",
            evidence=("the end of the log of web-7d9f8-x2k4p:", "  panic: no such table: users"),
        ),
    ),
    faults=(
        FaultTold(
            cluster="staging",
            rule="patch deployments: 503 times=2",
            hits=2,
            requests=("patch deployments/web",),
            waits=(0.25, 0.5),
        ),
        FaultTold(cluster="staging", rule="list events: forbid", hits=1, requests=("list events",), given_up=1),
        FaultTold(cluster="staging", rule="get nodes: reset", hits=0),
    ),
    targets=(StatusRow(target=STAGING, version="1.2.4", verdicts=(CRASHED, workload("Deployment/worker", "2/2"))),),
    left=1,
    limits=("whether the images start",),
)

ANSWERS: tuple[Answer, ...] = (
    *(VERSION, LINT, RENDERED, CONFIG, SCHEMA, DIFF, STATUS, HISTORY, ROLLBACK, RELEASES, APPROVALS, REHEARSAL),
    *IMAGE_ANSWERS,
    CLEANUP_ANSWER,
    EXPLAINED,
)
