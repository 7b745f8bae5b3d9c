"""`paasctl image rebase`."""

from __future__ import annotations

from typing import Annotated

import typer

from paasctl.cli.images.options import AllowTagMove, OnePlatform, Source, Target
from paasctl.cli.options import DryRun, Settings


def rebase(
    settings: Settings,
    source: Source,
    target: Target = "",
    *,
    old_base: Annotated[
        str, typer.Option(metavar="REF", help="What it was built on [default: as its annotations say].")
    ] = "",
    new_base: Annotated[
        str, typer.Option(metavar="REF", help="What it shall stand on [default: what that name is now].")
    ] = "",
    platform: OnePlatform = "",
    allow_tag_move: AllowTagMove = False,
    dry_run: DryRun = False,
) -> int:
    """Put an image on another base, as after a hole in the base was mended: no layer is built or sent again.

    Examples:

      paasctl image rebase registry.example/web:1.2 registry.example/web:1.2.1

      paasctl image rebase oci:images:web --new-base oci:images:base --dry-run
    """
    from paasctl.cli.session import Session
    from paasctl.verbs.images.rebase import ImageRebase, RebaseTyped

    typed = RebaseTyped(
        source=source,
        target=target,
        old_base=old_base,
        new_base=new_base,
        platform=platform,
        move=allow_tag_move,
    )
    return Session(settings, "image rebase").act(
        lambda: ImageRebase(asked=typed), dry_run=dry_run, exit_code=False, yes=True
    )
