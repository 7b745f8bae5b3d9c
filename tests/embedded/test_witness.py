"""What a watched fault tells of those it struck."""

from __future__ import annotations

from paasctl.embedded.http.faults import parsed
from paasctl.embedded.http.witness import Came, Witness, strikes

FAULT = parsed("patch deployments: 503 times=9")
OTHER = parsed("patch deployments: 503 times=9")
WEB = ("patch deployments", "patch deployments/web", "PATCH /web")
API = ("patch deployments", "patch deployments/api", "PATCH /api")
LIST = ("list pods", "list pods/", "GET /pods")


def test_a_request_that_comes_again_is_told_with_its_wait() -> None:
    found = strikes([Came(1.0, WEB, FAULT), Came(1.5, API), Came(3.0, WEB, FAULT), Came(7.0, WEB)], FAULT)
    assert found.requests == ("patch deployments/web",)
    assert found.waits == (2.0, 4.0)
    assert found.given_up == 0


def test_one_that_does_not_is_given_up() -> None:
    found = strikes([Came(1.0, WEB, FAULT), Came(2.0, API, FAULT), Came(3.0, API)], FAULT)
    assert found.requests == ("patch deployments/web", "patch deployments/api")
    assert (found.waits, found.given_up) == ((1.0,), 1)


def test_a_list_is_called_by_its_kind() -> None:
    assert strikes([Came(1.0, LIST, FAULT)], FAULT).requests == ("list pods",)


def test_what_another_fault_struck_is_the_others() -> None:
    found = strikes([Came(1.0, WEB, OTHER)], FAULT)
    assert (found.requests, found.given_up) == ((), 0)


def test_the_witness_strikes_as_ever_and_remembers() -> None:
    witness = Witness([parsed("patch deployments: 503 after=1 times=1")])
    struck = [witness.strike(WEB) is not None for _ in range(3)]
    assert struck == [False, True, False]
    assert [it.fault is not None for it in witness.came] == struck
    assert [hits for _, hits in witness.rules()] == [1]
    found = strikes(witness.came, witness.rules()[0][0])
    assert (len(found.waits), found.given_up) == (1, 0)
