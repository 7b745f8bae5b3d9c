"""What could not be found out, or is not allowed, stops a cleanup before anything is deleted."""

from __future__ import annotations

import json

import pytest

from paasctl.errors import ConfigError, Exit, Forbidden, PaasError, Refused, Unavailable
from paasctl.model.event import Event
from paasctl.model.kube import Target
from paasctl.model.plan import DeployHead
from paasctl.planning.cleanup.decide import Cap
from support.cleaning import Dump
from support.promoting import outcome

ALL = Cap(number=1000, share=1.0)
NEWEST = {"shop": {"0.1.2"}, "shop/web": {"0.1.2"}}


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (Unavailable("reading: connection refused"), Exit.UNAVAILABLE),
        (Forbidden("listing cronjobs: forbidden", code="forbidden"), Exit.FORBIDDEN),
    ],
)
def test_a_cluster_that_can_not_be_read_stops_it(dump: Dump, error: PaasError, status: Exit) -> None:
    before = dump.state
    dump.world.only_cluster.unread["CronJob"] = error
    found, events = dump.clean(cap=ALL)
    assert found is status
    assert outcome(events).problems[0].message.startswith("cluster testbed can't be read, and what it runs must not")
    assert outcome(events).problems[0].code == error.code
    assert dump.state == before
    with pytest.raises(type(error)):
        dump.ask()


def test_a_history_that_can_not_be_read_stops_it(dump: Dump) -> None:
    target = Target("testbed", "shop-dev", "shop")
    cluster = dump.world.only_cluster
    cluster.ensure_namespace(target)
    head = DeployHead(target=target, environment="dev", version="0.1.0", before="", commit="", images=())
    with cluster.hold(target, None, wait=0, seen=lambda _: None):  # type: ignore[arg-type]  # nobody looks
        cluster.open_record(head, type("By", (), {"person": "a"})(), "")
        cluster.close_record(target, 1, outcome="unreadable", ended="", message="no JSON", evidence=())
    status, events = dump.clean(cap=ALL)
    assert (status, outcome(events).problems[0].code) == (Exit.UNAVAILABLE, "history-unreadable")


def test_a_registry_that_deletes_nothing_says_so_first(dump: Dump) -> None:
    dump.registry.rules.deletes = False
    for ask in (dump.ask, lambda: _raise(dump.clean(cap=ALL)[1])):
        with pytest.raises(Refused, match="this registry deletes nothing") as caught:
            ask()
        assert caught.value.code == "deletes-unsupported"
    assert not dump.registry.requests["GET tags"]
    assert dump.ask(explain="0.1.0").found


def test_a_registry_that_lists_nothing_says_so(dump: Dump) -> None:
    dump.registry.rules.lists = False
    with pytest.raises(Refused, match="this registry lists no tags") as caught:
        dump.ask()
    assert caught.value.code == "listing-unsupported"


def _raise(events: list[Event]) -> None:
    problem = outcome(events).problems[0]
    raise Refused(problem.message, code=problem.code)


def test_without_rules_nothing_goes(dump: Dump) -> None:
    paas = dump.world.project / "paas.yaml"
    paas.write_text(paas.read_text().replace(", keep: {releases: 1, snapshots: 0}", ""))
    with pytest.raises(ConfigError, match="has no `keep`") as caught:
        dump.ask()
    assert caught.value.where


def test_two_registries_of_one_repository_are_left_alone(dump: Dump) -> None:
    paas = dump.world.project / "paas.yaml"
    text = paas.read_text()
    paas.write_text(text.replace("registries: {", f'registries: {{rc: {{repository: "{dump.registry.host}/shop"}}, '))
    with pytest.raises(Refused) as caught:
        dump.ask()
    assert caught.value.code == "registry-shared"


def test_a_record_that_can_not_be_read_stops_it(dump: Dump) -> None:
    manifest = json.loads(dump.registry.manifests["shop"][dump.registry.tags["shop"]["0.1.0"]][1])
    layer = manifest["layers"][0]
    made = dump.registry.put_blob("shop", b'{"format": 99}', layer["mediaType"])
    manifest["layers"][0] = {"mediaType": made.media_type, "digest": made.digest, "size": made.size}
    dump.registry.put_manifest("shop", json.dumps(manifest).encode(), tag="0.1.0")
    status, events = dump.clean(cap=ALL)
    assert (status, outcome(events).problems[0].code) == (Exit.UNAVAILABLE, "record-too-new")


def test_a_pinned_cluster_that_is_another_one_stops_it(dump: Dump) -> None:
    paas = dump.world.project / "paas.yaml"
    paas.write_text(paas.read_text().replace("{context: testbed}", "{context: testbed, identity: its-own}"))
    status, events = dump.clean(cap=ALL)
    assert (status, outcome(events).problems[0].code) == (Exit.REFUSED, "wrong-cluster")


def test_a_context_that_is_not_there_is_not_to_be_replaced_by_one_for_all(dump: Dump) -> None:
    """`--context` is refused here, so nobody is sent there."""
    hint = "name one of them at clusters.NAME.context, or pass --context"
    dump.world.only_cluster.unread["CronJob"] = ConfigError("no such context", hint=hint, code="context-not-found")
    status, events = dump.clean(cap=ALL)
    (problem,) = outcome(events).problems
    assert (status, problem.hint) == (Exit.CONFIG, "name one of them at clusters.NAME.context")
