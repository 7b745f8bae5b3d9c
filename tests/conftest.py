"""What holds for every test: properties are slow machines' business too, and in CI they are the same every time."""

from __future__ import annotations

import gc
import os

from hypothesis import HealthCheck, settings

settings.register_profile(
    "paasctl",
    deadline=None,
    derandomize="CI" in os.environ,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
settings.load_profile("paasctl")


def pytest_collection_finish() -> None:
    """What collecting has made stays to the end: no collector need look through it again and again."""
    gc.collect()
    gc.freeze()
