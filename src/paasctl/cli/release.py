"""`paasctl release`."""

from __future__ import annotations

from typing import Annotated

import typer

from paasctl.cli.options import DryRun, ExitCode, Settings, Yes, one
from paasctl.cli.version import Increment
from paasctl.errors import UsageError


def release(
    settings: Settings,
    *,
    version: Annotated[
        str, typer.Option("--version", help="This version instead of the next one.", metavar="VERSION")
    ] = "",
    increment: Annotated[
        Increment | None, typer.Option("--increment", help="What leads to it, whatever paas.yaml says.")
    ] = None,
    image: Annotated[
        list[str] | None,
        typer.Option(
            "--image", help="An image that was built elsewhere, as it is; repeatable.", metavar="NAME=IMAGE@DIGEST"
        ),
    ] = None,
    sign_key: Annotated[
        str,
        typer.Option("--sign-key", help="Sign record and images, as cosign does, with this key.", metavar="FILE"),
    ] = "",
    changelog: Annotated[
        str,
        typer.Option("--changelog", help="A file that gets a section about it, on top.", metavar="FILE"),
    ] = "",
    outputs: Annotated[
        str,
        typer.Option(
            "--outputs", help="A file for version and digests: *.env (GitLab), *.properties (Jenkins).", metavar="FILE"
        ),
    ] = "",
    dry_run: DryRun = False,
    exit_code: ExitCode = False,
    yes: Yes = False,
) -> int:
    """Build the images, tag the commit, push by digest and record the release. A second time it finds nothing to do.

    Examples:

      paasctl release --dry-run

      paasctl release --increment minor --changelog CHANGELOG.md

      paasctl release --image web=registry.example/ci/web@sha256:…
    """
    from paasctl.cli.given import given_images
    from paasctl.cli.session import Session
    from paasctl.verbs.release import Release

    def make() -> Release:
        if version and increment:
            raise UsageError("--version and --increment exclude each other", hint="leave one of them out")
        return Release(
            version=version,
            increment=increment.value if increment else "",
            images=given_images(image or ()),
            key=sign_key,
            changelog=changelog,
        )

    return Session(settings, "release", outputs=outputs).act(
        make,
        dry_run=dry_run,
        exit_code=exit_code,
        yes=yes,
    )


app = one(release)
