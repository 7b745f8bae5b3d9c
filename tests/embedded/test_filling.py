"""A simulated cluster that begins as a copy: nothing healthy is touched, nothing ill is healed, controllers go on."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from paasctl.adapters.kube.cluster import KubeCluster
from paasctl.adapters.kube.connect import Where
from paasctl.cli.filling import Filling, holds, is_begun
from paasctl.embedded.kube.api.access import Rule
from paasctl.embedded.kube.clock import DrivenClock
from paasctl.embedded.kube.controllers.scripts import read_scripts
from paasctl.embedded.kube.model import By, Object, Place
from paasctl.embedded.kube.simulation import Simulation, simulate
from paasctl.engine.cancel import Cancel
from paasctl.errors import Forbidden
from paasctl.model.copying import Copy
from paasctl.model.kube import Kind
from paasctl.verbs.copying import ToCopy, read_copy
from support.clusters import Ticks

DEPLOYMENTS, SETS, PODS = ("apps", "deployments"), ("apps", "replicasets"), ("", "pods")
KINDS = (DEPLOYMENTS, SETS, PODS, ("apps", "statefulsets"), ("apps", "daemonsets"), ("batch", "jobs"), ("", "secrets"))


def _workload(kind: str, name: str, image: str = "registry.example/app:1", **spec: Any) -> Object:
    labels = {"app": name}
    container = {"name": "main", "image": image}
    whole = {
        "selector": {"matchLabels": labels},
        "template": {"metadata": {"labels": labels}, "spec": {"containers": [container]}},
        **spec,
    }
    return {"apiVersion": "apps/v1", "kind": kind, "metadata": {"name": name, "namespace": "shop"}, "spec": whole}


def _make(sim: Simulation, group: str, plural: str, body: Object) -> None:
    metadata = body["metadata"]
    sim.store.create(Place(group, plural, metadata.get("namespace", ""), metadata["name"]), body, By("kubectl"))


@contextmanager
def _live(
    clock: DrivenClock, folder: Path, scripts: tuple[dict[str, Any], ...] = ()
) -> Iterator[tuple[Simulation, KubeCluster]]:
    """A cluster with something of everything, rolled out."""
    with simulate(clock=clock, scripts=read_scripts(scripts)) as sim:
        _make(sim, "", "namespaces", {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}})
        _make(sim, *DEPLOYMENTS, _workload("Deployment", "web", replicas=2))
        _make(sim, "apps", "statefulsets", _workload("StatefulSet", "db", replicas=2, serviceName="db"))
        _make(sim, "apps", "daemonsets", _workload("DaemonSet", "agent"))
        secret = {"metadata": {"name": "key", "namespace": "shop"}, "data": {"k": "aHVudGVyMg=="}}
        _make(sim, "", "secrets", {"apiVersion": "v1", "kind": "Secret", **secret})
        service = {
            "metadata": {"name": "web", "namespace": "shop"},
            "spec": {"selector": {"app": "web"}, "ports": [{"port": 80}]},
        }
        _make(sim, "", "services", {"apiVersion": "v1", "kind": "Service", **service})
        clock.advance(60)
        place = folder / "live.kubeconfig"
        sim.write_kubeconfig(place)
        where = Where(context="paasctl-sim", kubeconfig=str(place), environ={})
        yield sim, KubeCluster("live", where, Ticks(real=True))


def _copy(live: KubeCluster, *namespaces: str, secrets: bool = True) -> Copy:
    wanted = ToCopy(namespaces=namespaces or None, held=holds(), secrets=secrets)
    return read_copy(live, wanted, Cancel())


@contextmanager
def _copied(copy: Copy, clock: DrivenClock, state: Path | None = None) -> Iterator[Simulation]:
    filling = Filling(copy, state, clock.utc())
    with simulate(clock=clock, fill=filling.fill, scripts=filling.scripts(), state=state) as sim:
        yield sim


def _all(sim: Simulation, *kinds: tuple[str, str]) -> dict[Place, Object]:
    return {
        place: body
        for place, body in sim.store.shelf.all()
        if place[:2] in (kinds or KINDS) and place.namespace == "shop"
    }


def test_what_is_healthy_is_never_touched(tmp_path: Path) -> None:
    clock, later = DrivenClock(), DrivenClock(DrivenClock().utc() + 3600)
    with _live(clock, tmp_path) as (there, live):
        copy = _copy(live, "shop")
        before = _all(there)
    with _copied(copy, later) as here:
        later.advance(900)
        assert _all(here) == before
        assert len(_all(here, PODS)) == 5


def test_a_copy_is_the_same_cluster_by_its_identity(tmp_path: Path) -> None:
    with _live(DrivenClock(), tmp_path) as (there, live), _copied(_copy(live, "shop"), DrivenClock()) as here:
        place = Place("", "namespaces", "", "kube-system")
        assert here.store.get(place) == there.store.get(place)


def test_controllers_go_on_from_there(tmp_path: Path) -> None:
    clock = DrivenClock()
    with _live(DrivenClock(), tmp_path) as (_, live):
        copy = _copy(live, "shop")
    with _copied(copy, clock) as here:
        clock.advance(120)
        before = {meta["uid"] for it in _all(here, PODS).values() for meta in [it["metadata"]]}
        place = Place(*DEPLOYMENTS, "shop", "web")
        body = json.loads(json.dumps(here.store.get(place)))
        body["spec"]["template"]["spec"]["containers"][0]["image"] = "registry.example/app:2"
        here.store.update(place, body, By("kubectl"))
        clock.advance(120)
        pods = _all(here, PODS).values()
        images = sorted(
            it["spec"]["containers"][0]["image"] for it in pods if it["metadata"]["labels"].get("app") == "web"
        )
        assert images == ["registry.example/app:2"] * 2
        assert len(before & {it["metadata"]["uid"] for it in pods}) == 3


@pytest.mark.parametrize(
    ("does", "state"),
    [
        ({"crash": {"exit": 3}}, "CrashLoopBackOff"),
        ({"oom": True}, "CrashLoopBackOff"),
        ({"never-ready": "HTTP probe failed"}, "running"),
        ({"unschedulable": "0/1 nodes are available: 1 Insufficient cpu."}, "Unschedulable"),
    ],
)
def test_what_is_ill_stays_ill(tmp_path: Path, does: dict[str, Any], state: str) -> None:
    clock = DrivenClock()
    with _live(clock, tmp_path, ({"match": {"labels": {"app": "web"}}, **does},)) as (_, live):
        clock.advance(600)
        copy = _copy(live, "shop")
    later = DrivenClock(clock.utc())
    with _copied(copy, later) as here:
        later.advance(300)
        ill = [it for it in _all(here, PODS).values() if it["metadata"]["labels"].get("app") == "web"]
        assert len(ill) == 2
        for it in ill:
            assert state in json.dumps(it["status"])
            assert not [at for at in it["status"]["conditions"] if (at["type"], at["status"]) == ("Ready", "True")]
        well = [it for it in _all(here, PODS).values() if it["metadata"]["labels"].get("app") == "db"]
        assert {at["restartCount"] for it in well for at in it["status"]["containerStatuses"]} == {0}


def test_without_values_secrets_have_placeholders(tmp_path: Path) -> None:
    with _live(DrivenClock(), tmp_path) as (_, live):
        copy = _copy(live, "shop", secrets=False)
    assert copy.masked == 1
    with _copied(copy, DrivenClock()) as here:
        secret = here.store.get(Place("", "secrets", "shop", "key"))
        assert secret
        assert secret["data"] == {"k": "KioqKioqKg=="}


def test_where_no_namespace_is_named_all_but_the_systems_come(tmp_path: Path) -> None:
    with _live(DrivenClock(), tmp_path) as (_, live):
        copy = _copy(live)
    assert copy.namespaces == ("default", "shop")
    inside = {it.key.namespace for it in copy.objects} - {""}
    assert inside == {"default", "shop"}


def test_a_namespace_that_is_not_there_is_told(tmp_path: Path) -> None:
    with _live(DrivenClock(), tmp_path) as (_, live):
        copy = _copy(live, "shop", "nowhere")
    assert (copy.namespaces, copy.absent) == (("shop",), ("nowhere",))


def test_what_may_not_be_read_is_told_and_not_taken_for_absent(tmp_path: Path) -> None:
    with _live(DrivenClock(), tmp_path) as (there, live):
        there.access.let(Rule(allows=False, resource="secrets"), Rule(allows=False, resource="nodes"))
        copy = _copy(live, "shop")
        assert copy.unread == (Kind("", "Node"), Kind("", "Secret"))
        there.access.let(Rule(allows=False, resource="namespaces", verb="list"))
        with pytest.raises(Forbidden, match="namespaces"):
            _copy(live)


def test_a_group_that_the_live_cluster_does_not_serve_is_not_served(tmp_path: Path) -> None:
    group = "gateway.networking.k8s.io"
    with _live(DrivenClock(), tmp_path) as (_, live):
        copy = _copy(live, "shop")
    with _copied(replace(copy, serves=frozenset(it for it in copy.serves if it.group != group)), DrivenClock()) as here:
        place = tmp_path / "here.kubeconfig"
        here.write_kubeconfig(place)
        where = Where(context="paasctl-sim", kubeconfig=str(place), environ={})
        kinds = KubeCluster("here", where, Ticks(real=True)).offers().kinds
    assert Kind(group, "HTTPRoute") in copy.serves
    assert group not in {it.group for it in kinds}
    assert Kind("apps", "Deployment") in kinds


def test_a_folder_keeps_the_copy_and_how_it_ails(tmp_path: Path) -> None:
    clock, state = DrivenClock(), tmp_path / "state"
    with _live(clock, tmp_path, ({"match": {"labels": {"app": "web"}}, "crash": {"exit": 3}},)) as (_, live):
        clock.advance(300)
        copy = _copy(live, "shop")
    assert not is_begun(state)
    with _copied(copy, DrivenClock(clock.utc()), state) as here:
        before = _all(here, SETS)
    assert is_begun(state)
    again = DrivenClock(clock.utc())
    with simulate(clock=again, state=state, scripts=Filling(None, state, again.utc()).scripts()) as here:
        again.advance(300)
        assert _all(here, SETS).keys() == before.keys()
        ill = [it for it in _all(here, PODS).values() if it["metadata"]["labels"].get("app") == "web"]
        assert all("CrashLoopBackOff" in json.dumps(it["status"]) for it in ill)


def test_a_folder_whose_filling_was_killed_is_filled_anew(tmp_path: Path) -> None:
    (tmp_path / "objects.log").touch()
    (tmp_path / "filling").touch()
    assert not is_begun(tmp_path)
