"""Images that a release runs and does not make: sidecars, and what stands in the project's own manifests.

They name a digest, or rendering refuses them. The record lists them, so that who copies a release knows all it needs.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from paasctl.model.image import Pinned, parse_reference

_IMAGE = re.compile(r"""["']?\bimage["']?\s*:\s*["']?(?P<name>[^\s"'{},]+@sha256:[0-9a-f]{64})\b""")


def outside_images(files: Mapping[str, bytes], ours: Iterable[Pinned] = ()) -> tuple[Pinned, ...]:
    """What pods and manifests name by digest, each once, sorted, but for those that are `ours`.

    Templates are read as they are written: what only rendering would name is not found.
    """
    found = {it for content in files.values() for it in _named(content.decode("utf-8", "replace"))}
    return tuple(sorted(found - set(ours)))


def _named(text: str) -> Iterable[Pinned]:
    lines = (it for it in text.splitlines() if not it.lstrip().startswith("#"))
    for found in (one for line in lines for one in _IMAGE.finditer(line)):
        try:
            reference = parse_reference(found["name"])
        except ValueError:
            continue
        if isinstance(reference, Pinned):
            yield reference
