"""Words of several people at once, as processes: each is heard, and what contradicts ends as the last one has it."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from support.clones import PAAS, Clones, outcome
from support.registry import Registry
from support.sshkeys import approvers, key_name, write_key

PEOPLE = ("anna", "bob", "carla", "dora")
_PAAS = PAAS.replace(
    '"HOST/shop"}',
    '"HOST/shop"}, rc: {repository: "HOST/rc"}',
) + (
    "clusters: {local: {context: none}}\n"
    "environments: {production: {cluster: local, registry: rc, approvals: 4}}\n" + approvers(*PEOPLE)
)


_AS_DISTRIBUTION_2 = pytest.mark.parametrize("path", [False], indirect=True, ids=["as distribution 2 is"])
"""The harder one: clients keep the list, and overwrite one another."""


@pytest.fixture(params=[True, False], ids=["referrers", "as distribution 2 is"])
def path(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Clones]:
    """0.1.0 at its first stop; before the second people are asked."""
    with Registry() as registry:
        registry.rules.referrers = registry.rules.etags = request.param
        made = Clones.made(tmp_path, registry, _PAAS)
        for it in PEOPLE:
            write_key(made.folder, it)
        made.run(made.first, "release")
        yield made


def _approving(path: Clones, person: str, *more: str) -> subprocess.Popen[str]:
    words = ("approve", "0.1.0", "--to", "production", "--key", str(path.folder / key_name(person)))
    return path.start(path.first, *words, "--output", "json", *more)


def _tally(path: Clones) -> dict[str, Any]:
    (row,) = path.run(path.first, "approve", "0.1.0", "--to", "production", "--list")["answer"]["rows"]
    found: dict[str, Any] = row["tally"]
    return found


def test_all_who_approve_at_once_count(path: Clones) -> None:
    told = [outcome(it) for it in [_approving(path, it) for it in PEOPLE]]
    assert {it["status"] for it in told} == {"done"}
    assert (_tally(path)["given"], _tally(path)["missing"]) == (sorted(PEOPLE), 0)
    assert path.run(path.first, "promote", "0.1.0", "--to", "production")["status"] == "done"


@_AS_DISTRIBUTION_2
def test_approved_and_rejected_at_once_it_goes_nowhere(path: Clones) -> None:
    rejecting = path.start(path.first, "reject", "0.1.0", "--reason", "slow", "--output", "json")
    begun = {it: _approving(path, it) for it in ("anna", "bob")}
    assert outcome(rejecting)["status"] == "done"
    heard = [name for name, it in begun.items() if _was_heard(it)]
    refused = path.run(path.first, "promote", "0.1.0", "--to", "production", expect=4)
    assert refused["problems"][0]["code"] == "release-rejected"
    path.run(path.first, "unreject", "0.1.0", "--reason", "fast")
    assert _tally(path)["given"] == heard
    for it in PEOPLE:
        outcome(_approving(path, it))
    assert path.run(path.first, "promote", "0.1.0", "--to", "production")["status"] == "done"


def _was_heard(approving: subprocess.Popen[str]) -> bool:
    """Or it came after the rejection, and was told so."""
    out, said = approving.communicate(timeout=240)
    told = json.loads(out)
    if approving.returncode:
        assert (approving.returncode, told["problems"][0]["code"]) == (4, "release-rejected"), said
    return bool(told["status"] == "done")


@_AS_DISTRIBUTION_2
def test_taken_back_while_another_approves_only_the_other_counts(path: Clones) -> None:
    outcome(_approving(path, "anna"))
    told = [outcome(it) for it in [_approving(path, "anna", "--withdraw"), _approving(path, "bob")]]
    assert {it["status"] for it in told} == {"done"}
    assert _tally(path)["given"] == ["bob"]


@_AS_DISTRIBUTION_2
def test_given_and_taken_back_at_once_it_is_as_the_last_word_has_it(path: Clones) -> None:
    outcome(_approving(path, "anna"))
    begun = [_approving(path, "anna", "--withdraw"), _approving(path, "anna")]
    withdrawn, given = (outcome(it) for it in begun)
    assert withdrawn["status"] == "done"
    if given["status"] == "nothing-to-do":  # it came first, and saw that it was given already
        assert _tally(path)["given"] == []
    else:
        assert _tally(path)["given"] == ["anna"], "it saw that it was taken back, so it is the newer word"
    outcome(_approving(path, "anna", "--withdraw"))
    assert _tally(path)["given"] == []
