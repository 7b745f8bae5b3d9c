"""A body in the making: whoever it goes to may answer early, fail, or be left."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from paasctl.adapters.docker.body import Body
from paasctl.engine.cancel import Cancel
from paasctl.errors import Unavailable


def test_what_was_sent_is_what_came() -> None:
    came: list[bytes] = []
    body = Body(came.extend, Cancel())
    for chunk in (b"one", b"", b"two"):
        body.send(chunk)
    body.end()
    assert came == [b"one", b"two"]


def test_an_answer_before_the_end_is_no_reason_to_wait_for_ever() -> None:
    def post(chunks: Iterator[bytes]) -> None:
        next(chunks)

    body = Body(post, Cancel())

    def sent() -> None:
        for _ in range(100):
            body.send(b"more")

    with pytest.raises(Unavailable, match="it answered before it had all") as caught:
        sent()
    assert caught.value.code == "engine-gone"
    body.close()
