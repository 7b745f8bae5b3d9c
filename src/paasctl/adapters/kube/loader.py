"""`kubernetes.config` without the rest of its package.

The package imports 700 generated modules before it can read a kubeconfig (350 ms); its `config` needs two of their
names (65 ms). So its two parent packages are entered into `sys.modules` unexecuted while `config` is imported, and
taken out again. What only the refresh of an OpenID token needs (`requests` and more, 40 ms) waits until then likewise.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from importlib.util import find_spec, module_from_spec
from types import ModuleType
from typing import Any

_PARENTS = ("kubernetes", "kubernetes.client")
_OPENID = ("oauthlib", "oauthlib.oauth2", "requests_oauthlib")
_IMPORTING = threading.RLock()
"""Half a package is in `sys.modules` while one thread imports: no other may look at it then."""


def kube_config() -> Any:
    """The module `kubernetes.config.kube_config`."""
    return _config_module("kube_config")


def incluster_config() -> Any:
    """The module `kubernetes.config.incluster_config`."""
    return _config_module("incluster_config")


def new_configuration() -> Any:
    """An empty `kubernetes.client.Configuration`."""
    return kube_config().Configuration()


def _config_module(name: str) -> ModuleType:
    whole = f"kubernetes.config.{name}"
    with _IMPORTING:
        if whole not in sys.modules and "kubernetes" not in sys.modules:
            try:
                with _parents_unexecuted() as client, _openid_later():
                    client.Configuration = import_module("kubernetes.client.configuration").Configuration
                    client.ApiClient = _whole_client
                    import_module("kubernetes.config")
            except (ImportError, AttributeError):  # another layout of the package: the slow way is always right
                _forget("kubernetes")
        return import_module(whole) if whole not in sys.modules else sys.modules[whole]


def _whole_client(*args: Any, **kwargs: Any) -> Any:
    """`ApiClient` for the one place that needs it (OpenID Connect refresh): only then the 700 modules."""
    return import_module("kubernetes.client").ApiClient(*args, **kwargs)


@contextmanager
def _openid_later() -> Iterator[None]:
    """Stand-ins that import the real modules once something is taken from them."""
    if any(name in sys.modules for name in _OPENID):
        yield
        return
    stand_ins: dict[str, Any] = {name: ModuleType(name) for name in _OPENID}
    stand_ins["oauthlib"].__getattr__ = lambda name: import_module(f"oauthlib.{name}")
    stand_ins["requests_oauthlib"].OAuth2Session = _session
    sys.modules.update(stand_ins)
    try:
        yield
    finally:
        for name in _OPENID:
            sys.modules.pop(name, None)


def _session(*args: Any, **kwargs: Any) -> Any:
    return import_module("requests_oauthlib").OAuth2Session(*args, **kwargs)


@contextmanager
def _parents_unexecuted() -> Iterator[Any]:
    for name in _PARENTS:
        spec = find_spec(name)
        if spec is None:
            raise ImportError(name)
        sys.modules[name] = module_from_spec(spec)
    try:
        yield sys.modules["kubernetes.client"]
    finally:
        for name in _PARENTS:
            sys.modules.pop(name, None)


def _forget(package: str) -> None:
    for name in [name for name in sys.modules if name == package or name.startswith(f"{package}.")]:
        del sys.modules[name]
