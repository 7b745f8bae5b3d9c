"""urllib3, imported without what it imports for HTTP/2, which nobody here speaks.

Its package for that can ask `importlib.metadata` for the version of `h2`, and importing that is a fifteenth of the time
of a command that asks a registry one thing. An empty package stands in its place meanwhile, and is gone afterwards.
"""

from __future__ import annotations

import sys
from importlib.util import find_spec
from types import ModuleType

_HTTP2 = "urllib3.http2"


def _stand_in() -> None:
    """Have the next import find the package's modules, and nothing in the package itself."""
    found = find_spec("urllib3")
    made = ModuleType(_HTTP2)
    made.__path__ = [f"{it}/http2" for it in (found and found.submodule_search_locations) or ()]
    sys.modules[_HTTP2] = made


if "urllib3" in sys.modules:
    import urllib3
else:
    _stand_in()
    try:
        import urllib3
    finally:
        sys.modules.pop(_HTTP2, None)

__all__ = ["urllib3"]
