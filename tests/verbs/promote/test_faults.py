"""The fault matrix of a copy, through `promote`: whatever has a name is whole, and a rerun ends it."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from paasctl.errors import Exit
from support.copy_faults import BY_FAULT, Arrange
from support.promoting import Stops, outcome, path_in


@pytest.fixture
def stops(tmp_path: Path) -> Iterator[Stops]:
    with path_in(tmp_path / "one") as found:
        (found.world.project / "site" / "run").write_bytes(random.Random(1).randbytes(700_000))
        found.release()
        yield found


def _names(stops: Stops) -> dict[str, dict[str, str]]:
    return {path: dict(it) for path, it in stops.there.tags.items() if it}


@pytest.mark.parametrize("fault", BY_FAULT)
def test_what_has_a_name_is_whole_and_a_rerun_ends_it(stops: Stops, fault: str) -> None:
    arrange: Arrange = BY_FAULT[fault][0]
    arrange(stops)
    status, events = stops.promote("0.1.1")
    assert outcome(events).exit is status
    if status is not Exit.OK:
        assert "shop" not in _names(stops), "the record has its name, and the run failed"
        assert outcome(events).problems
    for it in (stops.here, stops.there):
        it.running.faults.clear()
    assert stops.promote("0.1.1")[0] is Exit.OK
    tags = {path: {"0.1.1": stops.here.tags[path]["0.1.1"]} for path in ("shop", "shop/web")}
    assert _names(stops) == tags
    for path in tags:
        assert _closure(stops, path) <= set(stops.there.manifests[path]) | set(stops.there.blobs[path])
    stops.forget()
    status, events = stops.promote("0.1.1")
    assert (status, outcome(events).status, stops.there.writes) == (Exit.OK, "nothing-to-do", 0)


def _closure(stops: Stops, path: str) -> set[str]:
    """Digests of what the image or record is made of, and of what vouches for it."""
    root = stops.digest("0.1.1", path)
    found = {root}
    for digest in stops.here.manifests[path]:
        manifest: dict[str, Any] = stops.manifest(stops.here, path, digest)
        if digest == root or (manifest.get("subject") or {}).get("digest") == root:
            found |= {digest, *(it["digest"] for it in (manifest["config"], *manifest["layers"]))}
    return found
