"""The comparison against a naive server-side apply: *same* where applying changes nothing, and only there."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from paasctl.model.kube import MANAGER
from paasctl.planning.fields.compare import changed_fields
from support.apply import applied, touched

Body = dict[str, Any]
_TEXT = st.sampled_from(["a", "b"])
_ENV = st.lists(st.sampled_from(["A", "B", "C"]), unique=True, max_size=3).flatmap(
    lambda names: st.tuples(*(st.fixed_dictionaries({"name": st.just(it), "value": _TEXT}) for it in names)).map(list)
)
_CONTAINER = st.fixed_dictionaries(
    {"image": _TEXT},
    optional={"env": _ENV, "args": st.lists(_TEXT, min_size=1, max_size=2), "workingDir": _TEXT},
)
_CONTAINERS = st.dictionaries(st.sampled_from(["web", "side"]), _CONTAINER, min_size=1, max_size=2).map(
    lambda found: [{"name": name, **found[name]} for name in sorted(found)]
)
_LABELS = st.dictionaries(st.sampled_from(["x", "y"]), _TEXT, max_size=2)


@st.composite
def bodies(draw: st.DrawFn) -> Body:
    spec = {"replicas": draw(st.integers(1, 2)), "template": {"spec": {"containers": draw(_CONTAINERS)}}}
    meta = {"name": "web", "labels": {"app": "shop", **draw(_LABELS)}}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": meta, "spec": spec}


def plain(body: Body) -> Body:
    noise = ("managedFields", "resourceVersion", "generation")
    return {**body, "metadata": {name: of for name, of in body["metadata"].items() if name not in noise}}


@given(bodies(), bodies(), st.booleans())
@settings(max_examples=60, deadline=None)
def test_same_means_that_applying_changes_nothing(before: Body, now: Body, meddled: bool) -> None:
    live = applied(before, MANAGER, uid="u")
    if meddled:
        live = touched(live, "somebody", ("metadata", "labels", "theirs"), "z")
    after = applied(now, MANAGER, live=live)
    changed = changed_fields(now, live)
    assert bool(changed) is (plain(after) != plain(live))
    assert changed_fields(now, after) == ()
    assert bool(changed_fields(now, live, after)) is bool(changed)
