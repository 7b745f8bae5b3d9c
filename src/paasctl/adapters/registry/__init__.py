"""A registry client of our own on urllib3 (distribution-spec 1.1): mounts, resumes, `Retry-After`, verification.

Read `client.py` first; below it `manifests.py`, `blobs.py` and `referrers.py` say what is read, `writes.py`,
`uploads.py` and `growing.py` what is written, `session.py` how it is asked until it is answered, `tokens.py` and
`credentials.py` in whose name, `mirrors.py` of whom else, `wire.py` over which connection.
May import: oci, ports, model, errors, urllib3.
"""

from paasctl.adapters.registry.client import RegistryClient
from paasctl.adapters.registry.retry import Patience

__all__ = ["Patience", "RegistryClient"]
