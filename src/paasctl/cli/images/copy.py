"""`paasctl image copy`."""

from __future__ import annotations

from typing import Annotated

import typer

from paasctl.cli.images.options import AllowTagMove, OnePlatform, Source
from paasctl.cli.options import DryRun, Settings


def copy(
    settings: Settings,
    source: Source,
    target: Annotated[str, typer.Argument(metavar="DST", help="Where it goes.", show_default=False)],
    *,
    platform: OnePlatform = "",
    no_referrers: Annotated[
        bool, typer.Option("--no-referrers", help="Leave signatures, SBOMs and attestations behind.")
    ] = False,
    allow_tag_move: AllowTagMove = False,
    dry_run: DryRun = False,
) -> int:
    """Copy an image with everything that vouches for it, digest for digest; nothing is sent that is there already.

    Examples:

      paasctl image copy registry.example/rc/web:1 registry.example/web:1

      paasctl image copy docker:web oci:./images:web
    """
    from paasctl.cli.session import Session
    from paasctl.verbs.images.copy import CopyTyped, ImageCopy

    typed = CopyTyped(source=source, target=target, platform=platform, referrers=not no_referrers, move=allow_tag_move)
    return Session(settings, "image copy").act(
        lambda: ImageCopy(asked=typed), dry_run=dry_run, exit_code=False, yes=True
    )
