"""One object written or removed, only if it is still the one that was planned with."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from paasctl.engine.cluster import apply_one, delete_one
from paasctl.errors import Refused, StalePlan
from paasctl.model.plan import Apply, Delete
from support.cluster import FakeCluster
from support.make import HOLDER, TARGET, have, key, want


@pytest.fixture
def cluster() -> Iterator[FakeCluster]:
    cluster = FakeCluster().put(have("ConfigMap/web@v1"))
    with cluster.hold(TARGET, HOLDER, wait=0, seen=lambda _: None):
        yield cluster


UID = have("ConfigMap/web@v1").uid


def test_an_update_of_the_one_that_was_seen(cluster: FakeCluster) -> None:
    step = Apply(target=TARGET, manifest=want("ConfigMap/web@v2"), change="update", uid=UID)
    assert apply_one(step, cluster).body["data"] == {"key": "v2"}


@pytest.mark.parametrize("uid", [None, "another"])
def test_an_object_that_is_another_by_now_is_left_alone(cluster: FakeCluster, uid: str | None) -> None:
    with pytest.raises(StalePlan):
        apply_one(Apply(target=TARGET, manifest=want("ConfigMap/web@v2"), change="update", uid=uid), cluster)
    assert cluster.writes == 1
    assert cluster.objects[key("ConfigMap/web")]["data"] == {"key": "v1"}


def test_a_field_of_somebody_else_is_never_taken(cluster: FakeCluster) -> None:  # D10
    cluster.meddle("ConfigMap/web", ("data", "key"), "by hand")
    with pytest.raises(Refused) as raised:
        apply_one(Apply(target=TARGET, manifest=want("ConfigMap/web@v2"), change="update", uid=UID), cluster)
    assert raised.value.code == "field-conflict"
    assert "kubectl-edit" in raised.value.message


def test_deleting_the_one_that_was_seen_and_one_that_is_gone(cluster: FakeCluster) -> None:
    step = Delete(target=TARGET, key=key("ConfigMap/web"), uid=UID)
    delete_one(step, cluster)
    delete_one(step, cluster)
    assert cluster.objects == {}


def test_another_one_under_the_same_name_is_not_deleted(cluster: FakeCluster) -> None:
    with pytest.raises(StalePlan):
        delete_one(Delete(target=TARGET, key=key("ConfigMap/web"), uid="another"), cluster)
