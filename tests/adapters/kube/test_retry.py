"""Which answers are tried again, and when: a table of what API servers really say."""

from __future__ import annotations

import json

import pytest

from paasctl.adapters.kube.request import Answer
from paasctl.adapters.kube.retry import Attempt, Broken, next_try


def said(status: int, message: str = "", reason: str = "", *, after: str = "", kind: str = "") -> Answer:
    body = {"kind": "Status", "message": message, "reason": reason, "details": {"kind": kind}}
    headers = {"Retry-After": after} if after else {}
    return Answer(status=status, headers=headers, content=json.dumps(body).encode() if message else b"")


def tried(outcome: Answer | Broken, number: int = 1, elapsed: float = 0.0, **more: bool) -> float | None:
    known = {"repeatable": True, "met": True, **more}
    return next_try(Attempt(outcome=outcome, number=number, elapsed=elapsed, **known))


HEALS = {
    "overloaded": said(503, "the server is currently unable to handle the request", "ServiceUnavailable"),
    "a proxy without a backend": said(502),
    "a slow etcd": said(500, "etcdserver: request timed out"),
    "an election": said(500, "etcdserver: leader changed"),
    "a server going away": said(500, "http2: server sent GOAWAY and closed the connection"),
    "an internal error": said(500, "Internal error occurred: unexpected EOF", "InternalError"),
    "a webhook that does not answer": said(500, 'failed calling webhook "x": connection refused', "InternalError"),
    "a quota that was just counted": said(409, "please apply your changes", "Conflict", kind="resourcequotas"),
    "a reset": Broken("Connection reset by peer", arrived=True),
    "no answer in time": Broken("Read timed out", arrived=True),
}
STAYS = {
    "a malformed object": said(
        500, "failed to create typed patch object (/d; /v1, Kind=X): .a: field not declared"
    ),  # D12
    "a conflict": said(409, "the object has been modified", "Conflict", kind="deployments"),
    "not found": said(404, 'pods "x" not found', "NotFound"),
    "forbidden": said(403, "is forbidden", "Forbidden"),
    "invalid": said(422, "is invalid", "Invalid"),
    "a webhook's no": said(400, 'admission webhook "x" denied the request: no', "BadRequest"),
}


@pytest.mark.parametrize("outcome", HEALS.values(), ids=HEALS)
def test_what_heals_is_tried_again_where_that_is_safe(outcome: Answer | Broken) -> None:  # D5 D16
    assert tried(outcome) == 0.2
    assert tried(outcome, repeatable=False) is None


@pytest.mark.parametrize("outcome", STAYS.values(), ids=STAYS)
def test_what_will_not_heal_is_not(outcome: Answer) -> None:  # D15
    assert tried(outcome) is None


def test_what_never_arrived_is_always_safe_to_repeat() -> None:
    assert tried(Broken("refused", arrived=False), repeatable=False) == 0.2


def test_too_many_requests_were_not_carried_out_and_wait_as_told() -> None:  # D6
    assert tried(said(429, "too many", "TooManyRequests", after="7"), repeatable=False) == 7
    assert tried(said(429, "too many", after="soon")) == 0.2


def test_waits_grow_and_end_with_the_budget() -> None:
    outcome = said(503)
    waits = [tried(outcome, number) for number in range(1, 8)]
    assert waits == [0.2, 0.4, 0.8, 1.6, 3.2, 5.0, 5.0]
    assert tried(outcome, 9, elapsed=24.9) == 5.0
    assert tried(outcome, 9, elapsed=25.1) is None


def test_a_server_that_never_answered_gets_less_patience() -> None:
    assert tried(Broken("refused", arrived=False), 4, elapsed=1.4, met=False) == 1.6
    assert tried(Broken("refused", arrived=False), 5, elapsed=3.0, met=False) is None


def test_the_last_word_of_a_run_gets_little_time_too() -> None:
    assert tried(said(503), 5, elapsed=4.0, closing=True) == 3.2
    assert tried(said(503), 6, elapsed=7.2, closing=True) is None
