"""Watches, asked of every cluster."""

from __future__ import annotations

from itertools import islice
from pathlib import Path
from typing import Any

from paasctl.model.kube import OWNER_LABEL
from support.apihttp import MERGE, PARTIAL, Said, ask, watching
from support.clusters import ClusterWorld, embedded_world


def make(world: ClusterWorld, name: str = "a", **data: str) -> Said:
    return ask(world.where, "POST", world.path("configmaps"), world.manifest(name, **data).body)


def change(world: ClusterWorld, name: str = "a", **patch: Any) -> Said:
    return ask(world.where, "PATCH", world.path("configmaps", name), patch, media=MERGE)


def remove(world: ClusterWorld, name: str = "a") -> Said:
    return ask(world.where, "DELETE", world.path("configmaps", name))


def version(world: ClusterWorld) -> str:
    return ask(world.where, "GET", world.path("configmaps")).version


def ours(world: ClusterWorld) -> dict[str, str]:
    return {"labelSelector": f"{OWNER_LABEL}={world.app}"}


def told(events: Any, count: int) -> list[tuple[str, str]]:
    """Types and the last letters of names."""
    return [(it["type"], it["object"]["metadata"]["name"][-1]) for it in islice(events, count)]


def test_a_watch_tells_what_happens_after_a_version(world: ClusterWorld) -> None:
    make(world, "a")
    since = version(world)
    with watching(world.where, world.path("configmaps"), resourceVersion=since, **ours(world)) as events:
        make(world, "b")
        change(world, "a", data={"x": "2"})
        remove(world, "b")
        assert told(events, 3) == [("ADDED", "b"), ("MODIFIED", "a"), ("DELETED", "b")]


def test_a_watch_goes_on_where_another_ended(world: ClusterWorld) -> None:
    since = version(world)
    make(world, "a")
    middle = make(world, "b").version
    make(world, "c")
    with watching(world.where, world.path("configmaps"), resourceVersion=since, **ours(world)) as events:
        assert told(events, 3) == [("ADDED", "a"), ("ADDED", "b"), ("ADDED", "c")]
    with watching(world.where, world.path("configmaps"), resourceVersion=middle, **ours(world)) as events:
        assert told(events, 1) == [("ADDED", "c")]


def test_an_event_carries_the_object_as_it_was_then(world: ClusterWorld) -> None:
    since = version(world)
    first, second = make(world, x="1"), change(world, data={"x": "2"})
    with watching(world.where, world.path("configmaps"), resourceVersion=since, **ours(world)) as events:
        seen = [it["object"] for it in islice(events, 2)]
    assert seen == [first.body, second.body]


def test_what_is_deleted_is_told_with_a_version_of_its_own(world: ClusterWorld) -> None:
    made = make(world, x="1")
    with watching(world.where, world.path("configmaps"), resourceVersion=made.version, **ours(world)) as events:
        remove(world)
        event = next(events)
    assert (event["type"], event["object"]["data"]) == ("DELETED", {"x": "1"})
    assert int(event["object"]["metadata"]["resourceVersion"]) > int(made.version)


def test_a_watch_from_nowhere_begins_with_all_that_is_there(world: ClusterWorld) -> None:
    for name in ("a", "b"):
        make(world, name)
    with watching(world.where, world.path("configmaps"), **ours(world)) as events:
        assert sorted(told(events, 2)) == [("ADDED", "a"), ("ADDED", "b")]
        make(world, "c")
        assert told(events, 1) == [("ADDED", "c")]


def test_what_comes_into_a_selection_is_added_and_what_leaves_it_deleted(world: ClusterWorld) -> None:
    make(world)
    since, chosen = version(world), {"labelSelector": f"{OWNER_LABEL}={world.app},in=yes"}
    with watching(world.where, world.path("configmaps"), resourceVersion=since, **chosen) as events:
        change(world, metadata={"labels": {"in": "yes"}})
        change(world, data={"x": "2"})
        change(world, metadata={"labels": {"in": "no"}})
        change(world, data={"x": "3"})
        remove(world)
        make(world, "b")
        change(world, "b", metadata={"labels": {"in": "yes"}})
        assert told(events, 4) == [("ADDED", "a"), ("MODIFIED", "a"), ("DELETED", "a"), ("ADDED", "b")]


