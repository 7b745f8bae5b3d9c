"""A Deployment that finds two ReplicaSets of its template."""

from __future__ import annotations

from support.driven import body, driven, template, workload

REVISION = "deployment.kubernetes.io/revision"


def test_two_sets_of_one_template_do_not_outdo_each_other() -> None:
    world = driven()
    world.have(workload("Deployment"), 60)
    spec = {"replicas": 1, "selector": {"matchLabels": {"app": "web"}}, "template": template()}
    world.have(body("ReplicaSet", "a-twin", spec, labels={"app": "web"}), 60)
    version = world.store.version()
    world.pass_(600)
    assert world.store.version() == version
    made = next(it for it in world.all("ReplicaSet") if it["metadata"]["name"] != "a-twin")
    assert (made["metadata"]["annotations"][REVISION], made["spec"]["replicas"]) == ("1", 1)
    assert world.get("ReplicaSet", "a-twin")["spec"]["replicas"] == 0
