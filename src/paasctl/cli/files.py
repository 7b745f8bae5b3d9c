"""`paasctl release export` and `paasctl release import`: a release in a file, where no network leads."""

from __future__ import annotations

from typing import Annotated

import typer

from paasctl.cli.complete import registry_names
from paasctl.cli.options import DryRun, ExitCode, Settings
from paasctl.cli.stops import OneVersion, Override, Reason, To

TarFile = Annotated[str, typer.Argument(metavar="FILE", help="The file: NAME.tar.", show_default=False)]


def export(
    settings: Settings,
    version: OneVersion,
    tar: TarFile,
    *,
    from_: Annotated[
        str,
        typer.Option(
            "--from",
            help="The registry it is read from [default: the last that has it].",
            metavar="NAME",
            envvar="PAASCTL_RELEASE_EXPORT_FROM",
            autocompletion=registry_names,
            show_default=False,
        ),
    ] = "",
    dry_run: DryRun = False,
    exit_code: ExitCode = False,
) -> int:
    """Write a release, its images and all that vouches for them into one file, an OCI layout in a tar.

    Examples:

      paasctl release export 1.2.4 shop-1.2.4.tar

      paasctl release export 1.2.4 shop-1.2.4.tar --from rc --dry-run
    """
    from paasctl.cli.session import Session
    from paasctl.verbs.boxes.export import ExportRelease

    return Session(settings, "release export").act(
        lambda: ExportRelease(version=version, file=tar, origin=from_),
        dry_run=dry_run,
        exit_code=exit_code,
        yes=True,
    )


def import_(
    settings: Settings,
    tar: TarFile,
    *,
    to: To,
    reason: Reason = "",
    override: Override = None,
    dry_run: DryRun = False,
    exit_code: ExitCode = False,
) -> int:
    """Have the release of a file in a registry, as if it were promoted there: checked whole, digests unchanged.

    Examples:

      paasctl release import shop-1.2.4.tar --to production --dry-run

      paasctl release import shop-1.2.4.tar --to prod --reason "CHG-1234"
    """
    from paasctl.cli.session import Session
    from paasctl.verbs.boxes.importing import ImportRelease

    return Session(settings, "release import").act(
        lambda: ImportRelease(file=tar, to=to, reason=reason, overridden=tuple(override or ())),
        dry_run=dry_run,
        exit_code=exit_code,
        yes=True,
    )
