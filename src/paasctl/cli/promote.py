"""`paasctl promote`."""

from __future__ import annotations

from typing import Annotated

import typer

from paasctl.cli.complete import registry_names, stop_names, versions
from paasctl.cli.options import DryRun, ExitCode, Settings, one


def promote(
    settings: Settings,
    version: Annotated[
        list[str] | None,
        typer.Argument(metavar="[VERSION]...", help="Which releases.", autocompletion=versions, show_default=False),
    ] = None,
    *,
    to: Annotated[
        str,
        typer.Option(
            "--to",
            help="An environment of paas.yaml, whose registry it is, or a registry.",
            metavar="NAME",
            autocompletion=stop_names,
            show_default=False,
        ),
    ],
    from_: Annotated[
        str,
        typer.Option(
            "--from",
            help="The registry they come from [default: the one before].",
            metavar="NAME",
            envvar="PAASCTL_PROMOTE_FROM",
            autocompletion=registry_names,
            show_default=False,
        ),
    ] = "",
    all_missing: Annotated[
        bool, typer.Option("--all-missing", help="Every release that is there and not yet here.")
    ] = False,
    reason: Annotated[
        str, typer.Option("--reason", help="Why; written down beside the record.", metavar="TEXT", show_default=False)
    ] = "",
    override: Annotated[
        list[str] | None,
        typer.Option(
            "--override",
            help="Pass this closed gate (after, soak, requires); needs --reason; repeatable.",
            metavar="GATE",
            show_default=False,
        ),
    ] = None,
    dry_run: DryRun = False,
    exit_code: ExitCode = False,
) -> int:
    """Have releases in the next registry, digest for digest, with all that vouches for them. Nothing is built again.

    Examples:

      paasctl promote 1.2.4 --to rc --dry-run

      paasctl promote --all-missing --to production
    """
    from paasctl.cli.session import Session
    from paasctl.verbs.promote import Promote, PromoteTyped

    typed = PromoteTyped(
        versions=tuple(version or ()),
        to=to,
        origin=from_,
        every=all_missing,
        reason=reason,
        overridden=tuple(override or ()),
    )
    return Session(settings, "promote").act(
        lambda: Promote(asked=typed), dry_run=dry_run, exit_code=exit_code, yes=True
    )


app = one(promote)
