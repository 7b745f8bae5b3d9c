"""`cleanup` over the embedded registry: what goes, what stays and because of what, over HTTP."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from paasctl.errors import Exit, Refused, Unavailable
from paasctl.model.event import Outcome
from paasctl.model.image import Descriptor, Repository
from paasctl.model.kube import OWNER_LABEL, Kind, Served
from paasctl.oci.documents.manifest import OCI_MANIFEST
from paasctl.planning.cleanup.decide import Cap
from paasctl.planning.manifests import VERSION_MARK
from paasctl.verbs.deploy import Deploy
from support.cleaning import Dump, answer, dump_in, pod
from support.conducted import go
from support.copying import put_index, sign_by_tag
from support.promoting import outcome
from support.registry_values import vouching

ALL = Cap(number=1000, share=1.0)
NEWEST = {"shop": {"0.1.2"}, "shop/web": {"0.1.2"}}


def test_nothing_is_deleted_by_asking(dump: Dump) -> None:
    before = dump.state
    found = answer(dump.ask())
    assert [it.name for it in found.going] == ["0.1.1", "0.1.0"]
    assert [it.name for it in found.staying] == ["0.1.2"]
    assert found.going[0].holds.startswith("release, 1 image, ")
    assert found.going[0].because == "runs nowhere, in no history, not among the newest 1 releases"
    assert found.staying[0].because == "keep.releases: one of the newest 1"
    assert found.frees > 0
    assert dump.state == before


def test_what_no_root_leads_to_is_gone_and_all_else_as_it_was(dump: Dump) -> None:
    kept = {path: dict(dump.registry.manifests[path]) for path in ("shop", "shop/web")}
    gone = {it.at for it in answer(dump.ask()).doomed}
    status, events = dump.clean(cap=ALL)
    assert status is Exit.OK
    assert dict(outcome(events).facts) == {"deleted": str(len(gone))}
    assert dump.names == NEWEST
    for path, held in kept.items():
        left = {it for it in held if f"{dump.registry.host}/{path}@{it}" not in {str(one) for one in gone}}
        assert set(dump.registry.manifests[path]) == left
    status, events = dump.clean(cap=ALL)
    assert (status, outcome(events).status) == (Exit.OK, "nothing-to-do")


def test_what_runs_stays_whoever_runs_it(dump: Dump) -> None:
    dump.run(
        "batch/CronJob", "nightly", spec={"jobTemplate": {"spec": {"template": {"spec": pod(dump.image("0.1.0"))}}}}
    )
    assert dump.clean(cap=ALL)[0] is Exit.OK
    assert dump.names == {"shop": {"0.1.2"}, "shop/web": {"0.1.0", "0.1.2"}}
    dump.keep("releases: 1, snapshots: 0")
    row = next(it for it in answer(dump.ask()).staying if it.name == "0.1.0")
    assert row.because == "testbed: CronJob/nightly in elsewhere names it"


@pytest.mark.parametrize(
    ("kind", "body"),
    {
        "an init container": ("/Pod", {"spec": {"initContainers": [{"name": "a", "image": "$"}]}}),
        "an ephemeral container": ("/Pod", {"spec": {"ephemeralContainers": [{"name": "a", "image": "$"}]}}),
        "what the node says": (
            "/Pod",
            {"spec": {}, "status": {"containerStatuses": [{"image": "mirror/x:1", "imageID": "docker-pullable://$"}]}},
        ),
        "a ReplicaSet of the history": ("apps/ReplicaSet", {"spec": {"replicas": 0, "template": {"spec": pod("$")}}}),
        "a workload at rest": ("apps/StatefulSet", {"spec": {"replicas": 0, "template": {"spec": pod("$")}}}),
        "a template of a pod": ("/ConfigMap", {"data": {"agents.yaml": "spec:\n  containers:\n  - image: $\n"}}),
        "an argument of an operator": ("apps/DaemonSet", {"spec": {"args": ["--runner=$"]}}),
    }.values(),
)
def test_wherever_it_is_named(dump: Dump, kind: str, body: dict[str, object]) -> None:
    text = json.dumps(body).replace("$", dump.image("0.1.0"))
    dump.run(kind, "some", **json.loads(text))
    assert dump.clean(cap=ALL)[0] is Exit.OK
    assert dump.names["shop/web"] == {"0.1.0", "0.1.2"}


def test_by_a_tag_too_and_under_the_name_that_the_cluster_has_for_the_registry(dump: Dump) -> None:
    dump.run("/Pod", "some", spec=pod("registry.svc:5000/proxied/shop/web:0.1.1"))
    assert dump.clean(cap=ALL)[0] is Exit.OK
    assert dump.names["shop/web"] == {"0.1.1", "0.1.2"}


def test_a_release_that_was_deployed_stays_whole_record_and_all(dump: Dump) -> None:
    world = dump.afresh()
    assert go(Deploy(environment="dev", version="0.1.0"), world)[0] is Exit.OK
    assert go(Deploy(environment="dev", version="0.1.1"), world)[0] is Exit.OK
    assert answer(dump.ask()).doomed == ()
    for it in list(world.only_cluster.objects):
        del world.only_cluster.objects[it]
    found = answer(dump.ask())
    assert found.doomed == (), "a rollback may go back to it"
    assert ("history of dev on testbed", 4) in found.roots
    row = next(it for it in found.staying if it.name == "0.1.0")
    assert "deploy #1 of 0.1.0 is in the history" in row.because


def test_a_workload_of_ours_says_its_release(dump: Dump) -> None:
    meta = {"labels": {OWNER_LABEL: "shop"}, "annotations": {VERSION_MARK: "0.1.0"}}
    dump.run("apps/Deployment", "web", metadata=meta, spec={})
    assert dump.clean(cap=ALL)[0] is Exit.OK
    assert dump.names["shop"] == {"0.1.0", "0.1.2"}


def test_what_is_young_stays(tmp_path: Path) -> None:
    with dump_in(tmp_path / "one") as dump:
        dump.seconds = 86400.0
        assert answer(dump.ask()).doomed == ()
        dump.keep("releases: 1, age: 1h")
        assert answer(dump.ask()).doomed


def test_an_index_goes_whole_and_stays_whole(dump: Dump) -> None:
    host, here = dump.registry.host, dump.registry
    old = [here.put_image("shop/web", it, config=_dated(it)) for it in (b"amd", b"arm")]
    index = put_index(here, "shop/web", (old[0], "linux/amd64"), (old[1], "linux/arm64"), tag="0.0.1")
    signature = sign_by_tag(here, "shop/web", index, b"signature")
    sbom = _vouched(dump, old[1])
    every = {index.digest, *(it.digest for it in old), signature.digest, sbom.digest}
    dump.run("/Pod", "some", spec=pod(f"{host}/shop/web@{old[0].digest}"))
    assert dump.clean(cap=ALL)[0] is Exit.OK
    assert every <= set(here.manifests["shop/web"])
    dump.world.only_cluster.objects.clear()
    assert dump.clean(cap=ALL)[0] is Exit.OK
    assert not every & set(here.manifests["shop/web"])
    assert dump.names == NEWEST


def _vouched(dump: Dump, subject: Descriptor) -> Descriptor:
    """As a client does it: where the registry has no referrers, with the tag that stands for them."""
    web = Repository(dump.registry.host, "shop/web")
    empty = dump.registry.put_blob("shop/web", b"{}")
    client = dump.world.registry(web.host)
    return client.put_manifest(web, OCI_MANIFEST, vouching(subject, empty, "application/spdx+json"))


def _dated(layer: bytes) -> bytes:
    return json.dumps({"created": "2020-05-04T03:02:01.123456789Z", "of": layer.decode()}).encode()


def test_what_has_no_tag_any_more_and_runs_keeps_what_it_is_made_of(dump: Dump) -> None:
    here = dump.registry
    one, two = (here.put_image("shop/web", it, config=_dated(it)) for it in (b"amd", b"arm"))
    put_index(here, "shop/web", (one, "linux/amd64"), tag="0.0.1")
    bare = put_index(here, "shop/web", (one, "linux/amd64"), (two, "linux/arm64"), tag="")
    dump.run("/Pod", "some", spec=pod(f"{here.host}/shop/web@{bare.digest}"))
    assert dump.clean(cap=ALL)[0] is Exit.OK
    assert {one.digest, two.digest, bare.digest} <= set(here.manifests["shop/web"])


def test_what_is_not_ours_is_not_touched(dump: Dump) -> None:
    here = dump.registry
    other = here.put_image("shop/other", b"x", tag="0.0.1", config=_dated(b"x"))
    beside = here.put_image("shopper/web", b"x", tag="0.0.1", config=_dated(b"x"))
    cache = here.put_image("shop/web", b"cache", tag="buildcache", config=_dated(b"c"))
    assert dump.clean(cap=ALL)[0] is Exit.OK
    assert other.digest in here.manifests["shop/other"]
    assert beside.digest in here.manifests["shopper/web"]
    assert cache.digest in here.manifests["shop/web"]
    asked = [it.path for it in here.log if it.method == "DELETE"]
    assert not [it for it in asked if not it.startswith(("/v2/shop/manifests/", "/v2/shop/web/manifests/"))]


def test_images_of_older_releases_are_found_though_the_file_has_them_no_more(dump: Dump) -> None:
    paas = dump.world.project / "paas.yaml"
    paas.write_text(
        paas.read_text().replace("  web:\n    base", "  page:\n    base").replace("image: web", "image: page")
    )
    dump.release("renamed\n")
    assert dump.clean(cap=ALL)[0] is Exit.OK
    left = {path: tags for path, tags in dump.names.items() if tags}
    assert left == {"shop": {"0.1.3"}, "shop/page": {"0.1.3"}}


def test_why_something_stays_is_told_from_it_to_its_root(dump: Dump) -> None:
    dump.run("/Pod", "some", spec=pod(dump.image("0.1.0")))
    found = {str(it.at.repository.path): it for it in dump.ask(explain="0.1.0").found}
    assert found["shop/web"].stays
    assert found["shop/web"].chain == ("testbed: Pod/some in elsewhere runs it",)
    assert not found["shop"].stays
    newest = next(it for it in dump.ask(explain="web:0.1.2").found)
    assert newest.chain[-1] == "keep.releases: one of the newest 1"
    by_digest = dump.ask(explain=newest.at.digest[7:20]).found
    assert [it.at for it in by_digest] == [newest.at]
    with pytest.raises(Refused, match="has that tag or digest"):
        dump.ask(explain="9.9.9")


def test_another_registry_of_the_path_is_never_asked(tmp_path: Path) -> None:
    with dump_in(tmp_path / "one") as dump:
        paas = dump.world.project / "paas.yaml"
        rc = f'rc: {{repository: "{dump.registry.host}/shop-rc"}}'
        paas.write_text(paas.read_text().replace("registries: {", f"registries: {{{rc}, "))
        dump.registry.put_image("shop-rc/web", b"x", tag="0.0.1")
        dump.registry.forget_requests()
        assert dump.clean(cap=ALL)[0] is Exit.OK
        assert not [it for it in dump.registry.log if "/shop-rc" in it.path]


def test_the_outcome_is_the_last_word(dump: Dump) -> None:
    _, events = dump.clean(cap=ALL)
    assert [type(it) for it in events].count(Outcome) == 1


def test_kinds_that_nobody_told_us_of_are_read(dump: Dump, monkeypatch: pytest.MonkeyPatch) -> None:
    cluster = dump.world.only_cluster
    kinds = [
        *cluster.kinds(),
        *(Served(Kind("argoproj.io", "CronWorkflow"), version, namespaced=True) for version in ("v1", "v1beta1")),
        Served(Kind("metrics.k8s.io", "PodMetrics"), "v1", namespaced=True),
    ]
    monkeypatch.setattr(cluster, "kinds", lambda: tuple(kinds))
    cluster.unread["PodMetrics"] = Unavailable("it is away")
    dump.run("argoproj.io/CronWorkflow", "weekly", spec={"steps": [{"template": {"image": dump.image("0.1.0")}}]})
    assert dump.clean(cap=ALL)[0] is Exit.OK
    assert dump.names["shop/web"] == {"0.1.0", "0.1.2"}
    assert cluster.reads["everything"] > 0