def test_one_object_can_be_watched_by_its_name(world: ClusterWorld) -> None:
    since, chosen = version(world), {"fieldSelector": f"metadata.name={world.app}-b"}
    with watching(world.where, world.path("configmaps"), resourceVersion=since, **chosen) as events:
        for name in ("a", "b"):
            make(world, name)
        assert told(events, 1) == [("ADDED", "b")]


def test_a_watch_ends_when_its_time_is_over(world: ClusterWorld) -> None:
    make(world)
    since = version(world)
    with watching(world.where, world.path("configmaps"), resourceVersion=since, timeoutSeconds="1") as events:
        assert list(events) == []


def test_a_bookmark_says_how_far_a_watch_has_come(world: ClusterWorld) -> None:
    since = version(world)
    asked = {"resourceVersion": since, "timeoutSeconds": "3", "allowWatchBookmarks": "true"}
    with watching(world.where, world.path("configmaps"), **asked, **ours(world)) as events:
        made = make(world)
        seen = list(events)
    assert [it["type"] for it in seen][:2] == ["ADDED", "BOOKMARK"]
    assert {it["type"] for it in seen[1:]} == {"BOOKMARK"}
    mark = seen[-1]["object"]
    assert (mark["kind"], mark["apiVersion"]) == ("ConfigMap", "v1")
    assert int(mark["metadata"]["resourceVersion"]) >= int(made.version)


def test_nobody_who_did_not_ask_gets_bookmarks(world: ClusterWorld) -> None:
    asked = {"resourceVersion": version(world), "timeoutSeconds": "2"}
    with watching(world.where, world.path("configmaps"), **asked, **ours(world)) as events:
        assert list(events) == []


def test_a_version_that_is_too_old_is_gone_and_told_in_the_stream(tmp_path: Path) -> None:
    """Of the embedded one alone: a real one remembers all since its store was last compacted, minutes ago or hours."""
    with (
        embedded_world(tmp_path, "app-old") as world,
        watching(world.where, world.path("configmaps"), resourceVersion="1") as events,
    ):
        (event,) = list(events)
    assert event["type"] == "ERROR"
    status = event["object"]
    assert (status["code"], status["reason"], status["kind"]) == (410, "Expired", "Status")
    assert status["message"].startswith("too old resource version: 1 (")


def test_a_watch_of_all_namespaces_tells_each(world: ClusterWorld) -> None:
    since = version(world)
    with watching(world.where, "/api/v1/configmaps", resourceVersion=since, **ours(world)) as events:
        make(world)
        assert next(events)["object"]["metadata"]["namespace"] == world.namespace


def test_other_kinds_are_not_told(world: ClusterWorld) -> None:
    since = version(world)
    with watching(world.where, world.path("configmaps"), resourceVersion=since, **ours(world)) as events:
        ask(world.where, "POST", world.path("secrets"), {**world.manifest("s", kind="Secret").body, "data": {}})
        make(world, "a")
        assert told(events, 1) == [("ADDED", "a")]


def test_a_watch_may_tell_metadata_alone(world: ClusterWorld) -> None:
    since = version(world)
    with watching(world.where, world.path("configmaps"), accept=PARTIAL, resourceVersion=since, **ours(world)) as seen:
        made = make(world, x="1").body
        event = next(seen)
    assert event["object"] == {
        "kind": "PartialObjectMetadata",
        "apiVersion": "meta.k8s.io/v1",
        "metadata": made["metadata"],
    }


def test_what_changes_nothing_is_not_told(world: ClusterWorld) -> None:
    make(world, x="1")
    since = version(world)
    with watching(world.where, world.path("configmaps"), resourceVersion=since, **ours(world)) as events:
        change(world, data={"x": "1"})
        change(world, data={"x": "2"})
        assert next(events)["object"]["data"] == {"x": "2"}
