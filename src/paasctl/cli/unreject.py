"""`paasctl unreject`."""

from __future__ import annotations

from typing import Annotated

import typer

from paasctl.cli.complete import versions
from paasctl.cli.options import DryRun, ExitCode, Settings, one


def unreject(
    settings: Settings,
    version: Annotated[
        str, typer.Argument(metavar="VERSION", help="Which release.", autocompletion=versions, show_default=False)
    ],
    *,
    reason: Annotated[
        str, typer.Option("--reason", help="Why; whoever is refused is told.", metavar="TEXT", show_default=False)
    ],
    dry_run: DryRun = False,
    exit_code: ExitCode = False,
) -> int:
    """Take a rejection back, in every registry that has the version.

    Examples:

      paasctl unreject 1.2.4 --reason "it was the proxy"

      paasctl unreject 1.2.4 --reason "mended" --dry-run
    """
    from paasctl.cli.session import Session
    from paasctl.verbs.judge import Judge

    return Session(settings, "unreject").act(
        lambda: Judge(version=version, rejects=False, reason=reason),
        dry_run=dry_run,
        exit_code=exit_code,
        yes=True,
    )


app = one(unreject)
