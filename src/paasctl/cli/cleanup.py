"""`paasctl cleanup`."""

from __future__ import annotations

from typing import Annotated

import typer

from paasctl.cli.complete import registry_names
from paasctl.cli.options import DryRun, ExitCode, Settings, Yes, one

Name = Annotated[
    str, typer.Argument(metavar="REGISTRY", help="Which one.", autocompletion=registry_names, show_default=False)
]
Apply = Annotated[bool, typer.Option("--apply", help="Delete; without this it is only shown.")]
PlanFile = Annotated[
    str,
    typer.Option("--plan", help="Delete what this plan names, if it still may.", metavar="FILE", show_default=False),
]
Save = Annotated[
    str, typer.Option("--save", help="Write the plan down, for --plan.", metavar="FILE", show_default=False)
]
Explain = Annotated[
    str, typer.Option("--explain", help="Why this stays or goes.", metavar="TAG|DIGEST", show_default=False)
]
MaxDelete = Annotated[
    str,
    typer.Option(
        "--max-delete",
        help="What one run may delete, in manifests or of all [default: 1000, and 50%].",
        metavar="NUMBER|SHARE",
        show_default=False,
    ),
]


def cleanup(
    settings: Settings,
    registry: Name,
    *,
    apply: Apply = False,
    plan: PlanFile = "",
    save: Save = "",
    explain: Explain = "",
    max_delete: MaxDelete = "",
    dry_run: DryRun = False,
    exit_code: ExitCode = False,
    yes: Yes = False,
) -> int:
    """Show what a registry holds that nothing runs, nothing can go back to and no rule keeps; with --apply, delete it.

    Examples:

      paasctl cleanup dev --save plan.json

      paasctl cleanup dev --plan plan.json
    """
    from paasctl.cli.cleaning import Typed, conducted
    from paasctl.cli.session import Session

    typed = Typed(registry=registry, apply=apply, plan=plan, save=save, explain=explain, max_delete=max_delete)
    return conducted(Session(settings, "cleanup"), typed, dry_run=dry_run, exit_code=exit_code, yes=yes)


app = one(cleanup)
