"""The short way to `kubernetes.config`: it holds for several threads at once, and what was left out is there later."""

from __future__ import annotations

import subprocess
import sys

_TOGETHER = """
import sys
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from paasctl.adapters.kube import loader

sys.setswitchinterval(1e-5)
barrier = Barrier(8)

def load(_: int) -> object:
    barrier.wait()
    return loader.new_configuration(), loader.kube_config(), loader.incluster_config()

with ThreadPoolExecutor(8) as pool:
    found = list(pool.map(load, range(8)))
assert len({it for _, it, _ in found}) == 1
assert "kubernetes.client.api" not in sys.modules, "the long way was taken"
"""


def test_several_threads_may_be_the_first() -> None:
    done = subprocess.run([sys.executable, "-c", _TOGETHER], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


_OPENID = """
import sys
from paasctl.adapters.kube import loader

found = loader.kube_config()
assert "requests" not in sys.modules, "the long way was taken"
assert found.OAuth2Session(client_id="me").client_id == "me"
assert issubclass(found.oauthlib.oauth2.rfc6749.errors.InvalidClientIdError, Exception)
import oauthlib.oauth2, requests_oauthlib
assert requests_oauthlib.OAuth2Session and oauthlib.oauth2.Client
"""


def test_what_refreshes_an_openid_token_is_there_when_asked_for() -> None:
    done = subprocess.run([sys.executable, "-c", _OPENID], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
