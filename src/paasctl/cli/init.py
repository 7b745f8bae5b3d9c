"""`paasctl init`."""

from __future__ import annotations

from dataclasses import replace

from paasctl.cli.options import DryRun, Settings, one


def init(settings: Settings, *, dry_run: DryRun = False) -> int:
    """Write a working, commented paas.yaml for what lies here; nothing else is changed, an existing file stays.

    Examples:

      paasctl init

      paasctl init --dry-run -C services/shop
    """
    from paasctl.cli.project import find_file
    from paasctl.cli.session import Session
    from paasctl.verbs.project import Init

    file = find_file(settings, upwards=False)
    here = replace(settings, file=str(file))
    return Session(here, "init").act(
        lambda: Init(file=file.name, folder=file.parent.name), dry_run=dry_run, exit_code=False, yes=True
    )


app = one(init)
