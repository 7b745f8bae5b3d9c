"""What `paasctl release` is given beyond its version: options, and images with the name they have in `paas.yaml`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import typer

from paasctl.cli.version import Increment
from paasctl.errors import UsageError
from paasctl.model.image import Pinned, parse_reference

For = Annotated[Increment | None, typer.Option("--increment", help="What leads to it, whatever paas.yaml says.")]
Images = Annotated[
    list[str] | None,
    typer.Option(
        "--image", help="An image that was built elsewhere, as it is; repeatable.", metavar="NAME=IMAGE@DIGEST"
    ),
]
SignKey = Annotated[
    str, typer.Option("--sign-key", help="Sign record and images, as cosign does, with this key.", metavar="FILE")
]
ChangelogFile = Annotated[
    str, typer.Option("--changelog", help="A file that gets a section about it, on top.", metavar="FILE")
]
Outputs = Annotated[
    str,
    typer.Option(
        "--outputs", help="A file for version and digests: *.env (GitLab), *.properties (Jenkins).", metavar="FILE"
    ),
]
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


def increment_of(said: Increment | None, version: str) -> str:
    """The rule for once. `UsageError` where the version is given, too."""
    if said and version:
        raise UsageError("--version and --increment exclude each other", hint="leave one of them out")
    return said.value if said else ""
