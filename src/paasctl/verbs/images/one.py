"""Which image of an index a question is about, where nobody says: this machine's, or the first."""

from __future__ import annotations

import platform as machine

from paasctl.errors import Refused
from paasctl.model.image import Platform
from paasctl.oci.documents.manifest import same_platform
from paasctl.verbs.images.reading import Found, OneImage

_NAMES = {"x86_64": "amd64", "aarch64": "arm64", "armv7l": "arm"}
"""What kernels call what OCI calls otherwise."""


def choose_one(found: Found) -> OneImage:
    """The only image there, this machine's, or the first. `Refused` where there is none at all."""
    if not found.images:
        raise Refused(f"reading {found.source.name}: it is an index without images", code="image-unsupported")
    name = machine.machine()
    here = Platform("linux", _NAMES.get(name, name))
    return next((it for it in found.images if same_platform(it.platform, here)), found.images[0])
