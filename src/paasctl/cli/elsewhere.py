"""Images that were built elsewhere, with the name they have in `paas.yaml`: `--image NAME=IMAGE@DIGEST`."""

from __future__ import annotations

from collections.abc import Sequence

from paasctl.errors import UsageError
from paasctl.model.image import Pinned, parse_reference

_WANTED = "--image web=registry.example/ci/web@sha256:…"


def given_images(said: Sequence[str]) -> tuple[tuple[str, Pinned], ...]:
    """Images by name. `UsageError` where one is no `NAME=IMAGE@sha256:…`: what a tag names can be another tomorrow."""
    found: list[tuple[str, Pinned]] = []
    for it in said:
        name, _, text = it.partition("=")
        try:
            reference = parse_reference(text)
        except ValueError as error:
            raise UsageError(f"reading --image {it}: {error}", hint=_WANTED) from error
        if not name or not isinstance(reference, Pinned):
            raise UsageError(f"reading --image {it}: it names no digest", hint=_WANTED)
        found.append((name, reference))
    return tuple(found)
