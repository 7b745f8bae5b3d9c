"""Small words to tell a run with: `workload("Deployment/web", "3/5")` has three new pods ready of five."""

from __future__ import annotations

from collections.abc import Iterator

from paasctl.model.event import (
    Event,
    Ticked,
)
from paasctl.model.image import Repository
from paasctl.model.kube import Key, Manifest, Target
from paasctl.model.plan import (
    Apply,
    AwaitReady,
    Delete,
    DeployHead,
    FieldChange,
    Plan,
    Step,
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


def planned(
    verb: str, subject: str, *stages: tuple[Step, ...], asks: str = "", heads: tuple[DeployHead, ...] = ()
) -> Plan:
    holds = tuple(
        sorted({it.target for stage in stages for it in stage if isinstance(it, Apply | Delete | AwaitReady)})
    )
    return Plan(verb=verb, subject=subject, stages=stages, holds=holds, asks=asks, heads=heads)
