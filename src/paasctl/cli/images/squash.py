"""`paasctl image squash`."""

from __future__ import annotations

from typing import Annotated

import typer

from paasctl.cli.images.options import AllowTagMove, OnePlatform, Packing, Source, Target
from paasctl.cli.options import DryRun, Settings


def squash(
    settings: Settings,
    source: Source,
    target: Target = "",
    *,
    layers: Annotated[str, typer.Option(metavar="auto|N", help="How many new layers come out at most.")] = "auto",
    keep_base: Annotated[
        bool, typer.Option("--keep-base/--all", help="Leave the base's layers as they are, or squash them, too.")
    ] = True,
    base: Annotated[
        str, typer.Option(metavar="REF|N", help="The base, or its number of layers [default: as the image says].")
    ] = "",
    previous: Annotated[
        str, typer.Option(metavar="IMG", help="An earlier squash: layers that did not change stay the same.")
    ] = "",
    compress: Annotated[Packing, typer.Option(help="How new layers are packed.")] = Packing.KEEP,
    drop_history: Annotated[
        bool, typer.Option("--drop-history", help="Leave out the old commands, and build arguments with them.")
    ] = False,
    platform: OnePlatform = "",
    no_verify: Annotated[bool, typer.Option("--no-verify", help="Don't prove that the files are the same.")] = False,
    allow_tag_move: AllowTagMove = False,
    dry_run: DryRun = False,
) -> int:
    """Make few layers of many: the same files for every container, the same digest every time.

    Examples:

      paasctl image squash registry.example/web:1 registry.example/web:slim

      paasctl image squash docker:web --all --dry-run
    """
    from paasctl.cli.session import Session
    from paasctl.verbs.images.squash import ImageSquash, SquashTyped

    typed = SquashTyped(
        source=source,
        target=target,
        layers=layers,
        keep_base=keep_base,
        base=base,
        previous=previous,
        packing=compress.value,
        drop_history=drop_history,
        platform=platform,
        verify=not no_verify,
        move=allow_tag_move,
    )
    return Session(settings, "image squash").act(
        lambda: ImageSquash(asked=typed), dry_run=dry_run, exit_code=False, yes=True
    )
