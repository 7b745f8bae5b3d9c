"""For pytest under coverage: what a test and its fixtures run is noted under the test's name."""

from __future__ import annotations

from collections.abc import Generator

import pytest
from coverage import Coverage


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    running = Coverage.current()
    assert running, "it is for a run under coverage"
    running.switch_context(item.nodeid)
    done = yield
    running.switch_context("")
    return done
