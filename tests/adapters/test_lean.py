"""urllib3 is imported without what it has for HTTP/2, and is all there."""

from __future__ import annotations

import subprocess
import sys

LEAN = """
import sys
sys.path[:0] = sys.argv[1:]
from paasctl.adapters.lean import urllib3
assert "importlib.metadata" not in sys.modules
assert urllib3.PoolManager and urllib3.exceptions.HTTPError
assert "urllib3.http2" not in sys.modules
import urllib3.http2
from urllib3.http2 import probe
assert urllib3.http2.inject_into_urllib3 and probe is urllib3.connection.http2_probe
"""
LATER = """
import sys
sys.path[:0] = sys.argv[1:]
import urllib3 as first
from paasctl.adapters.lean import urllib3
assert urllib3 is first and "urllib3.http2" in sys.modules
"""


def run(program: str) -> None:
    done = subprocess.run([sys.executable, "-c", program, *sys.path], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_what_it_has_for_http2_is_not_imported_and_may_be_later() -> None:
    run(LEAN)


def test_where_it_is_imported_already_nothing_changes() -> None:
    run(LATER)
