"""What is where: told as a picture, versions against environments."""

from __future__ import annotations

import pytest

from paasctl.model.answer import ReleaseRow
from paasctl.model.kube import Target
from paasctl.planning.release.whereabouts import Seen, whereabouts


def row(said: str) -> ReleaseRow:
    """`1.2.0 dev`: a record in a registry."""
    version, registry = said.split()
    return ReleaseRow(version=version, registry=registry, record="", commit="", created="")


def seen(said: str) -> Seen:
    """`env registry cluster: 1.2.0 1.1.0`, or `env registry cluster!` that could not be read."""
    head, _, versions = said.partition(":")
    environment, registry, cluster = head.rstrip("!").split()
    error = "no route" if head.endswith("!") else ""
    return Seen(environment, registry, Target(cluster, "n", "shop"), tuple(versions.split()), error)


CASES = {
    "nothing anywhere": ([], ["dev dev one:"], []),
    "no environment": (["1.0.0 dev"], [], []),
    "it lies there": (["1.0.0 dev"], ["dev dev one:"], ["1.0.0 there"]),
    "it runs there": (["1.0.0 dev"], ["dev dev one: 1.0.0"], ["1.0.0 runs"]),
    "it lies in another environment's registry": (
        ["1.0.0 dev"],
        ["dev dev one:", "production prod eu:"],
        ["1.0.0 there -"],
    ),
    "a version that runs without a record": ([], ["dev dev one: 1.0.0"], ["1.0.0 runs"]),
    "newest first, by number": (
        ["1.9.0 dev", "1.10.0 dev", "1.10.0-rc.1 dev"],
        ["dev dev one: what"],
        ["1.10.0 there", "1.10.0-rc.1 there", "1.9.0 there", "what runs"],
    ),
    "on one of two clusters": (
        ["1.1.0 prod", "1.0.0 prod"],
        ["production prod eu: 1.1.0", "production prod us: 1.0.0"],
        ["1.1.0 runs on eu", "1.0.0 runs on us"],
    ),
    "on both, and half-way": (
        ["1.0.0 prod"],
        ["production prod eu: 1.0.0 0.9.0", "production prod us: 1.0.0"],
        ["1.0.0 runs", "0.9.0 runs on eu"],
    ),
    "not knowing is not no": (
        ["1.0.0 prod", "0.9.0 dev"],
        ["production prod eu!", "production prod us: 1.0.0"],
        ["1.0.0 runs on us, ?", "0.9.0 ?"],
    ),
    "it lies there, and what runs is not known": (["1.0.0 prod"], ["production prod eu!"], ["1.0.0 there, ?"]),
}


@pytest.mark.parametrize(("rows", "live", "expected"), CASES.values(), ids=CASES)
def test_what_is_where(rows: list[str], live: list[str], expected: list[str]) -> None:
    found = whereabouts(map(row, rows), [seen(it) for it in live])
    assert [" ".join([it.version, *(at or "-" for _, at in it.environments)]) for it in found] == expected
