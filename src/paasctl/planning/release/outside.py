"""Images that a release runs and does not make: sidecars, and what stands in the project's own manifests.

A release pins those that are named by a tag, and its record lists all of them, so that they travel with it. Files are
read as they are written: what only rendering would name is not found, and rendering then wants a digest of it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from paasctl.model.image import Pinned, Reference, parse_reference

_IMAGE = re.compile(r"""["']?\bimage["']?\s*:\s*["']?(?P<name>[^\s"'{},]+)""")
_UNKNOWN = "sha256:" + "0" * 64


def outside_names(files: Mapping[str, bytes], texts: Iterable[str] = ()) -> dict[str, Reference]:
    """What pods and manifests name with host and path, as it is written there -> the image. Sorted.

    `texts` are files in which a tag is no more than a word: config files of services.
    """
    plain = set(texts)
    named = ((path, it) for path, content in files.items() for it in _named(content.decode("utf-8", "replace")))
    found = {name: it for path, (name, it) in named if isinstance(it, Pinned) or path not in plain}
    return dict(sorted(found.items()))


def placeholder_outside(names: Mapping[str, Reference]) -> dict[str, Pinned]:
    """The same with a digest of zeros where there is none yet: to read and to check, never to deploy."""
    return {name: it if isinstance(it, Pinned) else it.repository.pinned(_UNKNOWN) for name, it in names.items()}


def _named(text: str) -> Iterator[tuple[str, Reference]]:
    lines = (it for it in text.splitlines() if not it.lstrip().startswith("#"))
    for found in (one for line in lines for one in _IMAGE.finditer(line)):
        try:
            yield found["name"], parse_reference(found["name"])
        except ValueError:
            continue
