"""The fuzzer itself, on two simulations: it finds nothing where nothing is, and what is put into one of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from fuzz.running import Fuzz, simulated
from fuzz.steps import Sequence
from fuzz.worlds import World, paired
from paasctl.embedded.kube.objects import apply, strategic, tracking
from schema.ask import Server

_SEED = 20
_Fault = Callable[[pytest.MonkeyPatch], None]


class Faulty(World):
    """A simulation with a fault in it while it is asked."""

    fault: _Fault

    def run(self, sequence: Sequence, name: str) -> list[Any]:
        with pytest.MonkeyPatch.context() as patch:
            self.fault(patch)
            return super().run(sequence, name)


@pytest.fixture(scope="module")
def servers() -> Iterator[tuple[Server, Server]]:
    with simulated() as one, simulated() as other:
        yield one, other


def _unmerged(patch: pytest.MonkeyPatch) -> None:
    """What an apply says replaces what is there."""
    patch.setattr(apply, "merged", lambda _, live, config: {**live, **config})


def _unpruned(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(apply, "_pruned", lambda _write, new, _claims, _last: new)


def _peaceful(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(apply, "conflicts", lambda *_: {})


def _unowned(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(tracking, "stripped", lambda _: {})


def _flat(patch: pytest.MonkeyPatch) -> None:
    """Lists of a strategic patch replace those that are there."""
    patch.setattr(strategic, "_merged_list", lambda _field, _ours, theirs, **_: theirs)


def test_two_simulations_agree(servers: tuple[Server, Server]) -> None:
    told: list[str] = []
    with paired(*servers) as (one, other):
        fuzz = Fuzz(one, other, seed=_SEED, tell=told.append)
        assert (fuzz.differing(range(50)), told) == ([], [])


@pytest.mark.parametrize("fault", [_unmerged, _unpruned, _peaceful, _unowned, _flat])
def test_a_fault_is_found_within_fifty_sequences_and_told_with_the_line_that_repeats_it(
    servers: tuple[Server, Server], fault: _Fault
) -> None:
    told: list[str] = []
    with paired(*servers) as (one, other):
        faulty = Faulty(other.server, other.namespace, other.uids)
        faulty.fault = fault
        fuzz = Fuzz(one, faulty, seed=_SEED, tell=told.append, tries=10)
        found = next((index for index in range(50) if fuzz.differing(range(index, index + 1))), None)
    assert found is not None
    assert f"nox -s fuzz -- --seed {_SEED} --only {found}" in told[0]
    assert "+++ simulated" in told[0]


def test_a_failure_is_told_with_fewer_steps_than_it_had(servers: tuple[Server, Server]) -> None:
    told: list[str] = []
    with paired(*servers) as (one, other):
        faulty = Faulty(other.server, other.namespace, other.uids)
        faulty.fault = _unowned
        assert Fuzz(one, faulty, seed=_SEED, tell=told.append, tries=60).differing(range(1)) == [0]
    assert told[0].count(" by ") == 1
