"""`paasctl release`."""

from __future__ import annotations

from typing import Annotated

import typer

from paasctl.cli.files import export, import_
from paasctl.cli.given import ChangelogFile, For, Images, Outputs, SignKey, increment_of
from paasctl.cli.options import DryRun, ExitCode, Settings, Yes, one


def release(
    settings: Settings,
    *,
    version: Annotated[
        str, typer.Option("--version", help="This version instead of the next one.", metavar="VERSION")
    ] = "",
    increment: For = None,
    image: Images = None,
    sign_key: SignKey = "",
    changelog: ChangelogFile = "",
    outputs: Outputs = "",
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
    from paasctl.cli.elsewhere import given_images
    from paasctl.cli.session import Session
    from paasctl.verbs.release import Release

    return Session(settings, "release", outputs=outputs).act(
        lambda: Release(
            version=version,
            increment=increment_of(increment, version),
            images=given_images(image or ()),
            key=sign_key,
            changelog=changelog,
        ),
        dry_run=dry_run,
        exit_code=exit_code,
        yes=yes,
    )


app = one(release, export, import_)
