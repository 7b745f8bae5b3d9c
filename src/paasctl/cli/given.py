"""What `paasctl release` is given beyond its version: options that `--help` tells of, and so no more than that."""

from __future__ import annotations

from typing import Annotated

import typer

from paasctl.cli.version import Increment
from paasctl.errors import UsageError

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


def increment_of(said: Increment | None, version: str) -> str:
    """The rule for once. `UsageError` where the version is given, too."""
    if said and version:
        raise UsageError("--version and --increment exclude each other", hint="leave one of them out")
    return said.value if said else ""
